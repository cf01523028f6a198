#!/bin/sh
# cm-notify: a notice for mail that was delivered, and for no other.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink s 'RCPT TO:<no@=say:550 5.1.1 no such user\r\n' 'DATA#1@999=drop'
H=$T/h
P=$H/ports/mx
N=$H/notify
mkdir -p "$P/control" "$N/control"
echo "smtp 127.0.0.1 $PORT" | tee "$P/control/upstream" > "$N/control/upstream"
echo '*@example.net' > "$P/control/recipients"
echo store > "$P/control/quarantine"
: > "$P/control/pipeline"
echo 0 > "$N/control/notifypause"
echo mx.example.net > "$N/control/me"
cat > "$T/bell" <<!
#!/bin/sh
{ echo "\$CM_RECIPIENT \$1"; cat; echo; env | cut -d= -f1 | grep -v '^PWD\$\|^_\$\|SHLVL' | sort | tr '\n' ' '; echo; } >> "$T/rung"
[ ! -e "$T/fatal" ] || kill -9 \$PPID
!
chmod 755 "$T/bell"
cat > "$N/control/notify" <<!
quiet@example.net none
sms@example.net   mail 491234567@sms.example.org
gone@example.net  run $T/nothing
*@example.net     run $T/bell ding
!
export CM_HOME="$H"

# send SUBJECT [RECIPIENT... [FROM:SENDER]]: through cm-smtpd
send() {
  subject=$1; shift
  [ $# -gt 0 ] || set -- b@example.net
  { printf 'EHLO x\r\nMAIL FROM:<%s>\r\n' "${SENDER-a@example.org}"
    for r; do printf 'RCPT TO:<%s>\r\n' "$r"; done
    printf 'DATA\r\nFrom: "Ann, A." <ann@example.org>\r\nSubject: %b\r\n\r\nx\r\n.\r\nQUIT\r\n' "$subject"
  } | (cd "$P" && cm-smtpd > /dev/null 2>> "$T/err")
}
notify() { (cd "$N" && timeout 60 cm-notify "$@" 2>&1); }
rung() { notify > "$T/said"; cat "$T/rung" 2>/dev/null; rm -f "$T/rung"; }

send before
same '' 'what was there before it began is no news' rung
send 'hello =?utf-8?q?w=C3=B6rld?='
same "b@example.net ding
\"Ann, A.\" <ann@example.org>: hello wörld
CM_HOME CM_ID CM_RECIPIENT PATH " 'mail that was delivered is told, and a program gets no more than it needs' rung
like '^notice [0-9a-f.]* b@example.net: .*/bell ran$' 'the log says so' cat "$T/said"
same '' 'once' rung
send 'one' b@example.net c@example.net quiet@example.net
same 'b@example.net ding
c@example.net ding' 'each recipient, but for whom there is to be none' sh -c "(cd '$N' && cm-notify 2>/dev/null); grep ding '$T/rung'; rm '$T/rung'"

# What is no delivery

send refused no@example.net
same '' 'a refused recipient' rung
for code in 10 20 30 40 50 100 111; do
  printf '#!/bin/sh\necho 5.7.1 no; exit %s\n' $code > "$P/bad"
  chmod 755 "$P/bad"
  printf 'good check : true\nbad  check : ./bad\n' > "$P/control/pipeline"
  send "verdict $code"
  same '' "what another stage of the pipeline answered with $code" rung
done
: > "$P/control/pipeline"
SENDER='' send bounce
same '' 'a bounce, which could be the answer to a notice' rung
mv "$P/control/upstream" "$P/control/was"
echo 'smtp 127.0.0.1 1' > "$P/control/upstream"
send down
same '' 'mail that nobody took' rung
mv "$P/control/was" "$P/control/upstream"
printf '2020-01-01T00:00:00.000Z,x,mx,ESMTP,,,,a@x,b@example.net,f,s,,1,accept/deliver,,,,250 ok,,,1,1,1,1,1\r\n' >> "$H/log/mail.csv"
same '' 'mail of last year' rung

# Texts

send '=HYPERLINK("x") "quoted", \t $(id) `id`\\x1b[31m'
like ': =HYPERLINK("x") "quoted", *$(id) `id`' 'a text is what the subject says, and nothing acts' rung
send "$(printf '%0300d' 7)"
length() { rung | sed -n 2p | wc -c; }
same 161 'a text is short' length

# A mail to a gateway

send 'for a phone' sms@example.net
rung > /dev/null
like ' <> <491234567@sms.example.org> .* clean 250$' 'a mail to a gateway, with an empty sender' tail -n 1 "$T/s/ledger"
last() { cat "$(ls -t "$T"/s/mail/* | head -n 1)"; }
like '^"Ann, A." <ann@example.org>: for a phone.$' 'has the text' last
like '^Auto-Submitted: auto-generated' 'and says what it is' last
like '^notice [0-9a-f.]* sms@example.net: mail to 491234567@sms.example.org: 250 2.0.0 message taken$' 'the log tells' cat "$T/said"

# Trouble is logged, and the next one is told

echo "smtp 127.0.0.1 1" > "$N/control/upstream"
send two sms@example.net gone@example.net d@example.net
like '^d@example.net ding' 'one that fails does not stop the others' rung
like '^trouble .* sms@example.net: mail to .*: the server does not accept a connection' 'no gateway' cat "$T/said"
like '^trouble .* unable to run .*/nothing: No such file' 'no program' cat "$T/said"
touch "$T/fatal"
send kill
notify > /dev/null 2>&1
rm "$T/fatal" "$T/rung"
same '' 'who is killed in a notice does not give it twice' rung
send alive
like ding 'and goes on with the next' rung
echo 3600 > "$N/control/notifypause"
send often
same '' 'who was told a moment ago is not told again' rung
echo 0 > "$N/control/notifypause"

# A new log

send first
mv "$H/log/mail.csv" "$H/log/old.csv"
send second
like ': second' 'a new log is read from its beginning' rung
background sh -c "cd '$N' && exec cm-notify -f" 2> "$T/followed"
rang() { grep -q ": $1\$" "$T/rung"; }
send third
ok 'with -f it goes on' within 20 rang third
like 'another cm-notify is at work' 'one at a time' notify
cp "$N/control/notify" "$T/rules"
printf '%s\n' 'b@example.net none' "c@example.net run $T/bell dong" > "$N/control/notify"
send changed b@example.net c@example.net
changed() { grep -q '^c@example.net dong' "$T/rung" && grep -q ': changed' "$T/rung"; }
ok 'what changes in its files counts at once' within 20 changed
same 1 'all of it' grep -c ': changed' "$T/rung"
cp "$T/rules" "$N/control/notify"
mv "$H/log/mail.csv" "$H/log/older.csv"
send fourth
ok 'also with a new log' within 20 rang fourth
kill "$PID"
wait "$PID" 2>/dev/null
same 1 'nothing twice' grep -c ': third' "$T/rung"

rm "$N/control/notify"
like 'unable to read control/notify: No such file' 'no rules' notify
verdict 100 'cm-notify: usage: cm-notify [-f]' 'called wrongly' cm-notify x

done_testing
