#!/bin/sh
# What stands in a message, is said of it, or is made of it by a stage: it is delivered byte
# for byte, or as declared, or refused; and no text is ever a command.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"

arena
ok='220 250 250 250 354 250 221 closed' no='220 250 250 250 354 550 221 closed'
# text TEXT: a message of it, escaped as faultclient has it; one letter with its own end
text() { TEXT=$1 letter; }

row 38 'what a rewriter makes of a message'
behind
EMIT=$T/h/port/emitted
number=0
# emits NAME OUT IN: a rewriter that writes OUT; what arrives is IN
emits() {
  number=$((number + 1))
  printf "From: x\\r\\n\\r\\n$2" > "$EMIT"
  printf "From: x\\r\\n\\r\\n$3" > "$T/emitted.$number"
  evil rewrite 'emits emitted'
  heard "$ok" "$1" letter
  same "$(cksum < "$T/emitted.$number")" 'arrives as lines' \
    sh -c "sed '1,/^From: x/{/^From: x/!d}' '$S/mail/$number.1' | cksum"
}
emits 'lines that end in LF' 'a\nb\n' 'a\r\nb\r\n'
emits 'and none at its end' 'a\nb' 'a\r\nb\r\n'
emits 'lone CR' 'a\rb\r\n\r\rc\r\n' 'a b\r\n  c\r\n'
emits 'a dot between LF' 'a\n.\nb\n' 'a\r\n.\r\nb\r\n'
emits 'a dot between CR' 'a\r.\rb\r\n' 'a . b\r\n'
emits 'what could be an end' 'a\r\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<y@example.org>\r\nDATA\r\nb\r\n.\r\n' \
  'a\r\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<y@example.org>\r\nDATA\r\nb\r\n.\r\n'
emits 'dots at the beginnings of lines' '.\n..\n...\n.a\n' '.\r\n..\r\n...\r\n.a\r\n'
emits 'a dot at the very end' 'a\n.' 'a\r\n.\r\n'
emits 'CR and a dot' 'a\r\n.\r' 'a\r\n. \r\n'
emits 'nothing behind the header' '' ''
perl -e 'print "x" x 4079, "\n." x 5, "y" x 60000, "\n.\n"' > "$T/edges"
perl -e 'print "x" x 4079, "\r\n." x 5, "y" x 60000, "\r\n.\r\n"' > "$T/edges.in"
emits 'dots at the edges of buffers' "$(sed 's/$/\\n/' "$T/edges" | tr -d '\n')" "$(tr -d '\r' < "$T/edges.in" | sed 's/$/\\r\\n/' | tr -d '\n')"
same '' 'no other sender was ever named' sh -c "grep -h MAIL $S/commands | grep -v '<a@example.org>'"
same '' 'no lone CR or LF has left' grep -v ' clean 250$' "$S/ledger"
changes "$T"/emitted.*

row 40 'bytes that are no text'
behind
for bad in 'a\rb\r\n' 'a\nb\r\n' 'a\r\r\nb\r\n' '\ra\r\n' '\n\r\n' 'a\r'; do
  heard "$no" "refuse: $bad" text "Subject: x\\r\\n\\r\\n$bad\\r\\n"
  like '^550 5.5.2 ' 'and says why' transcript
done
committed 0 'nothing of it goes on'
for good in 'a\0b\r\n' '\0\r\n' '\x80\xff\xfe\r\n' '\x1b[2J\x07\r\n' '\t \r\n'; do
  heard "$ok" "other bytes are not ours to change: $good" text "Subject: x\\r\\n\\r\\n$good"
done
behind 'EHLO=say:250-x\r\n250 DSN\r\n'
heard "$ok" '8-bit text for a server without 8BITMIME' text 'Subject: x\r\n\r\n\x80\xff\r\n'

row 40 'mended where the port says so'
behind
control newlines normalize
for bad in 'a\rb\r\n' 'a\nb\r\n' 'a\r\r\nb\r\n' '\ra\r\n' 'a\n.\nb\r\n' 'a\n..\nb\r\n' 'a\n.b\n\r\n' '\r\r\r\n' 'a\rMAIL FROM:<x@y>\r\n'; do
  heard "$ok" "normalize: $bad" text "Subject: x\\r\\n\\r\\n$bad"
