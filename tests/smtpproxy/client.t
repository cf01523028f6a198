#!/bin/sh
# Clients that go away, dawdle, flood, lie and cheat: nothing reaches the upstream
# that was not acknowledged, and no process, file or memory is left behind.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"

arena
fresh() { behind 'RCPT TO:<bad=say:550 5.1.1 no\r\n' 'RCPT TO:<later=say:450 4.2.0 no\r\n' "$@"; }

# run COMMAND...: the client with the script that COMMAND prints
run() { "$@" > "$T/script"; client "$FRONT" < "$T/script" | sed 's/^reset$/closed/' > "$T/transcript"; }
# heard WANT NAME COMMAND...: this script gives these codes
heard() {
  want=$1; name=$2; shift 2
  run "$@"
  same "$want" "$name" codes < "$T/transcript"
}
# text SCRIPT...: a session up to 354, then these lines
text() {
  printf 'reply\nline EHLO client.example.org\nreply\nline MAIL FROM:<a@example.org>\nreply\n'
  printf 'line RCPT TO:<b@example.net>\nreply\nline DATA\nreply 354\n'
  printf '%s\n' "$@"
}
# lines SCRIPT...: an open session, then these lines, up to its end
lines() { printf 'reply\nline EHLO client.example.org\nreply\n'; printf '%s\n' "$@"; echo eof; }

no_session() { [ ! "$(children "$SERVER")" ]; }

# -- it goes away within the text

row 20 'it goes away within the text'
half=$(printf '%02000d' 0)
for how in half close rst; do
  k=0
  for sent in 'wait 0' 'send S' 'send Subject: x\r\n\r\n' 'send x\r\n.' 'send x\r\n.\r' \
    'send x\r\n.\r\r' 'many 2000 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n' "many 2000 $half"; do
    k=$((k + 1))
    fresh
    run text "$sent" "$how" eof
    ok "$how within the text ($k): the session ends" within 20 no_session
    logged aborted 'and says so'
    same '' 'the upstream has seen no DATA' grep DATA "$S/commands"
  done
done

# What is said before the reset comes is not known to be unheard: one copy, and here alone.
row 20 'it goes away behind the dot'
doubts 1
fresh
run text 'send x\r\n.\r\n' 'rst'
ok 'gone behind the dot: the session ends' within 20 no_session

# -- it goes away before it hears the answer

row 22 'it goes away before it hears the answer'
behind 'DOT#1@1=wait:1,ok'
run text 'send x\r\n.\r\n' 'wait 0.3' 'rst'
ok 'reset while the upstream thinks: the session ends' within 20 no_session
committed 1 'the message is there once'
logged ack-lost 'and the log says that the client does not know'
heard '220 250 250 250 354 250 221 closed' 'it tries again' eval "text 'send x\r\n.\r\n' reply 'line QUIT' eof"
committed 2 'and the message is there twice, which is counted'

# -- it dawdles, or does not listen

row 24 'it dawdles'
promise 20
fresh
control timeoutsmtpd 1
heard '220 421 closed' 'a silent client is told 421' printf 'reply\neof\n'
heard '220 250 421 closed' 'a command byte by byte is no way round' \
  lines 'pause 0.25' 'split 1' 'send NOOPNOOPNOOP'
heard '220 250 250 250 354 421 closed' 'silence within the text is told 421' text 'send abc' eof
committed 0 'nothing of it reaches the upstream'

row 26 'it does not listen'
fresh
control timeoutsmtpd 2
{ printf 'window 2048\nreply\nline EHLO x\nreply\n'; letter; printf 'many 200000 RCPT TO:<b@example.net>\\r\\n\nwait 600\n'; } |
  sed 's/^line DATA/line NOOP/' > "$T/script"
perl tests/tools/faultclient "$FRONT" < "$T/script" > /dev/null &
DEAF=$! PIDS="$! $PIDS"
ok 'a client that is there' within 20 not no_session
ok 'and never reads is left' within 60 no_session
ok 'while it is still there' kill "$DEAF"

