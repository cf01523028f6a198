#!/bin/sh
# Stages that die, hang, lie, eat and meddle, behind a whole session: the client hears what
# on-error says, in time; the upstream sees nothing of it; nothing of them is left.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"

arena
EVIL="perl $PWD/tests/tools/evil"
ok='220 250 250 250 354 250 221 closed' later='220 250 250 250 354 451 221 closed' no='220 250 250 250 354 550 221 closed'

# untouched NAME: the upstream has heard of no text
untouched() { same '' "$1" grep DATA "$S/commands"; }
# met: a stage has begun
met() { set -- "$T"/h/port/evil.[0-9]*; [ -s "$1" ]; }
# child NAME: the process id of the port's process of that name
child() { pgrep -f "^$1( |\$)" | while read -r p; do [ "$(readlink "/proc/$p/cwd")" != "$T/h/port" ] || echo "$p"; done; }
# leave: a client in the background, with one message
leave() {
  letter | session > "$T/script"
  perl tests/tools/faultclient "$FRONT" < "$T/script" > "$T/transcript" &
  CLIENT=$!
  PIDS="$CLIENT $PIDS"
}

# -- stages die

row 52 'a stage is killed'
behind
for when in before mid behind; do
  evil check "killed $when"
  heard "$later" "kill -9 $when what it has to say" letter
  like '^broken .* evil ended by signal 9' 'and the log says so' cat "$T/h/err"
done
evil rewrite dies
heard "$later" 'a rewriter that is killed behind the whole of its message' letter
untouched 'the upstream sees nothing'
evil check 'killed mid' on-error=deliver
heard "$ok" 'with on-error=deliver it is delivered' letter
same 'accept/deliver, unknown result' 'as an unknown result' column verdict
pipeline "evil check : $EVIL killed mid" '' "judge check : $EVIL code 100"
heard "$no" 'what a later stage knows for certain counts all the same' letter

row 53 'cm-pipeline is killed'
promise 15
behind
evil check hang
leave
ok 'a stage runs' within 20 met
kill -9 "$(child cm-pipeline)"
wait $CLIENT
same "$later" 'the client is told to try again' codes < "$T/transcript"
logged trouble 'the log says why'
untouched 'the upstream sees nothing'

row 54 'stages that hang, ignore SIGTERM, leave daemons'
promise 15
behind
for mode in hang ignore; do
  evil check "$mode" time=2
  heard "$later" "one that does: $mode" letter
done
control deadline 2
evil check ignore
heard "$later" 'the deadline of the message is one for its stages' letter
rm "$C/deadline"
untouched 'the upstream sees nothing'
promise 15
evil check daemon
heard "$ok" 'who leaves processes that hold all descriptors has answered' letter
ok 'they were there' test -e "$T/h/port/evil.left"

row 21 'the client goes away while a stage runs'
promise 15
behind
evil check hang
leave
ok 'a stage runs' within 20 met
kill $CLIENT
wait $CLIENT 2> /dev/null
ok 'the session is over at once' quiet_port
same '' 'and the stage is gone' child perl
logged aborted 'the log says so'
same 'delete, client disconnected' 'the mail log, too' column verdict
untouched 'the upstream sees nothing of it'
ok 'and is not kept waiting' within 10 at_rest "${SINK%% *}"

row 23 'the client gives up before we do'
promise 30
behind
evil check hang
letter | session | sed '/QUIT/,$d' > "$T/script"
PATIENCE=1 client "$FRONT" < "$T/script" > "$T/transcript"
ok 'its session is over with it' quiet_port
untouched 'and nothing is delivered'
control deadline 2
heard "$later" 'but by control/deadline we are the first: it hears 451' letter

# -- stages that say it wrong

row 55 'a message that is not whole'
behind
for mode in empty half headless unended 'sized 1' 'sized -1' 'both 1' 'both 111'; do
  evil rewrite "$mode"
  heard "$later" "a rewriter: $mode" letter
done
untouched 'nothing of it reaches the upstream'
for mode in empty half unended 'sized 1'; do
  evil rewrite "$mode" on-error=deliver
  TEXT="Subject: $mode\r\n\r\nwhole\r\n" heard "$ok" "with on-error=deliver, $mode: what is delivered is the message before" letter
done
evil rewrite 'both 100'
heard "$no" 'who refuses has no need of a message' letter
evil rewrite copies
heard "$ok" 'and one that copies passes' letter
TEXT='Subject: no body\r\n' heard "$ok" 'also what came without a body' letter

row 62 'verdicts that are none'
adds X-Spam
behind
for code in 1 2 19 21 98 101 126 127 128 137 255; do
  evil check "code $code"
  tried letter
  like '^451 4' "exit code $code is none" transcript
done
same '' 'no word of such a stage reaches the client' grep because "$T/transcript"
untouched 'nor is anything sent'
says() { printf "$2" > "$T/h/port/said"; evil check "exits $1 said"; }
says 100 '250 2.0.0 ok\n'
tried letter
like '^550 5\.7\.1 ' 'a refusal that begins with 250 is one' transcript
says 100 '5.7.1 no\r\n250 2.0.0 Ok\r\n221 bye\r\n'
heard "$no" 'CR and LF in a reason make no other reply' letter
says 100 '\033[31m\000\377\r250 ok\n'
tried letter
same '' 'nor does anything that does not print' grep '\\x' "$T/transcript"
head -c 8000000 /dev/zero | tr '\0' x > "$T/h/port/said"
evil check 'exits 100 said'
tried letter
like '^550 5\.7\.1 x\{300,500\}' 'a reason has its measure' transcript
same '' 'which a reply keeps, too' grep '^.\{513\}' "$T/transcript"
perl -e 'print "5.7.1 no\n"; print "X-CleanMail-Recipient: <x$_\@example.net>\n" for 1 .. 100000' > "$T/h/port/said"
heard "$no" 'a hundred thousand recipients change nothing' letter
untouched 'and nothing is sent'
says 0 '2.0.0 ok\nX-Spam: no\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@example.org>\r\nReceived: forged\nTo\nBcc: x@example.net\n'
heard "$ok" 'fields that are none' letter
same '' 'are not added' grep -rh 'forged\|Bcc\|MAIL FROM' "$S/mail"
perl -e 'srand 1; print map { chr int rand 256 } 1 .. 100000' > "$T/h/port/said"
for code in 0 10 100; do
  evil check "exits $code said"
  tried letter
  like "^$([ $code = 100 ] && echo 550 5 || echo 250 2)" "binary nonsense behind the code $code" transcript
  same '' 'is cleaned' grep '\\x' "$T/transcript"
