#!/bin/sh
# The main job on an embedded default, for `make demo` and `make run`: a port on
# 127.0.0.1:2525 with the default pipeline and a few stages more, cm-maildir in the
# place of a mail server, engines of its own (cm-virusd, spamd, nsd), and everything
# below build/demo.
#
#   service/demo.sh demo   send sample messages, print what became of them, end
#   service/demo.sh run    leave the port up, for one's own mail client
#
# $PORT in place of 2525, $DEMO in place of build/demo.
set -u
cd "$(dirname "$0")/.." || exit 111
TOP=$PWD
BUILD=${BUILD:-$TOP/build}
HOME_=${DEMO:-$BUILD/demo}
PATH=$BUILD/bin:$PATH
ADDRESS=127.0.0.1 PORT=${PORT:-2525}
PIDS=
end() {
  trap '' HUP INT TERM
  for pid in $PIDS; do kill "$pid"; done 2>/dev/null
  for pid in $PIDS; do wait "$pid"; done 2>/dev/null
}
trap end EXIT
trap 'exit 130' HUP INT TERM

# background COMMAND...: until the demonstration is over
background() {
  "$@" &
  PIDS="$! $PIDS"
}

# answers: does anything listen there?
answers() { perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("@ARGV")' "$ADDRESS:$PORT"; }
if answers; then
  echo "demo: $ADDRESS:$PORT is in use; another one: make ${1-demo} PORT=2526" >&2
  exit 111
fi

# The home

rm -rf "$HOME_"
mkdir -p "$HOME_/control" "$HOME_/lists" "$HOME_/mail" "$HOME_/samples" "$HOME_/run" "$HOME_/tmp" \
  "$HOME_/ports/demo/control" || exit 111
cp "$TOP/control/attach" "$HOME_/control/attach"
cp -r "$TOP/lists/signatures" "$TOP/lists/selftest" "$HOME_/lists/"
cd "$HOME_/ports/demo" || exit 111

cm-list ../../lists/friends.cdb make whitelisted <<'!' || exit 111
ann@friend.example
!
cm-list ../../lists/enemies.cdb make <<'!' || exit 111
spammer.example reject/delete 5.7.1 mail from spammer.example is not wanted here
maybe.example reject/redirect
@quiet.example accept/delete
!
# What the default pipeline has behind a #, but for what needs the network or time.
sed 's/^#\(spf\|dkim\|dmarc\|friends\|enemies\|virus\|spam\) /\1 /' "$TOP/control/pipeline" > control/pipeline
cat >> control/pipeline <<'!'

words check max=256k 0=junk 1=deliver : grep -qiF lottery

absent check for=broken@example.net : cm-filter-sender lists/absent.cdb
!
echo "queue cm-maildir $HOME_/mail" > control/upstream
echo '*@example.net' > control/recipients
echo store > control/quarantine
echo demo.example.net > control/me
echo 100k > control/databytes
echo "$HOME_/run/spamd" > control/spamd

CM_HOME=$HOME_
export CM_HOME PATH

# Engines, on sockets and ports of their own

# until SECONDS WHAT COMMAND...: the command succeeds, or WHAT does not start
until_it() {
  tries=$(($1 * 10)) what=$2; shift 2
  until "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
      echo "demo: $what does not start:" >&2
      tail -n 5 "$HOME_/$what.log" >&2
      exit 111
    fi
    sleep 0.1
  done
}

# A name server that knows two policies, and that there is nothing else.
cat > "$HOME_/run/zone" <<'!'
$TTL 60
. SOA ns. root. 1 60 60 60 60
. NS ns.
ns. A 127.0.0.1
client.example.org. TXT "v=spf1 ip4:127.0.0.1 -all"
bank.example. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
!
DNS=$(perl -MIO::Socket::INET -e 'for (1 .. 1000) {
  my $port = 10000 + int rand 20000;
  my @s = map { IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Proto => $_) } "tcp", "udp";
  if ($s[0] && $s[1]) { print $port; last }
}')
cat > "$HOME_/run/nsd.conf" <<!
server:
  ip-address: 127.0.0.1@$DNS
  username: ""
  zonesdir: ""
  database: ""
  pidfile: "$HOME_/run/nsd.pid"
  zonelistfile: "$HOME_/run/nsd.list"
  xfrdfile: "$HOME_/run/nsd.xfrd"
  xfrdir: "$HOME_/run"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: .
  zonefile: "$HOME_/run/zone"
