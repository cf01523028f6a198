#!/bin/sh
# A mail server behind cm-smtpd that refuses, breaks off, says the wrong thing, at
# the wrong time, or nothing: the client never hears of success that was not there.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"

# Only where an answer does not come is it given up soon: a loaded machine takes its time.
patience() { for t in timeoutremote timeoutconnect; do control $t "$1"; done; }
arena

# accepted: what was said of a message, if it was success
accepted() { sed -n '/^354/,$s/^250 //p' "$T/transcript"; }

twice() { letter; letter; }

big=$(printf '%01000d' 0 | sed 's/.\{50\}/&\\r\\n/g')
# large [KILOBYTES]: a message of about 1000 or so many
large() {
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\n'
  printf 'only 354 4\nsend Subject: large\\r\\n\\r\\n\nmany %s %s\nline .\nreply\n' "${1:-1000}" "$big"
}

# -- it is not there, or will not talk

row 01 'nobody listens'
heard '220 250 451 503 503 221 closed' 'no server: 451 at MAIL' letter
logged upstream-down 'and the log says that it is down'

row 02 'its machine swallows the calls'
promise 20
control timeoutconnect 2
# Its queue of connections is full, so that it answers no further one.
background perl -MIO::Socket::INET -e '
  socket my $l, 2, 1, 0; setsockopt $l, 1, 2, 1; bind $l, pack "Sna4x8", 2, 0, pack "C4", 127, 0, 0, 1; listen $l, 0;
  my $port = (unpack "Sn", getsockname $l)[1];
  my @c = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Blocking => 0) } 1 .. 8;
  open my $f, ">", "$ARGV[0].new"; print $f "$port\n"; close $f; rename "$ARGV[0].new", $ARGV[0];
  sleep 120' "$T/full"
within 10 test -s "$T/full"
control upstream "smtp 127.0.0.1 $(cat "$T/full")"
heard '220 250 451 503 503 221 closed' 'no answer to a connection: 451' letter
like '^upstream-down .* does not accept a connection' 'and the log says so' cat "$T/h/err"
same '' 'the client learns no address' grep -F 127.0.0.1 "$T/transcript"

row 03 'it accepts, and never greets'
promise 20
patience 3
behind CONNECT=stall
heard '220 250 451 503 503 221 closed' 'a server that never greets: 451' letter
behind 'CONNECT=slow:0.6:220 sink.example.net\r\n'
heard '220 250 451 503 503 221 closed' 'one that greets too slowly: 451' letter

row 04 'it greets with anything but 220'
for greeting in '421 4.3.2 secret words' '554 secret words' '250 what' 'hello'; do
  behind "CONNECT=say:$greeting\r\n"
  heard '220 250 451 503 503 221 closed' "greeted with $greeting: 451" letter
  same '' 'its words are not passed on' grep secret "$T/transcript"
done

# -- it breaks off

row 05 'it drops the connection behind a command'
behind EHLO=drop
heard '220 250 451 503 503 221 closed' 'dropped after EHLO: 451 at MAIL' letter
behind EHLO@1=drop
heard '220 250 250 250 354 250 221 closed' 'and the next connection is tried at MAIL' letter
committed 1 'which takes the message'
behind MAIL@1=drop
heard '220 250 451 503 503 250 250 354 250 221 closed' \
  'dropped after MAIL: 451, and the next MAIL connects again' twice
behind RCPT=drop
heard '220 250 250 451 554 221 closed' 'dropped after RCPT: 451' letter
behind RCPT=rst
heard '220 250 250 451 554 221 closed' 'reset after RCPT: 451' letter
behind 'RCPT=say:421 4.3.2 going down\r\n,drop'
heard '220 250 250 451 554 221 closed' 'gone with 421 after RCPT: 451' letter
for how in drop rst; do
  behind DATA=$how
  heard '220 250 250 250 354 451 221 closed' "$how after DATA: 451" letter
  committed 0 'and there is no message'
done
row 06 'it drops the connection within the text'
for how in drop rst; do
  for at in 1 4095 4096 4097 1000000; do
    behind TEXT+$at=$how
    heard '220 250 250 250 354 451 221 closed' "$how at byte $at: 451" large
    committed 0 "and there is no message"
  done
