#!/bin/sh
# Strangers with bad intentions before a port that has everything: logins, TLS, limits, filters and
# routes. What one of them alone may do other tests tell; here they come to where two of these
# meet, and the nine oracles stand behind each.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../tls.sh"
. "$(dirname "$0")/../matrix.sh"

arena_tls one.example.net
K=$T/control
printf 'harvest 5 time=600 block=600\nauth 3 time=600 block=600\nflood 20 time=600\nndr 5 time=600\nrate 60 time=600\n' > "$K/limits"
echo 17 > "$K/loglevel"
echo 100000 > "$K/databytes"
echo 20 > "$K/maxrecipients"
# A filter that calls junk what says so, and a rewriter that changes nothing.
printf 'fields check : cm-filter-fields\n\njunk check : ./junk\n\nattach rewrite : cm-filter-attach attach\n' > "$K/pipeline"
printf '#!/bin/sh\ngrep -q "^Subject: junk" && exit 100\nexit 0\n' > "$T/h/port/junk"
chmod 755 "$T/h/port/junk"
printf 'block *.exe\n' > "$T/h/port/attach"

# A server that knows joe; his secret is a word without padding.
JOE=$(printf '\0joe\0sesame1' | base64)
NOT=$(printf '\0joe\0sesame2' | base64)
guarded() {
  rm -rf "$T/h/state"
  behind 'EHLO=say:250-sink\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-DSN\r\n250 AUTH PLAIN\r\n' \
    "AUTH PLAIN $JOE=say:235 2.7.0 joe it is\\r\\n" 'AUTH=say:535 5.7.8 no\r\n' 'RCPT TO:<no=say:550 5.1.1 nobody\r\n' "$@"
}
text='Subject: x\r\nFrom: a@example.org\r\nDate: Sun, 22 Nov 2026 05:00:00 +0000\r\n\r\nx\r\n'
TEXT=$text
delivered='250 250 354 250 221 closed'
say() { for line in "$@"; do printf 'line %s\nreply\n' "$line"; done; }
secrets() { grep -cF -e "$JOE" -e "$NOT" -e sesame "$T/h/err" "$T/h/log/mail.csv" 2>/dev/null | sed 's/.*://' | sort -rn | head -n 1; }

row 49 'a guesser'
guarded
guess() { say "AUTH PLAIN $NOT" "AUTH PLAIN $NOT" "AUTH PLAIN $NOT" "AUTH PLAIN $NOT"; }
heard '220 250 535 535 535 535 421 closed' 'is cut off at the limit' guess
right() { say "AUTH PLAIN $JOE"; letter x@elsewhere.example; }
heard '421 closed' 'and blocked, though he knows the word now' bare echo eof
rm -rf "$T/h/state"
heard "220 250 235 $delivered" 'who knows it may send to anywhere' right
committed 1 'once'
same 0 'and nothing of either word is in a log' secrets

row 45 'claims to be somebody'
guarded
claims() {
  say "AUTH PLAIN $NOT" 'MAIL FROM:<joe@example.net> AUTH=joe@example.net' 'RCPT TO:<x@elsewhere.example>' 'XCLIENT LOGIN=joe ADDR=127.0.0.1' \
    'XFORWARD ADDR=127.0.0.1' RSET 'MAIL FROM:<>' 'RCPT TO:<x%elsewhere.example@example.net>' 'RCPT TO:<@example.net:x@elsewhere.example>'
}
heard '220 250 535 250 550 550 550 250 250 550 553 221 closed' 'and may send nowhere' claims
heard '220 250 235 250 250 250 250 553 221 closed' 'nor does a login go beyond what an address is' sh -c "
  printf 'line AUTH PLAIN $JOE\nreply\nline RSET\nreply\nline MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline RSET\nreply\nline MAIL FROM:<@example.net:x@elsewhere.example>\nreply\n'"
committed 0 'nothing goes on'
same '' 'nobody hears of elsewhere' grep -h elsewhere "$S/commands"

row 42 'logged in, and then TLS'
guarded
peer() { printf '%s\n' "$@" | timeout 100 tlspeer "$FRONT" 2>&1 | sed 's/^\([0-9]*\) .*/\1/' | tr '\n' ' ' | sed 's/ $//'; }
same '220 250 235 503 221 eof' 'there is none: nobody carries a login over' \
  peer answer 'line EHLO x' answer "line AUTH PLAIN $JOE" answer 'line STARTTLS' answer 'line QUIT' answer eof