# -- every cut of what it sends means the same

whole() {
  printf 'split %s\n' "$1"
  letter b@example.net bad@example.net
  TEXT='Subject: x\r\n\r\n..two\r\n.x\r\n\r\n' letter
}
session_of() { whole "$1" | session | client "$FRONT" | sed 's/^250-.*//; s/[0-9a-f.]\{20,\}//g'; }
row 39 'every cut of what it sends means the same'
fresh
session_of 0 > "$T/at-once"
for size in 1 2 3 7 16 64; do
  same "$(cat "$T/at-once")" "the same session in segments of $size bytes" session_of "$size"
done

heard '220 250 250 250 221 closed' 'a reply does not wait for the rest of the next command' \
  printf '%s\n' reply 'line EHLO x' reply 'send NOOP\r\nNO' 'reply 250' 'send OP\r\nQU' 'reply 250' 'send IT\r\n' eof

# -- it floods

row 31 'commands without end, and of odd bytes'
fresh
control maxerrors 100
heard '220 500 closed' '10 MiB without an end of line end the session' \
  printf 'reply\nmany 10240 %s\neof\n' "$(printf '%01024d' 0)"
heard '220 250 500 500 221 closed' 'a NUL in a command, and 8-bit commands' \
  lines 'line NO\0OP' reply 'line \xff\xfe' reply 'line QUIT'

row 33 'commands and recipients in floods'
fresh
control maxerrors 100
for command in NOOP RSET 'VRFY b@example.net'; do
  run lines "many 5000 $command\\r\\n"
  like '^421 4.7.0 ' "$command without end ends the session" cat "$T/transcript"
done
run sh -c 'echo reply; yes "line EHLO x
reply" | head -n 240; echo eof'
like '^421 4.7.0 ' 'EHLO without end, one after the other, too' cat "$T/transcript"
run lines 'many 5000 MAIL FROM:<x\r\n'
like '^421 4.7.0 ' 'errors without end end the session' cat "$T/transcript"
fresh
run lines 'line MAIL FROM:<a@example.org>' reply 'many 5000 RCPT TO:<bad@example.net>\r\n'
like '^421 4.7.0 ' 'guesses without end, too' cat "$T/transcript"
same 101 'the upstream hears no more than the errors of a session' grep -c RCPT "$S/commands"
fresh
run lines 'line MAIL FROM:<a@example.org>' reply 'many 3000 RCPT TO:<b@example.net>\r\n' 'line QUIT'
same 1000 'a thousand recipients are taken' grep -c '^250 2.1.5' "$T/transcript"
same 1101 'as many again are asked to wait, then it is a flood of errors' grep -c '^452 4.5.3' "$T/transcript"
like '^421 4.7.0 ' 'and the client hears why it is cut off, whatever it has still sent' cat "$T/transcript"
same 1000 'the upstream hears of the first only' grep -c RCPT "$S/commands"

# peak SCRIPT...: kilobytes of memory that a session which sends this text has had at
# most; it is held open until that is read
peak() {
  text "$@" reply 'line HELP' reply 'wait 600' > "$T/script"
  : > "$T/transcript"
  perl tests/tools/faultclient "$FRONT" < "$T/script" >> "$T/transcript" &
  within 60 grep -q '^214 ' "$T/transcript"
  sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(children "$SERVER")/status"
  kill $!
  wait $! 2>/dev/null
  within 20 no_session
}

# flat NAME SCRIPT...: such a text costs no more memory than a small one, and 16 MB
flat() {
  name=$1; shift
  peak=$(peak "$@")
  ok "$name in $peak KB, a small text in $little KB" [ "$peak" -lt $((little + 16384)) ]
}

