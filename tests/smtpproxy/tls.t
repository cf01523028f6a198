#!/bin/sh
# STARTTLS and TLS from the start on a port, with OpenSSL, swaks and Postfix as clients, and
# with some that do what no good one does.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
unset CM_ID TCPREMOTEIP UCSPITLS RELAYCLIENT

ca ca
for c in one two; do cert $c $c.example.net; done
chmod 711 "$T"
start_faultsink sink
home h smtp 127.0.0.1 "$PORT"
mkdir "$W/port/control/tls"
cp "$T/one.both" "$W/port/control/tls/default.pem"
chmod 600 "$W/port/control/tls/default.pem"

# As root what speaks TLS becomes somebody else. By the time without a byte processes
# are told from those of others.
account=
[ "$(id -u)" != 0 ] || account='-u nobody'
idle=$((1000 + $$ % 80000))
ready="cm-tls -r -i $idle $account"
BEFORE=$ready
secured() { front h "$@" cm-smtpd; }

# peer LINE...: a client of $PORT; inside LINE...: one that is in TLS when it begins with them
peer() { printf '%s\n' "$@" | timeout 100 tlspeer "$PORT" 2>&1; }
# plain LINE...: one in clear that has said EHLO and STARTTLS; short: without what differs
plain() { peer answer 'line EHLO client.example.org' answer 'line STARTTLS' "$@" | sed 1,2d; }
short() { "$@" | sed 's/^220 .* ESMTP$/220/; s/^250 SIZE.*/250/; s/^failed.*/failed/'; }
inside() { peer answer 'line EHLO client.example.org' answer 'line STARTTLS' answer tls "$@" | sed 1,3d; }
mail() {
  printf '%s\n' 'line EHLO client.example.org' answer 'line MAIL FROM:<a@example.org>' answer \
    'line RCPT TO:<b@example.net>' answer 'line DATA' answer
}
in_data() { inside "$(mail)" "$@" | sed 1,3d; }
logged() { within 20 grep -q -e "$1" "$T/h/err"; }
fresh() { : > "$T/h/err"; rm -rf "$T/sink/ledger" "$T/sink/commands" "$T/sink/cut" "$T/sink/mail"; }
no_session() { [ ! "$(children "$SERVER")" ]; }
newest() { tr -d "\r" < "$(ls -t "$T"/sink/mail/* | head -n 1)"; }
delivered() { within 20 no_session; same "$1" "$2" sh -c "cat '$T/sink/ledger' 2>/dev/null | wc -l"; }

# What is offered, and when --------------------------------------------------------

secured; SERVER=$PID
ehlo() { printf 'reply\n%s\nreply\nline QUIT\neof\n' 'line EHLO client.example.org' | client "$PORT"; }
like '^250-STARTTLS$' 'STARTTLS is offered' ehlo
same '250 SIZE 20971520
503 5.5.1 TLS is spoken already
221 2.0.0 goodbye
orderly' 'inside of TLS it cannot begin again' inside 'line EHLO x' answer 'line STARTTLS' answer 'line QUIT' answer eof
same '' '... and is not offered' sh -c "printf 'EHLO x\nQUIT\n' | openssl s_client -quiet -crlf -starttls smtp -connect 127.0.0.1:$PORT 2>/dev/null | grep STARTTLS"
same '503 5.5.1 say EHLO first' 'what was said before TLS is forgotten: EHLO' inside 'line MAIL FROM:<a@example.org>' answer
same '220
503 5.5.1 say EHLO first
250
501 5.5.4 STARTTLS stands alone
250 2.1.0 sender ok
503 5.5.1 end the transaction first
221 2.0.0 goodbye
eof' 'at the wrong moment it is refused' short peer answer 'line STARTTLS' answer 'line EHLO x' answer 'line STARTTLS now' \
  answer 'line MAIL FROM:<a@example.org>' answer 'line STARTTLS' answer 'line QUIT' answer eof
W=$T/h
same '502 5.5.1 not offered' 'without cm-tls it is not known' sh -c ". tests/tap.sh; . tests/smtpproxy/smtp.sh; W=$W heard 2 'EHLO x' STARTTLS QUIT" 
front h env UCSPITLS=- cm-smtpd
same 0 'UCSPITLS=- switches it off for a client' sh -c "printf 'reply\nline EHLO x\nreply\nline QUIT\neof\n' | perl tests/tools/faultclient $PORT | grep -c STARTTLS"

# A message ------------------------------------------------------------------------

