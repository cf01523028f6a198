#!/bin/sh
# What the pages show of pipeline files, and what comes with the suite, as it is
# printed: each line is one.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
printf 'From: a@example.org\n\nx\n' > "$T/message"

printf 'a@example.org\nb@example.net\n' > "$T/envelope"
export CM_ENVELOPE="$T/envelope"

# readable FILE: it is a pipeline file; none of its stages is run
readable() {
  sed 's/^\([^#].* \(check\|rewrite\) .*\): /\1not-for=* : /' "$1" > "$T/pipeline"
  cm-explain "$T/pipeline" < "$T/message"
}
lines() { mandoc -Tascii -O width=200 "$1" | col -bx | sed -n 's/^ *\([a-z][a-z]* *\(check\|rewrite\)[ :].*cm-filter-.*\)/\1/p'; }
for page in man/*; do
  lines "$page" > "$T/lines"
  [ -s "$T/lines" ] || continue
  while IFS= read -r line; do
    printf '%s\n' "$line" > "$T/line"
    ok "$(basename "$page"): $line" readable "$T/line"
  done < "$T/lines"
done
# All that can be switched on, at once; a line of prose is none
sed 's/^#\([a-z]*  *\(check\|rewrite\) .*\)/\1/' control/pipeline > "$T/all"
same 16 'the shipped file, all of it switched on' grep -c '^[^#]' "$T/all"
ok 'can be read' readable "$T/all"

done_testing
