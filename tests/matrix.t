#!/bin/sh
# The judges of the fault matrix themselves: each of the nine finds what it is there for, in
# sessions that are made up, and nothing where nothing is wrong.
. "$(dirname "$0")/tap.sh"

H=$T/h S=$T/sink
mkdir -p "$H/port/control" "$H/spool" "$H/log" "$H/store/tmp" "$T/said" "$S/mail"
CANARY=canary-of-this-test PROMISE=5 GRACE=1
export CANARY PROMISE GRACE

# fresh: one message, acknowledged and there
fresh() {
  rm -rf "$T"/said/* "$S"/* "$H/spool/left" "$H/store/1.eml" "$H/log/ledger" "$H/port/core"
  mkdir -p "$S/mail"
  printf 'EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\nSubject: t\r\n\r\n..dot\r\n.\r\nQUIT\r\n' > "$T/said/1.sent"
  heard 250
  echo 0.2 > "$T/said/1.waited"
  echo '1 <a@x> <b@y> 20 sum clean 250' > "$S/ledger"
  printf 'Received: from x\r\n  by us\r\nX-CleanMail-Result: accept/deliver\r\nSubject: t\r\n\r\n.dot\r\n' > "$S/mail/1.1"
  : > "$H/err"
}
# heard CODE: what the client was told of the text
heard() {
  printf '220 us\r\n250-us\r\n250 SIZE\r\n250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n%s so\r\n221 bye\r\n' "$1" > "$T/said/1.heard"
}
edit() { sed -i "$1" "$2"; }
judge() { perl tests/tools/oracles "$H" "$T/said" "$S"; }
# finds LETTERS NAME
finds() { same "$1" "$2" sh -c 'perl tests/tools/oracles "$@" | cut -c1' judge "$H" "$T/said" "$S"; }

fresh
same '' 'a message that is there once, as it was sent' judge
rm "$S/ledger"
finds L 'one that is not'
fresh; edit 's/250$/drop/' "$S/ledger"
finds P 'one that was acknowledged to the client and not to us'
fresh; edit 's/250$/say:450 4.7.1 no\\r\\n/' "$S/ledger"
finds L 'one that was refused'
fresh; cp "$S/mail/1.1" "$S/mail/1.2"; edit p "$S/ledger"
finds 'D
S' 'one that is there twice'
fresh; heard 451
finds D 'one that is there though its client heard 451'
echo 'indoubt 1 sink' > "$H/err"
same '' 'unless that is logged as in doubt' judge
fresh; edit 's/\.dot/dot/' "$S/mail/1.1"
finds 'C
L' 'one that was changed'
fresh; edit '1i\X-Other: x\r' "$S/mail/1.1"
finds 'C
L' 'one with a field that is not ours'
fresh; echo '1 50' > "$S/cut"
finds S 'a transaction that no client has begun'
fresh; edit 's/<b@y>/<b@y>,<c@y>/' "$S/ledger"
finds 'R
L' 'a recipient that was refused'
fresh; edit 's/<a@x>/<z@x>/' "$S/ledger"
finds 'R
L' 'another sender'
fresh; : > "$H/spool/left"
finds Z 'a file in the spool'
fresh; background sh -c 'cd "$0/port" && exec sleep 60' "$H"
within 10 sh -c "[ \$(readlink /proc/$PID/cwd) = '$H/port' ]"
finds Z 'a process in the port'
kill "$PID"
fresh; background env CM_HOME="$H" CM_ID=1 sleep 60
within 10 grep -q CM_ID=1 "/proc/$PID/environ"
finds Z 'a stage that went elsewhere'
kill "$PID"
fresh; echo 5.1 >> "$T/said/1.waited"
finds H 'an answer that was late'
fresh; echo "user secret=$CANARY" > "$H/err"
finds E 'a secret in the log'
fresh; echo "user secret=$CANARY" > "$S/commands"
finds E 'or at the upstream'
fresh; rm "$S/ledger"; echo '2026 1 <a@x> deleted by policy: x' > "$H/log/ledger"
same '' 'what policy has deleted is on record' judge
fresh; mv "$S/mail/1.1" "$H/store/1.eml"; rm "$S/ledger"
same '' 'and what is in the store is there' judge

done_testing