secured; SERVER=$PID
printf '#!/bin/sh\necho "$CM_PROTO $CM_TLS" >> "%s/stage"\n' "$T" > "$W/port/look"
chmod 755 "$W/port/look"
chmod 777 "$T"
echo 'look check : ./look' > "$W/port/control/pipeline"
fresh
same '354 go ahead
250 2.0.0 message taken
221 2.0.0 goodbye
orderly' 'a message by TLS' in_data 'line Subject: x' 'line ' 'line .' answer 'line QUIT' answer eof
delivered 1 'is delivered once'
like '^  by .* with ESMTPS$' 'Received says ESMTPS' newest
like '^  (TLSv1.3 TLS_AES_256_GCM_SHA384) id ' '... with what' newest
same 'ESMTPS TLSv1.3 TLS_AES_256_GCM_SHA384' 'a stage knows it' cat "$T/stage"
: > "$W/port/control/pipeline"
fresh
ok 'a large one' sh -c "(printf 'Subject: large\r\n\r\n'; head -c 3000000 /dev/zero | tr '\\0' x | fold -w 70) > '$T/large'
  swaks --server 127.0.0.1:$PORT --tls --to b@example.net --from a@example.org --data @'$T/large'"
delivered 1 'is delivered'
fresh
letter > "$T/script"
ok 'in clear it goes as before' sh -c "(printf 'reply\nline EHLO c\nreply\n'; cat '$T/script'; printf 'line QUIT\neof\n') | perl tests/tools/faultclient $PORT | grep -q '^250 2.0.0 message taken'"
within 20 no_session
like '^  by .* with ESMTP id ' '... and Received says so' newest

# Certificates ----------------------------------------------------------------------

ok 'swaks --tls, which looks at the certificate' swaks --server "127.0.0.1:$PORT" --tls --tls-verify \
  --tls-ca-path "$T/ca/pem" --tls-sni one.example.net --to b@example.net --from a@example.org
whose() { openssl s_client -starttls smtp -servername "$1" -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject | sed 's/.*= *//'; }
cp "$T/two.both" "$W/port/control/tls/two.example.net.pem"
same two.example.net 'a certificate for the name that is asked for, on the next connection' whose two.example.net
same one.example.net '... and the other for all else' whose three.example.net
cert renewed one.example.net
serial() { openssl x509 -noout -serial; }
presented() { openssl s_client -starttls smtp -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | serial; }
cp "$T/renewed.both" "$W/port/control/tls/next"
mv "$W/port/control/tls/next" "$W/port/control/tls/default.pem"
same "$(serial < "$T/renewed.crt")" 'a renewed one counts without a restart' presented
mkdir "$T/h/control"
mv "$W/port/control/tls" "$T/h/control/tls"
same one.example.net 'a port without its own takes the suite'"'"'s' whose one.example.net
mv "$T/h/control/tls" "$W/port/control/tls"

PATH=$PATH:/usr/sbin
if command -v posttls-finger >/dev/null; then
  mkdir "$T/finger"
  : > "$T/finger/main.cf"
  like 'Verified TLS connection established' 'Postfix trusts it' env MAIL_CONFIG="$T/finger" posttls-finger -c -l verify \
    -F "$T/ca/pem" -P /nowhere "[127.0.0.1]:$PORT" one.example.net
fi

# What is refused --------------------------------------------------------------------

fresh
injected() { peer answer 'line EHLO x' answer 'send STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n' answer eof | sed 1,2d; }
same '501 5.5.2 nothing may follow STARTTLS; goodbye
eof' 'row 42: a command in one packet with STARTTLS never runs' injected
same '' 'row 42: ... and nobody behind us hears of it' grep MAIL "$T/sink/commands"
ok 'row 42: ... but the log' logged '^tls-failed .* something stood behind STARTTLS'
fresh
same '220 2.0.0 go ahead
eof' 'row 42: one behind the answer is no TLS' plain answer 'line MAIL FROM:<evil@example.org>' eof
same '' 'row 42: ... nor does it run' grep MAIL "$T/sink/commands"
ok '... and the log says so' logged '^tls-failed .* there is something else than TLS'
within 20 no_session
old() { OLD=TLSv1_1; export OLD; plain answer tls; unset OLD; }
like 'failed' 'TLS 1.1 is refused' old
like 'no renegotiation' 'renegotiation is refused' sh -c "printf 'R\n' | openssl s_client -starttls smtp -tls1_2 -connect 127.0.0.1:$PORT 2>&1"
BEFORE="cm-tls -r -w 1 $account" secured; SERVER=$PID
fresh
same '220 2.0.0 go ahead
eof' 'row 27: a handshake that stalls is ended' plain answer 'send \x16\x03\x01\x02\x00\x01' eof
ok 'row 27: ... and the log says so' logged '^tls-failed .* the handshake took too long'
ok 'row 27: ... nothing stays' within 20 no_session
mv "$W/port/control/tls/default.pem" "$T/away.pem"
fresh
same '220 2.0.0 go ahead
failed' 'without a certificate there is no session' short plain answer tls
ok '... nothing stays' within 20 no_session
mv "$T/away.pem" "$W/port/control/tls/default.pem"

