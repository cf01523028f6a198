#!/bin/sh
# Slow clients, and very many: good mail still goes, and what was acknowledged is there.
# CROWD is how many; 10000 is for trying it by hand: it needs some 3 GB of memory.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
PATH=$PATH:/usr/sbin:/sbin
CROWD=${CROWD:-400}

start_faultsink sink
home h smtp 127.0.0.1 "$PORT"
C=$W/port/control
letters() { cat "$T/sink/ledger" 2>/dev/null | wc -l; }

# listen COUNT [COMMAND...]: as cm-config writes it, for so many at once; $FRONT, $SERVER
listen() {
  most=$1; shift
  : > "$W/listening"
  background "$@" sh -c 'cd "$0/port" && ulimit -c 0 && CM_HOME=$0 exec tcpserver -1 -HRl0 -b 4000 -c "$1" 127.0.0.1 0 cm-smtpd' \
    "$W" "$most" > "$W/listening" 2>> "$W/err"
  within 10 test -s "$W/listening" || { echo 'Bail out! tcpserver did not start'; exit 1; }
  FRONT=$(head -n 1 "$W/listening") SERVER=$PID
}
gone() { [ ! "$(children "$SERVER")" ]; }

# -- slow ones

listen 100
echo 5 > "$C/timeoutsmtpd"
{ printf 'reply\nline EHLO x\nreply\n'; printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply 354\n'
  printf 'split 8\npause 0.1\nsend Subject: x\\r\\n%0600d\neof\n' 0; } | client "$FRONT" > "$T/transcript"
like '^421 4.4.2 ' 'row 25: a text below 500 bytes a second is told 421' cat "$T/transcript"
same '' 'row 25: and nothing of it goes on' sh -c "cat '$T/sink/ledger' 2>/dev/null; grep DATA '$T/sink/commands'"
like '^aborted .*too slow' 'row 25: as the log says' cat "$W/err"
rm "$C/timeoutsmtpd"

# -- very many

# crowd COUNT ADDRESSES: in the background until $T/more is gone; it prints into $T/crowd
crowd() {
  : > "$T/crowd"; : > "$T/more"
  { while [ -e "$T/more" ]; do sleep 0.1; done; } | perl tests/tools/crowd "$FRONT" "$1" "$2" > "$T/crowd" 2>&1 &
  CROWDED=$!
  within 280 test -s "$T/crowd"
}
leave() { rm -f "$T/more"; wait "$CROWDED"; within 120 gone; }
# banner: milliseconds until a good client is greeted
banner() {
  perl -MIO::Socket::INET -MTime::HiRes=time -e 'my $t = time; my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die "$!\n";
    die "not greeted\n" unless <$s> =~ /^220 /; printf "%d\n", 1000 * (time - $t)' "$FRONT"
}
greeted() { ms=$(banner 2>&1); echo "# greeted in $ms ms"; case $ms in *[!0-9]*|'') return 1;; esac; [ "$ms" -lt 5000 ]; }
# good N: so many messages of a good client, all acknowledged and all there
good() {
  before=$(letters)
  smtp-source -s 5 -m "$1" -f a@example.org -t b@example.net "127.0.0.1:$FRONT" || return 1
  [ $(($(letters) - before)) = "$1" ]
}
# memory: the kilobytes that a session which waits has to itself, on the average
memory() {
  for pid in $(children "$SERVER" | tr ' ' '\n' | head -n 200); do
    sed -n 's/^Private_[CD][a-z]*: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup"
  done 2>/dev/null | awk '{ s += $1 } END { printf "%d\n", s / 200 }'
}

kill "$SERVER"
listen $((CROWD + 200))
echo 'connections 50' > "$C/limits"
crowd "$CROWD" 1
same "50 $((CROWD - 50)) 0" "row 28: of $CROWD connections of one address 50 are greeted, and the others told 421" head -n 1 "$T/crowd"
ok 'row 28: a good client is greeted at once' greeted
ok 'row 28: and its mail goes' good 20
leave
crowd "$CROWD" 200
same "$CROWD 0 0" "row 28: $CROWD of 200 addresses are all greeted, and stay" head -n 1 "$T/crowd"
ok 'row 28: a good client is greeted beside them' greeted
ok 'row 28: and its mail goes' good 20
kb=$(memory)
if sanitized; then report 0 'row 28: memory # SKIP under a sanitizer'; else
  ok "row 28: one that waits costs less than 300 KB of memory: $kb" sh -c "[ $kb -lt 300 ] && [ $kb -gt 0 ]"
fi
[ "$CROWD" -lt 5000 ] || free -m | sed 's/^/# /' >&2
[ "$CROWD" -lt 5000 ] || grep '^# \|greeted' "$T/crowd" >&2
leave
ok 'row 28: nothing is left of them' gone

# Every place is taken by clients that say nothing: they have their time, and no more.
kill "$SERVER"
listen 20
echo 2 > "$C/timeoutsmtpd"
crowd 20 20
same '20 0 0' 'row 28: all places are taken' head -n 1 "$T/crowd"
ok 'row 28: when their time is over a good client has one' within 30 good 5
within 60 gone
rm -f "$T/more"; wait "$CROWDED"
same 20 'row 24: they were told' tail -n 1 "$T/crowd"
rm "$C/timeoutsmtpd"

# -- large messages of many, and little room

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  kill "$SERVER"
  mkdir "$T/spool"
  echo "$T/spool" > "$C/spool"
  listen 100 unshare -m sh -c 'mount -t tmpfs -o size=16m none "$0" && exec "$@"' "$T/spool"
  before=$(letters)
  large=$(printf '%04000d' 0)
  { printf 'reply\nline EHLO x\nreply\n'; printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply 354\n'
    printf 'send Subject: x\\r\\n\\r\\n\nmany 1000 %s\\r\\n\nline .\nreply\nline QUIT\neof\n' "$large"; } > "$T/script"
  pids=
  for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    client "$FRONT" < "$T/script" > "$T/large.$k" & pids="$pids $!"
  done
  for pid in $pids; do wait "$pid"; done
  same '' 'row 29: large messages and little room: each is accepted, or told 452' sh -c "cat '$T'/large.* | sed -n '/^354/{n;p}' | grep -v '^250 \|^452 4.3.1'"
  same 20 'row 29: all are answered' sh -c "cat '$T'/large.* | sed -n '/^354/{n;p}' | grep -c ."
  like '^452 4.3.1' 'row 29: some are told 452' sh -c "cat '$T'/large.*"
  same "$(cat "$T"/large.* | sed -n '/^354/{n;p}' | grep -c '^250 ')" 'row 29: those accepted are there, and no others' sh -c "echo \$((\$(wc -l < '$T/sink/ledger') - $before))"
fi

done_testing
