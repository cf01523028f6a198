#!/bin/sh
# cm-selftest, against real ports: tcpserver, cm-smtpd, a pipeline.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/virus.sh
TOP=$PWD
bin=$(dirname "$(command -v cm-smtpd)")

# port NAME: the directory of one, its pipeline on standard input, its rules those that come
# with the suite
port() {
  P=$T/$1
  mkdir -p "$P/control" "$P/lists" "$P/mail"
  ln -s "$TOP/lists/selftest" "$P/lists/selftest"
  cp control/attach "$P/control/attach"
  echo "queue cm-maildir $P/mail" > "$P/control/upstream"
  echo '*@example.net' > "$P/control/recipients"
  echo store > "$P/control/quarantine"
  echo me.example.net > "$P/control/me"
  cat > "$P/control/pipeline"
}

# live NAME: serve it; sets $PORT
live() {
  cd "$T/$1" || exit 111
  CM_HOME=$T/$1 serve cm-smtpd
  cd "$TOP" || exit 111
}

# try NAME [ARGUMENT...]: the answers are in $T/said
try() { CM_HOME=$T/$1; export CM_HOME; (cd "$T/$1" && shift && cm-selftest "$@") > "$T/said" 2> "$T/told"; echo $?; }

# result TEST: what was expected, of whom, and what became of it
result() { sed -n "s/^$1	\([^	]*\)	\([^	]*\)	\([^	]*\)	.*/\1 \2 \3/p" "$T/said"; }

port whole <<'!'
fields check : cm-filter-fields

attach rewrite always : cm-filter-attach control/attach
!
live whole
WHOLE=$PORT
same 0 'a port that does what its configuration says' try whole 127.0.0.1:$WHOLE
like '^cm-selftest: [0-9]* messages, 0 not as expected, 2 not filtered here$' 'and how much that was' cat "$T/told"
same 'accept/deliver all as expected' 'a plain message' result plain
same '- - not filtered here' 'what nobody filters is not sent' result gtube
same '- - not filtered here' 'neither is the test virus' result eicar
same 'reject/delete attach as expected' 'a pattern of the rules' result 'drop scr'
same 'reject/deliver attach as expected' 'a flag of the rules' result 'block +macro'
same 'reject/redirect attach as expected' 'a limit' result 'limit +depth'
same 'reject/delete newlines as expected' 'what the port itself refuses' result 'mime bare-cr'
same 0 'the words of the rules are all there' sh -c '
  for w in $(sed -n "s/^\(drop\|block\) //p" "$2" | tr " " "\n" | grep -v /); do
    grep -q "^[a-z]* $w	" "$1" || exit 1
  done; echo 0' - "$T/said" control/attach
same 0 'and all classes, each with a sample' sh -c '
  for w in $(sed -n "s/^\.It \([a-z0-9]*-*[a-z]*-*[a-z]*\)\( \*\)*$/\1/p" man/cm-mime.7); do
    grep -q "^mime $w	.*as expected" "$1" || { echo "$w"; exit 1; }
  done; echo 0' - "$T/said"
same '' 'no flag or class is without a sample' grep 'no sample' "$T/said"
for flag in executable macro encrypted html-script html-data pdf-script pdf-launch pdf-encrypted link type-mismatch \
  rtlo name-trick double-extension polyglot depth entries bytes broken unsupported; do echo "drop +$flag"; done > "$T/whole/control/attach"
same 0 'each sample has its flag, and that alone is enough' try whole 127.0.0.1:$WHOLE 'drop *'
same 19 'all of them' grep -c '^drop +.*reject/delete	attach	as expected' "$T/said"
for class in $(sed -n 's/^== mime \([^ ]*\).*/\1/p' lists/selftest/samples); do echo "mime reject/delete $class"; done > "$T/whole/control/attach"
echo 'drop exe' >> "$T/whole/control/attach"
echo normalize > "$T/whole/control/newlines"
same 0 'each sample has its class, and that alone is enough' try whole 127.0.0.1:$WHOLE 'mime *'
same 32 'but for lone CR and LF, which are made whole' grep -c '^mime .*reject/delete	attach	as expected' "$T/said"
same 'accept/deliver attach as expected' 'and then are nothing' result 'mime bare-cr'
rm "$T/whole/control/newlines"
cp control/attach "$T/whole/control/attach"

# What the port does not do although its configuration says so

port open < /dev/null
live open
same 1 'a port that lets pass what should not' try whole 127.0.0.1:"$PORT"
same 'reject/delete attach passed' 'is told' result 'drop scr'
same 'reject/delete attach passed' 'for each class' result 'mime names'
same 'accept/deliver all as expected' 'a plain message is none of that' result plain
like ', 0 not filtered here$\|, 2 not filtered here$' 'what nobody filters is no failure' cat "$T/told"

port gone <<'!'
attach rewrite always : cm-filter-attach control/attach

