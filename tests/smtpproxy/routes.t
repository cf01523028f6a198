#!/bin/sh
# control/routes: each recipient's mail goes to its own server, one server a message;
# and whoever is filtered in another way comes apart, where the port wants it.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_postfix one; ONE=$PORT
start_exim two; TWO=$PORT
start_opensmtpd three; THREE=$PORT
start_lmtp box
start_faultsink sink 'RCPT TO:<no=say:550 5.1.1 unknown\r\n' 'MAIL FROM:<evil=say:550 5.7.1 not you\r\n'
SINK=$PORT
home h smtp 127.0.0.1 "$ONE"
echo '*' > "$W/port/control/recipients"
echo home.example > "$W/port/control/me"
printf '#!/bin/sh\necho "$@" > "$CM_HOME/queued"\ncat >> "$CM_HOME/queued"\n' > "$T/queue"
chmod 755 "$T/queue"

# routes: made of the text on descriptor 0
routes() { cm-list -r "$W/port/control/routes" make; : > "$W/err"; }
routes <<E
two.example           smtp 127.0.0.1 $TWO
@three.example        smtp 127.0.0.1 1 or smtp 127.0.0.1 $THREE
example.net           lmtp $T/box/lmtp
ann@two.example       smtp 127.0.0.1 $THREE
[192.0.2.7]           smtp 127.0.0.1 $SINK
home.example          smtp 127.0.0.1 $TWO
*@*.queue.example     queue $T/queue or not
sink.example          smtp 127.0.0.1 $SINK
sink2.example         smtp  127.0.0.1  $SINK
E

# to ADDRESS...: a message to them from $FROM; prints the codes from the first RCPT on
FROM=a@example.org
to() {
  { printf '%s\n' 'EHLO client.example.org' "MAIL FROM:<$FROM>"
    for r in "$@"; do echo "RCPT TO:<$r>"; done
    printf '%s\n' DATA "To: $*" '' text . QUIT; } > "$T/lines"
  set --
  while IFS= read -r line; do set -- "$@" "$line"; done < "$T/lines"
  talk "$@" > "$T/heard"
  sed -n 's/^\([0-9]*\) .*/\1/p' "$T/heard" | tail -n +4 | tr '\n' ' '
}
heard() { like "$1" "$2" cat "$T/heard"; }
heard_of() { k=$1; shift; talk "$@" | tail -n "$k" | head -n 1; }
logged() { like "$1" "$2" cat "$W/err"; }

# went NAME ADDRESS...: a message to them is accepted, and server NAME has it
went() {
  server=$1; shift
  same '250 354 250 221 ' "$*: taken" to "$@"
  ok "by $server" within 20 grep -qrF "To: $*" "$T/$server/mail"
}

# Which server

went one b@other.example
went two b@two.example
went two b@sub.two.example
went three ann@two.example
went three ANN@TWO.Example
went three b@three.example
went one b@sub.three.example
went box a@example.net
went two postmaster
went two Postmaster
same '250 354 250 221 ' 'a pattern, and a queue' to b@x.queue.example
same 'or not' 'all the words behind queue are its own' head -n 1 "$W/queued"
like '^To: b@x.queue.example' 'which has the message' cat "$W/queued"
export RELAYCLIENT=
went sink 'b@[192.0.2.7]'
unset RELAYCLIENT
same '550 554 554 ' 'the server of the route refuses whom it does not know' to x@example.net
heard '^550 5.1.1 <x@example.net>' 'in its own words'

# One message, one server

same '250 452 250 354 250 221 ' 'whose mail goes elsewhere is to come again' to b@two.example b@three.example c@two.example
heard '^452 4.5.3 ' 'as RFC 5321 says it'
same '250 250 354 250 221 ' 'two routes that say the same are one' to b@sink.example b@sink2.example
same '550 250 354 250 221 ' 'who was refused chose nothing' to no@sink.example d@two.example
ok 'the next one did' within 20 grep -qr '^To: no@sink.example d@two.example' "$T/two/mail"
FROM=evil@example.org
same '550 550 250 354 250 221 ' 'what a server says to MAIL answers its recipients' to b@sink.example b@sink.example e@two.example
heard '^550 5.7.1 not you' 'in its own words'
FROM=a@example.org
same '250 452 354 250 221 ' 'one recipient for LMTP' to a@example.net b@example.net