row 32 'texts without measure'
fresh
# What is larger than memory should be is not kept for a judge either.
RECORD=
control databytes 200m
little=$(peak 'send Subject: x\r\n\r\n.\r\n')
fresh
flat 'a text of 32 MB' 'send Subject: x\r\n\r\n' "many 8000 $(printf '%04000d' 0)\\r\\n" 'send .\r\n'
committed 1 'arrives'
fresh
flat 'a line of 100 MB' "many 25000 $(printf '%04000d' 0)" 'send \r\n.\r\n'
like '^554 5.6.0' 'is refused' cat "$T/transcript"
flat 'a million header fields' 'many 1000000 X-Header: y\r\n' 'send \r\n.\r\n'
like '^554 5.3.4' 'are refused' cat "$T/transcript"
flat 'one field of 5 MB' 'send Subject: x\r\n' 'many 5000000  \r\n' 'send \r\n.\r\n'
like '^5' 'is refused' cat "$T/transcript"
control databytes 1m
flat '32 MB above the limit' "many 8000 $(printf '%04000d' 0)\\r\\n" 'send .\r\n'
like '^552 5.3.4' 'are refused' cat "$T/transcript"
committed 0 'and nothing of all that reaches the upstream'
rm "$C/databytes"
same '' 'nothing is left in the spool' ls -A "$T/h/spool"
RECORD=$T/said SINKS=''
fresh
for sent in '' '\r\n' 'Subject: x\r\n' 'Subject: x\r\n\r\n' 'no header\r\n' '\r\nno header\r\n' '..\r\n'; do
  heard '220 250 250 250 354 250 221 closed' "a small text: $sent" eval "text 'send $sent.\r\n' reply 'line QUIT' eof"
done

# -- it says something else than it seems to say

row 35 'it speaks something else'
fresh
for first in 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' 'POST / HTTP/1.1\r\n\r\n' 'CONNECT x:25 HTTP/1.1\r\n\r\n' \
  'Subject: x\r\n' 'From: a@b\r\n'; do
  heard '220 554 closed' "no mail client: ${first%% *}" printf 'reply\nsend %s\neof\n' "$first"
done
fresh
run printf 'reply\nsend \\x16\\x03\\x01\\x00\\xc8\\x01\\x00\\x00\\xc4\\x03\\x03\\n\nsend %s\nhalf\neof\n' \
  "$(perl -e 'srand 1; print map { sprintf "\\x%02x", int rand 256 } 1 .. 4000')"
same '' 'TLS and random bytes bring no mail' sh -c "cat $S/commands 2>/dev/null | grep -E 'MAIL|RCPT|DATA'"
ok 'and end' within 20 no_session
row 41 'BDAT that was not offered'
for bdat in 'BDAT 10' 'BDAT 0 LAST' 'BDAT -1' 'BDAT 9223372036854775808 LAST' BDAT; do
  fresh
  heard '220 250 250 250 502 closed' "$bdat ends the session" lines \
    'line MAIL FROM:<a@example.org>' reply 'line RCPT TO:<b@example.net>' reply \
    "send $bdat\r\nRSET\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nx\r\n.\r\n"
  same '' 'and its bytes are no commands' grep -E 'x@example.org|DATA' "$S/commands"
done
row 44 'XCLIENT, XFORWARD and PROXY of strangers'
fresh
heard '220 250 550 221 closed' 'XCLIENT from anybody is not obeyed' lines \
  'line XCLIENT ADDR=192.0.2.9 NAME=friend.example.net' reply 'line QUIT'
heard '220 550 221 closed' 'nor XFORWARD' printf 'reply\nline XFORWARD ADDR=192.0.2.9\nreply\nline QUIT\neof\n'
heard '220 554 closed' 'nor PROXY' \
  printf 'reply\nline PROXY TCP4 192.0.2.9 192.0.2.1 1 25\nreply\nline QUIT\neof\n'

row 48 'header fields in names'
fresh
run lines 'line HELO x\rReceived: from trusted by us' reply 'line QUIT'
same '' 'a HELO with a CR brings no field' grep -r Received "$S/commands"

rows_done
