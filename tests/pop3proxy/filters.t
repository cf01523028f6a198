#!/bin/sh
# What becomes of messages by the filters, once and for all sessions.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot
tools=$(dirname "$0")/../tools

start_dovecot d
letter() { printf 'Return-Path: <%s>\nReceived: from mail.example.org (out.example.org [192.0.2.7])\n\tby mx.example.net (Server) with ESMTP id 1\n\tfor <u@example.net>; Thu, 1 Jan 2026 00:00:00 +0000\nReceived: from [10.0.0.1] by mail.example.org; x\nFrom: a@example.org\nSubject: %s\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\n%s\n.\n..two\n' a@example.org "$1" "$1"; }
i=0
for what in plain junk delete reject store refuse deliver broken cut; do
  i=$((i + 1))
  letter $what | mail u $i.a
done
{ letter large; head -c 3000000 /dev/zero | tr '\0' x | fold -w 70; } | mail u 91.a
port p
cat > "$W/port/judge" <<'!'
#!/bin/sh
message=$(head -c 2000)
n=$(($(cat ../count 2> /dev/null) + 1)); echo $n > ../count
env > ../env; cat "$CM_ENVELOPE" > ../envelope
case $message in
  *'Subject: junk'*) echo '2.0.0 looks like it'; exit 10 ;;
  *'Subject: delete'*) exit 50 ;;
  *'Subject: reject'*) echo '5.7.1 a virus'; exit 100 ;;
  *'Subject: store'*) exit 40 ;;
  *'Subject: refuse'*) exit 30 ;;
  *'Subject: deliver'*) exit 20 ;;
  *'Subject: broken'*) exit 77 ;;
esac
!
cat > "$W/port/cutter" <<'!'
#!/bin/sh
sed 's/^cut/./'
!
chmod 755 "$W/port/judge" "$W/port/cutter"
printf 'judge check : ./judge\n\ncutter rewrite : ./cutter\n' > "$W/port/control/pipeline"
echo proxy.example.net > "$W/port/control/me"
echo '*@other.example 9' > "$W/port/control/hops"
echo 'u* 1' >> "$W/port/control/hops"
count() { cat "$W/count"; }
in_() { talk 'USER u' 'PASS p' "$@" QUIT | sed '1,3d'; }
size() { in_ "LIST $1" | sed -n 's/^+OK [0-9]* //p'; }
# The message that is heard, as lines of a file: its octets
octets() { in_ "RETR $1" | sed '1d; /^+OK Logging/d' | sed '$d; s/^\.//; s/$/\r/' | wc -c; }

# Who only looks pays nothing

before=$(in_ STAT LIST UIDL | cksum)
same "$before" 'UIDL, LIST and STAT are those of the server' \
  sh -c 'printf "%s\r\n" "USER u" "PASS p" STAT LIST UIDL QUIT | nc -N 127.0.0.1 '"$DOVECOT"' | tr -d "\r" | sed 1,3d | cksum'
ok 'and no filter runs' not test -e "$W/count"

# What a session hears

read1() { in_ 'RETR 1' > "$T/one"; cat "$T/one"; }
like '^X-CleanMail-Result: accept/deliver$' 'a message has its result' read1
like '^\.\.$' 'its dots are stuffed' cat "$T/one"
same "+OK $(octets 1) octets" 'and it has the size that is announced' head -n 1 "$T/one"
same 1 'it was judged once' count
same '192.0.2.7 mail.example.org out.example.org a@example.org POP3' 'by the hop that control/hops says' sh -c '
  . '"$W"'/env; echo $TCPREMOTEIP $CM_HELO $TCPREMOTEHOST $SENDER $CM_PROTO'