# two messages in one session, to two servers
two() {
  talk 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<f@two.example>' DATA 'Subject: 1' '' . \
    'MAIL FROM:<a@example.org>' 'RCPT TO:<f@three.example>' DATA 'Subject: 2' '' . \
    'MAIL FROM:<a@example.org>' 'RCPT TO:<f@other.example>' DATA 'Subject: 3' '' . QUIT | grep -c '^354'
}
same 3 'one session, three servers' two
same 'accept/deliver' 'the mail log has a row' column verdict

# A connection that is lost between two recipients is not made anew for the second

start_faultsink drops 'RCPT TO:<second@=drop'
W=$T/h
cm-list -r "$W/port/control/routes" add drops.example smtp 127.0.0.1 "$PORT"
same '250 451 451 354 250 221 ' 'the server leaves behind the first recipient' \
  to first@drops.example second@drops.example third@drops.example
like '<first@drops.example> ' 'who was accepted has the message' cat "$T/drops/ledger"
same 1 'nobody else has' grep -c . "$T/drops/ledger"

# The limit of one server is not that of another

start_faultsink small 'EHLO=say:250-small\r\n250 SIZE 100\r\n'
W=$T/h
cm-list -r "$W/port/control/routes" add small.example smtp 127.0.0.1 "$PORT"
like '^250 ' 'what is too large for the server of the last message' \
  heard_of 2 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@small.example>' RSET \
  'MAIL FROM:<a@example.org> SIZE=1000' 'RCPT TO:<b@sink.example>' QUIT

# What EHLO may promise

offers() { talk 'EHLO x' QUIT | sed -n 's/^250[- ]//p' | sed 1d | tr '\n' ' '; }
same 'PIPELINING SIZE 20971520 ' 'EHLO promises only what is ours' offers
eight() {
  talk 'EHLO x' 'MAIL FROM:<a@example.org> BODY=8BITMIME' "RCPT TO:<$1>" QUIT | tail -n 2 | head -n 1
}
like '^503 ' 'what was not promised is not to be had' eight b@two.example
printf '8bitmime\nSMTPUTF8\n' > "$W/port/control/offers"
same 'PIPELINING 8BITMIME SMTPUTF8 SIZE 20971520 ' 'control/offers is what all of them can do' offers
like '^250 ' 'and who can, does' eight b@two.example
start_faultsink poor 'EHLO=say:250 poor\r\n'
W=$T/h
cm-list -r "$W/port/control/routes" add poor.example smtp 127.0.0.1 "$PORT"
like '^451 4.3.5 ' 'who cannot is not asked to' eight b@poor.example
logged '^trouble .* 127.0.0.1 cannot do what control/offers says$' 'and the log names it'
echo FAST > "$W/port/control/offers"
like '^421 ' 'an unknown word: 421' talk QUIT
logged 'control/offers: write 8BITMIME' 'with a line on the log'
rm "$W/port/control/offers"

start_faultsink knows 'EHLO=say:250-knows\r\n250 AUTH PLAIN\r\n' 'AUTH=say:235 2.7.0 welcome\r\n'
W=$T/h
cm-list -r "$W/port/control/routes" add knows.example smtp 127.0.0.1 "$PORT"
printf '%s\n' 0.0.0.0/0 > "$W/port/control/cleartext"
like '^50[0-9] ' 'who logs in on one server would not be known on the others: no AUTH' \
  heard_of 2 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@knows.example>' RSET 'AUTH PLAIN AGEAYg==' QUIT
same 0 'none of them hears of it' grep -c AUTH "$T/knows/commands"

# The quarantine has a route, too

quarantined() { same '250 354 250 221 ' "$1" to "$2"; }
stage judge check 40 '5.7.1 because'
echo quarantine@two.example > "$W/port/control/quarantine"
quarantined 'redirected to a server that is not that of the recipient' g@sink.example
ok 'which has the message' within 20 grep -qr '^X-CleanMail-Recipient: <g@sink.example>' "$T/two/mail"
same 0 'the recipient has not' sh -c "grep -c 'g@sink' '$T/sink/ledger' || :"
quarantined 'redirected to the server of the recipient' g@two.example
ok 'which has the message' within 20 grep -qr '^X-CleanMail-Recipient: <g@two.example>' "$T/two/mail"
quarantined 'of a recipient whose mail goes to a queue' g@x.queue.example
ok 'the quarantine has the message' within 20 grep -qr '^X-CleanMail-Recipient: <g@x.queue.example>' "$T/two/mail"
rm -f "$W/queued"
echo quarantine@x.queue.example > "$W/port/control/quarantine"
quarantined 'redirected to a queue' h@two.example
like '^X-CleanMail-Recipient: <h@two.example>' 'which has the message' cat "$W/queued"
echo 'trap@*' > "$W/port/control/traps"
echo quarantine@two.example > "$W/port/control/quarantine"
quarantined 'of a trap, whom no server knows' trap@two.example
ok 'the quarantine has the message' within 20 grep -qr '^X-CleanMail-Recipient: <trap@two.example>' "$T/two/mail"
: > "$W/port/control/pipeline"
same '250 250 354 250 221 ' 'a trap chooses no server' to trap@two.example i@three.example
ok 'the first recipient behind it does' within 20 grep -qr '^To: trap@two.example i@three.example' "$T/three/mail"
rm "$W/port/control/traps"

