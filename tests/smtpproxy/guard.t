#!/bin/sh
# control/limits: what one client may do, counted over its sessions, and what becomes
# of who does more.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink sink 'RCPT TO:<bad=say:550 5.1.1 nobody\r\n' 'RCPT TO:<later=say:450 4.2.0 not now\r\n'
SINK=$PORT
home h smtp 127.0.0.1 "$SINK"
C=$W/port/control

limits() { printf '%s\n' "$@" > "$C/limits"; }
anew() { rm -rf "$W/state"; : > "$W/err"; }

# as ADDRESS LINE...: one session of these lines from there, on pipes; its codes
as() {
  address=$1; shift
  (cd "$W/port" && printf '%s\r\n' "$@" |
    CM_HOME=$W TCPREMOTEIP=$address cm-smtpd 2>> "$W/err" | tr -d '\r' > "$W/said")
  codes < "$W/said"
}
# mail ADDRESS RECIPIENT...: a session up to the last of these
mail() {
  a=$1; shift
  for r in "$@"; do set -- "$@" "RCPT TO:<$r@example.net>"; shift; done
  as "$a" 'EHLO c' 'MAIL FROM:<a@example.org>' "$@" QUIT
}
last() { "$@" > /dev/null; tail -n 1 "$W/said"; }
events() { sed -n "s/^\($1\) [0-9a-f.]* /\1 /p" "$W/err"; }

# -- the file

limits '# nothing'
same '220 221' 'a file without a line sets no limit' as 192.0.2.1 QUIT
ok 'and no state is kept' not test -e "$W/state"
for line in 'harvst 3' 'harvest' 'harvest x' 'harvest 65537' 'harvest 3 time=0' 'harvest 3 block=1x' 'harvest 3 every=3' \
  'harvest 3 text=no code' 'harvest 3 text=250 fine' 'harvest 3 text=421' 'blocked time=3'; do
  limits 'rate 100' "$line"
  : > "$W/err"
  same 421 "a broken line is 421: $line" as 192.0.2.1 QUIT
  like 'trouble .*unable to use control/limits, line 2: ' 'and the log names it' cat "$W/err"
done
rm "$C/limits"; mkdir "$C/limits"
same 421 'a file that cannot be read is no missing one' as 192.0.2.1 QUIT
rmdir "$C/limits"
limits 'rate 1'
echo 192.0.2.0/33 > "$C/unlimited"
same 421 'nor is a list of networks that is broken' as 192.0.2.1 QUIT
like 'control/unlimited, line 1' 'which the log names' cat "$W/err"
rm "$C/unlimited"

# -- directory harvest

anew
limits 'harvest 3 time=600 block=600'
same '220 250 250 550 250 550 550 550 221' 'a good recipient resets the count' mail 192.0.2.1 bad1 b bad2 bad3 bad4
same '220 250 250 550 421' 'which goes on in the next session: one more and the client is cut off' mail 192.0.2.1 bad5 bad6
same 'limit 192.0.2.1 harvest above 3 in 600, blocked for 600' 'and the log says so' events limit
same 421 'it is blocked' as 192.0.2.1 QUIT
same 'blocked 192.0.2.1 harvest' 'which is one line of the log' events blocked
same '220 221' 'another address is not' as 192.0.2.2 QUIT
same 421 'nor does IPv4 written as IPv6 help' as ::ffff:192.0.2.1 QUIT
same '220 250 250 550 550 550 221' 'what the port itself refuses counts, too' \
  as 192.0.2.3 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@elsewhere.example>' 'RCPT TO:<a%b@example.net>' 'RCPT TO:<bad@example.net>' QUIT
same '220 250 250 550 421' 'so there is one left to find out' mail 192.0.2.3 bad
same '220 250 250 450 450 450 450 221' 'who is asked to come back has guessed nothing' mail 192.0.2.4 later1 later2 later3 later4
same '220 250 250 501 501 501 501 221' 'nor who cannot write' mail 192.0.2.4 '<' '<' '<' '<'
anew
echo 'bait@example.net' > "$C/traps"
same '220 250 250 550 550 550 250 550 421' 'a trap resets nothing' mail 192.0.2.1 bad bad bad bait bad
rm "$C/traps"

# a thousand guesses over fifty sessions, and from as many addresses of one IPv6 network
anew
limits 'harvest 40 time=600 block=600'
: > "$T/sink/commands"
for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 \
  43 44 45 46 47 48 49 50; do
  mail "2001:db8:0:1::$k" bad1 bad2 bad3 bad4 bad5 bad6 bad7 bad8 bad9 bad10 bad11 bad12 bad13 bad14 bad15 bad16 bad17 bad18 \
    bad19 bad20 > /dev/null