done
row 07 'it drops the connection behind the dot'
for how in drop rst; do
  behind DOT=$how
  heard '220 250 250 250 354 451 250 250 354 451 221 closed' "$how after the dot: 451" twice
  logged indoubt 'and the log says that it is in doubt'
done

# -- half an answer, no answer, a wrong answer

row 08 'half an answer'
promise 20
patience 3
behind 'DOT=say:25,stall'
heard '220 250 250 250 354 451 221 closed' 'half a reply to the dot: 451' letter
logged indoubt 'in doubt'
behind 'DOT=say:250-and\r\n,stall'
heard '220 250 250 250 354 451 221 closed' 'an endless reply to the dot: 451' letter
logged indoubt 'in doubt'
row 15 'its answer to the dot comes late'
promise 20
patience 3
behind DOT=stall
heard '220 250 250 250 354 451 221 closed' 'no reply to the dot: 451' letter
logged indoubt 'in doubt'
patience 30
behind 'DOT=wait:1,ok'
heard '220 250 250 250 354 250 221 closed' 'a late reply is passed on' letter

row 09 'answers of the wrong class'
for wrong in 354 199 999 600 2\ 50 hello 25 '' -250 +OK 250x; do
  behind "DOT=say:$wrong\r\n"
  heard '220 250 250 250 354 451 221 closed' "the dot answered with '$wrong': 451" letter
  logged indoubt 'in doubt'
  for command in MAIL RCPT; do
    behind "$command=say:$wrong\r\n"
    tried letter
    same '' "$command answered with '$wrong': nothing is accepted" accepted
    committed 0 'nothing is sent'
  done
done
for wrong in 250 220 199 '2 54' hello '250-x\r\n354'; do
  behind "DATA=say:$wrong\r\n"
  heard '220 250 250 250 354 451 221 closed' "DATA answered with '$wrong': 451" letter
  committed 0 'and there is no message'
done

# -- answers that nobody asked for

row 10 'answers too many, or too early'
for command in MAIL RCPT RSET; do
  behind "$command=say:250 one\r\n250 two\r\n" 'DOT#2=say:550 no\r\n'
  twice > "$T/both"
  sed -i "s/^line MAIL/line RSET\\nreply\\n&/" "$T/both"
  tried cat "$T/both"
  same "$(cat "$S/ledger" 2>/dev/null | grep -c ' 250$')" "two replies to $command: none answers something else" \
    sh -c "grep -c '^250 2.0.0 message' $T/transcript || :"
done
behind 'DATA=say:354 go\r\n250 done\r\n'
heard '220 250 250 250 354 451 221 closed' '250 before the text: 451' letter
committed 0 'and the text is not finished'
behind 'TEXT+1000=say:250 done\r\n'
heard '220 250 250 250 354 451 221 closed' '250 within the text: 451' large 18000
committed 0 'and the text is not finished'
behind 'DOT@1=say:250 one\r\n250 two\r\n'
tried twice
same '' 'two replies to a dot: the second never answers another message' grep '^250 two' "$T/transcript"
same "$(grep -c . "$S/ledger")" 'and what is accepted is there' sh -c "grep -cE '^250 (one|2.0.0 message)' $T/transcript"

# -- the client leaves while it thinks

row 20 'the client leaves while it thinks'
behind 'DATA=wait:1,ok'
{ printf 'reply\nline EHLO client.example.org\nreply\n'; letter | sed '$s/.*/close/'; } | client "$FRONT" > "$T/transcript"
ok 'a client that leaves before the dot goes out' within 20 grep -q '^aborted ' "$T/h/err"
committed 0 'is not served'

# -- it leaves while filters run

