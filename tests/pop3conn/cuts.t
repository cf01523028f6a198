#!/bin/sh
# Many letters, while the mailbox, the mail server, cm-fetch and its machine are cut off at random:
# none is deleted without 250, none is lost, and none comes twice without a word.
# FETCH_CUTS=N: so many letters in place of 10,000; SEED=N: another chance.
. "$(dirname "$0")/fetch.sh"

account one 'smtp 127.0.0.1 1'
set_control timeoutremote 30 loglevel 16
[ "$FETCH_CUTS" ] || { sanitized && FETCH_CUTS=2000 || FETCH_CUTS=10000; }
: "${SEED:=$$}"
perl tests/tools/fetchcuts "$BUILD/tests/roundcut" "${A%/*}" "$FETCH_CUTS" "$SEED" > "$T/said" 2>&1; code=$?
report $code "row 81: $FETCH_CUTS letters, cut off at random (seed $SEED)"
sed 's/^#* */# /' "$T/said"
[ $code = 0 ] || cat "$T/said" >&2
done_testing