done

# -- stages that eat

row 56 'a stage that eats memory'
promise 30
behind
sanitized || {
  evil check 'memory 2000'
  heard "$later" 'is ended at its limit' letter
  untouched 'the upstream sees nothing'
}
evil check 'memory 50'
heard "$ok" 'one that eats little is not' letter

row 57 'a stage that computes for ever'
promise 15
behind
evil check cpu time=2
heard "$later" 'has its time' letter
untouched 'the upstream sees nothing'

row 58 'a stage that fills the disk'
promise 30
behind
for mode in disk shouts; do
  evil check "$mode"
  heard "$later" "its $mode has a limit" letter
done
ok 'of some megabytes' [ "$(wc -c < "$T/h/port/evil.disk")" -le 16800000 ]
untouched 'the upstream sees nothing'

row 59 'a stage that forks'
promise 20
behind
evil check 'forks 200' time=4
leave
ok 'it forks' within 20 test -s "$T/h/port/evil.forked"
: > "$C/pipeline"
letter | session > "$T/script"
same "$ok" 'others are served meanwhile' sh -c 'perl tests/tools/faultclient "$1" < "$2" > "$3"; . "$0"; codes < "$3"' \
  "$PWD/tests/peer.sh" "$FRONT" "$T/script" "$T/other"
wait $CLIENT
same "$later" 'it is ended with all of its own' codes < "$T/transcript"

row 60 'a stage that screams'
promise 30
behind
control loglevel 2
evil check 'screams 32'
heard "$ok" '32 MiB on descriptor 2 change no verdict' letter
ok 'the log has some of it' [ "$(wc -c < "$T/h/err")" -lt 1000000 ]
like '^stage .* and [0-9]* bytes more$' 'and says so' cat "$T/h/err"
same '' 'without a line that somebody else wrote' grep '^broken id' "$T/h/err"
same 0 'without a byte that a terminal obeys' sh -c "LC_ALL=C tr -d '\\n\\040-\\176' < $T/h/err | wc -c"

# -- stages that meddle

row 61 'a stage changes the message that it reads'
behind
stage_of() { pipeline "evil check : $EVIL meddles" '' "reads rewrite : $EVIL copies"; }
stage_of
heard "$ok" 'a small message' letter
same '' 'nothing that it tried has worked' cat "$T/h/port/evil.worked"
large() { letter | sed "s/^send .*/send Subject: large\\\\r\\\\n\\\\r\\\\n\nmany 700 $(printf %04000d 0)\\\\r\\\\n/"; }

row 61 'a stage changes a large message'
promise 30
behind
stage_of
heard "$later" 'which is on the disk: who opens it for writing is found out' large
same '' 'nothing that it tried has worked' cat "$T/h/port/evil.worked"
like '^trouble .* cm-pipeline has a stage that opened the message to change it' 'the log says so' cat "$T/h/err"
evil check 'insists changed' time=3 on-error=deliver
heard "$later" 'who waits to be let in, too, whatever on-error says' large
same '' 'waits in vain' cat "$T/h/port/evil.worked"
untouched 'the upstream sees nothing of it'
evil rewrite copies
heard "$ok" 'who only reads it is not in the way' large

# -- control files

row 63 'a pipeline that cannot be run'
behind
for broken in 'x check' 'x check : ' 'x wonder : true' 'x check time=soon : true' 'x check : true
x check : true'; do
  pipeline "$broken"
  heard '421 closed' "a pipeline that is broken: $broken" letter
  like '^trouble .*control/pipeline:[0-9]*: ' 'the log names file and line' cat "$T/h/err"
done
rm "$C/pipeline"
heard '421 closed' 'one that is missing' letter
mkdir "$C/pipeline"
heard '421 closed' 'one that cannot be read' letter
rmdir "$C/pipeline"
printf 'a check : true\nb check : tr' > "$C/pipeline"
heard "$later" 'one that was written by half' letter
printf 'nonsense' > "$T/h/port/noformat"
: > "$T/h/port/noexec"
chmod 755 "$T/h/port/noformat"
for program in nowhere ./nowhere ./noexec ./noformat /; do
  pipeline "x check : $program"
  heard "$later" "a program that cannot be run: $program" letter
done
for file in upstream recipients; do
  mv "$C/$file" "$T/kept"
  heard '421 closed' "control/$file is missing" letter
  mkdir "$C/$file"
  heard '421 closed' 'and cannot be read' letter
  rmdir "$C/$file"
  mv "$T/kept" "$C/$file"
done
pipeline 'x check : true'
mkdir "$T/empty"
MAIN=$FRONT ours=$SERVER
front h env PATH="$T/empty" "$(command -v cm-smtpd)"
FRONT=$PORT
heard "$later" 'cm-pipeline itself is missing' letter
FRONT=$MAIN
kill "$PID"
untouched 'the upstream sees nothing of all that'

rows_done
