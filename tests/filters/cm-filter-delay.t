#!/bin/sh
# cm-filter-delay, alone and in front of a client that does not wait.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

ms() { date +%s%3N; }
# took LEAST COMMAND...: so many milliseconds, but not the minute that is much longer; and
# it has nothing against the message
took() {
  least=$1; shift
  began=$(ms)
  timeout 30 "$@" < /dev/null || return
  passed=$(($(ms) - began))
  [ $passed -ge "$least" ] || { echo "$passed ms"; return 1; }
}
export CM_PROTO=ESMTP
ok 'it waits so many seconds' took 1000 cm-filter-delay 1
ok 'not at all for 0' took 0 cm-filter-delay 0
ok 'never beyond the deadline' took 0 env CM_DEADLINE=$(($(date +%s) + 3)) cm-filter-delay 60
ok 'nor at all when it is over' took 0 env CM_DEADLINE=1 cm-filter-delay 60
ok 'by POP3 nobody waits for an answer' took 0 env CM_PROTO=POP3 cm-filter-delay 60
unset CM_PROTO
ok 'by hand it waits' took 1000 cm-filter-delay 1
usage='cm-filter-delay: usage: cm-filter-delay SECONDS, at most 300'
for call in '' x 301 '1 2' -1; do verdict 111 "$usage" "called wrongly: $call" cm-filter-delay $call; done

case $(ldd "$(command -v cm-filter-delay)" 2>&1) in
  *'not a dynamic'*)
    background cm-filter-delay 60
    pss() { [ "$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$PID/smaps_rollup")" -lt 100 ]; }
    ok 'waiting costs less than 100 kB' within 5 pss
    kill "$PID" ;;
esac

# The whole way: who leaves is dropped, who waits is heard.

start_faultsink s
home h smtp 127.0.0.1 "$PORT"
echo 'delay check : cm-filter-delay 30' > "$W/port/control/pipeline"
front h
letter | session > "$T/script"
SERVER=$PID
background sh -c "exec perl tests/tools/faultclient $PORT < '$T/script'" > "$T/transcript"
waiting() { [ "$(find /proc -maxdepth 2 -name cwd -lname "$T/h/port" 2>/dev/null | sed 's/cwd$/comm/' | xargs cat | grep -c cm-filter-delay)" = 1 ]; }
ok 'a client waits' within 20 waiting
kill "$PID"
dropped() { [ ! "$(children "$SERVER")" ]; }
ok 'it leaves, and the stage ends' within 10 dropped
same '' 'nothing was delivered' sh -c "cat '$T/s/ledger' 2>/dev/null"
like 'delete, client disconnected' 'the mail log says why' cat "$T/h/log/mail.csv"
echo 'delay check : cm-filter-delay 1' > "$T/h/port/control/pipeline"
heard() { client < "$T/script" | codes; }
same '220 250 250 250 354 250 221 closed' 'who waits is delivered' heard

done_testing
