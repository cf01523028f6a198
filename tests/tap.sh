# Sourced by every test: a test is a shell script that prints TAP for prove(1).
# $T is a directory of the test's own. What `background` started is ended when
# the test ends, by its process id; one that ended before may have given its id to
# a process of somebody else.

n=0
T=$(mktemp -d "${TMPDIR:-/tmp}/cm-test.XXXXXX") || exit 111
PIDS=
trap 'cleanup' EXIT
trap 'exit 143' INT TERM

# child_of_ours PID: it runs, and it is this test that has started it
child_of_ours() { [ "$(sed -n '/^State:.Z/q; s/^PPid:.//p' "/proc/$1/status" 2>/dev/null)" = $$ ]; }

cleanup() {
  for pid in $PIDS; do ! child_of_ours "$pid" || { kill "$pid"; kill -CONT "$pid"; }; done 2>/dev/null
  for pid in $PIDS; do within 20 not child_of_ours "$pid" || kill -9 "$pid"; wait "$pid"; done 2>/dev/null
  rm -rf "$T"
}

# report CODE NAME: one line of TAP; CODE 0 is a pass. What fails is said on descriptor
# 2, too, which prove(1) shows without being asked. $ROW: the row of the fault matrix that
# it belongs to, see tests/matrix.sh.
report() {
  n=$((n + 1))
  set -- "$1" "${ROW:+$ROW: }$2"
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; echo "# failed: $n - $2" >&2; fi
}

# sanitized: were the programs built with a sanitizer? It leaves out some limits.
sanitized() { grep -q __asan_init "$(command -v cm-pipeline)"; }

# differ WANT GOT: tell prove's reader why
differ() {
  printf 'want %s\ngot  %s\n' "$1" "$2" | sed 's/^/# /' >&2
}

# verdict CODE REASON NAME COMMAND...: the message is on standard input; REASON
# is all that the command writes, on both descriptors
verdict() {
  want="$1 $2"; name=$3; shift 3
  why=$("$@" 2>&1); got="$? $why"
  [ "$got" = "$want" ]; code=$?
  report $code "$name"
  [ $code = 0 ] || differ "$want" "$got"
}

# same TEXT NAME COMMAND...: the command prints exactly TEXT
same() {
  want=$1; name=$2; shift 2
  got=$("$@" 2>&1)
  [ "$got" = "$want" ]; code=$?
  report $code "$name"
  [ $code = 0 ] || differ "$want" "$got"
}

# like PATTERN NAME COMMAND...: a line of what the command prints matches the
# basic regular expression
like() {
  want=$1; name=$2; shift 2
  got=$("$@" 2>&1)
  printf '%s\n' "$got" | grep -q -e "$want"; code=$?
  report $code "$name"
  [ $code = 0 ] || differ "a line like $want" "$got"
}

# ok NAME COMMAND...: the command succeeds
ok() {
  name=$1; shift
  got=$("$@" 2>&1); code=$?
  report $code "$name"
  [ $code = 0 ] || differ "success of $*" "exit $code: $got"
}

# not COMMAND...: the opposite
not() { if "$@"; then return 1; else return 0; fi; }

# within SECONDS COMMAND...: the command succeeds before so much time is over;
# for waiting, never for measuring
within() {
  tries=$(($1 * 20)); shift
  while [ $tries -gt 0 ]; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    tries=$((tries - 1)); sleep 0.05
  done
  return 1
}

# background COMMAND...: run it until the test ends; $PID is its process id
background() {
  "$@" &
  PID=$!
  PIDS="$PID $PIDS"
}

# mute PIPE: somebody has it open for writing and says nothing until the test ends; $PID
mute() {
  sleep 1000 > "$1" &
  PID=$!
  PIDS="$PID $PIDS"
}

# serve COMMAND...: the command under tcpserver on a free port of 127.0.0.1,
# its descriptor 2 in $T/log; sets $PORT and $PID
serve() {
  : > "$T/port"
  background tcpserver -1 -HRl0 -b 100 127.0.0.1 0 "$@" > "$T/port" 2>> "$T/log"
  within 10 test -s "$T/port" || { echo "Bail out! tcpserver did not start"; exit 1; }
  PORT=$(head -n 1 "$T/port")
}

# hears_of_it NAME: $PID is this program by now, and takes SIGTERM as it wants to
hears_of_it() { [ "$(cat "/proc/$PID/comm" 2> /dev/null)" = "$1" ] && grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$PID/status"; }

done_testing() { echo "1..$n"; }
