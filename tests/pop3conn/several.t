#!/bin/sh
# A letter for several: who has got it is remembered, and only the others get it again.
. "$(dirname "$0")/fetch.sh"

account one 'smtp 127.0.0.1 1'
popbox box
set_control recipients '*@example.net' timeoutremote 5
rm "$A/control/recipient"
: > "$A/control/multidrop"

# letter NAME ADDRESS...
letter() {
  name=$1; shift
  { echo "Return-Path: <s$name@example.org>"; for to; do echo "X-Envelope-To: $to@example.net"; done
    printf '%s\n' 'Received: from a by b; x' "Subject: letter $name" '' "Hello $name"; } > "$B/mail/$name"
}
inside() { ls "$B/mail" | wc -l; }
# fresh [RULE...]: nothing is known, a letter is for three, and a new server is behind
fresh() { rm -f "$A/journal"* "$B/mail/"*; rm -rf "${A%/*}/store"; letter 1 anna bert carl; behind "$@"; }
# got: who has which letter, each with how often
got() { sed -n 's/^[0-9]* <s\([^@]*\)@[^ ]* \([^ ]*\) .* 250$/\1 \2/p' "$S/ledger" 2> /dev/null | tr -d '<>,' | sed 's/@example.net/ /g' |
  awk '{ for (i = 2; i <= NF; ++i) n[$1 " " $i]++ } END { for (k in n) print k (n[k] > 1 ? " " n[k] : "") }' | sort | tr '\n' ','; }
# known: what the journal says of whom
known() { awk 'NR > 1 { k = $5 " " $6; who = NF > 7 ? $7 : ""; s[k " " who] = $1 " " who } END { for (k in s) if (s[k] !~ /^gone/) print s[k] }' "$A/journal" | sort | sed 's/@example.net//; s/ $//' | tr '\n' ','; }

# Some later ----------------------------------------------------------------------------

fresh 'RCPT TO:<bert#1=say:450 4.2.0 later\r\n'
letter 2 dora
same 111 'one of three is to come back' fetch
same '1 anna,1 carl,2 dora,' 'the others have it, and so has the next letter' got
same 1 'the letter stays' inside
same 'given anna,given carl,part,' 'the journal knows who has it' known
like '^recipient .*<bert@example.net> 450 4.2.0 later' 'and the log who has not' cat "$A/err"
same 0 'what would happen' fetch -n
like 'would be fetched, some have it' 'is said' cat "$A/out"
behind
same 0 'the next run' fetch
same '1 bert,' 'sends it to the one alone' got
same 1 '... in one envelope' grep -c RCPT "$S/commands"
same 0 'and then it goes' inside
same '' 'and nothing is known of it' known

fresh 'RCPT TO:<bert#1=say:450 4.2.0 later\r\n' 'RCPT TO:<bert#2=say:450 4.2.0 later\r\n'
fetch > /dev/null; fetch > /dev/null
behind
same 0 'when it was refused twice' fetch
same '1 bert,' '... it is still the one who gets it' got

fresh 'RCPT=say:450 4.2.0 later\r\n'
letter 2 dora
same 111 'where nobody has it the run ends' fetch
same '' '... and nobody has anything' got
same '' '... and nothing is known' known

# Some never ------------------------------------------------------------------------------

fresh 'RCPT TO:<bert=say:550 5.1.1 nobody\r\n' 'RCPT TO:<carl=say:450 4.2.0 later\r\n'
same 111 'one of three is nobody, and one is to come back' fetch
same '1 anna,' 'one has it' got
same 'denied bert,given anna,part,' 'the journal knows all that' known
same 'no' 'there is no copy yet' sh -c "[ -d '${A%/*}/store' ] && echo yes || echo no"
behind
same 1 'then it is refused' fetch
same '1 carl,' 'when the last has it' got
same 'refused,' 'for good' known
same 1 'with a copy' sh -c "ls '${A%/*}'/store/*.eml | wc -l"
same 1 'and stays' inside
fresh 'RCPT TO:<bert=say:550 5.1.1 nobody\r\n'
same 1 'where only one is nobody' fetch
same '1 anna,1 carl,' 'the others have it' got
same 'refused,' '... and it is done with' known

# LMTP --------------------------------------------------------------------------------------