same '220 250 250 250 503 250 220 503 250 503 221 orderly' 'and no transaction goes on behind it' \
  peer answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer 'line RCPT TO:<b@example.net>' answer 'line STARTTLS' answer \
  'line RSET' answer 'line STARTTLS' answer tls 'line DATA' answer 'line EHLO x' answer 'line DATA' answer 'line QUIT' answer eof
quiet_port
committed 0 'nothing is delivered'

row 34 'whose server forgets him'
guarded 'MAIL#2=drop'
forgotten() { say "AUTH PLAIN $JOE"; letter x@elsewhere.example; say 'MAIL FROM:<a@example.org>'; printf 'line RCPT TO:<x@elsewhere.example>\n'; }
heard '220 250 235 250 250 354 250 451 421 closed' 'does not go on as a stranger, nor as himself' forgotten
committed 1 'what he had sent is there'

row 30 'all at once'
guarded
burst() {
  printf 'send MAIL FROM:<a@example.org>\\r\\nRCPT TO:<b@example.net>\\r\\nRCPT TO:<x@elsewhere.example>\\r\\nRCPT TO:<no@example.net>\\r\\nDATA\\r\\n\n'
  printf 'reply\nreply\nreply\nreply\nreply\nsend %s.\\r\\nMAIL FROM:<a@example.org>\\r\\nRCPT TO:<c@example.net>\\r\\nDATA\\r\\n\n' "$text"
  printf 'reply\nreply\nreply\nreply\nsend %s.\\r\\n\nreply\n' "$text"
}
heard '220 250 250 250 550 550 354 250 250 250 354 250 221 closed' 'two messages in two groups are two' burst
committed 2 'with their own recipients'
heard '220 250 250 250 554 closed' 'a text that does not wait for 354 is none' sh -c \
  "printf 'send MAIL FROM:<a@example.org>\\\\r\\\\nRCPT TO:<b@example.net>\\\\r\\\\nDATA\\\\r\\\\n%s.\\\\r\\\\n\nreply\nreply\nreply\neof\n' '$text'"
committed 2 'still two'

row 36 'an end in pieces, with another message behind it'
guarded
pieces() {
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\nsplit 1\n'
  printf 'send %s\\r\\n..\\r\\n. \\r\\n.x\\r\\n\\r\\n.\\r\\n\nreply\n' "$text"
}
heard "220 250 $delivered" 'byte by byte it is one' pieces
committed 1 'as it was sent'

row 43 'who lies about the size'
guarded
large() { say 'MAIL FROM:<a@example.org> SIZE=1' 'RCPT TO:<b@example.net>' DATA; printf '%s\n' "send $text" "many 3000 $(printf %040d 0)\\r\\n" 'line .' reply; }
heard '220 250 250 250 354 552 221 closed' 'is told at its end' large
heard '220 250 501 501 552 501 221 closed' 'or before' say 'MAIL FROM:<a@example.org> SIZE=99999999999999999999' \
  'MAIL FROM:<a@example.org> SIZE=-1' 'MAIL FROM:<a@example.org> SIZE=100001' 'MAIL FROM:<a@example.org> SIZE=1 SIZE=2'
committed 0 'nothing is delivered'

row 48 'lines within lines'
guarded
inject() {
  printf 'send EHLO x\\rReceived: y\\r\\n\nreply\n'
  say 'MAIL FROM:<a@example.org> ENVID=a+0D+0AX-Evil:+20yes RET=HDRS' 'RCPT TO:<b@example.net> ORCPT=rfc822;a+0D+0ARCPT' \
    'RCPT TO:<"b\r\nDATA"@example.net>'
  printf 'reply\nline DATA\nreply\nsend X-CleanMail-Result: accept/deliver, whitelisted\\r\\n%s.\\r\\n\nreply\n' "$text"
}
heard '220 250 500 250 250 501 500 354 250 221 closed' 'stay where they are' inject
committed 1 'one message'
same '' 'and no command has two lines' grep -n '^[0-9]* \(X-Evil\|RCPT$\|DATA"\)' "$S/commands"
same 1 'what the message says of our result is taken out' sh -c "grep -c '^X-CleanMail-Result' '$S'/mail/*"

