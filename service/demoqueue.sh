#!/bin/sh
# demoqueue.sh HOME: the part of the demonstration for a qmail site. cm-queue is called as
# qmail-smtpd calls qmail-queue, with the filters of the port demo; the program behind it, in the
# place of the real qmail-queue, is cm-maildir. Everything is below HOME/queued and
# HOME/ports/queue.
set -u
cd "$1" || exit 111
H=$PWD

mkdir -p queued ports/queue/control
cp -r ports/demo/control/* ports/queue/control/
rm -r ports/queue/control/upstream ports/queue/control/tls
echo "cm-maildir $H/queued" > ports/queue/control/queue
: > ports/queue/control/localpipeline

# hand NAME SENDER: a sample as qmail-smtpd has it, with its own Received field. What qmail-smtpd
# would say: by the exit code, or with what descriptor 6 heard.
hand() {
  { printf 'Received: from client.example.org (127.0.0.1)\n  by mx.example.net with SMTP; 1 Jan 2026 00:00:00 -0000\n'
    cat "samples/$1"; } > queued/message
  printf 'F%s\0Tyou@example.net\0\0' "$2" > queued/envelope
  { cm-queue < queued/message 1< queued/envelope 6>&3 2>> queue.log; echo $? > queued/code; } 3>&1 | cat > queued/words
}
# row NAME CODE PLACE VERDICT: what became of it, and whether that is what should
row() {
  verdict=$(tail -n 1 log/mail.csv | cut -d , -f 14- | sed 's/^"\([^"]*\)".*/\1/; t; s/,.*//')
  code=$(cat queued/code)
  case "$(ls store/*.eml 2> /dev/null | wc -l) $(find queued -path '*/new/*' | wc -l) $(grep -c 'deleted by policy' log/ledger)" in
    "$stored $mails $deleted") place=nowhere ;;
    "$((stored + 1)) $mails $deleted") place='the store' ;;
    "$stored $((mails + 1)) $deleted") place='the real queue' ;;
    *) place='the record of deletions' ;;
  esac
  printf '%-13s %4s  %-24s %-24s %s\n' "$1" "$code" "$verdict" "$place" "$(cut -c 1-50 queued/words)"
  [ "$code" = "$2" ] && [ "$place" = "$3" ] && [ "$verdict" = "$4" ] || {
    echo "demo: $1: exit code $code, $verdict, in $place; not $2, $4, in $3" >&2
    exit 1
  }
}
now() { stored=$(ls store/*.eml 2> /dev/null | wc -l) mails=$(find queued -path '*/new/*' | wc -l) deleted=$(grep -c 'deleted by policy' log/ledger); }
# shows NAME CODE PLACE VERDICT [SENDER]
shows() {
  now
  hand "$1" "${5:-bob@client.example.org}"
  row "$1" "$2" "$3" "$4"
}

echo "
The same filters in qmail-queue's place: cm-queue, as qmail-smtpd calls it
"
printf '%-13s %4s  %-24s %-24s %s\n' message code verdict 'where it is now' 'descriptor 6 (notqmail)'
export TCPREMOTEIP=127.0.0.1
shows plain 0 'the real queue' accept/deliver
shows junk 0 'the real queue' 'accept/deliver, junk'
shows worm 82 nowhere reject/delete
shows virus 82 nowhere reject/delete
shows macro 82 'the real queue' reject/deliver
shows enemy 82 nowhere reject/delete offers@mail.spammer.example
shows doubtful 82 'the store' reject/redirect who@maybe.example
shows robot 0 'the record of deletions' accept/delete robot@quiet.example
unset TCPREMOTEIP
now
hand worm root@demo.example.net
row 'worm, local' 0 'the real queue' accept/deliver
rm queued/message queued/envelope queued/code queued/words
echo '
The last one is mail of this machine, which has a pipeline of its own: control/localpipeline, here empty.'