# Ends ----------------------------------------------------------------------------------

secured; SERVER=$PID
for end in cut rst close; do
  fresh
  in_data 'line Subject: x' 'line ' 'line half' $end > /dev/null
  ok "row 27: the connection ends in DATA: $end" logged '^aborted .* the client went away'
  delivered 0 'row 27: ... and nothing is delivered'
done
# A filter that waits until the test lets it go, and a client that has said all that it has to.
mkfifo "$T/gate"
chmod 666 "$T/gate"
printf '#!/bin/sh\n: > "%s/waits"\nread x < "%s/gate"\nexit 0\n' "$T" "$T" > "$W/port/wait"
chmod 755 "$W/port/wait"
echo 'wait check : ./wait' > "$W/port/control/pipeline"
ended() {  # HOW: ends its side so while its message is with the filters
  fresh
  rm -f "$T/waits"
  mkfifo "$T/in"
  timeout 100 tlspeer "$PORT" < "$T/in" > "$T/out" 2>&1 &
  hung=$!
  exec 9> "$T/in"
  printf '%s\n' answer 'line EHLO client.example.org' answer 'line STARTTLS' answer tls "$(mail)" 'line Subject: x' 'line ' \
    'send .\r\nQUIT\r\n' >&9
  within 20 test -e "$T/waits"
  printf '%s\n' "$@" >&9
  exec 9>&-
}
ended cut
ok 'row 27: cut off behind the message, with commands to come: it is gone' logged '^aborted .* the client went away'
wait $hung
rm "$T/in"
delivered 0 '... and nothing is delivered'
ended 'line NOOP' cut
ok 'row 27: also where the commands came later' logged '^aborted .* the client went away'
wait $hung
rm "$T/in"
delivered 0 '... and nothing is delivered'
ended notify answer answer eof
ok 'while one that ended its side in order' within 20 sh -c "echo > '$T/gate'"
wait $hung
rm "$T/in"
same '250 2.0.0 message taken
221 2.0.0 goodbye
orderly' '... hears the answers' tail -n 3 "$T/out"
delivered 1 '... and its message is delivered'
: > "$W/port/control/pipeline"
fresh
printf '%s\n' answer 'line EHLO x' answer 'line STARTTLS' answer tls 'line EHLO y' answer stall | timeout 60 tlspeer "$PORT" > "$T/out" &
talk=$!
within 20 sh -c "grep -c '^250' '$T/out' | grep -q 2"
kill "$(children "$SERVER")"
ok 'SIGTERM ends a session in TLS, too' within 20 no_session
kill $talk 2>/dev/null; wait $talk 2>/dev/null

# Where nothing goes without ------------------------------------------------------------

echo yes > "$W/port/control/tlsrequired"
secured; SERVER=$PID
same '220
530 5.7.0 say STARTTLS first
250 2.0.0 ok
250
530 5.7.0 say STARTTLS first
530 5.7.0 say STARTTLS first
221 2.0.0 goodbye
eof' 'control/tlsrequired: no mail in clear' short peer answer 'line HELO x' answer \
  'line NOOP' answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer 'line RCPT TO:<b@example.net>' answer 'line QUIT' answer eof
fresh
ok '... but by TLS' swaks --server "127.0.0.1:$PORT" --tls --to b@example.net --from a@example.org
delivered 1 '... it is'
BEFORE= secured
fresh
like '^421 4.3.5 ' 'where there is no TLS that is an error' peer reply
ok '... which the log names' logged 'unable to use control/tlsrequired: there is no TLS here'
echo perhaps > "$W/port/control/tlsrequired"
secured; SERVER=$PID
like '^421 4.3.5 ' 'so is another word' peer reply
ok '... and it says what to write' logged 'unable to use control/tlsrequired: write yes or no'
echo no > "$W/port/control/tlsrequired"
like '^220 ' 'no is as if it were not there' peer reply
rm "$W/port/control/tlsrequired"
front h env UCSPITLS=! cm-smtpd
like '^530 5.7.0 ' 'UCSPITLS=! demands it for a client' peer answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer

# From the start ---------------------------------------------------------------------------