gone check : cm-filter-gone
!
live gone
same 1 'a port whose filter is missing' try gone 127.0.0.1:"$PORT" plain 'drop s*'
same 'accept/deliver all deferred' 'defers the plain message' result plain
like '^plain	.*	451 ' 'with its answer' cat "$T/said"
mkdir "$T/bin"
ln -s "$bin"/* "$T/bin/"
rm "$T/bin/cm-filter-attach"
# elsewhere: where programs are looked for, but for directories that have it
elsewhere() { echo "$PATH" | tr : '\n' | while read -r d; do [ -x "$d/cm-filter-attach" ] || printf ':%s' "$d"; done; }
(PATH=$T/bin$(elsewhere); cd "$T/whole" && CM_HOME=$T/whole exec tcpserver -1 -HRl0 127.0.0.1 0 cm-smtpd) > "$T/halfport" 2>> "$T/log" &
PIDS="$! $PIDS"
within 10 test -s "$T/halfport"
same 1 'a port whose cm-filter-attach is not installed' try whole 127.0.0.1:"$(cat "$T/halfport")" plain 'drop scr' 'block docm'
same 'reject/delete attach deferred' 'is not taken for one that refuses' result 'drop scr'

# Spam and viruses

port words <<'!'
quiet check shadow : cm-filter-virus /nowhere
words check 0=reject/delete 1=deliver : grep -q GTUBE-STANDARD-ANTI
!
live words
same 0 'a stage that is not ours does what is said of it' try words -e gtube=reject/delete 127.0.0.1:"$PORT"
same 'reject/delete -e as expected' 'and is asked' result gtube
same '- - not filtered here' 'a stage in shadow filters nothing' result eicar
same 'accept/deliver all as expected' 'nothing has to be attached' result plain
same '' 'without cm-filter-attach there are no rules' grep '^drop' "$T/said"

port engines <<'!'
spam check : cm-filter-spamd /nowhere drop=15
virus check : cm-filter-virus /nowhere
!
live engines
same 1 'engines that are missing' try engines 127.0.0.1:"$PORT" gtube eicar
same 'reject/delete spam deferred' 'spamd would refuse it' result gtube
same 'reject/delete virus deferred' 'and the scanner' result eicar
echo 'spam check on-error=deliver : cm-filter-spamd /nowhere spam=reject/deliver' > "$T/engines/control/pipeline"
same 1 'engines that are missing, and mail passes all the same' try engines 127.0.0.1:"$PORT" gtube
same 'reject/deliver spam passed' 'that is told, too' result gtube
echo 'spam check on-error=deliver : cm-filter-spamd /nowhere' > "$T/engines/control/pipeline"
same 0 'what is accepted in any case' try engines 127.0.0.1:"$PORT" gtube
same 'accept/deliver, junk spam accepted either way' 'is not counted, and said' result gtube

if command -v clamd > /dev/null && [ -d "$SIGNATURES" ]; then
  start_clamd clamd
  echo "virus check : cm-filter-virus $T/clamd/socket" > "$T/engines/control/pipeline"
  PORT=$(sed -n 1p "$T/port")
  live engines
  same 0 'a real scanner' try engines 127.0.0.1:"$PORT" plain eicar
  same 'reject/delete virus as expected' 'finds the test virus' result eicar
fi

# The call

same 1 'neither test pattern stands in the program' sh -c 'grep -c "GTUBE-STANDARD-ANTI\|EICAR-STANDARD-ANTI" "$1" > /dev/null; echo $?' - "$(command -v cm-selftest)"
same '' 'nor in its sources' grep -l 'GTUBE-STANDARD-ANTI-UBE\|EICAR-STANDARD-ANTIVIRUS' filters/cm-selftest.c filters/expect.c lists/selftest/samples
CM_HOME=$T/whole; export CM_HOME
terminal() { script -qec "cm-selftest -p $T/whole 127.0.0.1:$WHOLE plain 'drop scr'" /dev/null < /dev/null | tr -d '\r'; }
like 'test  *expected  *by  *result  *answer$' 'on a terminal the columns have names' terminal
like '^drop scr  *reject/delete  *attach  *as expected  *550 5' 'and are aligned' terminal
usage='cm-selftest: usage: cm-selftest [-p PORT] [-f SENDER] [-t RECIPIENT] [-e gtube|eicar=VERDICT] HOST:PORT [TEST...]'
verdict 100 "$usage" 'called wrongly: no port' cm-selftest
verdict 100 "$usage" 'called wrongly: no number' cm-selftest 127.0.0.1
verdict 100 "$usage" 'called wrongly: no verdict' cm-selftest -e gtube=perhaps 127.0.0.1:25
verdict 111 'cm-selftest: unable to go to /nowhere: No such file or directory' 'no such port' cm-selftest -p /nowhere 127.0.0.1:25
free=$(free_port)
same 111 'nobody listens' try whole 127.0.0.1:"$free"
like 'unable to send to 127.0.0.1: ' 'and that is said' cat "$T/told"
same 111 'a recipient that is not accepted' try whole -t you@example.com 127.0.0.1:$WHOLE
like 'does not take mail from postmaster@me.example.net to you@example.com: 5' 'and why' cat "$T/told"
same 0 'sender and recipient can be given' try whole -f '' -t you@example.net 127.0.0.1:$WHOLE plain
ok 'and are used' grep -l '^To: <you@example.net>' -r "$T/whole/mail"
: > "$T/whole/control/recipients"
same 111 'no recipient known' try whole 127.0.0.1:$WHOLE
mv "$T/whole/control/pipeline" "$T/whole/control/was"
echo '*@example.net' > "$T/whole/control/recipients"
same 111 'no pipeline' try whole 127.0.0.1:$WHOLE
like 'no pipeline file control/pipeline' 'is told' cat "$T/told"
done_testing
