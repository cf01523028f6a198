#!/bin/sh
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111
exec < /dev/null
export CM_HOME="$T/home"
mkdir -p home/control home/lists control
printf 'Subject: x\r\n\r\nbuy\r\n' > message

# to RECIPIENT...: the verdict about a message to them
to() { printf '%s\n' joe@example.org "$@" > envelope; trap_filter; }
trap_filter() { CM_ENVELOPE=$T/envelope cm-filter-trap $args 3>&- < message; }
args=
spooled() { cat home/state/trap/new/* 2>/dev/null; }
count() { ls home/state/trap/new 2>/dev/null | wc -l; }

verdict 111 'cm-filter-trap: unable to read control/traps: there is no such file' 'no list is not an empty one' to ann@example.net
cat > home/control/traps <<'E2'
# nobody's
sales-2009@example.net
*@old.example.net
E2
verdict 0 '' 'mail to others passes' to ann@example.net bob@example.net
same 0 'and is not kept' count
verdict 50 '5.7.1 mail to the trap Sales-2009@Example.NET' 'mail to a trap is gone' to Sales-2009@Example.NET
ok 'and waits to be learned' sh -c 'cat home/state/trap/new/* | cmp - message'
verdict 50 '5.7.1 mail to the trap x@old.example.net' 'a pattern is a trap, too; one trap among the recipients is enough' \
  to ann@example.net x@old.example.net
same 2 'each message is kept once' count
same 0 'nothing is left in tmp' sh -c 'ls home/state/trap/tmp | wc -l'
same 700 'the spool is nobody else'"'"'s to read' stat -c %a home/state/trap
args='control/traps junk'
verdict 10 '5.7.1 mail to the trap x@old.example.net' 'the verdict may be another' to x@old.example.net
echo 'old@example.net' > mine
args="$T/mine"
verdict 0 '' 'a second trap has its own list' to x@old.example.net
verdict 50 '5.7.1 mail to the trap old@example.net' 'and is one' to old@example.net
printf '%s\n' bait@example.net @bait.example.net | cm-list home/lists/traps.cdb make
args=lists/traps.cdb
verdict 50 '5.7.1 mail to the trap bait@example.net' 'a list may be a CDB' to ann@example.net bait@example.net
verdict 50 '5.7.1 mail to the trap any@bait.example.net' 'with domains' to any@bait.example.net
verdict 0 '' 'and nobody else in it' to ann@example.net
echo > home/lists/bad.cdb
args=lists/bad.cdb
verdict 111 'cm-filter-trap: unable to read lists/bad.cdb: not a list, or damaged' 'a damaged list is not an empty one' to ann@example.net
args=lists/none.cdb
verdict 111 'cm-filter-trap: unable to read lists/none.cdb: No such file or directory' 'nor is a missing one' to ann@example.net
args=

# the spool has its limits, and the verdict does not depend on it
before=$(count)
echo "$before" > control/trapspool
verdict 50 'cm-filter-trap: not learned from: the spool is full; does cm-learn -t run?
5.7.1 mail to the trap x@old.example.net' 'a full spool takes no more' to x@old.example.net
same "$before" 'indeed' count
echo $((before + 1)) > control/trapspool
verdict 50 '5.7.1 mail to the trap x@old.example.net' 'but up to its limit' to x@old.example.net
rm control/trapspool
head -c 600000 /dev/zero > big
large() { printf '%s\n' '' x@old.example.net > envelope; CM_ENVELOPE=$T/envelope cm-filter-trap 3>&- < big; }
verdict 50 'cm-filter-trap: not learned from: too large
5.7.1 mail to the trap x@old.example.net' 'a large message is gone, too' large
rm -rf home/state; echo > home/state
verdict 50 'cm-filter-trap: not learned from: unable to write spool: Not a directory
5.7.1 mail to the trap x@old.example.net' 'and so it is without a spool' to x@old.example.net
rm home/state
piped() { cat message | CM_ENVELOPE=$T/envelope cm-filter-trap 3>&-; }
verdict 50 '5.7.1 mail to the trap x@old.example.net' 'the message may come through a pipe' piped
ok 'and is whole' sh -c 'cat home/state/trap/new/* | cmp - message'

verdict 111 'cm-filter-trap: no recipients are known: CM_ENVELOPE names none' 'without recipients there is no verdict' \
  cm-filter-trap 3>&- < message
verdict 111 'cm-filter-trap: usage: cm-filter-trap [LIST.cdb | FILE] [VERDICT]' 'wrong calls' cm-filter-trap a b c < message
verdict 111 'cm-filter-trap: not a verdict: spam' 'are errors' cm-filter-trap control/traps spam < message

# in a pipeline: recorded, and gone
printf 'bait check : cm-filter-trap\n' > control/pipeline
through() { CM_ENVELOPE=$T/envelope cm-pipeline control/pipeline < message > new 3> report; }
verdict 50 '' 'in a pipeline it is gone' through
like '^5.7.1 mail to the trap x@old.example.net' 'for that reason' cat report

done_testing
