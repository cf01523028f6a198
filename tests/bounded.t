#!/bin/sh
# tests/bounded: no test holds up the others, neither one that hangs nor one that
# leaves something behind.
. "$(dirname "$0")/tap.sh"
bounded=$(cd "$(dirname "$0")" && pwd)/bounded

test_of() { printf '#!/bin/sh\n%s\n' "$2" >"$T/$1"; chmod +x "$T/$1"; }
test_of good 'echo "ok 1"; exit 3'
test_of hangs 'trap "" TERM; echo "ok 1"; while :; do sleep 1; done'
test_of leaves 'sleep 1000 & echo $! >"$0.pid"; echo "ok 1"'
# What has a program with ended is no longer there, or nobody has fetched its code yet.
ended() { ! kill -0 "$(cat "$T/leaves.pid")" 2>/dev/null || grep -q '^State:.Z' "/proc/$(cat "$T/leaves.pid")/status"; }

verdict 3 'ok 1' 'a test that ends says what it says' "$bounded" 1000 "$T/good"
like 'hangs: not at its end after 1 seconds' 'one that hangs is named' sh -c '"$0" 1 "$1" 2>&1; echo "code $?"' "$bounded" "$T/hangs"
like 'leaves: left behind, ended: [0-9]* sleep 1000' 'and so is what is left' sh -c '"$0" 1000 "$1" 2>&1' "$bounded" "$T/leaves"
ok 'it is ended' within 10 ended
ok 'and the test has failed' sh -c '"$0" 1000 "$1" >/dev/null 2>&1; [ $? = 125 ]' "$bounded" "$T/leaves"
done_testing