row 14 'it leaves while filters run'
# The stage takes its time until cm-smtpd has noticed.
lost() { evil check 'waits ../err upstream-lost'; : > "$T/h/err"; behind "$@"; }
idle='say:250 2.1.5 ok\r\n,idle:0.2:421 4.4.2 too slow\r\n'
lost "RCPT@1=$idle"
heard '220 250 250 250 354 250 221 closed' 'the envelope is said again to a new connection' letter
like '^2 RCPT TO:<b@example.net>$' 'as it was' cat "$S/commands"
logged upstream-again 'and the log says so'
lost "RCPT#2@1=$idle" 'RCPT TO:<bad@2=say:550 5.1.1 not here\r\n'
heard '220 250 250 250 250 354 451 221 closed' 'who takes a recipient back is not given the text' letter b@example.net bad@example.net
committed 0 'not even for the others'
lost "RCPT@1=$idle" 'MAIL@2=say:450 4.7.1 later\r\n'
heard '220 250 250 250 354 451 221 closed' 'nor is who takes no sender' letter
committed 0 'there is no message'
lost "RCPT@1=$idle" 'EHLO@2=say:250-x\r\n250 DSN\r\n'
heard '220 250 250 250 354 451 221 closed' 'nor who offers less than before' letter
committed 0 'there is no message either'
lost "RCPT@1=$idle" 'CONNECT@2=drop'
heard '220 250 250 250 354 451 221 closed' 'who does not come back: 451' letter
lost "RCPT@1=$idle" "RCPT@2=$idle" 'DATA@2=drop'
heard '220 250 250 250 354 451 221 closed' 'it is tried once' letter
same '' 'and no more' grep '^3' "$S/commands"
printf '#!/bin/sh\nexit 40\n' > "$T/h/port/judge"
chmod 755 "$T/h/port/judge"
lost "RCPT@1=$idle"
pipeline "evil check : perl $PWD/tests/tools/evil waits ../err upstream-lost" '' 'judge check : ./judge'
heard '220 250 250 250 354 250 221 closed' 'a message for the quarantine goes there' letter
same '2 <a@example.org> <quarantine@example.net>' 'and to nobody else' sed 's/^\([0-9]* [^ ]* [^ ]*\) .*/\1/' "$S/ledger"

# -- it refuses early, or late

row 11 'it refuses within the text'
behind 'TEXT+100000=say:552 5.3.4 too large\r\n,wait:1,drop'
heard '220 250 250 250 354 552 221 closed' '552 within the text is passed on' large
like '^1 DATA$' 'and no text is sent as a command' tail -n 1 "$S/commands"
committed 0 'there is no message'
behind 'TEXT+100000@1=say:552 5.3.4 too large\r\n,stall'
both() { large 18000; letter; }
heard '220 250 250 250 354 552 250 250 354 250 221 closed' 'a message behind it is accepted' both
same '2 <a@example.org>' 'through another connection, for in the first one it would be text' \
  sed 's/^\([0-9]* [^ ]*\) .*/\1/' "$S/ledger"
row 16 'it refuses the message'
behind 'DOT=say:450 4.7.1 greylisted\r\n'
heard '220 250 250 250 354 450 221 closed' '4xx to the dot is passed on' letter
like '^450 4.7.1 greylisted$' 'with its words' cat "$T/transcript"
behind 'DOT=say:554-5.7.1 spam\r\n554 5.7.1 go away\r\n'
heard '220 250 250 250 354 554 221 closed' '5xx to the dot is passed on' letter
like '^554-5.7.1 spam$' 'with all its lines' cat "$T/transcript"
behind 'DOT=say:421 4.3.2 going down\r\n,drop'
heard '220 250 250 250 354 451 250 250 354 451 221 closed' '421 to the dot is 451, and no end of ours' twice
behind 'DATA=say:554 5.5.1 no\r\n'
heard '220 250 250 250 354 554 221 closed' '5xx to DATA answers the message' letter
behind 'DATA=say:451 4.5.1 later\r\n'
heard '220 250 250 250 354 451 221 closed' '4xx to DATA likewise' letter

# -- one answer for each recipient

row 13 'an answer for each recipient'
behind 'RCPT TO:<bad=say:550 5.1.1 unknown\r\n' 'RCPT TO:<full=say:452 4.2.2 full\r\n'
heard '220 250 250 250 550 452 250 354 250 221 closed' 'each recipient has its own answer' letter ok@example.net bad@example.net full@example.net fine@example.net
like '^1 <a@example.org> <ok@example.net>,<fine@example.net> ' 'and only the accepted ones are served' \
  cat "$S/ledger"
heard '220 250 250 550 452 554 221 closed' 'without any, DATA is refused' letter bad@example.net full@example.net
same 1 'and the server sees no DATA' grep -c DATA "$S/commands"

# -- what it says reaches the client only clean and in measure

