#!/bin/sh
# Each message in evasions has an attachment that the rules in control/attach do not let
# pass, hidden in one way; table says what becomes of it. Each in ordinary leaves as it came.
. "$(dirname "$0")/../tap.sh"
here=$(dirname "$0")
rules=$here/../../control/attach

# filter MESSAGE: the verdict; the new message is $T/out, the report $T/report
filter() { cm-filter-attach "$rules" < "$1" 3> "$T/report" > "$T/out" 2> "$T/log"; }

ROW='row 67'
grep -v '^#' "$here/table" > "$T/table"
while read -r want name; do
  filter "$here/evasions/$name.eml"; got=$?
  [ $got = "$want" ]; code=$?
  report $code "$name"
  [ $code = 0 ] || differ "$want" "$got $(cat "$T/report" "$T/log")"
done < "$T/table"

ROW=
for message in "$here"/ordinary/*.eml; do
  filter "$message" && cmp -s "$message" "$T/out" && [ ! -s "$T/report" ]; code=$?
  report $code "ordinary mail is not touched: $(basename "$message" .eml)"
  [ $code = 0 ] || differ '0 and the same' "$(cat "$T/report" "$T/log")"
done

same '' 'no message is without a row' sh -c 'cd "$1"; for m in evasions/*.eml; do
  grep -q "^[0-9]* $(basename $m .eml)\$" table || echo $m; done' - "$here"

# What is cut out leaves a message in which nothing is left to cut.
for name in html-script-file zip-macro; do
  filter "$here/evasions/$name.eml"
  mv "$T/out" "$T/cut"
  ok "$name leaves a note" grep -q 'An attachment was removed' "$T/cut"
  same 0 "and what is left of $name passes" sh -c 'cm-filter-attach "$1" < "$2" 3>&1 > "$3"; echo $?' - "$rules" "$T/cut" "$T/out"
  ok "as it is" cmp "$T/cut" "$T/out"
done
done_testing