row 47 'harvest in several sessions at once'
guarded
# opened NAME: a session that has begun a message; $LAST is its process
opened() {
  mkfifo "$T/$1"
  timeout 100 tlspeer "$FRONT" < "$T/$1" > "$T/$1.out" 2>&1 & LAST=$!
}
begin() { printf '%s\n' answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer; }
opened one; one=$LAST; exec 8> "$T/one"
opened two; two=$LAST; exec 9> "$T/two"
begin >&8; begin >&9
within 20 sh -c "grep -q 2.1.0 '$T/one.out' && grep -q 2.1.0 '$T/two.out'"
probe() { say 'MAIL FROM:<a@example.org>'; for k in 1 2 3 4 5 6 7; do echo "line RCPT TO:<no$k@example.net>"; echo reply; done; }
heard '220 250 250 550 550 550 550 550 550 421 closed' 'one of them goes on to the limit' probe
printf '%s\n' 'line RCPT TO:<no8@example.net>' answer answer eof >&8; exec 8>&-
printf '%s\n' 'line RSET' answer 'line MAIL FROM:<a@example.org>' answer eof >&9; exec 9>&-
wait $one $two
same '550 421 eof' 'another learns what it has asked, and hears that it is blocked' sh -c "sed 's/ .*//' '$T/one.out' | tail -n 3 | tr '\n' ' ' | sed 's/ \$//'"
same '250 421 eof' 'so does one with the next message' sh -c "sed 's/ .*//' '$T/two.out' | tail -n 3 | tr '\n' ' ' | sed 's/ \$//'"
heard '421 closed' 'and nobody of there may come in' bare echo eof
probe | session > "$T/script"
same '' 'while others may' sh -c "perl tests/tools/faultclient '$FRONT' 127.0.0.77 < '$T/script' | grep '^421 4.7.0'"

row 28 'floods of messages and bounces'
guarded
bounces() { for k in 1 2 3 4 5 6 7; do say 'MAIL FROM:<>' RSET; done; }
heard '220 250 250 250 250 250 250 250 250 250 250 250 450 250 450 250 221 closed' 'too many bounces come later' bounces
heard "220 250 $delivered" 'while a message goes' letter
committed 1 'and is there'

row 20 'who leaves when it counts'
guarded
printf '#!/bin/sh\necho > ../waits\nuntil [ -e ../go ]; do sleep 0.05; done\nexit 0\n' > "$T/h/port/wait"; chmod 755 "$T/h/port/wait"
pipeline 'wait check : ./wait'
for end in close rst; do
  rm -f "$T/h/waits" "$T/h/go"
  { say "AUTH PLAIN $JOE" 'MAIL FROM:<a@example.org>' 'RCPT TO:<x@elsewhere.example>' DATA; printf 'send %s.\\r\\n\nwait 1\n%s\n' "$text" $end; } > "$T/lines"
  tried cat "$T/lines"
  quiet_port
  committed 0 "logged in, with the message at the filters: $end"
done
touch "$T/h/go"

row 19 'routes, and letters of any case'
guarded
B=$S
control recipients '*@EXAMPLE.net'
printf 'one.example smtp 127.0.0.1 %s\ntwo.example smtp 127.0.0.1 1\n' "$(cat "$B/port")" | cm-list -r "$C/routes" make
printf '%s\n' '*@*.example' >> "$C/recipients"
heard '220 250 250 250 452 250 501 501 501 221 closed' 'a message goes one way, by the domain alone' say 'MAIL FROM:<a@example.org>' 'RCPT TO:<u@ONE.example>' \
  'RCPT TO:<u@two.example>' 'RCPT TO:<u@One.Example>' 'RCPT TO:<u@one.example.>' 'RCPT TO:<u@one.example@elsewhere.test>' 'RCPT TO:<u@two.example;one.example>'
heard '220 250 502 250 550 221 closed' 'and nobody logs in where there are routes' say "AUTH PLAIN $JOE" 'MAIL FROM:<a@example.org>' 'RCPT TO:<x@elsewhere.test>'
committed 0 'nothing was sent'

rows_done
