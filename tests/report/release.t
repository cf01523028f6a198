#!/bin/sh
# cm-quarantine release, killed and failing at every call: a message is released
# once, or it is in doubt and says so.
. "$(dirname "$0")/../tap.sh"
if sanitized; then echo '1..0 # SKIP a sanitizer does not bear failing system calls'; exit; fi
. "$(dirname "$0")/../peer.sh"

start_faultsink s
SINK=$PID
H=$T/h
mkdir -p "$H/ports/mx/control" "$H/store" "$T/keep"
chmod 700 "$H/store"
echo "smtp 127.0.0.1 $PORT" > "$H/ports/mx/control/upstream"
echo me.example.net > "$H/ports/mx/control/me"
ID=1769903999.998877.1f3a.0.9be2c510
export CM_HOME="$H"
printf 'a@example.org\nb@example.net\nc@example.net\n' > "$T/envelope"
mkdir "$T/mx"
(cd "$T/mx" && printf 'Subject: x\r\n\r\nbody\r\n' |
  CM_ID=$ID CM_ENVELOPE=$T/envelope cm-filter-store "$T/keep")

again() { rm -rf "$H/store" "$H/log" "$T/s/ledger"; cp -r "$T/keep" "$H/store"; }
sent() { cat "$T/s/ledger" 2>/dev/null | grep -c ' 250$'; }
try() { timeout 60 cm-quarantine "$@" release "$ID" 2>&1; }

again
ASAN_OPTIONS=detect_leaks=0; export ASAN_OPTIONS
strace -qq -o "$T/calls" -e signal=none cm-quarantine release "$ID" > /dev/null
same 1 'a message is released' sent
sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/calls" | awk '{ print $1 ":" ++n[$1] }' > "$T/points"

# What is true after a try, and becomes of a second one: released once, or in doubt
judge() {
  within 20 at_rest "$SINK"
  first=$(sent)
  answer=$(try)
  case $answer in
    *': in doubt, it may have been'*) [ "$first" -le 1 ] && [ "$(sent)" = "$first" ] && doubt=$((doubt + 1)) ;;
    *'released before'*) [ "$first" = 1 ] && [ "$(sent)" = 1 ] ;;
    *'250 2.0.0 message taken'*) [ "$first" = 0 ] && [ "$(sent)" = 1 ] ;;
    *) false ;;
  esac
}

# storm NAME INJECTION [CALL|CALL...]: at every call, or at those
storm() {
  untrue='' unnoted='' tried=0 doubt=0
  while read -r at <&9; do
    echo "${at%:*}" | grep -qxE "${3:-.*}" || continue
    case $at in execve:*|exit_group:*|arch_prctl:*|set_tid_address:*) continue ;; esac
    again
    tried=$((tried + 1))
    { timeout 60 strace -qq -o /dev/null -e signal=none -e "trace=${at%:*}" -e "inject=${at%:*}:$2:when=${at#*:}" \
      cm-quarantine release "$ID" > "$T/said" 2>&1; code=$?; } 2>/dev/null
    [ $code != 0 ] || [ "$(sent)" = 1 ] || untrue="$untrue $at:lied"
    judge || untrue="$untrue $at:$first:$answer"
    case $answer in *'in doubt'*) ;; *) grep -q 'released from the store' "$H/log/ledger" || unnoted="$unnoted $at" ;; esac
  done 9< "$T/points"
  same '' "$1 at each of $tried calls: nothing is lost, and nothing released twice" echo "$untrue"
  same '' "$1: whatever was released is in the ledger" echo "$unnoted"
  echo "# $doubt in doubt"
  # Between the step before the end and the one behind the answer there are few calls.
  ok "$1: few are in doubt" [ $doubt -le 16 ]
}
storm 'row 79: kill -9' signal=SIGKILL
storm 'row 75: EIO' error=EIO
storm 'row 75: ENOSPC' error=ENOSPC 'openat|write|pwrite64|fsync|close'

# Cut ID.rel at every byte, as a loss of power may: what was synced stays.
again
try > /dev/null
cp "$H/store/$ID.rel" "$T/rel"
sending=$(grep -c ' sending ' "$T/rel")
end=$(head -n "$sending" "$T/rel" | wc -c)
wrong='' at=$end
while [ "$at" -lt "$(wc -c < "$T/rel")" ]; do
  head -c "$at" "$T/rel" > "$H/store/$ID.rel"
  case $(try) in *'in doubt'* | *'released before'*) ;; *) wrong="$wrong $at" ;; esac
  at=$((at + 7))
done
same '' 'half a line is no line' echo "$wrong"
same 1 'and nothing went out again' sent

done_testing
