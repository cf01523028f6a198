#!/bin/sh
# A stage that takes its time does not outlive the session; and all is killed, or restarted,
# under load. What kill -9 does at each system call, everycall.t tries.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink s
SINK=$PID
home h smtp 127.0.0.1 "$PORT"
C=$W/port/control
echo store > "$C/quarantine"
echo "$T/spool" > "$C/spool"
mkdir "$T/spool"
echo 'wanted check : ./wanted' > "$C/pipeline"
letter | session > "$T/script"

# Processes with our port for a working directory, tcpserver not counted.
inhabitants() { find /proc -maxdepth 2 -name cwd -lname "$T/h/port" ! -path "/proc/$SERVER/cwd" 2>/dev/null; }
empty() { [ ! "$(inhabitants)" ] && at_rest "$SINK"; }

front h
SERVER=$PID
printf '#!/bin/sh\necho $$ > ../stage\nexec sleep 600\n' > "$T/h/port/wanted"
chmod 755 "$T/h/port/wanted"
for victim in cm-smtpd cm-pipeline; do
  rm -f "$T/h/stage"
  client < "$T/script" > "$T/transcript" &
  CLIENT=$!
  PIDS="$CLIENT $PIDS"
  within 20 test -s "$T/h/stage"
  for p in $(inhabitants); do
    p=${p%/cwd}
    [ "$(cat "$p/comm" 2>/dev/null)" = "$victim" ] && kill -9 "${p#/proc/}"
  done
  wait $CLIENT
  ok "$victim killed while a stage runs: nothing is left" within 20 empty
  same '' 'nobody was told that it was accepted' sed -n '/^354/,$s/^250 //p' "$T/transcript"
done

# The supervisor and all that it has started: six clients are in the midst of it.
printf '#!/bin/sh\necho >> ../stage\nuntil [ -e ../go ]; do sleep 0.05; done\n' > "$T/h/port/wanted"
six() { [ "$(wc -l < "$T/h/stage")" = 6 ]; }
six_clients() {
  rm -f "$T/h/stage" "$T/h/go"
  CLIENTS=
  for i in 1 2 3 4 5 6; do
    client < "$T/script" > "$T/transcript.$i" &
    CLIENTS="$CLIENTS $!"
  done
  PIDS="$CLIENTS $PIDS"
  within 20 six
}
acknowledged() { sed -s -n '/^354/,$s/^250 2.0.0.*/250/p' "$T"/transcript.[1-6] | wc -l; }
taken() { cat "$T/s/ledger" 2>/dev/null | wc -l; }

six_clients
sessions=$(children $SERVER)
kill -9 $SERVER $sessions
wait $CLIENTS
same 0 'row 86c: server and sessions killed: nobody hears that a message was accepted' acknowledged
ok 'row 86c: nothing is left' within 20 empty
same 0 'row 86c: and no message was taken' taken
front h
SERVER=$PID
six_clients
kill $SERVER
touch "$T/h/go"
wait $CLIENTS
same 6 'row 86c: server ended alone: who is served is served to the end' acknowledged
same 6 'row 86c: once' taken
front h
SERVER=$PID
six_clients
touch "$T/h/go"
wait $CLIENTS
same 6 'row 86c: and the new one serves as the old one did' acknowledged

done_testing
