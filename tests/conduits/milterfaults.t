#!/bin/sh
# cm-milter where things go wrong: servers that speak nonsense or leave, stages that hang, memory,
# room and processes that end. Nothing of that may look like an answer.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/milter.sh"
PATH=$PATH:/usr/sbin

# Nonsense ------------------------------------------------------------------------

place nonsense
# hears SCRIPT: what the server hears that says this, and of the log the last word
hears() { printf '%b' "$1" > "$T/script"; : > "$W/err"; milter < "$T/script" | grep -v '^O' | tr '\n' ' '; sed -n '$s/^trouble [^ ]* //p' "$W/err"; }
no='the mail server sends what'
open='offer 6 1ff 1fffff\n'
same "eof 0 exit 111 $no is no packet" 'a packet of no length ends the session' hears 'raw 00000000\neof\n'
same "eof 0 exit 111 $no is no packet" 'so does one of 4 GB' hears 'raw ffffffff4f\neof\n'
same "eof 0 exit 111 $no is no packet" '... and HTTP' hears 'raw 474554202f20485454502f312e300d0a0d0a\neof\n'
same "end eof 0 exit 111 $no the protocol does not know" 'no step before the negotiation' hears 'mail <a@b.example>\neof\n'
same "end eof 0 exit 111 $no the protocol does not know" '... nor a second one' hears "$open${open%??}\neof\n" 
same "eof 0 exit 111 the mail server sends half an offer" 'no half of it' hears 'raw 000000054f00000006\neof\n'
same "eof 0 exit 111 the mail server sends half an offer" '... nor all but a byte' hears 'raw 0000000c4f00000006000001ff001fff\neof\n'
same "eof 0 exit 111 $no the protocol does not know" 'a command that there is not' hears "${open}raw 0000000158\neof\n"
for what in 'header Subject: x' 'rcpt <a@b.example>' 'body x' 'mail <a\nb@c.example>' 'raw 000000054d3c613e3c' 'raw 000000014d' \
  'raw 0000000143' 'raw 000000044461622e' 'mail <a@b.example>\nheader Sub ject: x' 'mail <a@b.example>\nheader : x' \
  'mail <a@b.example>\nraw 000000074c537562006a6b' 'mail <a@b.example>\nheader A: b\nrcpt <c@d.example>' \
  'mail <a@b.example>\nbody x\nheader A: b' 'raw 0000000145' 'helo a\x01b' 'helo a\x1fb' 'helo a\x7fb' 'raw 000000034d3c610000000145' \
  'macro M {auth_authen} a\x01b\nmail <c@d.example>' 'macro M {tls_version} a\x01b\nmail <c@d.example>' \
  'macro M {cipher} a\x01b\nmail <c@d.example>' 'raw 00000005444d690078' 'mail <a@b.example>\nabort\nrcpt <c@d.example>'; do
  what=$(printf '%s' "$what" | sed 's/\\n\(raw\|header\|rcpt\|body\|mail\|abort\)/\n\1/g; s/\\/\\\\/g')
  same "eof 0 exit 111 $no no mail server sends" "nothing is taken for what it is not: $(echo "$what" | tr '\n' ' ')" \
    hears "${open}$what\neof\n"
done
# What is as long as it may be is taken, and one byte more is not.
just() { same 'eof 0 exit 0 ' "$1" hears "$open$2quit\neof\n"; same "eof 0 exit 111 $no no mail server sends" '... and no longer one' hears "$open$3eof\n"; }
x() { head -c "$1" /dev/zero | tr '\0' x; }
just 'macros of 64 KB' "macro M i $(x 65532)\n" "macro M i $(x 65533)\n"
just 'an address of 1,024 bytes' "mail <$(x 1024)>\n" "mail <$(x 1025)>\n"
everybody() { { echo 'offer 6 1ff 1fffff'; echo 'mail <>'; yes "rcpt <$(x 1024)>" | head -n 4092; printf '%s\n' "$@"; } | milter | sed 1d; }
same 'exit 0' 'recipients of 4 MB' everybody 'rcpt <abcd>' quit
same 'eof 0
exit 111' '... and no more of them' everybody 'rcpt <abcde>' eof
same 'eof 0 exit 0 ' 'an end within a packet is an end' hears "${open}raw 000000204d\nclose\neof\n"
same 'eof 0 exit 0 ' 'so is one within a transaction' hears "${open}mail <a@b.example>\nclose\neof\n"
: > "$W/err"
{ opening; envelope; printf 'header Subject: x\nbody y\nclose\neof\n'; } | milter > "$T/said"
like '^aborted .* the mail server went away' '... and within a message the log says so' cat "$W/err"
same '' 'none of this has a row in the mail log' sh -c "cat $W/log/mail.csv 2>/dev/null"

