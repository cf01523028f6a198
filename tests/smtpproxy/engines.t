#!/bin/sh
# What goes wrong in filters and what they ask, as it is seen from outside: a client, a mail
# server, and the nine oracles behind each row. What the filters say of each fault, their own tests
# tell; stages.t has those of stages in general.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"
. "$(dirname "$0")/../virus.sh"

arena
clean=$T/clean
printf 'Subject: test\r\n\r\nHello\r\n' > "$clean"
# posted FILE: a script for client, like letter, of a message that is in a file
posted() {
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\nonly 354 3\nfile %s\nline .\nreply\n' "$1"
}
wire() { sed 's/\r*$/\r/; s/^\./../'; }
accepted='220 250 250 250 354 250 221 closed'
refused='220 250 250 250 354 550 221 closed'
deferred='220 250 250 250 354 451 221 closed'

row 64 'no scanner'
behind
pipeline "virus check always : cm-filter-virus $T/v/socket"
heard "$deferred" 'without a scanner a message is deferred' posted "$clean"
committed 0 'and not delivered'
logged broken 'as the log says'

start_virusd v scanners=1 scans=100
master=$PID
eicar | mail | wire > "$T/eicar"
row 64 'a scanner that dies'
behind
pipeline "virus check always time=20 : cm-filter-virus $T/v/socket"
heard "$refused" 'a virus is refused' posted "$T/eicar"
lone() { set -- $(scanners $master); [ $# = 1 ]; }
within 20 lone
kill -STOP $(scanners $master)
busy() { talk "$T/v/socket" 'zSTATS\0' | grep -q 'idle 0'; }
posted "$clean" | session > "$T/script"
client "$FRONT" < "$T/script" > "$T/transcript" & asking=$!
within 20 busy
kill -9 $(scanners $master)
wait $asking
same "$deferred" 'when its scanner dies a message is deferred' codes < "$T/transcript"
within 20 lone
heard "$accepted" 'the next one has another scanner' posted "$clean"
committed 1 'and is delivered'

row 66 'bombs'
behind
pipeline "virus check always time=50 : cm-filter-virus $T/v/socket" '' 'attach rewrite always time=50 : cm-filter-attach attach'
printf 'block *.exe\n' > "$T/h/port/attach"
(cd "$T" && head -c 30000000 /dev/zero > zeros && rm -f zeros.zip && zip -q zeros.zip zeros && mail bomb.zip < zeros.zip | wire > bomb)
heard "$deferred" 'a bomb is not clean, nor is it read to its end' posted "$T/bomb"
heard "$accepted" 'and what comes next is served' posted "$clean"

row 67 'what can be read in two ways'
behind
pipeline 'attach rewrite always : cm-filter-attach attach'
cp control/attach "$T/h/port/attach"
for name in $(sed -n 's/^100 //p' tests/mail/table | awk 'NR % 25 == 1'); do
  wire < "tests/mail/evasions/$name.eml" > "$T/mail"
  heard "$refused" "$name" posted "$T/mail"
done
committed 0 'none of them is delivered'

row 65 'a name server that says nothing'
behind
background perl -MIO::Socket::INET -e '$| = 1; my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1") or die; print $s->sockport, "\n"; sleep 1000' > "$T/mute"; MUTE=$PID
within 10 test -s "$T/mute"
control resolvers "127.0.0.1:$(cat "$T/mute")"
pipeline 'spf check time=3 : cm-filter-spf'
heard "$deferred" 'an answer that does not come in time is none' posted "$clean"
pipeline 'spf check time=3 on-error=deliver : cm-filter-spf'
heard "$accepted" 'unless the pipeline says that it may go on' posted "$clean"
kill $MUTE; wait $MUTE 2> /dev/null

row 70 'a policy that grows'
behind
adds Authentication-Results
: > "$T/zones"
mkdir -p "$T/ns"; : > "$T/ns/queries"
{ echo 'example.org TXT v=spf1 include:%{d64r}.%{d64r}.%{d64r}.%{l200r-}.example.org exists:%{i}.%{h}.%{p}.%{d}.%{d}.%{d} include:example.org -all'; } > "$T/ns/zones"
background tests/tools/nameserver "$T/ns"
within 10 test -s "$T/ns/port"
control resolvers "127.0.0.1:$(cat "$T/ns/port")"
pipeline 'spf check time=30 : cm-filter-spf'
heard "$accepted" 'what is no policy refuses nobody' posted "$clean"
committed 1 'and the message is delivered'

row 69 'a refusal beside a stage that hangs'
behind
pipeline 'refuses check 0=reject/delete : true' 'hangs check time=2 : sleep 1000'
heard "$refused" 'a refusal stands' posted "$clean"
pipeline 'a check 0=reject/redirect : true' 'b check 0=accept/redirect : true'
control quarantine store
heard "$accepted" 'of two the higher one' posted "$clean"
pipeline 'b check 0=accept/redirect : true' 'a check 0=reject/redirect : true'
heard "$accepted" 'in any order' posted "$clean"
committed 0 'none is delivered'

row 71 'no signatures'
behind
pipeline "virus check always time=20 : cm-filter-virus $T/v/socket"
mv "$T/v/db" "$T/v/away"
talk "$T/v/socket" 'zRELOAD\0' > /dev/null
within 20 grep -q 'unable to load signatures' "$T/v/log"
heard "$refused" 'when they cannot be loaded anew the old ones stand' posted "$T/eicar"
mv "$T/v/away" "$T/v/db"

row 72 'many at once'
behind
pipeline "virus check always time=50 : cm-filter-virus $T/v/socket"
pids=
for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  posted "$T/$([ $((k % 2)) = 0 ] && echo clean || echo eicar)" | session > "$T/script.$k"
  client "$FRONT" < "$T/script.$k" > "$T/many.$k" & pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
same "10 ${accepted% closed}
10 ${refused% closed}" 'each has its own answer' sh -c 'for f in "$1"/many.*; do sed -n "s/^\([0-9][0-9][0-9]\) .*/\1/p" "$f" | tr "\n" " " | sed "s/ $//"; echo; done | sort | uniq -c | sed "s/^ *//"' sh "$T"
committed 10 'and ten are delivered'

rows_done
