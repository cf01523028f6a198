#!/bin/sh
# What happens while the stages of a message run: the client goes away, the upstream
# falls asleep, the server is told to stop, time is over, another message follows.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_postfix postfix smtpd_timeout=4s
home h smtp 127.0.0.1 "$PORT"
front h

# a stage that leaves its process id in $W/pid and takes its time
slow() {
  rm -f "$W/pid"
  printf '#!/bin/sh\necho $$ > %s/new\nmv %s/new %s/pid\nexec sleep %s\n' "$W" "$W" "$W" "$1" > "$W/port/slow"
  chmod 755 "$W/port/slow"
  echo 'slow check : ./slow' > "$W/port/control/pipeline"
}

dead() { not kill -0 "$(cat "$W/pid")" 2>/dev/null; }
running() { [ -s "$W/pid" ] && kill -0 "$(cat "$W/pid")"; }
idle() { not pgrep -P "$PID" -x cm-smtpd; }

# said CODE: the server has, to a session in the background
said() { within 20 grep -q "^$1" "$W/heard"; }

# session LINE...: in the background, open until $W/hold is gone
session() {
  : > "$W/hold"
  : > "$W/heard"
  { said 220; printf '%s\r\n' 'EHLO client.example.org'; said '250 '
    printf '%s\r\n' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA; said 354
    printf '%s\r\n' "$@" .
    while [ -e "$W/hold" ]; do sleep 0.05; done; } | nc -N 127.0.0.1 "$PORT" > "$W/heard" 2>/dev/null &
  CLIENT=$!
}

slow 60
session 'Subject: gone' '' text
ok 'the stage runs' within 10 running
rm "$W/hold"
kill "$CLIENT" 2>/dev/null
ok 'the client goes away: the stage is killed' within 20 dead
ok 'and the session is over' within 20 idle
same 0 'nothing is delivered' received postfix
same 'delete, client disconnected' 'the mail log says why' column verdict
wait "$CLIENT" 2>/dev/null

slow 60
session 'Subject: stop' '' text
ok 'another message is being judged' within 10 running
pkill -TERM -P "$PID" -x cm-smtpd
ok 'SIGTERM: the stage is killed' within 20 dead
ok 'and the session is over' within 20 idle
like '^421 4.3.2 ' 'the client hears 421' cat "$W/heard"
same 0 'nothing is delivered then' received postfix
rm -f "$W/hold"
wait "$CLIENT" 2>/dev/null

: > "$W/hold"
while [ -e "$W/hold" ]; do sleep 0.05; done | nc -N 127.0.0.1 "$PORT" > "$W/heard" &
CLIENT=$!
greeted() { grep -q '^220 ' "$W/heard"; }
ok 'a session waits for a command' within 10 greeted
pkill -TERM -P "$PID" -x cm-smtpd
ok 'SIGTERM ends it' within 20 idle
like '^421 4.3.2 ' 'with 421, too' cat "$W/heard"
rm -f "$W/hold"
wait "$CLIENT" 2>/dev/null

front=$PORT daemon=$PID
start_faultsink sleepy DOT=wait:3,ok
sleepy=$PORT PORT=$front PID=$daemon W=$T/h
cp "$W/port/control/upstream" "$T/kept"
echo "smtp 127.0.0.1 $sleepy" > "$W/port/control/upstream"
: > "$W/port/control/pipeline"
session 'Subject: due' '' text
ok 'a message is with the server' within 20 test -s "$T/sleepy/ledger"
pkill -TERM -P "$PID" -x cm-smtpd
ok 'SIGTERM does not cut off an answer that is due' within 20 grep -q '^250 2.0.0 ' "$W/heard"
ok 'but the session is over then' within 20 idle
like '^421 4.3.2 ' 'with 421' cat "$W/heard"
rm -f "$W/hold"
wait "$CLIENT" 2>/dev/null
cp "$T/kept" "$W/port/control/upstream"

front=$PORT daemon=$PID
start_faultsink half 'NOOP=say:25,stall'
halfway=$PORT PORT=$front PID=$daemon W=$T/h
echo "smtp 127.0.0.1 $halfway" > "$W/port/control/upstream"
echo 1 > "$W/port/control/keepalive"
slow 60
session 'Subject: half' '' text
ok 'a stage runs' within 10 running
ok 'and NOOP is answered by half' within 20 grep -q NOOP "$T/half/commands"
rm "$W/hold"
kill "$CLIENT" 2>/dev/null
ok 'that hides no client that goes away' within 20 dead
ok 'nor keeps the session up' within 20 idle
wait "$CLIENT" 2>/dev/null
rm "$W/port/control/keepalive"
cp "$T/kept" "$W/port/control/upstream"

slow 1
half() {
  printf 'reply\nline EHLO x\nreply\nline MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\n'
  printf 'line DATA\nreply\nsend Subject: %s\\r\\n\\r\\n.\\r\\n%s\nhalf\neof\n' "$@"
}
like '^250 2.0.0 ' 'who closes his own half behind a QUIT that is here already is answered' \
  eval 'half half "QUIT\r\n" | client "$PORT"'
like '^delete, client disconnected' 'behind nothing at all he is gone' \
  eval 'half gone "" | client "$PORT" > /dev/null; within 20 idle; column verdict'
rm "$W/port/slow"

echo 1 > "$W/port/control/deadline"
slow 60
like '^451 4' 'when the time of a message is over it is deferred' message 'Subject: late' '' text
ok 'and its stage is dead' within 20 dead
rm "$W/port/control/deadline"

front=$PORT daemon=$PID
start_faultsink late 'NOOP=wait:3,ok'
late=$PORT PORT=$front PID=$daemon W=$T/h
echo "smtp 127.0.0.1 $late" > "$W/port/control/upstream"
echo 1 > "$W/port/control/keepalive"
slow 2
like '^250 2.0.0 ' 'the answer to a NOOP is waited for, and is none to DATA' message 'Subject: late' '' text
rm "$W/port/control/keepalive"
cp "$T/kept" "$W/port/control/upstream"

# With NOOP and without, side by side: each takes longer than the server has patience.
echo 1 > "$W/port/control/keepalive"
slow 7
cp -r "$W" "$T/asleep"
echo 0 > "$T/asleep/port/control/keepalive"
cp -r "$W" "$T/drops"
: > "$T/drops/port/control/pipeline"
drops() {
  printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: drops' ''
  for i in 1 2 3 4 5 6 7; do sleep 1; printf '%s\r\n' $i; done
  printf '%s\r\n' . QUIT
}
(W=$T/asleep; message 'Subject: asleep' '' text > "$T/slept") & ASLEEP=$!
(cd "$T/drops/port" && drops | CM_HOME=$T/drops cm-smtpd 2>> "$W/err" | tail -n 2 > "$T/dropped") & DROPS=$!
like '^250 2.0.0 ' 'NOOP keeps an impatient server awake' message 'Subject: awake' '' text
wait $DROPS
like '^250 2.0.0 ' 'so it does while a message comes in slowly' cat "$T/dropped"
wait $ASLEEP
like '^250 2.0.0 ' 'without it, with a 0, the server leaves and is called again' cat "$T/slept"
same 1 'as the log says' grep -c '^upstream-again ' "$T/asleep/err"
same 4 'and gets nothing more than those three' received postfix
rm "$W/port/control/keepalive"

: > "$W/port/control/pipeline"
stage judge check 100 '5.7.1 because'
twice() {
  talk 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: 1' '' . \
    'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: 2' '' . QUIT | grep -c '^550 5.7.1 because'
}
same 2 'a message behind a refused one is judged, too' twice

done_testing