# Settings that are no good: everything is put off, whatever the server does with a milter that has
# gone.
broken() {
  printf '%s\n' "$2" > "$W/port/control/$1"
  { opening; message good; echo quit; } | milter | sort | uniq -c | sed 's/^ *[0-9]* //' | tr '\n' ' '
  cp "$T/sound/"* "$W/port/control/"
}
mkdir "$T/sound"; cp "$W/port/control/pipeline" "$T/sound/"; echo 180 > "$T/sound/deadline"; echo 0 > "$T/sound/databytes"
off='O 6 13f 0 129 exit 111 y "451 4.3.5 this filter is not set up; try again later" '
same "$off" 'with a pipeline that has a mistake everything is put off' broken pipeline 'code chek : ./code'
same "$off" '... and with a number that is none' broken deadline soon
like '^trouble - unable to use control/deadline: not a number' '... and the log says which file' cat "$W/err"
rm "$W/port/control/pipeline"
gone() { { opening; message good; echo quit; } | milter | grep -c 451; }
same 11 '... and without a pipeline' gone

# Stages that take their time ---------------------------------------------------------

place slow
echo 'slow check time=60 : ./slow' > "$W/port/control/pipeline"
cat > "$W/port/slow" <<'!'
#!/bin/sh
trap '' TERM
: > running; echo $$ > stage
while [ ! -e go ]; do sleep 0.05; done
!
chmod 755 "$W/port/slow"
echo 1 > "$W/port/control/keepalive"
letter_until() { opening; envelope; printf 'header Subject: x\nsend\nwait %s/port/running\n' "$W"; cat; }
progress() {
  rm -f "$W/port/go" "$W/port/running"
  echo reply | letter_until | milter > "$T/said" &
  waiter=$!
  within 30 sh -c "[ \$(grep -c '^p' $T/said) -ge 3 ]"
  : > "$W/port/go"
  wait $waiter
  sort -u "$T/said" | cut -c 1 | tr -d '\n'
}
same Oaeiip 'while stages run the server hears that it is not forgotten, and then the answer' progress
going() {
  rm -f "$W/port/go" "$W/port/running"
  { opening; envelope; printf 'header Subject: x\nsend\nwait %s/port/running\n' "$W"; printf "$1"; echo eof; } | milter | grep -v '^[Op]' | sed 's/ (.*//'
}
ended() { within 20 sh -c "! kill -0 $(cat "$W/port/stage") 2>/dev/null"; }
same 'y "451 4.3.2 this filter is going down; try again later"
eof 0
exit 0' 'SIGTERM meanwhile is a 451' going 'term\nreply\n'
ok '... and ends the stages' ended
same '451 4.3.2 this filter is going down; try again later' '... and the mail log says so' column reply
same 'killed
eof 0
exit 0 signal 9' 'kill -9 is no answer' going 'die\n'
ok '... and ends them' ended
gone_meanwhile() { going 'close\n'; tail -n 1 "$W/err" | sed 's/ [0-9][^ ]*//'; }
same 'eof 0
exit 0
aborted the mail server went away' 'a server that leaves ends them too' gone_meanwhile
ok '... all of them' ended
: > "$W/port/go"

# Room and memory ------------------------------------------------------------------------

place room
echo "$T/nowhere" > "$W/port/control/spool"
room() { { opening 6 1ff 17ffff; envelope; echo "fill $1"; echo end; } | milter | sed -n 's/ (.*//; s/^[says].*/&/p'; }
same 's
y "452 4.3.1 no room for the message; try again later"' 'without room for a large message it is put off' room 80
same a '... and a small one is not' room 1
after() { { opening; envelope; echo 'fill 80'; echo end; message good; } | milter | sed -n 's/ (.*//; s/^[ays].*/&/p'; }
same 'y "452 4.3.1 no room for the message; try again later"
a' '... also behind it' after
rm "$W/port/control/spool"

if sanitized; then
  report 0 'memory does not grow with the message # SKIP a sanitizer keeps what is freed'
