#!/bin/sh
# cm-milter behind a real Postfix: what the client hears and what becomes of its mail, by TCP and
# by a local socket, and twenty sessions at once.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/milter.sh"
PATH=$PATH:/usr/sbin
need_peers
chmod 711 "$T"

# local_front NAME: as front, with cm-milter at the local socket $SOCKET
local_front() {
  W=$T/$1
  SOCKET=$W/socket
  background sh -c 'cd "$0/port" && CM_HOME=$0 exec unixserver -q -c 100 -b 100 -p 666 ../socket cm-milter' "$W" 2>> "$W/err"
  within 10 test -S "$SOCKET" || { echo "Bail out! unixserver did not start"; exit 1; }
}

place milter
M=$W
echo quarantine@example.net > "$M/port/control/quarantine"
mkdir -p "$M/port/control/tag"; echo '[SPAM]' > "$M/port/control/tag/code"
front milter cm-milter
start_postfix mta "smtpd_milters = inet:127.0.0.1:$PORT" 'milter_default_action = tempfail'

# post SUBJECT: the client's last answer before QUIT, without what changes
post() {
  swaks --server 127.0.0.1 --port "$PORT" --helo client.example.org --from a@example.org --to b@example.net --data - <<! > "$T/said" 2>&1
Received: from far.example.org by near.example.org; Thu, 1 Jan 2026 00:00:00 +0000
X-CleanMail-Result: forged
From: a@example.org
Subject: $1
To: b@example.net

.Hello
!
  grep '^<.. ' "$T/said" | tail -n 2 | head -n 1 | sed 's/^<.. *//; s/ ([0-9a-f.]*)$//; s/ as .*//'
}
# boxed: all that has arrived, from our first field on, without dates and ids; the box is empty then
boxed() {
  inbox mta | tr -d '\r' | sed '/^Return-Path\|^X-Original\|^Message-Id\|^Date\|^X-CleanMail-MessageID\|^\t/d; s/ id .*//'
  rm -f "$T/mta/mail/new/"*
}

same '250 2.0.0 Ok: queued' 'good mail is taken' post good
same 'Delivered-To: b@example.net
X-CleanMail-Result: accept/deliver
Received: from client.example.org (localhost [127.0.0.1])
Received: from far.example.org by near.example.org; Thu, 1 Jan 2026 00:00:00 +0000
From: a@example.org
Subject: good
To: b@example.net

.Hello' '... and delivered, our field on top and a forged one gone' boxed
same '250 2.0.0 Ok: queued' 'so is junk' post 'it is code 10'
like '^Subject: \[SPAM\] it is code 10$' '... with the tag' boxed
same '550 5.7.1 the subject wants 100, 100% of it' 'what is refused is refused in our words, with one % for one' post 'code 100'
like '^451 4' 'what is deferred is put off' post 'code 111'
same '250 2.0.0 Ok: queued' 'what is deleted is acknowledged' post 'code 50'
same 1 '... and is in the ledger' sh -c "wc -l < $M/log/ledger"
same '550 5.7.1 the subject wants 30, 100% of it' 'what is refused and redirected is refused' post 'code 30'
same 1 '... and in the store' sh -c "ls $M/store/*.eml | wc -l"
same '' 'nothing of all that is delivered' boxed
same '250 2.0.0 Ok: queued' 'what is redirected is taken' post 'code 40'
boxed > "$T/box"
same 'Delivered-To: quarantine@example.net
X-CleanMail-Sender: <a@example.org>
X-CleanMail-Recipient: <b@example.net>' '... goes to the quarantine, and to nobody else' sed -n '1,3p; 4,$s/^Delivered-To.*/&/p' "$T/box"
same '250 2.0.0 Ok: queued' 'reject/deliver is taken, as it cannot be both' post 'code 20'
like '^X-CleanMail-Result: reject/deliver' '... and delivered' boxed
echo hold > "$M/port/control/quarantine"
same '250 2.0.0 Ok: queued' 'with the word hold it is taken' post 'code 40'
same 1 '... and held' sh -c "find $T/mta/queue/hold -type f | wc -l"
find "$T/mta/queue/hold" -type f -delete
W=$M
verdicts() { columns verdict | sort -u | tr '\n' ';'; }
same 'accept/delete;accept/deliver;accept/deliver, junk;accept/redirect;defer;reject/delete;reject/deliver;reject/redirect;' \
  'all this is in the mail log' verdicts
echo 'rewrite rewrite : sed s/Hello/Goodbye/' > "$M/port/control/pipeline"
post good > "$T/heard"
like '^\.Goodbye' 'what a rewriter makes of the body is delivered' boxed
echo 'nonsense' > "$M/port/control/pipeline"
like '^451 4.3.5 this filter is not set up' 'a port that is not set up puts mail off' post good

# Twenty sessions -------------------------------------------------------------------

place load
local_front load
start_postfix many "smtpd_milters = unix:$SOCKET"
MANY=$PORT
start_postfix plain
smtp-source -c -f a@example.org -t b@example.net -l 3000 "127.0.0.1:$PORT" > "$T/count" 2>&1
received plain > "$T/count"
ok 'twenty sessions send their mail' smtp-source -s 20 -m 400 -f a@example.org -t b@example.net -l 3000 "127.0.0.1:$MANY"
same 400 '... all of which arrives' received many
bodies() { find "$T/$1/mail/new" -type f | while read -r f; do sed '1,/^\r*$/d' "$f" | md5sum; done | sort -u; }
same "$(bodies plain)" '... with the body that it has without a milter' bodies many
fields() {
  find "$T/$1/mail/new" -type f | while read -r f; do sed -n '/^\r*$/q; /^[ \t]/d; s/:.*//p' "$f" | tr '\n' ' '; echo; done | sort -u
}
same "$(fields plain | sed 's/Delivered-To/& X-CleanMail-Result X-CleanMail-MessageID/')" '... and the fields, and ours' fields many
same 400 '... each with its row in the mail log' sh -c "grep -c accept/deliver $T/load/log/mail.csv"

done_testing
