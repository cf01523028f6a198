#!/bin/sh
# A stage that takes its time does not outlive the session. What kill -9 does at each
# system call, everycall.t tries.
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

done_testing