same "a@example.org
u@127.0.0.1" 'for the account' cat "$W/envelope"
in_ 'RETR 2' > "$T/two"
like '^Subject: \[SPAM\] junk$' 'junk is tagged' cat "$T/two"
in_ 'RETR 3' > "$T/three"
like '^Subject: \[CleanMail\] delete$' 'in the place of a deleted message stands a notice' cat "$T/three"
like '^Date: Thu, 1 Jan 2026' 'of the same date' cat "$T/three"
like '^Result:  accept/delete$' 'that says why' cat "$T/three"
same '' 'and nothing of its text' grep two "$T/three"
like 'accept/delete' 'and the deletion is on record' cat "$W/log/ledger"
in_ 'RETR 4' > "$T/four"
like '^Reason:  5.7.1 a virus$' 'who would be refused is deleted: nobody is there to refuse' cat "$T/four"
in_ 'RETR 5' > "$T/five"
like '^A copy is kept' 'a redirected message is in the store' cat "$T/five"
same 1 'as it came' sh -c "cat $W/store/*.eml | grep -c '^Subject: store'"
in_ 'RETR 6' > "$T/six"
like '^Subject: \[CleanMail\] refuse' 'also where the verdict was to refuse it' cat "$T/six"
in_ 'RETR 7' > "$T/seven"
like '^Subject: deliver' 'what was to be refused and delivered is delivered' cat "$T/seven"
like '^-ERR \[SYS/TEMP\]' 'a message that cannot be judged is not given out' in_ 'RETR 8'
in_ 'RETR 9' > "$T/nine"
same "+OK $(octets 9) octets" 'a message that a rewriter changed has its own size' head -n 1 "$T/nine"
like '^\.\.$' 'and its dots' sh -c "sed -n '/^$/,\$p' $T/nine | sed -n 2p"
in_ 'RETR 10' > "$T/ten"
same "+OK $(octets 10) octets" 'so has a large one' head -n 1 "$T/ten"
same "$(count)" 'each was judged once, but for the one that could not be' sh -c 'echo $((10 + 0))'

# The same in each later session

judged=$(count)
again() { for k in 1 2 3 4 5 6 7 9 10; do in_ "RETR $k" | cksum; done; }
sum() { for k in one two three four five six seven nine ten; do cksum < "$T/$k"; done; }
same "$(sum)" 'a later session reads the same bytes' again
same "$judged" 'and no filter runs' count
ROW='row 98'
sizes() { for k in 1 2 3 4 5 6 7 9 10; do echo "$k $(octets $k)"; done; }
lists() { in_ LIST | grep '^[0-9]' | grep -v '^8 '; }
same "$(sizes)" 'LIST has the sizes of what is read' lists
total() { in_ LIST | awk '/^[0-9]/ { n += $2; c++ } END { print "+OK " c " " n }'; }
same "$(total)" 'STAT their sum' sh -c "cd $W/port; $(command -v printf) '%s\r\n' 'USER u' 'PASS p' STAT QUIT | CM_HOME=$W cm-pop3d 2>/dev/null | tr -d '\r' | sed -n 4p"
less() { in_ 'DELE 2' 'DELE 3' STAT LIST RSET | awk '/^[0-9]/ { n += $2; c++ } /^\+OK 8 [0-9]+$/ { s = $0 } END { print s == "+OK " c " " n }'; }
same 1 'also where some are deleted' less
tops() { for k in 1 2 3 9; do in_ "TOP $k 0" | sed '1d; /^+OK/d' > "$T/top"; in_ "RETR $k" | sed '1d; /^$/q' > "$T/head"; echo . >> "$T/head"; cmp "$T/top" "$T/head"; done; }
same '' 'TOP shows the header of what is read' tops
lines() { in_ 'TOP 1 2' | sed '1,/^$/d'; }
same "plain
..
.
+OK Logging out." 'and as many lines as are wanted' lines
same "$judged" 'and still no filter runs' count
ROW=

serve_pop
same '' 'random orders are answered alike, in lock step and pipelined' timeout 100 perl "$tools/popcompare" 30 "$PORT" "$PORT"
same "$judged" 'by what is remembered alone' count

# TOP first

letter junk | mail v 1.a
ROW='row 98'
first() { talk 'USER v' 'PASS p' 'TOP 1 0' QUIT | grep Subject; }
same 'Subject: [SPAM] junk' 'TOP of a message that nobody has read is filtered, too' first
judged=$((judged + 1))
first=$(talk 'USER v' 'PASS p' 'RETR 1' QUIT | grep MessageID)
second=$(talk 'USER v' 'PASS p' 'TOP 1 0' QUIT | grep MessageID)
same "$first" 'and then it is read as TOP had it' echo "$second"
same "$judged" 'judged once' count

# In one session sizes stay, and what is sent at once is answered in its order

for k in 1 2 3 4; do letter plain | mail w $k.a; done
stay() { talk 'USER w' 'PASS p' 'LIST 1' 'RETR 1' 'LIST 1' QUIT | grep '^+OK 1 ' | sort -u | wc -l; }
same 1 'the size of a message does not change within a session' stay
several() { talk 'USER w' 'PASS p' 'RETR 1' 'RETR 2' 'RETR 2' 'DELE 3' 'RETR 3' 'RETR 4' STAT RSET NOOP QUIT |
  sed -n 's/^\(+OK [0-9]* octets\).*/octets/p; /^-ERR\|^+OK/p' | sed 's/[0-9][0-9][0-9]*/N/g' | sed 1,3d; }