!
echo "127.0.0.1:$DNS" > control/resolvers
background /usr/sbin/nsd -d -c "$HOME_/run/nsd.conf" 2> "$HOME_/nsd.log"
background cm-virusd "db=$HOME_/lists/signatures" "tmp=$HOME_/tmp" "$HOME_/run/virusd" 2> "$HOME_/virusd.log"
# Its own rules as Debian has them, without the network; of root it is none.
user=
[ "$(id -u)" != 0 ] || { user='-u nobody'; chmod 755 "$HOME_"; chmod 777 "$HOME_/run"; }
background spamd -L -x $user --socketpath="$HOME_/run/spamd" --socketmode=0666 -m 1 --min-spare=1 --max-spare=1 \
  -s stderr --pidfile="$HOME_/run/spamd.pid" 2> "$HOME_/spamd.log"

question() { SENDER=a@client.example.org TCPREMOTEIP=127.0.0.1 CM_HELO=x cm-filter-spf < /dev/null; }
until_it 20 nsd question
until_it 30 virusd cm-filter-virus < /dev/null
printf 'Subject: hello\n\nhello\n' > "$HOME_/run/hello"
until_it 60 spamd sh -c "cm-filter-spamd required=100 3>&- < $HOME_/run/hello"

if [ "${1-}" = run ]; then
  rm control/databytes
  echo "A filtering SMTP port is on $ADDRESS:$PORT; it accepts mail for any address in example.net."
  echo "  send:     swaks --server $ADDRESS:$PORT --from you@client.example.org --to you@example.net"
  echo "  mail:     $HOME_/mail/you@example.net/new"
  echo "  mail log: $HOME_/log/mail.csv"
  echo "  settings: $HOME_/ports/demo/control (read by every connection)"
  echo "Its log follows; Control-C ends it."
  background tcpserver -R -H -l0 "$ADDRESS" "$PORT" cm-smtpd
  wait "${PIDS%% *}"
  exit
fi
# With a certificate of its own, for STARTTLS
mkdir -m 700 control/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=mx.example.net \
  -keyout control/tls/default.key -out control/tls/default.crt 2> "$HOME_/run/openssl" || exit 111
# shellcheck disable=SC2086 # two words
background cm-tls -r $user tcpserver -R -H -l0 "$ADDRESS" "$PORT" cm-smtpd 2> "$HOME_/session.log"
cd "$HOME_" || exit 111

# A client

# send NAME SENDER RECIPIENT [OPTION]: what is in samples/NAME; the reply that decided is
# put into samples/NAME.heard
send() {
  swaks --server "$ADDRESS:$PORT" --helo client.example.org --from "$2" --to "$3" ${4-} \
    --data "@samples/$1" > "samples/$1.said" 2>&1
  sed -n 's/^<[-*~ ]* *\([2-5][0-9][0-9] .*\)/\1/p' "samples/$1.said" | grep -v '^2[0-9][0-9] .*ESMTP\|^221 \|SIZE' |
    { heard=; while IFS= read -r line; do
        heard=$line
        case $line in 4*|5*) break ;; esac
      done; printf '%s\n' "$heard"; } > "samples/$1.heard"
}

until_it 10 session answers

# sample NAME: the message on standard input, with what every message has
sample() {
  { printf 'Date: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <%s@client.example.org>\n' "$1"; cat; } > "samples/$1"
}

# attached FILE: a message with an attachment of this name, which is standard input
attached() {
  cat <<!
From: bob@client.example.org
Subject: see $1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=cut

--cut
Content-Type: text/plain

The file is attached.
--cut
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="$1"
Content-Transfer-Encoding: base64

$(base64)
--cut--
!
}