# One policy

policy() { printf 'p check %s : true\n\nq check not-for=*@c.example : true\n' "$1" > "$W/port/control/pipeline"; }
policy 'for=*@a.example'
same '250 250 250 354 250 221 ' 'a stage runs if it is on for one' to x@a.example x@b.example x@c.example
: > "$W/port/control/one-policy"
same '250 452 452 250 354 250 221 ' 'who is filtered in another way is to come again' \
  to x@a.example x@b.example x@c.example y@a.example
same '250 250 452 354 250 221 ' 'who is filtered in the same way may stay' to x@b.example x@other.example x@c.example
echo 'trap@*' > "$W/port/control/traps"
same '250 250 250 354 250 221 ' 'a trap is nobody to be like' to trap@a.example x@b.example y@b.example
rm "$W/port/control/traps"
echo no > "$W/port/control/one-policy"
same '250 250 354 250 221 ' 'no in it is as if it were not there' to x@a.example x@b.example
rm "$W/port/control/one-policy"
: > "$W/port/control/pipeline"

# What is broken is never no route

bad() {
  : > "$W/err"
  same "$1" "$2" to b@two.example
  logged "$3" 'and the log tells'
}
# As of a database that was written by something else
perl -e 'print pack("VV", 2048, 0) x 256' > "$T/cdb"
printf 'b@two.example smtp nowhere\n' | sed 's/ / /' > "$T/text"
cp "$W/port/control/routes" "$T/good"
cdb -c -m "$W/port/control/routes" "$T/text"
bad '451 554 554 ' 'a route that is none: 451' '^trouble .* control/routes: b@two.example: smtp and smtps want HOST PORT'
for size in 0 100 2048 2100; do
  head -c "$size" "$T/good" > "$W/port/control/routes"
  like '^421 ' "cut to $size bytes: 421" talk QUIT
  logged '^trouble .* control/routes: damaged, or not made by cm-list -r$' 'and the log tells'
done
echo 'two.example smtp 127.0.0.1 25' > "$W/port/control/routes"
like '^421 ' 'the text in place of the list: 421' talk QUIT
perl -e 'open my $f, "+<", $ARGV[0]; local $/; my $d = <$f>; seek $f, 0, 0;
  for my $t (0 .. 255) { my ($p, $n) = unpack "VV", substr $d, $t * 8, 8;
    for my $s (0 .. $n - 1) { substr $d, $p + $s * 8 + 4, 4, pack "V", 0x7fffffff if unpack "V", substr $d, $p + $s * 8 + 4, 4 } }
  print $f $d' "$T/good"
cp "$T/good" "$W/port/control/routes"
bad '451 554 554 ' 'damage that only a look-up finds: 451' '^trouble .* control/routes: damaged$'
rm "$W/port/control/routes"
mkdir "$W/port/control/routes"
like '^421 ' 'a directory: 421' talk QUIT
rmdir "$W/port/control/routes"

# The text

verdict 100 'cm-list: line 1: smtp and smtps want HOST PORT behind them' 'a route that is none is no route' \
  sh -c "echo 'example.net smtp a' | cm-list -r '$T/x' make"
verdict 100 'cm-list: line 2: write smtp HOST PORT, smtps HOST PORT, lmtp HOST PORT, lmtp PATH or queue PROGRAM ARGUMENTS' \
  'nor is a verdict' sh -c "printf 'a.example smtp a 25\nb.example reject/delete\n' | cm-list -r '$T/x' make"
verdict 100 'cm-list: line 1: not a verdict' 'and a list of senders is none of routes' \
  sh -c "echo 'example.net smtp a 25' | cm-list '$T/x' make"

done_testing