else
  flat() {
    { opening; envelope; echo 'fill 40'; echo peak; echo end; envelope; echo 'fill 900'; echo peak; echo end; } | milter |
      awk '/^peak/ { p[++n] = $2 } /^a/ { a++ } END { print a, p[2] - p[1] < 400 ? "flat" : p[1] " " p[2] }'
  }
  same '2 flat' 'memory does not grow with the message' flat
fi

# Each allocation of the session fails once: there is no answer, a deferral, or the right one.
if sanitized; then
  report 0 'each allocation fails in turn # SKIP a sanitizer has its own'
else
  place allocations
  mkdir -p "$W/port/control/tag"; echo X > "$W/port/control/tag/code"
  mkdir "$T/failing"; cp "${BUILD:-build}/failing/cm-milter" "$T/failing/"
  whole() { { opening; message 'code 10'; message 'code 30'; echo quit; } | (cd "$W/port" && CM_HOME=$W PATH=$T/failing:$PATH TCPFAIL=cm-milter:$1:$T/failed mta cm-milter 2>> "$W/err") | told; }
  whole 100000 | grep -v '^exit' > "$T/whole"
  starts() { awk 'NR == FNR { is[NR] = $0; next } /^O/ { next } /^(t|y "45|end|half|exit)/ { exit } $0 != is[FNR] { print; exit }' "$T/whole" "$1"; }
  i=1 wrong=
  while rm -f "$T/failed"; whole $i > "$T/now"; [ -e "$T/failed" ] && [ $i -lt 500 ]; do
    # A reply 550 in plainer words is right, too: the copy is safe.
    sed -i 's/^y "550.*/y "550/; s/^r$/y "550/' "$T/now" "$T/whole"
    wrong="$wrong$(starts "$T/now")"
    i=$((i + 1))
  done
  same '' "each of its $((i - 1)) allocations fails in turn, and nothing wrong is answered" echo $wrong
  ok '... and there were some' [ $i -gt 10 ]
fi

# A real server that loses its milter ---------------------------------------------------------

[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null || { echo '# only root in a mount namespace can start a Postfix'; done_testing; exit; }
chmod 711 "$T"
place killed
cp "$T/slow/port/slow" "$W/port/slow"
echo 'slow check time=60 : ./slow' > "$W/port/control/pipeline"
front killed cm-milter
SERVER=$PID
echo 1 > "$W/port/control/keepalive"
start_postfix mta "smtpd_milters = inet:127.0.0.1:$PORT" 'milter_content_timeout = 12s'
W=$T/killed
post() { swaks --server 127.0.0.1 --port "$PORT" --from a@example.org --to b@example.net --h-Subject "$1" > "$T/said" 2>&1; }
rm -f "$W/port/running"
post good &
client=$!
within 30 test -e "$W/port/running"
for pid in $(children $SERVER); do kill -9 "$pid"; done
wait $client
like '^<\*\* 451 4.7.1' 'kill -9 of cm-milter while stages run is a 451 of Postfix' cat "$T/said"
stage=$(cat "$W/port/stage")
ok '... and the stages end' within 20 sh -c "! kill -0 $stage 2>/dev/null"
rm -f "$W/port/running"
# A client that waits behind RCPT for what happens to the milter meanwhile.
perl -MIO::Socket::INET -e '
  my ($port, $at, $go) = @ARGV; $| = 1; alarm 60;
  my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
  sub hear { while (<$s>) { print; last if /^... / } }
  sub ask { print $s "$_[0]\r\n"; hear() }
  hear(); ask("EHLO client.example.org"); ask("MAIL FROM:<a\@example.org>"); ask("RCPT TO:<b\@example.net>");
  open my $f, ">", $at; select undef, undef, undef, 0.05 until -e $go;
  ask("DATA"); ask("Subject: x\r\n\r\nHello\r\n.") if /^354/' "$PORT" "$T/at" "$T/on" > "$T/said" &
client=$!
within 30 test -e "$T/at"
for pid in $(children $SERVER); do kill -9 "$pid"; done
: > "$T/on"
wait $client
like '^451' 'kill -9 in the middle of a transaction, too' cat "$T/said"
post slow &
client=$!
within 30 test -e "$W/port/running"
sleep 15  # longer than Postfix waits without a word from us
: > "$W/port/go"
wait $client
like '^<-  250 2.0.0 Ok: queued' 'stages that take longer than Postfix waits are waited for, as it hears of them' cat "$T/said"
same 1 'of all this one message is delivered' received mta

done_testing
