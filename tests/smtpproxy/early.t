#!/bin/sh
# Clients that speak before their turn, or no SMTP; and good ones in a hurry, which do
# neither.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
PATH=$PATH:/usr/sbin:/sbin

start_faultsink s
home h smtp 127.0.0.1 "$PORT"
C=$W/port/control
front h
FRONT=$PORT SERVER=$PID

fresh() { rm -rf "$T/s/ledger" "$T/s/commands" "$T/s/mail"; : > "$T/h/err"; }
# heard WANT NAME COMMAND...: the script that COMMAND prints gives these codes
heard() {
  want=$1; name=$2; shift 2
  fresh
  "$@" | client "$FRONT" > "$T/transcript"
  sed 's/^reset$/closed/' "$T/transcript" > "$T/codes"
  same "$want" "$name" codes < "$T/codes"
}
script() { printf '%s\n' "$@"; }
events() { sed -n "s/^$1 [0-9a-f.]* //p" "$T/h/err"; }
unknown_upstream() { ! grep -qE 'MAIL|RCPT|DATA' "$T/s/commands" 2>/dev/null; }
letters() { cat "$T/s/ledger" 2>/dev/null | wc -l; }
M='MAIL FROM:<a@example.org>\r\n' R='RCPT TO:<b@example.net>\r\n'
TEXT='Subject: x\r\n\r\nx\r\n.\r\n'

# -- before the greeting

echo 20 > "$C/greetdelay"
heard '554 closed' 'row 30: who speaks before the greeting is cut off' script "send EHLO c\r\n" eof
same '127.0.0.1 spoke before its turn: before the greeting' 'with one line in the log' events early
like '^554 5.5.0 ' 'and hears why' cat "$T/transcript"
heard '554 closed' 'one byte is enough' script 'send x' eof
heard '554 closed' 'within all that time' script 'wait 1' 'send x' eof
echo 1 > "$C/greetdelay"
heard '220 250 221 closed' 'who waits is greeted' script reply 'line EHLO c' reply 'line QUIT' eof
same '' 'and nothing is said of it' events early
rm "$C/greetdelay"
# Without a delay it is what is there when the greeting goes out: this starts cm-smtpd
# when something is.
front h perl -e 'vec(my $in = "", 0, 1) = 1; select($in, undef, undef, 20); exec "cm-smtpd"'
FRONT=$PORT
heard '554 closed' 'the same without a delay' script 'send EHLO c\r\n' eof
heard '554 closed' 'a whole message in one piece' script "send EHLO c\r\n$M${R}DATA\r\n${TEXT}QUIT\r\n" eof
ok 'comes to nothing' unknown_upstream
echo x > "$C/greetdelay"
heard '421 closed' 'a delay that is none is 421' script 'send x' eof
rm "$C/greetdelay"
front h
FRONT=$PORT SERVER=$PID

# -- before their time. Over short reads, tests/short.t, nothing comes at once.

if [ ! "$INSHORT" ]; then
heard '220 554 closed' 'commands behind EHLO, which has offered nothing yet' script reply "send EHLO c\r\n$M$R" eof
same '127.0.0.1 spoke before its turn: behind EHLO' 'the log says where' events early
ok 'the upstream hears nothing of it' unknown_upstream
heard '220 554 closed' 'commands behind HELO' script reply "send HELO c\r\n$M" eof
heard '220 250 554 closed' 'a group of commands behind HELO, which offers none' script reply 'line HELO c' reply "send $M$R" eof
ok 'none of them reaches the upstream' unknown_upstream
heard '220 554 closed' 'or before either' script reply 'send NOOP\r\nNOOP\r\n' eof
heard '220 250 554 closed' 'commands behind a second EHLO' script reply 'line EHLO c' reply "send EHLO c\r\n$M" eof
heard '220 250 250 250 554 closed' 'row 30: the text behind DATA, before 354' \
  script reply 'line EHLO c' reply "send $M" reply "send $R" reply "send DATA\r\n$TEXT" eof
same 0 'is no message' letters
ok 'and the upstream has no DATA' sh -c "! grep DATA '$T/s/commands'"
heard '220 250 250 250 554 closed' 'as at the end of a group' script reply 'line EHLO c' reply "send $M${R}DATA\r\n$TEXT" eof
fi

