#!/bin/sh
# Thousands of commands and texts at random, but the same ones each time, against a
# model that says what must come of them: tests/tools/statewalk and textwalk.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink s 'RCPT TO:<bad=say:550 5.1.1 no\r\n' 'RCPT TO:<later=say:450 4.2.0 no\r\n'
home h smtp 127.0.0.1 "$PORT"
echo 100000 > "$W/port/control/maxerrors"
front h

# STEPS: a hundred thousand by hand take some minutes.
steps=${STEPS:-10000}
ROW='row 34'
like "^$steps commands, [0-9]* messages$" 'commands in any order' perl tests/tools/statewalk "$PORT" "$T/s" "$steps" 1
ROW='row 36'
for mode in refuse normalize; do
  rm -rf "$T/s/mail"
  echo $mode > "$T/h/port/control/newlines"
  same '1000 texts' "texts of any kind, $mode" perl tests/tools/textwalk "$PORT" "$T/s" $mode 1000 1
done

done_testing