done
same 41 'row 47: of a thousand guesses from fifty addresses of one /64 no more are asked than the limit has' \
  grep -c RCPT "$T/sink/commands"
same '220 221' 'the next /64 is another client' as 2001:db8:0:2::1 QUIT

# What we add to the time of an answer must not tell who is there. No clock decides here: it is
# the same calls for both, and none that waits for anything but the upstream.
# calls RECIPIENT...: what is called from the command to the upstream to the next one
calls() {
  (cd "$W/port" && { printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>'; for r in x "$@" y; do printf 'RCPT TO:<%s@example.net>\r\n' "$r"; done; printf 'QUIT\r\n'; } |
    CM_HOME=$W TCPREMOTEIP=192.0.2.77 strace -qq -o "$T/calls" cm-smtpd > /dev/null 2>&1)
  sed -n '/^send[a-z]*.*"RCPT TO:<x@/d; /^send[a-z]*.*"RCPT TO:<y@/,$d; /^send[a-z]*/,$p' "$T/calls" | sed -n '/"RCPT TO/,$p' | sed 's/(.*//; /^clock_gettime$/d'
}
rm "$C/limits"
anew
known=$(calls b c b)
# A sanitizer asks for memory of its own now and then; byte by byte a call shows no command.
if [ ! "$INSHORT" ]; then
  sanitized || same "$known" 'row 47: a recipient that is not there costs us the same calls as one that is' calls bad1 bad2 bad1
  like '^sendto$' 'row 47: which go to the upstream' echo "$known"
fi
limits 'harvest 4000 time=600 block=600'
for who in 'b c b' 'bad1 bad2 bad1'; do
  anew
  # shellcheck disable=SC2086 # words
  sanitized || [ "$INSHORT" ] || same '' "row 47: nor does counting wait for anything: $who" sh -c 'grep -vx "sendto\|sendmsg\|read\|recvfrom\|fcntl\|pread64\|pwrite64\|getcwd" "$0"; ! grep F_OFD_SETLKW "$1"' \
    "$(calls $who > "$T/names"; echo "$T/names")" "$T/calls"
done
nobody() { as 192.0.2.78 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@elsewhere.example>' 'RCPT TO:<root@example.com>' 'RCPT TO:<a%b@example.net>' QUIT > /dev/null
  grep '^550' "$W/said" | sort | uniq -c | sed 's/^ *//'; }
same '3 550 5.7.1 no mail for this address is accepted here' 'row 47: whom the port refuses itself it tells the same' nobody

# -- it ends

anew
limits 'harvest 1 time=600 block=1'
same '220 250 250 550 550 421' 'blocked for a second' mail 192.0.2.1 bad1 bad2
ok 'and then no more' within 10 sh -c 'cd "$0/port" && echo QUIT | CM_HOME=$0 TCPREMOTEIP=192.0.2.1 cm-smtpd 2>/dev/null | grep -q ^220' "$W"
same '220 250 250 550 221' 'with a count that begins anew' mail 192.0.2.1 bad1
anew
limits 'harvest 1 time=1 block=0'
one_more() { [ "$(mail 192.0.2.1 bad1)" = '220 250 250 550 221' ]; }
ok 'one refused recipient' one_more
ok 'is one of those that count only for their time' within 10 one_more

# -- who is blocked is blocked at every port that has limits; what is counted is the port's

anew
limits 'harvest 1 block=600' 'rate 2'
cp -r "$W/port" "$W/other"
# other ADDRESS: a session at the other port; its codes
other() { (cd "$W/other" && echo QUIT | CM_HOME=$W TCPREMOTEIP=$1 cm-smtpd 2>/dev/null) | tr -d '\r' | codes; }
as 192.0.2.9 QUIT > /dev/null
as 192.0.2.9 QUIT > /dev/null
same 421 'above the rate of one port' as 192.0.2.9 QUIT
same '220 221' 'is not above that of another' other 192.0.2.9
mail 192.0.2.8 bad1 bad2 > /dev/null
same 421 'who is blocked is so at both' other 192.0.2.8
rm -r "$W/other"

# -- connection rate

anew
limits 'rate 3 time=600 block=0'
for k in 1 2 3; do as 192.0.2.1 QUIT > /dev/null; done
same 421 'more connections than may be are told 421' as 192.0.2.1 QUIT
same 'limit 192.0.2.1 rate above 3 in 600' 'and the log says so' events limit
same '421 4.7.0 too many connections from your address; try again later' 'in these words' last as 192.0.2.1 QUIT
same '220 221' 'others are not concerned' as 192.0.2.2 QUIT
echo 192.0.2.0/28 > "$C/unlimited"
same '220 221' 'nor is who is in control/unlimited' as 192.0.2.1 QUIT
same 421 'which 192.0.2.17 is not' sh -c 'cd "$0/port"; for k in 1 2 3 4; do echo QUIT | CM_HOME=$0 TCPREMOTEIP=192.0.2.17 cm-smtpd 2>/dev/null; done | tail -n 1 | cut -c1-3' "$W"
rm "$C/unlimited"
same '220 221' 'a client without an address cannot be counted' as unknown QUIT

# -- mail flood and bounces

anew
limits 'flood 2 time=600' 'ndr 1 time=600'
same '220 250 250 250 250 250 450 250 221' 'above the limit of messages they are deferred' as 192.0.2.1 'EHLO c' \
  'MAIL FROM:<a@example.org>' RSET 'MAIL FROM:<a@example.org>' RSET 'MAIL FROM:<a@example.org>' NOOP QUIT
like '^450 4.7.1 too many messages' 'the session goes on, and the client knows why' cat "$W/said"
like ',a@example.org,.*,refused,.*450 4.7.1 too many messages' 'it is in the mail log' tail -n 1 "$W/log/mail.csv"
same '220 250 250 250 450 450 221' 'bounces have a limit of their own' as 192.0.2.2 'EHLO c' \
  'MAIL FROM:<>' RSET 'MAIL FROM:<>' 'MAIL FROM:<a@example.org>' QUIT
same 'limit 192.0.2.2 ndr above 1 in 600' 'which the log calls ndr' sh -c "sed -n 's/^limit [0-9a-f.]* /limit /p' '$W/err' | grep ndr"
anew
limits 'flood 1 block=600'
same '220 250 250 250 450' 'with block= the session ends' as 192.0.2.1 'EHLO c' 'MAIL FROM:<a@example.org>' RSET 'MAIL FROM:<a@example.org>' NOOP QUIT
same 421 'and the next does not begin' as 192.0.2.1 QUIT

# -- texts

limits 'rate 1 time=600 text=421 4.3.2 call +49 1234 5678, please' 'harvest 1 text=550 5.7.1 never again' 'blocked text=554 5.7.1 go away'
anew
same '550 5.7.1 never again' 'a limit has the text that the file says' last mail 192.0.2.1 bad1 bad2
same '554 5.7.1 go away' 'as has who is blocked' last as 192.0.2.1 QUIT
as 192.0.2.2 QUIT > /dev/null
same '421 4.3.2 call +49 1234 5678, please' 'and who comes too often' last as 192.0.2.2 QUIT

# -- connections at once

anew
limits 'connections 2'
front h
FRONT=$PORT SERVER=$PID
hold() { printf 'reply\nwait 600\n' > "$T/hold"; background sh -c 'exec perl tests/tools/faultclient "$0" "$1" < "$2" > "$3"' "$FRONT" "$1" "$T/hold" "$T/held.$2"; within 20 test -s "$T/held.$2"; }
greeted() { printf 'reply\nline QUIT\neof\n' | client "$FRONT" "$1" | codes; }
is_greeted() { [ "$(greeted "$1")" = '220 221 closed' ]; }
hold 127.0.0.2 1; FIRST=$PID
hold 127.0.0.2 2
same '421' 'the third connection of two is told 421' sh -c "printf 'reply\neof\n' | perl tests/tools/faultclient $FRONT 127.0.0.2 | sed -n 's/^\(...\) .*/\1/p'"
same 'limit 127.0.0.2 connections above 2 at once' 'and the log says so' events limit
ok 'another client is greeted' is_greeted 127.0.0.3
kill "$FIRST"
ok 'when one ends there is room' within 20 is_greeted 127.0.0.2
hold 127.0.0.2 3
like '^421' 'and then none' sh -c "printf 'reply\neof\n' | perl tests/tools/faultclient $FRONT 127.0.0.2"
for pid in $(children "$SERVER"); do kill -9 "$pid"; done
ok 'a session that is killed leaves its place' within 20 is_greeted 127.0.0.2

done_testing
