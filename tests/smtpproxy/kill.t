#!/bin/sh
# kill -9 at every system call of cm-smtpd, and of cm-pipeline: whatever the client was
# told is true, and nothing is left behind.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink s
SINK=$PID
home h smtp 127.0.0.1 "$PORT"
C=$W/port/control
echo store > "$C/quarantine"
echo "$T/spool" > "$C/spool"
mkdir "$T/spool" "$T/bin"
cat > "$W/port/wanted" <<'!'
#!/bin/sh
echo '4.7.1 as the test wishes'
exit "$(cat control/wanted)"
!
chmod 755 "$W/port/wanted"
echo 'wanted check : ./wanted' > "$C/pipeline"
letter | session > "$T/script"

# aimed PROGRAM: a program of this name in $T/bin that is PROGRAM, killed at the system
# call that $T/at names, CALL:N for its Nth CALL; without that file, it is only
# recorded in $T/calls
aimed() {
  real=$(command -v "$1")
  cat > "$T/bin/$1" <<!
#!/bin/sh
# The leak checker cannot run below strace.
export ASAN_OPTIONS=detect_leaks=0
if [ -s "$T/at" ]; then
  read -r at < "$T/at"
  exec strace -q -o "$T/trace" -e signal=none -e "trace=\${at%:*}" -e "inject=\${at%:*}:signal=SIGKILL:when=\${at#*:}" "$real" "\$@"
fi
exec strace -qq -o "$T/calls" -e signal=none "$real" "\$@"
!
  chmod 755 "$T/bin/$1"
}

# once: one session; what was heard of the message: a code, or none
once() {
  rm -rf "$T/s/ledger" "$T/h/store" "$T/h/log"
  client < "$T/script" > "$T/transcript"
  answer=$(sed -n '/^354/,$s/^\([245][0-9][0-9]\) .*/\1/p' "$T/transcript" | grep -v 221 | head -n 1)
  echo "${answer:-none}"
}

lines() { cat "$1" 2>/dev/null | wc -l; }
# Processes with our port for a working directory, tcpserver not counted.
inhabitants() { find /proc -maxdepth 2 -name cwd -lname "$T/h/port" ! -path "/proc/$SERVER/cwd" 2>/dev/null; }
empty() { [ ! "$(inhabitants)" ] && at_rest "$SINK"; }

# kept CODE HEARD [unheard]: is it true, with this verdict? unheard: no answer, and 4xx, are, too
kept() {
  sent=$(cat "$T/s/ledger" 2>/dev/null | grep -c ' 250$')
  stored=$(find "$T/h/store" -maxdepth 1 -name '*.eml' 2>/dev/null | wc -l)
  deleted=$(lines "$T/h/log/ledger")
  case "$1 $2" in
    '0 250' | '20 550') [ "$sent$stored$deleted" = 100 ] ;;
    '40 250') [ "$sent$stored$deleted" = 010 ] && whole ;;
    '50 250') [ "$sent$stored$deleted" = 001 ] && grep -q 'deleted by policy' "$T/h/log/ledger" ;;
    '100 550') [ "$sent$stored$deleted" = 000 ] ;;
    *' none' | *' 4'*) [ "$3" = unheard ] && [ $((sent + stored + deleted)) -le 1 ] ;;
    *) false ;;
  esac
}

# The stored message is complete.
whole() {
  find "$T/h/store" -maxdepth 1 -name '*.eml' -exec tail -n 1 {} \; | grep -q '^Hello'
}

# Messages in the store without what is to be known of them. What a crash may leave
# there, cm-store(5): an .env without its .eml, and names in store/tmp.
orphans() {
  for f in "$T"/h/store/*.eml; do
    [ ! -e "$f" ] || [ -s "${f%.eml}.env" ] || echo "$f"
  done
}

# storm PROGRAM CODE REPLY [CALL:N]: kill PROGRAM at each of its calls, from the one named
# on, while a message gets this verdict
storm() {
  echo "$2" > "$C/wanted"
  rm -f "$T/at" "$T"/bin/*
  aimed "$1"
  same "$3" "$1, verdict $2: the answer is $3 if nobody is killed" once
  ok 'and true' kept "$2" "$3"
  sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/calls" | awk '{ print $1 ":" ++n[$1] }' > "$T/points"
  [ ! "$4" ] || sed -i "1,/^$4\$/d" "$T/points"
  calls=$(lines "$T/points") lost='' left='' heard=0 killed=0
  while read -r at <&9; do
    echo "$at" > "$T/at"
    answer=$(once)
    [ "$answer" != "$3" ] || heard=$((heard + 1))
    kept "$2" "$answer" unheard || lost="$lost $at:$answer"
    grep -q 'exited with' "$T/trace" || killed=$((killed + 1))
    within 20 empty || left="$left $at"
    [ ! "$(ls -A "$T/spool"; orphans)" ] || left="$left $at:$(ls -A "$T/spool"; orphans)"
  done 9< "$T/points"
  # A few calls depend on how the bytes come in.
  ok "killed $killed times at $calls calls" [ "$killed" -gt $((calls - calls / 10)) ]
  echo "# $heard of $calls clients heard $3"
  same '' 'no answer was untrue' echo "$lost"
  same '' 'no process and no file was left' echo "$left"
}

PATH=$T/bin:$PATH
export PATH
front h
SERVER=$PID
storm cm-smtpd 0 250
storm cm-smtpd 100 550
# Up to the pipeline the others are the same.
for pair in '20 550' '40 250' '50 250'; do storm cm-smtpd $pair memfd_create:2; done
storm cm-pipeline 0 250
storm cm-pipeline 100 550

# A stage that takes its time does not outlive the session.
rm -f "$T"/bin/* "$T/at"
printf '#!/bin/sh\necho $$ > ../stage\nexec sleep 600\n' > "$T/h/port/wanted"
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
