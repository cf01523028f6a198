#!/bin/sh
# Rows that other tests look into more closely, here by recorded clients and with the nine
# oracles behind each: crowd.t, early.t, smuggling.t, relay.t, guard.t, disk.t, kill.t and everycall.t.
if [ -z "$EDGES" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  EDGES=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"
BUILD=${BUILD:-$PWD/build}

arena
dialogue='220 250 250 250 354'
# begun LINE...: a script up to 354, then these lines
begun() {
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply 354\n'
  printf '%s\n' "$@"
}

row 25 'a text that comes too slowly'
behind
control timeoutsmtpd 5
heard "$dialogue 421 closed" 'is told 421' begun 'split 8' 'pause 0.1' "send Subject: x\\r\\n$(printf '%0600d' 0)"
committed 0 'nothing of it goes on'
logged aborted 'as the log says'

anew() { kill "$SERVER"; front h "$@"; FRONT=$PORT SERVER=$PID; }
# later SECONDS N: from the Nth thing said on, to the client or the upstream, it is so much later;
# the 2nd is EHLO to the upstream, the 4th MAIL
later() { anew "$BUILD/tests/atcall" -p cm-smtpd -c sendto,sendmsg "hours:$1" "$2" cm-smtpd; }
# Over short writes, tests/short.t, nobody knows which that is; nor does anything come at once.
if [ ! "$INSHORT" ] && { "$BUILD/tests/atcall" list 0 true; [ $? != 77 ]; }; then
  row 24 'a session of half an hour'
  behind
  two() { letter; letter; }
  later 1700 4
  heard "$dialogue 250 250 250 354 250 221 closed" 'may begin a message before it is over' two
  committed 2 'two are there'
  later 1900 4
  heard "$dialogue 250 421 closed" 'or be at one, which comes to its end' two
  later 2000 4
  heard "$dialogue 250 421 closed" 'with five minutes more' two
  committed 4 'which is there'
  later 2200 4
  tried perl -e 'print "line MAIL FROM:<a\@example.org>\nreply\n", "line RCPT TO:<b\@example.net>\nreply\n" x 20, "eof\n"'
  like '^220 250\( 250\)\{1,9\} 421 closed$' 'and no more' codes < "$T/transcript"
  later 1900 2
  tried perl -e 'print "line NOOP\nreply\n" x 20, "eof\n"'
  like '^220 250\( 250\)\{1,8\} 421 closed$' 'who is at none is cut off' codes < "$T/transcript"
  like '^421 4.7.0 .*too long a session' 'and hears why' transcript
  committed 4 'none of these has come'
  anew
fi

row 28 'many who say nothing'
behind
echo 'connections 6' > "$C/limits"
printf 'reply\nwait 20\n' > "$T/silent"
mute=
for k in 1 2 3 4 5; do perl tests/tools/faultclient "$FRONT" < "$T/silent" > "$T/mute.$k" & mute="$mute $!"; done
all_greeted() { [ "$(cat "$T"/mute.* | grep -c '^220')" = 5 ]; }
ok 'some are greeted' within 20 all_greeted
heard "$dialogue 250 221 closed" 'and one with a message is served' letter
perl tests/tools/faultclient "$FRONT" < "$T/silent" > "$T/mute.6" & mute="$mute $!"
six() { [ -s "$T/mute.6" ]; }
within 20 six
heard '421 closed' 'one more of the same address is told to wait' bare echo eof
committed 1 'the message is there'
# shellcheck disable=SC2086 # one process id a word
kill $mute; wait $mute 2>/dev/null

if [ "$EDGES" ]; then
  row 29 'large messages, and little room'
  behind
  mount -t tmpfs -o size=8m none "$T/h/spool"
  { begun 'send Subject: x\r\n\r\n' "many 700 $(printf '%04000d' 0)\\r\\n" 'line .' reply | session; } > "$T/large"
  few=
  for k in 1 2 3 4 5 6; do client "$FRONT" < "$T/large" > "$T/large.$k" & few="$few $!"; done
  # shellcheck disable=SC2086 # one process id a word
  wait $few
  same 6 'each is accepted, or told 452' sh -c "cat '$T'/large.* | sed -n '/^354/{n;p}' | grep -c '^250 \\|^452 4.3.1'"
  like '^452 4.3.1' 'some are told 452' sh -c "cat '$T'/large.*"
  same "$(cat "$T"/large.* | sed -n '/^354/{n;p}' | grep -c '^250 ')" 'those accepted are there' sh -c "cat '$S/ledger' 2>/dev/null | wc -l"
  ok 'the room is free again' within 20 umount "$T/h/spool"
fi

row 30 'who speaks before its turn'
behind
control greetdelay 20
heard '554 closed' 'before the greeting' bare printf 'send EHLO c\\r\\n\neof\n'
rm "$C/greetdelay"
if [ ! "$INSHORT" ]; then
  heard '220 250 250 250 554 closed' 'the text behind DATA, before 354' \
    printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nsend DATA\\r\\nSubject: x\\r\\n\\r\\nx\\r\\n.\\r\\n\neof\n'
  committed 0 'is no message'
fi

row 37 'texts that look like an end'
for end in '\n.\n' '\n.\r\n' '\r.\r' '\r.\r\n' '\r\n.\n' '\r\n.\r'; do
  behind
  smuggled="Subject: x\\r\\n\\r\\na${end}MAIL FROM:<e@example.org>\\r\\nRCPT TO:<b@example.net>\\r\\nDATA\\r\\nSubject: y\\r\\n\\r\\ny\\r\\n"
  TEXT=$smuggled name=$(printf %s "$end" | tr -d '\\')
  heard "$dialogue 550 221 closed" "$name is refused" letter
  committed 0 'nothing is there'
  control newlines normalize
  heard "$dialogue 250 221 closed" "$name is mended, where the port does that" letter
  committed 1 'as one message'
  unset TEXT
  rm "$C/newlines"
done
unset TEXT
NEWLINES=normalize

row 45 'addresses of others, and of ours within them'
behind
not_taken() { [ "$(codes < "$T/transcript" | cut -d ' ' -f 4 | cut -c 1)" = 5 ]; }
for a in 'x@elsewhere.example' 'x%elsewhere.example@example.net' 'elsewhere.example!x@example.net' \
  '@example.net:x@elsewhere.example' '"x@elsewhere.example"@example.net' 'x@elsewhere.example@example.net' \
  'x@[127.0.0.1]' 'x@example.net%elsewhere.example' '"x%elsewhere.example"@example.net'; do
  tried letter "$a"
  ok "$a" not_taken
done
same '' 'the upstream hears of none' grep -h 'RCPT' "$S/commands"

row 46 'addresses that a shell would run'
behind
heard '220 250 250 250 354 250 221 closed' 'are names' letter '`id`$x@example.net'
heard '220 250 250 250 354 250 221 closed' 'all of them' letter '{$IFS}&~@example.net'
committed 2 'and nothing else'

row 47 'who tries many addresses'
behind 'RCPT=say:550 5.1.1 no such user\r\n'
echo 'harvest 3 time=600 block=600' > "$C/limits"
heard '220 250 250 550 550 550 550 421 closed' 'is cut off' \
  sh -c 'echo "line MAIL FROM:<a@example.org>"; echo reply; for k in 1 2 3 4 5; do echo "line RCPT TO:<bad$k@example.net>"; echo reply; done'
heard '421 closed' 'and stays away' bare echo eof
rm -rf "$C/limits" "$T/h/state"

row 73 'settings that anybody may change'
behind
chmod o+w "$C"
heard '421 closed' 'are not obeyed' bare echo eof
chmod o-w "$C"
heard "$dialogue 250 221 closed" 'until they are safe' letter
committed 1 'and then mail goes'

row 74 'no room in the store'
behind
pipeline 'v check 0=accept/redirect : true'
control quarantine store
heard "$dialogue 250 221 closed" 'with room it is stored' letter
if [ "$EDGES" ]; then
  mv "$T/h/store" "$T/aside"; mkdir -m 700 "$T/h/store"
  mount -t tmpfs -o size=8k,mode=700 none "$T/h/store"
  TEXT="Subject: x\\r\\n\\r\\n$(printf '%09000d' 0 | fold -w 70 | sed 's/$/\\r\\n/' | tr -d '\n')\\r\\n"
  heard "$dialogue 452 221 closed" 'without, the client comes again' letter
  unset TEXT
  umount "$T/h/store"; rmdir "$T/h/store"; mv "$T/aside" "$T/h/store"
fi

row 82 'a store that is none any more'
behind
pipeline 'v check 0=accept/redirect : true'
control quarantine store
rm -rf "$T/h/store"; : > "$T/h/store"
heard "$dialogue 451 221 closed" 'the client comes again' letter
rm "$T/h/store"
heard "$dialogue 250 221 closed" 'and it is made anew' letter
committed 0 'nobody else has it'

row 83 'few descriptors'
behind
pipeline 'v check : true'
few() { (cd "$T/h/port" && CM_HOME=$T/h TCPREMOTEIP=192.0.2.1 timeout 60 prlimit --nofile=7:7 cm-smtpd 2>> "$T/h/err"); }
printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: x' '' x . QUIT > "$T/lines"
few < "$T/lines" > "$T/transcript"
ok 'who finds no descriptor says so' grep -q '^4' "$T/transcript"
same '' 'and accepts nothing' sed -n '/^354/,$s/^250 //p' "$T/transcript"
heard "$dialogue 250 221 closed" 'while others are served' letter
committed 1 'once'

row 85 'a stage that looks around'
behind
printf '#!/bin/sh\n{ env; cat /proc/$$/cmdline /proc/$PPID/cmdline /proc/$PPID/environ; ls -l /proc/$$/fd; } > ../seen 2>&1\n' > "$T/h/port/looks"
chmod 755 "$T/h/port/looks"
pipeline 'looks check : ./looks'
heard "$dialogue 250 221 closed" 'is served' letter
like '^CM_ENVELOPE=' 'and what it has seen stands where the secret is looked for' cat "$T/h/seen"

row 86a 'SIGTERM, wherever a session stands'
behind
# told WANT NAME LINE...: what a client hears that has come so far, when its session is told to end
told() {
  want=$1 name=$2; shift 2
  printf '%s\n' "$@" eof > "$T/script"
  expected=$(grep -c '^reply' "$T/script")
  : > "$T/transcript"
  client "$FRONT" < "$T/script" > "$T/transcript" & one=$!
  within 20 stands
  # shellcheck disable=SC2046 # a process id a word
  kill -TERM $(children "$SERVER")
  wait $one
  same "$want" "$name" codes < "$T/transcript"
}
stands() { [ "$(codes < "$T/transcript" | wc -w)" -ge "$expected" ]; }
mail='line MAIL FROM:<a@example.org>' to='line RCPT TO:<b@example.net>'
told '220 421 closed' 'at the greeting' reply
told '220 250 421 closed' 'behind EHLO' reply 'line EHLO x' reply
told '220 250 250 250 421 closed' 'within a transaction' reply 'line EHLO x' reply "$mail" reply "$to" reply
told '220 250 250 250 354 421 closed' 'within a text' reply 'line EHLO x' reply "$mail" reply "$to" reply 'line DATA' reply 'line Subject: x'
committed 0 'nothing is delivered'
printf '#!/bin/sh\necho > ../waits\nsleep 600\n' > "$T/h/port/waits"; chmod 755 "$T/h/port/waits"
pipeline 'waits check : ./waits'
stands() { [ -e "$T/h/waits" ]; }
told '220 250 250 250 354 421 closed' 'at the filters' reply 'line EHLO x' reply "$mail" reply "$to" reply 'line DATA' reply 'send Subject: x\r\n\r\nx\r\n.\r\n'
rm "$T/h/waits"
committed 0 'nothing is, there either'

row 86b 'a log that takes nothing'
behind
anew sh -c 'exec cm-smtpd 2> /dev/full'
heard "$dialogue 250 221 closed" 'as its disk is full' letter
mkfifo "$T/pipe"; exec 9<> "$T/pipe"; fill
anew sh -c 'exec cm-smtpd 2>&9 9>&-'
heard "$dialogue 250 221 closed" 'as it is a pipe that nobody reads' letter
exec 9>&-
anew perl -e 'pipe my $in, my $out; open STDERR, ">&", $out; close $in; exec "cm-smtpd"'
heard "$dialogue 250 221 closed" 'as whoever read it has died' letter
committed 3 'stops no mail'
same 3 'and what it did not get is counted' grep -c 'Z [^ ]* [1-9][0-9]*$' "$T/h/log/dropped"
anew
if [ "$EDGES" ]; then
  mount -t tmpfs -o size=4k,mode=700 none "$T/h/log"
  head -c 4096 /dev/zero > "$T/h/log/other"
  heard "$dialogue 250 221 closed" 'with its directory full, too, mail goes' letter
  pipeline 'v check 0=accept/delete : true'
  heard "$dialogue 451 221 closed" 'but for what would be on record there alone' letter
  rm "$T/h/log/other"
  heard "$dialogue 250 221 closed" 'and with room that is' letter
  committed 4 'nobody else has it'
  cp -r "$T/h/log" "$T/kept"; umount "$T/h/log"; cp "$T/kept/"* "$T/h/log"
fi

row 86c 'all sessions killed, with messages at the filters'
behind
printf '#!/bin/sh\necho >> ../waits\nuntil [ -e ../go ]; do sleep 0.05; done\n' > "$T/h/port/waits"; chmod 755 "$T/h/port/waits"
pipeline 'waits check : ./waits'
rm -f "$T/h/waits" "$T/h/go"
letter | session > "$T/script"
few=
for k in 1 2 3 4; do client "$FRONT" < "$T/script" > "$T/killed.$k" & few="$few $!"; done
four() { [ "$(wc -l < "$T/h/waits")" = 4 ]; }
within 20 four
# shellcheck disable=SC2046 # a process id a word
kill -9 $(children "$SERVER")
# shellcheck disable=SC2086
wait $few
same '' 'nobody hears that it was accepted' sed -sn '/^354/,$s/^250 //p' "$T/killed.1" "$T/killed.2" "$T/killed.3" "$T/killed.4"
quiet_port
touch "$T/h/go"
heard "$dialogue 250 221 closed" 'and the next is served' letter
committed 1 'once'
rm -f "$T/h/waits" "$T/h/go" "$T/h/seen"

rows_done
