# Sourced after tap.sh: something happens at every system call of a session, each in turn, and
# tests/tools/everycall says what is looked at. $OF: its option that says whose session, or
# nothing; $SINK as it has it; $COARSE: with a sanitizer, which makes many calls of its own,
# only each of so many. The home is $T/h.
BUILD=${BUILD:-build}
export BUILD
"$BUILD/tests/atcall" list 0 true
if [ $? = 77 ]; then echo '1..0 # SKIP the tracer is for x86_64 only'; exit; fi
step=1; ! sanitized || step=$COARSE

# each NAME [OPTION...] ACTION VERDICT: nothing is wrong at any call
each() {
  name=$1; shift
  out=$(run "$@"); code=$?
  report $code "$name"
  [ $code = 0 ] || printf '%s\n' "$out" | sed 's/^/# /' >&2
  printf '%s\n' "$out" | sed -n '$p'
}
# Before the last two stand $T and the sink.
run() {
  options=
  while [ $# -gt 2 ]; do options="$options $1"; shift; done
  # shellcheck disable=SC2086 # options are words
  timeout 300 perl tests/tools/everycall $OF -s $step $options "$T" "$SINK" "$1" "$2"
}