heard '220 250 250 250 354 250 221 closed' 'a group is taken, when it was offered' \
  script reply 'line EHLO c' reply "send $M${R}DATA\r\n" reply reply 'reply 354' "send ${TEXT}QUIT\r\n" eof
same 1 'and the message' letters
heard '220 250 250 250 250 250 250 354 250 250 250 354 250 221 closed' 'and a second one behind the first' \
  script reply 'line EHLO c' reply "send RSET\r\nNOOP\r\nRSET\r\n$M${R}DATA\r\n" reply reply reply reply reply 'reply 354' \
  "send ${TEXT}$M${R}DATA\r\n" reply reply reply 'reply 354' "send ${TEXT}QUIT\r\n" eof
same 2 'two messages' letters
heard '220 250 250 250 354 250 221 closed' 'QUIT behind the text is no group' \
  script reply 'line HELO c' reply "send $M" reply "send $R" reply 'line DATA' 'reply 354' "send ${TEXT}QUIT\r\n" eof
for size in 1 5 1000; do
  heard '220 250 250 250 354 250 221 closed' "in segments of $size bytes" \
    script "split $size" reply 'line EHLO c' reply "send $M${R}DATA\r\n" reply reply 'reply 354' "send ${TEXT}QUIT\r\n" eof
done

# -- other protocols

lines_of() { grep -c . "$T/h/err"; }
echo 0 > "$C/loglevel"
for first in 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nEHLO c\r\nMAIL FROM:<a@' \
  'CONNECT x:25 HTTP/1.1\r\n\r\n' 'Subject: x\r\n' 'Host: x\r\nEHLO c\r\n' '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' \
  '\x80\x2e\x01\x03\x01' 'SSH-2.0-x\x00\r\n' '\x00\x00\x00\x2f\xff\x53\x4d\x42' '\x05\x01\x00' '\x03\x00\x00\x13\x0e\xe0' 'EHLO\x01c\r\n'; do
  heard '220 554 closed' "row 35: no mail client: $first" script reply "send $first" eof
  same 1 'is one line of the log' lines_of
  ok 'and nothing to the upstream' unknown_upstream
  heard '220 554 closed' "nor in pieces: $first" script 'split 1' 'pause 0.002' reply "send $first" eof
  same 1 'is one line of the log, too' lines_of
done
for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  fresh
  { echo reply; perl -e 'srand shift; print "send ", map({ sprintf "\\x%02x", int rand 256 } 1 .. 2000), "\n"' "$seed"; echo half; echo eof; } |
    client "$FRONT" > "$T/transcript"
  same '1 yes' "row 35: random bytes ($seed) are cut off with one line of the log, and no mail" \
    sh -c "echo \$(grep -cE '^(foreign|early) ' '$T/h/err') \$(grep -qE 'MAIL|RCPT|DATA' '$T/s/commands' 2>/dev/null || echo yes)"
done
rm "$C/loglevel"

# -- good clients in a hurry

fresh
ok 'swaks, and swaks --pipeline' sh -c "swaks --server 127.0.0.1:$FRONT --to b@example.net --from a@example.org &&
  swaks --pipeline --server 127.0.0.1:$FRONT --to b@example.net,c@example.net --from a@example.org"
ok 'smtp-source with many sessions at once' smtp-source -s 10 -m 50 -c -f a@example.org -t b@example.net "127.0.0.1:$FRONT"
same 52 'all of that arrives' letters
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null && [ -x "$PEERS/usr/sbin/exim4" ]; then
  fresh
  start_postfix postfix "relayhost = [127.0.0.1]:$FRONT" virtual_mailbox_domains= ; POSTFIX=$PORT
  start_exim exim "$FRONT"; EXIM=$PORT
  start_opensmtpd opensmtpd "$FRONT"; OPENSMTPD=$PORT
  for peer in "$POSTFIX" "$EXIM" "$OPENSMTPD"; do
    smtp-source -s 2 -m 10 -f a@example.org -t b@example.net "127.0.0.1:$peer"
    swaks --server "127.0.0.1:$peer" --to b@example.net,c@example.net,d@example.net --from a@example.org > /dev/null
  done
  arrived() { [ "$(letters)" -ge 33 ]; }
  ok 'Postfix, Exim and OpenSMTPD hand on what they have' within 60 arrived
fi
same '' 'none of them is taken for one that cannot wait' events early

done_testing