lmtp() { set_control upstream "lmtp 127.0.0.1 $PORT recipients=10"; }
fresh 'LHLO=say:250-sink\r\n250 PIPELINING\r\n' 'DOT#1=say:250 2.0.0 a\r\n452 4.2.2 full\r\n250 2.0.0 c\r\n'; lmtp
same 111 'by LMTP each has an answer' fetch
same 'given anna,given carl,part,' '... which the journal knows' known
letter 2 dora
behind 'LHLO=say:250 sink\r\n'; lmtp
same 0 '... and the next run' fetch
same '1 bert,2 dora,' '... goes on with it' got
fresh 'LHLO=say:250 sink\r\n' 'DOT#1=say:250 2.0.0 a\r\n,drop'; lmtp
same 111 'a server that is lost within its answers' fetch
like '^indoubt .* after the whole letter had gone out' 'leaves a doubt' cat "$A/err"
same 'given anna,part,' '... but not of all' known
behind 'LHLO=say:250 sink\r\n' 'DOT=say:250 a\r\n250 b\r\n'; lmtp
same 0 '... and those' fetch
same 'RCPT TO:<bert@example.net> RCPT TO:<carl@example.net> ' '... may have it twice' sh -c "sed -n 's/^1 \\(RCPT.*\\)/\\1/p' '$S/commands' | tr '\\n' ' '"
fresh 'LHLO=say:250 sink\r\n' 'RCPT TO:<bert=say:450 4.2.0 x\r\n' 'DOT=say:250 a\r\n250 c\r\n'; lmtp
same 111 'who was refused before has no answer' fetch
same 'given anna,given carl,part,' '... and the others theirs' known

# As many at once as the server may have.
fresh 'RCPT#2=say:450 4.2.0 later\r\n' 'DATA#2=say:554 5.5.1 nobody\r\n'
set_control upstream "smtp 127.0.0.1 $PORT recipients=1"
same 111 'in transactions of their own' fetch
same '1 anna,1 carl,' '... the others have it' got
behind
same 0 '... and the next run' fetch
same '1 bert,' '... knows' got

# A server that is not read may stop reading: no more goes out at once than anybody takes.
fresh
rm "$B/mail/1"
# shellcheck disable=SC2046 # an address a word
letter 1 $(seq -f '%04.0f.somebody.with.a.long.name' 400)
same 0 'a letter for hundreds' sh -c 'CM_HOME=$1 timeout 60 strace -qq -f -e trace=sendto,write,writev,sendmsg -o "$2/sent" cm-fetch "$2" > /dev/null 2> "$2/err"; echo $?' sh "${A%/*}" "$A"
same 400 '... goes to them all' sh -c "grep -c '^1 RCPT' '$S/commands'"
same '1 250' '... in one piece' sh -c "sed -n 's/.* \(250\)\$/\1/p' '$S/ledger' | uniq -c | sed 's/^ *//'"
most() { sed -n 's/.*"RCPT TO.* = \([0-9]*\)$/\1/p' "$A/sent" | sort -n | tail -n 1; }
ok 'some hundred of them at a time' [ "$(most)" -le 8192 ]
[ "$INSHORT" ] || ok '... and not one' [ "$(most)" -gt 4096 ]
rm "$A/sent"

# Programs take all or nothing.
fresh
printf '#!/bin/sh\nexec 3<&1 > /dev/null; cat; tr "\\0" "\\n" <&3 | sed -n "s/^T//p" >> "%s"; exit 0\n' "$T/queued" > "$T/queue"
chmod 755 "$T/queue"
set_control upstream "queue $T/queue"
same 0 'a program in the place of qmail-queue' fetch
same 'anna@example.net bert@example.net carl@example.net ' '... has them all' sh -c "tr '\n' ' ' < '$T/queued'"

# Names and texts --------------------------------------------------------------------------------

fresh 'RCPT TO:<bert#1=say:450 4.2.0 later\r\n'
fetch > /dev/null
mv "$B/mail/1" "$B/mail/other"
behind
same 0 'under another name' fetch
same '1 bert,' '... the letter is known, and who has it' got
same '' '... and forgotten behind it' known
fresh 'RCPT TO:<bert#1=say:450 4.2.0 later\r\n'
fetch > /dev/null
echo more >> "$B/mail/1"
behind
same 0 'another letter of the same name' fetch
same '1 anna,1 bert,1 carl,' '... goes to all' got
same '' '... and nothing is known' known
fresh 'RCPT TO:<bert#1=say:450 4.2.0 later\r\n'
fetch > /dev/null
rm "$B/mail/1"
same 0 'a letter that somebody else deletes' fetch
same '' '... is forgotten with all' known

# Killed -------------------------------------------------------------------------------------------

