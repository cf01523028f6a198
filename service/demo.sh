#!/bin/sh
# The main job on an embedded default, for `make demo` and `make run`: a port on
# 127.0.0.1:2525 with the default pipeline and a few stages more, cm-maildir in the
# place of a mail server, and everything below build/demo.
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
PID=
trap '[ -z "$PID" ] || { kill "$PID"; wait "$PID"; } 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# answers: does anything listen there?
answers() { perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("@ARGV")' "$ADDRESS:$PORT"; }
if answers; then
  echo "demo: $ADDRESS:$PORT is in use; another one: make ${1-demo} PORT=2526" >&2
  exit 111
fi

# The home

rm -rf "$HOME_"
mkdir -p "$HOME_/control" "$HOME_/lists" "$HOME_/mail" "$HOME_/samples" "$HOME_/ports/demo/control/reply" || exit 111
cp control/attach "$HOME_/control/attach"
cd "$HOME_/ports/demo" || exit 111

cm-list ../../lists/friends.cdb make whitelisted <<'!' || exit 111
ann@friend.example
!
cm-list ../../lists/enemies.cdb make <<'!' || exit 111
spammer.example reject/delete 5.7.1 mail from spammer.example is not wanted here
maybe.example reject/redirect
@quiet.example accept/delete
!
sed "s/^#\([a-z]* *check \|[a-z]* *rewrite \)/\1/" "$TOP/control/pipeline" > control/pipeline
cat >> control/pipeline <<'!'

words check max=256k 0=junk 1=deliver : grep -qiF lottery

absent check for=broken@example.net : cm-filter-sender lists/absent.cdb
!
echo "queue cm-maildir $HOME_/mail" > control/upstream
echo '*@example.net' > control/recipients
echo store > control/quarantine
echo demo.example.net > control/me
echo 100k > control/databytes

CM_HOME=$HOME_
export CM_HOME PATH
if [ "${1-}" = run ]; then
  rm ../../ports/demo/control/databytes
  echo "A filtering SMTP port is on $ADDRESS:$PORT; it accepts mail for any address in example.net."
  echo "  send:     swaks --server $ADDRESS:$PORT --to you@example.net"
  echo "  mail:     $HOME_/mail/you@example.net/new"
  echo "  mail log: $HOME_/log/mail.csv"
  echo "  settings: $HOME_/ports/demo/control (read by every connection)"
  echo "Its log follows; Control-C ends it."
  exec tcpserver -R -H -l0 "$ADDRESS" "$PORT" cm-smtpd
fi
tcpserver -R -H -l0 "$ADDRESS" "$PORT" cm-smtpd 2> "$HOME_/session.log" &
PID=$!
cd "$HOME_" || exit 111

# A client

# send NAME SENDER RECIPIENT: what is in samples/NAME; the reply that decided is
# put into samples/NAME.heard
send() {
  swaks --server "$ADDRESS:$PORT" --helo client.example.org --from "$2" --to "$3" \
    --data "@samples/$1" > "samples/$1.said" 2>&1
  sed -n 's/^<[-*~ ]* *\([2-5][0-9][0-9] .*\)/\1/p' "samples/$1.said" | grep -v '^2[0-9][0-9] .*ESMTP\|^221 \|SIZE' |
    { heard=; while IFS= read -r line; do
        heard=$line
        case $line in 4*|5*) break ;; esac
      done; printf '%s\n' "$heard"; } > "samples/$1.heard"
}

tries=100
until answers; do
  tries=$((tries - 1))
  if [ $tries = 0 ] || ! kill -0 "$PID" 2>/dev/null; then
    echo "demo: nothing listens on $ADDRESS:$PORT:" >&2
    cat session.log >&2
    exit 111
  fi
  sleep 0.1
done

# sample NAME: the message on standard input, with what every message has
sample() {
  { printf 'Date: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <%s@client.example.org>\n' "$1"; cat; } > "samples/$1"
}

# attached FILE: a message with an attachment of this name
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

SGVsbG8sIHRoaXMgaXMgbm90IHdoYXQgaXQgc2F5cyBpdCBpcy4K
--cut--
!
}

letter() { printf 'From: %s\nSubject: %s\n\n%s\n' "$1" "$2" "$3"; }

letter bob@client.example.org 'hello' 'A plain letter.' | sample plain
letter bob@client.example.org 'you have won' 'Claim your lottery prize.' | sample junk
letter ann@friend.example 'about the lottery' 'What a funny lottery letter I got.' | sample friend
letter offers@mail.spammer.example 'cheap' 'Buy.' | sample enemy
letter who@maybe.example 'perhaps' 'Who knows.' | sample doubtful
letter robot@quiet.example 'report 1234' 'Nobody reads these.' | sample robot
{ printf 'From: boss@example.net\n'; letter bob@client.example.org 'two' 'Which sender is shown?'; } | sample two-senders
attached holiday.jpg | sample picture
attached invoice.docm | sample macro
attached holiday.jpg.scr | sample worm
letter bob@client.example.org 'large' "$(head -c 120000 /dev/zero | tr '\0' x | fold -w 70)" | sample large
letter bob@client.example.org 'relay' 'Pass it on.' | sample relay
letter bob@client.example.org 'broken' 'A stage of this port cannot work.' | sample broken

for name in plain junk two-senders picture macro worm large; do send $name bob@client.example.org you@example.net; done
send friend ann@friend.example you@example.net
send enemy offers@mail.spammer.example you@example.net
send doubtful who@maybe.example you@example.net
send robot robot@quiet.example you@example.net
send relay bob@client.example.org somebody@example.com
send broken bob@client.example.org broken@example.net

# What became of them

cat > expected <<'!'
plain|250|accept/deliver||mail
junk|250|accept/deliver, junk|words|mail
friend|250|accept/deliver, whitelisted|friends|mail
enemy|550|reject/delete|enemies|
doubtful|550|reject/redirect|enemies|store
robot|250|accept/delete|enemies|log
two-senders|550|reject/delete|fields|
picture|250|accept/deliver||mail
macro|550|reject/deliver|attach|mail
worm|550|reject/delete|attach|
large|552|reject/delete, too large||
relay|550|refused||
broken|451|defer|absent|
!
printf 'bob@client.example.org\nyou@example.net\n' > samples/envelope
perl "$TOP/service/demo.pl" expected || exit 1

id=$(cm-quarantine list stage=enemies | cut -f2)
released=$(cm-quarantine release "$id") &&
  place=$(grep -l "id $id" mail/you@example.net/new/*) || {
  echo "demo: $id was not released from the quarantine" >&2
  exit 1
}
echo "
released: \"doubtful\" from the quarantine, ${released#*: }; now also in $place"
cat <<!

Everything is in $HOME_:
  the mail       ls mail/*/new
  the mail log   log/mail.csv, what was deleted: log/ledger
  the quarantine cm-quarantine list
  the sessions   session.log
  the settings   ports/demo/control
Watch one message go through the pipeline:
  cd ${HOME_#"$TOP"/}/ports/demo
  CM_HOME=../.. CM_ENVELOPE=../../samples/envelope PATH=$BUILD/bin:\$PATH cm-explain control/pipeline < ../../samples/junk
Leave the port up for your own mail client: make run
!