row 12 'dirt, and answers without end'
behind 'DOT=say:550-\e[31mred\0\xff\n550-bare lf\n550 end\r\n'
heard '220 250 250 250 354 550 221 closed' 'a dirty refusal is passed on' letter
same '' 'without anything that is not printable' grep '\\x' "$T/transcript"
behind "DOT=many:100000:x"
heard '220 250 250 250 354 451 221 closed' 'a line without end: 451' letter
behind 'DOT=many:100000:250-more\r\n'
heard '220 250 250 250 354 451 221 closed' 'a reply without end: 451' letter
behind 'DOT=say:550-a\r\n250 b\r\n'
heard '220 250 250 250 354 451 221 closed' 'a reply of two codes: 451' letter
behind "RCPT=say:550 $(printf '%01500d' 0)\r\n"
heard '220 250 250 550 554 221 closed' 'a long line is passed on' letter
same '' 'shortened' grep '^.\{513\}' "$T/transcript"

# -- what it offers

row 19 'what it offers'
behind 'EHLO=say:250-x\r\n250-CHUNKING\r\n250-XCLIENT NAME\r\n250-STARTTLS\r\n250-SIZE 5000\r\n250 BINARYMIME\r\n'
tried letter
same '' 'what we cannot carry is not offered' grep -E 'CHUNKING|BINARYMIME|XCLIENT|STARTTLS|8BITMIME|DSN|SMTPUTF8' "$T/transcript"
like '^250[- ]SIZE 5000$' 'the smaller size limit is offered' cat "$T/transcript"
behind
behind 'EHLO=say:250-x\r\n250 SIZE 1\r\n'
heard '220 250 552 221 closed' 'not a byte more is announced' printf 'line MAIL FROM:<a@example.org> SIZE=2\nreply\n'
behind 'EHLO=many:90:250-X-OPTION with many a word behind it that nobody knows\r\n,say:250 8BITMIME\r\n'
tried letter
same 2 'of a list of many lines we take what we know' grep -cE '8BITMIME|SIZE' "$T/transcript"
behind 'EHLO=many:100000:250-X-OPTION\r\n'
heard '220 250 451 503 503 221 closed' 'a list without end is none' letter
eight() { printf 'line MAIL FROM:<a@example.org> BODY=8BITMIME\nreply\n'; letter | sed 1,2d; }
behind 'EHLO@2=say:250-x\r\n250 DSN\r\n' 'DOT@1=ok,drop'
both() { eight; eight; }
heard '220 250 250 250 354 250 451 503 503 221 closed' 'who comes back without 8BITMIME gets no message that needs it' both
behind
whole() {
  printf '%s\n' 'line MAIL FROM:<\xc3\xbc@example.org> SIZE=1000 SMTPUTF8 ENVID=x+20y BODY=8BITMIME RET=HDRS' reply \
    'line RCPT TO:<\xc3\xbc@example.net> ORCPT=rfc822;b@example.net NOTIFY=DELAY,FAILURE' reply \
    'line DATA' reply 'send Subject: \xc3\xbc\r\n\r\n.\r\n' reply
}
heard '220 250 250 250 354 250 221 closed' 'what it offers may be used' whole
same '1 MAIL FROM:<\xc3\xbc@example.org> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+20y SIZE=1000
1 RCPT TO:<\xc3\xbc@example.net> NOTIFY=DELAY,FAILURE ORCPT=rfc822;b@example.net' 'and reaches it' \
  grep 'MAIL\|RCPT' "$S/commands"
like ' with UTF8SMTP id ' 'our Received field says so' cat "$S/mail/1.1"
heard '220 250 553 221 closed' 'a sender beyond ASCII wants SMTPUTF8' \
  printf 'line MAIL FROM:<\\xc3\\xbc@example.org>\nreply\n'
heard '220 250 250 553 221 closed' 'a recipient, too' \
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<\\xc3\\xbc@example.net>\nreply\n'
behind 'EHLO=say:500 what\r\n'
heard '220 250 250 250 354 250 221 closed' 'a server without EHLO is served by HELO' letter
heard '220 250 555 221 closed' 'and what it cannot do is refused' \
  printf 'line MAIL FROM:<a@example.org> BODY=8BITMIME\nreply\n'

rows_done