"$BUILD/tests/atcall" -o "$T/none" list 0 true
if [ $? = 77 ]; then report 0 'row 81: killed at each call # SKIP no tool for this processor'; done_testing; exit; fi
CALLS=write,writev,sendmsg,sendto,sendfile,fsync,renameat,rename,exit_group
# apart DIR...: what came to these servers, as if each recipient had had a transaction of its own, in $T/apart
apart() {
  rm -rf "$T/apart"; mkdir -p "$T/apart/mail"
  for from; do
    awk -v from="$from" '{ mail = from "/mail/" $1 "." ++n[$1]; split($3, to, ","); for (i in to) { $3 = to[i]; print mail, $0 } }' "$from/ledger" 2> /dev/null
  done | { k=0; while read -r mail _ line; do k=$((k + 1)); cp "$mail" "$T/apart/mail/$k.1"; echo "$k $line"; done; } > "$T/apart/ledger"
}
# heard: a run is over; each of the three is a client that has sent the letter
heard() {
  set -- "$([ -e "$B/mail/1" ] && echo 451 || echo 250)"
  for to in anna bert carl; do
    perl -Itests/tools -Mposted -e 'posted::keep(@ARGV)' "$T/posted" s1@example.org $to@example.net "$1" < "$T/letter"
  done
}
mkdir "$T/posted"
# at N: a run that is killed at its call N, where bert is to come back, and a whole one behind it
at() {
  fresh 'RCPT TO:<bert=say:450 4.2.0 later\r\n'
  rm -f "$T/done"
  cp "$B/mail/1" "$T/letter"
  CM_HOME=${A%/*} timeout 60 "$BUILD/tests/atcall" -p cm-fetch -c "$CALLS" -o "$T/done" kill "$1" cm-fetch "$A" 2> "$T/first"
  [ -s "$T/done" ] || { kill "$PID"; return 1; }
  kill "$PID"; wait "$PID" 2> /dev/null
  before=$S
  heard
  behind
  code=$(fetch)
  heard
  apart "$before" "$S"
  cat "$T/first" "$A/err" > "${A%/*}/err"
  # A doubt is one of three letters here.
  found=$(DOUBTS=$((2 * $(grep -c ^indoubt "${A%/*}/err"))) \
    perl -Itests/tools -Mposted -e 'print posted::judge(@ARGV)' "${A%/*}" "$T/posted" "$T/apart")
  [ ! "$found" ] || echo "killed at $1: $found"
  cat "$before/ledger" >> "$S/ledger" 2> /dev/null
  [ "$code" = 0 ] || echo "killed at $1: code $code $(cat "$A/err")"
  [ "$(inside)" = 0 ] || echo "killed at $1: it stays"
  twice=$(got | tr ',' '\n' | grep -c ' [0-9]$')
  [ "$(got | tr ',' '\n' | grep -c '^1 ')" = 3 ] || echo "killed at $1: $(got)"
  [ "$twice" = 0 ] || grep -q ^indoubt "$T/first" "$A/err" || echo "killed at $1: twice without a word: $(got)"
  kill "$PID"; wait "$PID" 2> /dev/null
  return 0
}
each() { i=1; while [ $i -lt 300 ] && at $i; do i=$((i + 1)); done; echo $i > "$T/calls"; }
each > "$T/wrong"
same '' 'row 81: killed at each call, each has it, and twice only in doubt, say the nine oracles, too' cat "$T/wrong"
ok '... of some' test "$(cat "$T/calls")" -gt 15

# Dovecot ------------------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && command -v dovecot > /dev/null; then
  rm -f "$A/journal"* "$B/mail/"*
  start_lmtp mx 'quota_full_tempfail = yes'
  lmtp
  box() { find "$T/mx/mail/$1/new" -type f 2> /dev/null | wc -l; }
  letter 1 a full b
  letter 2 c
  same 111 'Dovecot by LMTP: one of three has no room' fetch
  same '1 0 1 1' '... the others have it' sh -c "$(printf '%s\n' "T='$T'" 'box() { find "$T/mx/mail/$1/new" -type f 2> /dev/null | wc -l; }' 'echo $(box a) $(box full) $(box b) $(box c)')"
  same 1 '... it stays' inside
  sed -i 's/userdb_quota_rule.*//' "$T/mx/users"
  kill -HUP "$PID"
  again() { [ "$(fetch)" = 0 ]; }
  ok '... when there is room' within 20 again
  same '1 1 1 1' '... it has it, too, and nobody twice' sh -c "$(printf '%s\n' "T='$T'" 'box() { find "$T/mx/mail/$1/new" -type f 2> /dev/null | wc -l; }' 'echo $(box a) $(box full) $(box b) $(box c)')"
  same 0 '... and it goes' inside
else
  report 0 'Dovecot by LMTP # SKIP only root can start it'
fi

done_testing