# The test virus, which stands in no file in one piece; and the test spam.
eicar() { printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR' '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'; }
gtube() { printf '%s%s\n' 'XJS*C4JDBQADN1.NSBN3*2IDNEN*' 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'; }

# nested: an archive with an archive that has a program in it
nested() {
  (cd tmp && printf 'MZ, but harmless\n' > invoice.exe && zip -q inner.zip invoice.exe &&
    zip -q outer.zip inner.zip && cat outer.zip)
}

letter() { printf 'From: %s\nSubject: %s\n\n%s\n' "$1" "$2" "$3"; }

letter bob@client.example.org 'hello' 'A plain letter.' | sample plain
letter bob@client.example.org 'sealed' 'A letter by STARTTLS.' | sample secure
letter bob@client.example.org 'you have won' 'Claim your lottery prize.' | sample junk
letter ann@friend.example 'about the lottery' 'What a funny lottery letter I got.' | sample friend
letter offers@mail.spammer.example 'cheap' 'Buy.' | sample enemy
letter who@maybe.example 'perhaps' 'Who knows.' | sample doubtful
letter robot@quiet.example 'report 1234' 'Nobody reads these.' | sample robot
{ printf 'From: boss@example.net\n'; letter bob@client.example.org 'two' 'Which sender is shown?'; } | sample two-senders
echo 'Hello, this is not what it says it is.' | attached holiday.jpg.txt | sample text
echo 'Hello, this is not what it says it is.' | attached holiday.jpg.scr | sample worm
eicar | attached readme.txt | sample virus
letter bob@client.example.org 'a bargain' "$(gtube)" | sample spam
{ printf 'From: bob@client.example.org\nSubject: an order\n'
  sed -n '/^== flag macro/,/^== /{ /^== /!p; }' lists/selftest/samples; } | sample macro
nested | attached invoice.zip | sample nested
letter security@bank.example 'your account' 'Please log in here.' | sample forged
letter wife@maybe.example 'dinner' 'At eight.' | sample released
letter bob@client.example.org 'large' "$(head -c 120000 /dev/zero | tr '\0' x | fold -w 70)" | sample large
letter bob@client.example.org 'relay' 'Pass it on.' | sample relay
letter bob@client.example.org 'broken' 'A stage of this port cannot work.' | sample broken

for name in plain junk two-senders text worm virus spam macro nested large; do
  send $name bob@client.example.org you@example.net
done
send secure bob@client.example.org you@example.net --tls
send forged security@bank.example you@example.net
send released wife@maybe.example you@example.net
send friend ann@friend.example you@example.net
send enemy offers@mail.spammer.example you@example.net
send doubtful who@maybe.example you@example.net
send robot robot@quiet.example you@example.net
send relay bob@client.example.org somebody@example.com
send broken bob@client.example.org broken@example.net

# What became of them

# Somebody misses a letter: it goes from the quarantine to its recipient.
id=$(cm-quarantine list stage=enemies subject=dinner | cut -f2)
cm-quarantine release "$id" > released || {
  echo "demo: $id was not released from the quarantine" >&2
  exit 1
}

cat > expected <<'!'
plain|250|accept/deliver||mail
secure|250|accept/deliver||mail
junk|250|accept/deliver, junk|words|mail
friend|250|accept/deliver, whitelisted|friends|mail
enemy|550|reject/delete|enemies|
doubtful|550|reject/redirect|enemies|store
released|550|reject/redirect|enemies|mail
robot|250|accept/delete|enemies|log
two-senders|550|reject/delete|fields|
forged|550|reject/delete|dmarc|
text|250|accept/deliver||mail
worm|550|reject/delete|attach|
macro|550|reject/deliver|attach|mail
nested|550|reject/delete|attach|
virus|550|reject/delete|virus|
spam|550|reject/delete|spam|
large|552|reject/delete, too large||
relay|550|refused||
broken|451|defer|absent|
!
printf 'bob@client.example.org\nyou@example.net\n' > samples/envelope
perl "$TOP/service/demo.pl" expected || exit 1
echo "
How the macro document was decided, as cm-explain tells it:
"
(cd ports/demo && SENDER=bob@client.example.org TCPREMOTEIP=127.0.0.1 CM_ENVELOPE=$HOME_/samples/envelope \
  cm-explain control/pipeline < ../../samples/macro) || exit 1
echo "
Does the port do all that its configuration says? cm-selftest sends it a sample of each:
"
cm-selftest -p ports/demo -f bob@client.example.org "$ADDRESS:$PORT" > selftest || {
  grep -v 'as expected' selftest
  exit 1
}
sh "$TOP/service/demopop.sh" "$HOME_" || exit 1
sh "$TOP/service/demoqueue.sh" "$HOME_" || exit 1
sh "$TOP/service/demomilter.sh" "$HOME_" || exit 1
cat <<!

Everything is in $HOME_:
  the mail       ls mail/*/new queued/*/new
  the tests      selftest
  the mail log   log/mail.csv, what was deleted: log/ledger
  the quarantine CM_HOME=$HOME_ $BUILD/bin/cm-quarantine list
  the sessions   session.log pop.log milter.log; the engines: virusd.log spamd.log nsd.log
  the settings   ports/demo/control; what is fetched: accounts/joe
Leave the port up for your own mail client: make run
!