done
logged mended 'the log says that it was not as it came'
: > "$T/h/err"
heard "$ok" 'a message that needs nothing' text 'Subject: x\r\n\r\na\r\n'
same '' 'is as it came' grep mended "$T/h/err"

row 43 'sizes that are not true'
behind
control databytes 10000
# sized SIZE BYTES: a message of so many bytes that was announced with another number
sized() {
  printf 'line MAIL FROM:<a@example.org> SIZE=%s\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\nonly 354 4\n' "$1"
  printf 'send Subject: x\\r\\n\\r\\n\nmany %s 0123456789abcdef0123456789abcdef0123456789abcdef\\r\\n\nline .\nreply\n' $(($2 / 50))
}
for size in 0 1 99 9999 10000; do heard "$ok" "SIZE=$size for one of 1000 bytes" sized $size 1000; done
for size in 10001 20000 4294967296 9223372036854775807; do
  heard '220 250 552 503 503 221 closed' "SIZE=$size is too large, or no number" sized $size 1000
done
for size in -1 1k 0x10 1.5 18446744073709551616 99999999999999999999999 '' ' ' +1; do
  heard '220 250 501 503 503 221 closed' "SIZE=$size is no number" sized "$size" 1000
done
heard '220 250 250 250 354 552 221 closed' 'SIZE=1 for one of 20000 bytes' sized 1 20000
heard '220 250 250 250 354 552 221 closed' 'one of 20 MB is read to its end' sized 1 20000000
same 5 'the upstream has those that were small' grep -c . "$S/ledger"

row 50 'parameters that nobody offered'
behind 'EHLO=say:250-x\r\n250-SIZE\r\n250 DSN\r\n'
for p in FOO FOO=BAR BODY=8BITMIME SMTPUTF8 AUTH=\<\> MT-PRIORITY=9 BY=100 HOLDFOR=1 REQUIRETLS SOLICIT=x '=' '=x'; do
  heard '220 250 555 221 closed' "MAIL with $p" printf 'line MAIL FROM:<a@example.org> %s\nreply\n' "$p"
  heard '220 250 250 555 221 closed' "RCPT with $p" printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net> %s\nreply\n' "$p"
done
heard '220 250 553 221 closed' 'an address beyond ASCII' printf 'line MAIL FROM:<\\xc3\\xbc@example.org>\nreply\n'
for p in RET=ALL RET= RET=FULL\ RET=FULL ENVID= ENVID=+ ENVID=+4 ENVID=+zz ENVID=a=b ENVID='a\xff' "ENVID=$(printf '%0101d' 0)"; do
  heard '220 250 501 221 closed' "MAIL with $p" printf 'line MAIL FROM:<a@example.org> %s\nreply\n' "$p"
done
for p in NOTIFY= NOTIFY=NEVER,SUCCESS NOTIFY=WHAT NOTIFY=, ORCPT=x ORCPT=rfc822 ORCPT='rfc822;' ORCPT='rfc822;a+0' ORCPT='rfc822;a b' ORCPT=';x'; do
  tried printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net> %s\nreply\n' "$p"
  like '^5[05][15] 5' "RCPT with $p" transcript
done
same 'MAIL FROM:<a@example.org>' 'nothing of all that is handed on, nor dropped and then handed on' \
  sh -c "sed -n 's/^[0-9]* \(MAIL\|RCPT\)/\1/p' $S/commands | sort -u"

row 51 'a message that goes in a circle through us'
behind
control maxhops 50
printf 'Subject: x\r\n\r\nround\r\n' > "$T/round"
# Each time what has arrived is what is sent next.
rounds() {
  hops=0
  while [ $hops -lt 60 ]; do
    { printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\nfile %s\nline .\nreply\n' "$T/round"; } > "$T/circle"
    tried cat "$T/circle"
    hops=$((hops + 1))
    grep -q '^250 2.0.0 message' "$T/transcript" || break
    cp "$S/mail/$hops.1" "$T/round"
  done
  echo $hops
}
same 51 'is refused the 51st time' rounds
like '^554 5.4.6 ' 'for its hops' transcript

rows_done