same 'octets
octets
octets
+OK Marked to be deleted.
-ERR the message is deleted
octets
+OK 3 N
+OK
+OK
+OK Logging out.' 'commands that come together have their answers in order' several

ROW=

# Torn and damaged memories

count_of() { had=$(count); talk "USER $1" 'PASS p' 'RETR 1' QUIT > "$T/heard"; echo $(($(count) - had)); }
same 0 'nothing is judged again' count_of w
for f in "$W"/state/pop3/*; do truncate -s -1 "$f"; done
same '+OK' 'a torn record is read without harm' sh -c "cd $W/port; printf '%s\r\n' 'USER v' 'PASS p' 'RETR 1' QUIT | CM_HOME=$W cm-pop3d 2>/dev/null | tr -d '\r' | sed -n '4s/ .*//p'"
same 0 'and once more it is remembered' count_of v
for f in "$W"/state/pop3/*; do perl -e 'local $/; open F, "+<", $ARGV[0]; $_ = <F>; substr($_, 200, 1) ^= "\x01"; seek F, 0, 0; print F $_' "$f"; done
same 1 'a damaged text is not given out' count_of w
for f in "$W"/state/pop3/*; do perl -e 'local $/; open F, "+<", $ARGV[0]; $_ = <F>; substr($_, 30, 1) ^= "\x01"; seek F, 0, 0; print F $_' "$f"; done
same 1 'nor what a damaged record says' count_of w
for f in "$W"/state/pop3/*; do head -c 5000 /dev/urandom > "$f"; done
same 1 'nor noise' count_of w
same 0 'and then it is remembered' count_of w
echo 1 > "$W/port/control/remembersize"
letter plain | mail x 1.a
same 1 'what has no room is judged' count_of x
same 1 'again each time' count_of x
rm "$W/port/control/remembersize"
rm -rf "$W/state"; : > "$W/state"
like '^+OK' 'without a place for it mail is read all the same' sh -c "cd $W/port; printf '%s\r\n' 'USER w' 'PASS p' 'RETR 1' QUIT | CM_HOME=$W cm-pop3d 2>/dev/null | sed -n 4p"
rm "$W/state"

# What cannot be judged

ROW='row 98'

letter broken | mail y 1.a
echo 0 > "$W/port/control/giveup"
tries() { for k in 1 2 3 4; do talk 'USER y' 'PASS p' 'RETR 1' QUIT | sed -n '4s/ .*//p'; done | tr '\n' ' '; }
same '-ERR -ERR +OK +OK ' 'the third time, after an hour, a notice stands for it' tries
same 1 'and a copy is in the store' sh -c "cat $W/store/*.eml | grep -c '^Subject: broken'"
rm "$W/port/control/giveup"

# A filter that takes its time, and a client that does not

printf '#!/bin/sh\nsleep 3\n' > "$W/port/judge"
echo 1 > "$W/port/control/keepalive"
letter slow | mail z 1.a
talk 'USER z' 'PASS p' 'RETR 1' QUIT > "$T/slow"
like '^X-CleanMail-Wait: 1$' 'while a filter runs the client hears a line now and then' cat "$T/slow"
same '+OK' 'behind +OK' sed -n 4p "$T/slow"
same 'Subject: slow
.
+OK Logging out.' 'and then the message, whole' sh -c "grep '^Subject\|^\.$\|^+OK L' $T/slow | tail -n 3"
later() { talk 'USER z' 'PASS p' 'RETR 1' QUIT | grep -c Wait; }
same 0 'no such line is in it later' later
printf '#!/bin/sh\nsleep 3\nexit 77\n' > "$W/port/judge"
letter never | mail zz 1.a
never() { talk 'USER zz' 'PASS p' 'RETR 1' QUIT | tail -n 1; }
same 'X-CleanMail-Wait: 1' 'what fails behind +OK has no final dot' never
rm "$W/port/control/keepalive"
printf '#!/bin/sh\necho $$ > ../pid\nexec sleep 60\n' > "$W/port/judge"
letter gone | mail zzz 1.a
serve_pop
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]"); <$s>; for ("USER zzz", "PASS p") { print $s "$_\r\n"; <$s> } print $s "RETR 1\r\n"; sleep 1 until -s $ARGV[1]' "$PORT" "$W/pid"
ok 'when the client goes away the filter is ended' within 10 not kill -0 "$(cat "$W/pid")"

done_testing