secured cm-tls $account -t; SERVER=$PID
fresh
same '220
250
250 2.1.0 sender ok
250 2.1.5 recipient ok
354 go ahead
250 2.0.0 message taken' 'TLS from the start' short peer tls answer "$(mail)" 'line .' answer
delivered 1 'is delivered'
like '^  by .* with ESMTPS$' '... as ESMTPS' newest
same 0 '... and STARTTLS is not offered' sh -c "printf 'EHLO x\nQUIT\n' | openssl s_client -quiet -crlf -connect 127.0.0.1:$PORT 2>/dev/null | grep -c STARTTLS"
fresh
printf '%s\n' tls answer "$(mail)" 'line half' cut | tlspeer "$PORT" > /dev/null
delivered 0 'row 27: cut off in DATA nothing is, there either'
ok '... and the log says so' logged '^aborted .* the client went away'
ok 'swaks --tls-on-connect' swaks --server "127.0.0.1:$PORT" --tls-on-connect --to b@example.net --from a@example.org

# The processes behind it ------------------------------------------------------------------

idle=$((idle + 1))
ready="cm-tls -r -i $idle $account"
BEFORE=$ready
holders() { pgrep -f "^cm-tlsd -r -w 30 -i $idle "; }
holder() { pgrep -f "^cm-tlsd -r -w 30 -i $idle " -P "$(echo $(porters) | tr " " ,)"; }  # the others are its own
porters() { pgrep -f "^cm-tls -r -i $idle "; }
# one_session: the last its client heard; talks NAME: one that stays, $SPEAKER is its process
one_session() { inside 'line EHLO x' answer 'line QUIT' answer eof | tail -n 1; }
talk_on() {
  rm -f "$T/$1" "$T/$1.out"
  mkfifo "$T/$1"
  timeout 100 tlspeer "$PORT" < "$T/$1" > "$T/$1.out" 2>&1 &
  PIDS="$! $PIDS"
  exec 9> "$T/$1"
  printf '%s\n' answer 'line EHLO x' answer 'line STARTTLS' answer tls 'line EHLO y' answer >&9
  within 20 sh -c "grep -c '^250' '$T/$1.out' | grep -q 2"
  SPEAKER=$(children "$(holder)" 2>/dev/null)
  SPEAKER=${SPEAKER##* }
  [ "$SPEAKER" ]
}
talks() { within 20 talk_on "$1"; }  # the first may have come before all was ready
ends() {  # NAME: it goes on, and ends in order
  printf '%s\n' 'line QUIT' answer eof >&9
  within 20 grep -q '^orderly\|^cut\|^failed' "$T/$1.out"
  tail -n 1 "$T/$1.out"
}
secured; SERVER=$PID
same orderly 'the first session has a process of its own' one_session
talks a
ok 'the next are forked by one that is ready' test "$SPEAKER"
same 7 '... which has the descriptors of that connection, and of nothing else' sh -c "ls /proc/$SPEAKER/fd | wc -l"
if [ "$account" ]; then
  nobody=$(id -u nobody)
  uids() { sed -n 's/^Uid:[[:space:]]*//p' "/proc/$1/status"; }
  same "$nobody	$nobody	$nobody	$nobody" '... as the other user' uids "$SPEAKER"
  same "$nobody	$nobody	$nobody	$nobody" '... as is the one it comes from' uids "$(holder)"
fi
sanitized || same 'Seccomp:	2' '... and confined' grep '^Seccomp:' "/proc/$SPEAKER/status"
kill -9 "$(holder)"
same orderly 'kill -9 of the one that is ready leaves its sessions alone' ends a
same orderly '... the next has a process of its own' one_session
talks b
ok '... and there is another that is ready' test "$SPEAKER"
old=$(holder)
kill -ABRT "$SPEAKER"
ok 'where a session crashes' logged 'a process that spoke TLS has crashed; the next ones will have another memory'
replaced() { one_session >/dev/null; new=$(holder); [ "$new" ] && [ "$new" != "$old" ]; }
ok '... what was ready is replaced' within 20 replaced
talks c
kill -9 "$(pgrep -n -f "^cm-tls -r -i $idle ")"
ok 'kill -9 of the one that has the keys is told' logged 'what hands connections to TLS has ended; there is another'
same orderly '... sessions go on' ends c
ok '... and begin' within 20 sh -c "printf 'answer\nline EHLO x\nanswer\nline STARTTLS\nanswer\ntls\nline QUIT\nanswer\neof\n' | tlspeer $PORT | grep -q orderly"
kill -9 $(porters)
gone() { [ ! "$(porters)" ]; }
within 20 gone
like '^250 2.1.0 ' 'without them all mail goes on, in clear' peer answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer
same 0 '... and STARTTLS is not offered' sh -c "printf 'reply\nline EHLO x\nreply\nline QUIT\neof\n' | perl tests/tools/faultclient $PORT | grep -c STARTTLS"
secured; SERVER=$PID
talks d
ends d > /dev/null
kill "$SERVER"
nothing() { [ ! "$(porters)" ] && [ ! "$(holders)" ]; }
ok 'with the server all of them end' within 20 nothing

# A certificate that is kept counts until its file is another: some seconds old, or a
# change in the same moment could leave no trace.
secured; SERVER=$PID
talks e
ends e > /dev/null
old_enough() { [ $(($(date +%s) - $(stat -c %Z "$W/port/control/tls/default.pem"))) -gt 3 ]; }
within 20 old_enough
whose one.example.net > /dev/null; whose one.example.net > /dev/null
same one.example.net 'a certificate that is kept' whose one.example.net
cat "$T/two.both" > "$W/port/control/tls/default.pem"
same two.example.net '... and is changed in its place' whose one.example.net
cp "$T/one.both" "$W/port/control/tls/next"
mv "$W/port/control/tls/next" "$W/port/control/tls/default.pem"
same one.example.net '... or replaced' whose one.example.net

# One that is ready serves so many, and another takes its place; sessions go on.
idle=$((idle + 1))
BEFORE="cm-tls -r -i $idle -m 3 $account"
secured; SERVER=$PID
talks f
old=$(holder)
others() { for k in 1 2; do one_session; done | sort -u; }
same orderly 'after as many connections as -m says' others
another() { one_session > /dev/null; new=$(holder); [ "$new" ] && [ "$new" != "$old" ]; }
ok '... another is ready' within 20 another
same orderly '... and a session of the old one goes on' ends f

# So many handshakes at a time: who comes then waits for one of them, and loses nothing.
idle=$((idle + 1))
BEFORE="cm-tls -r -i $idle -h 2 $account"
secured; SERVER=$PID
talks g
ends g > /dev/null
none() { [ ! "$(children "$(holder)")" ]; }
within 20 none
stalled() {  # NAME: a client that is lost in its handshake
  printf '%s\n' answer 'line EHLO x' answer 'line STARTTLS' answer 'send \x16\x03\x01\x02\x00\x01' stall | timeout 100 tlspeer "$PORT" > "$T/$1.out" 2>&1 &
  PIDS="$! $PIDS"
  LOST=$!
}
stalled s1; first=$LOST
stalled s2
two() { set -- $(children "$(holder)"); [ $# = 2 ]; }
ok 'two clients that do not go on with their handshake' within 20 two
printf '%s\n' answer 'line EHLO x' answer 'line STARTTLS' answer tls 'line QUIT' answer eof | timeout 100 tlspeer "$PORT" > "$T/third" 2>&1 & third=$!
within 20 sh -c "grep -c '^220' '$T/third' | grep -q 2"
sleep 1  # in which it would be served
ok '... are as many as -h allows: the third waits' two
same 0 '... and has no session yet' grep -c orderly "$T/third"
kill "$(pgrep -P "$first")"
wait $third
same orderly '... until one of them has gone' tail -n 1 "$T/third"

# By UCSPI-TLS, for any program that knows it
BEFORE=
secured cm-tls $account; SERVER=$PID
fresh
ok 'cm-tls before the program alone does it, too' swaks --server "127.0.0.1:$PORT" --tls --to b@example.net --from a@example.org
delivered 1 '... and the message comes'
BEFORE=$ready
secured cm-tls $account; SERVER=$PID
fresh
ok '... and behind cm-tls -r' swaks --server "127.0.0.1:$PORT" --tls --to b@example.net --from a@example.org
delivered 1 '... and the message comes'

# Postfix as the client -----------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  secured; SERVER=$PID
  fresh
  ours=$PORT
  start_postfix postfix "relayhost = [127.0.0.1]:$ours" smtp_tls_security_level=verify \
    smtp_tls_CAfile=/mnt/ca virtual_mailbox_domains= smtp_tls_verify_cert_match=one.example.net smtp_tls_loglevel=1
  cp "$T/ca/pem" "$T/postfix/ca"
  ok 'Postfix relays through us' swaks --server "127.0.0.1:$PORT" --to b@example.net --from a@example.org
  ok '... and the message comes' within 30 grep -q ' clean ' "$T/sink/ledger"
  like 'with ESMTPS$' '... by TLS, verified' newest
fi

done_testing
