#!/bin/sh
# Thousands of commands and texts at random, but the same ones each time, against a
# model that says what must come of them: tests/tools/statewalk and textwalk.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"

arena
control maxerrors 100000
cp "$C/maxerrors" "$T/control"

# STEPS: a hundred thousand by hand take some minutes; SEED: other ones.
steps=${STEPS:-10000} seed=${SEED:-1}
row 34 'commands in any order'
behind 'RCPT TO:<bad=say:550 5.1.1 no\r\n' 'RCPT TO:<later=say:450 4.2.0 no\r\n'
like "^$steps commands, [0-9]* messages$" 'commands in any order' perl tests/tools/statewalk "$FRONT" "$S" "$steps" "$seed"
for mode in refuse normalize; do
  row 36 "texts of any kind, $mode"
  behind
  control newlines $mode
  same '1000 texts' "texts of any kind, $mode" perl tests/tools/textwalk "$FRONT" "$S" $mode 1000 "$seed"
done

rows_done
