#!/bin/sh
# cm-milter behind a real Sendmail, which hands on to smtp-sink: what its client hears, and what
# is left of a message whose header is changed in the middle.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/milter.sh"
PATH=$PATH:/usr/sbin
need_peers
[ -x "$PEERS/usr/libexec/sendmail/sendmail" ] || { echo "1..0 # SKIP no Sendmail is unpacked in $PEERS"; exit 0; }
chmod 711 "$T"

# start_sendmail NAME ON LINE...: with these lines of sendmail.mc; all mail goes on to port ON. It
# waits a minute for a name of its host that has a dot.
start_sendmail() {
  world "$1" queue
  on=$2; shift 2
  PORT=$(free_port)
  {
    cat <<!
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`peer.example.net')dnl
define(\`QUEUE_DIR', \`/mnt/queue')dnl
define(\`STATUS_FILE', \`/mnt/status')dnl
define(\`HELP_FILE', \`')dnl
define(\`ALIAS_FILE', \`')dnl
define(\`confPID_FILE', \`/mnt/log/pid')dnl
define(\`confCW_FILE', \`/dev/null')dnl
define(\`confTO_IDENT', \`0')dnl
define(\`confDONT_BLAME_SENDMAIL', \`GroupWritableDirPathSafe')dnl
define(\`SMART_HOST', \`relay:[127.0.0.1]')dnl
define(\`RELAY_MAILER_ARGS', \`TCP \$h $on')dnl
define(\`confDELIVERY_MODE', \`background')dnl
FEATURE(\`nocanonify')dnl
FEATURE(\`accept_unresolvable_domains')dnl
FEATURE(\`promiscuous_relay')dnl
DAEMON_OPTIONS(\`Port=$PORT, Addr=127.0.0.1, Name=MTA')dnl
!
    printf '%s\n' "$@" "MAILER(\`local')dnl" "MAILER(\`smtp')dnl"
  } > "$W/mc"
  m4 -D "_CF_DIR_=$PEERS/usr/share/sendmail/cf/" "$PEERS/usr/share/sendmail/cf/m4/cf.m4" "$W/mc" > "$W/etc/sendmail.cf" 2> "$W/mc.said"
  echo '127.0.0.1 localhost peer.example.net peer' > "$W/etc/hosts"
  inhabit unshare -u sh -c 'hostname peer.example.net && exec /usr/libexec/sendmail/sendmail -bD -C /etc/sendmail.cf'
}

start_sink sink; SINK=$PORT
place milter
M=$W
echo quarantine@example.net > "$M/port/control/quarantine"
mkdir -p "$M/port/control/tag"; echo '[SPAM]' > "$M/port/control/tag/code"
front milter cm-milter
MILTER=$PORT MILTERPID=$PID
# As the man page has it.
filter() { sed -n "s/8891/$MILTER/; s/^\(INPUT_MAIL_FILTER.*)\)$/\1dnl/p" "$(dirname "$0")/../../man/cm-milter.8"; }
like "^INPUT_MAIL_FILTER(.cleanmail., .S=inet:$MILTER@127.0.0.1, F=T" 'the manual has the line for sendmail.mc' filter
start_sendmail mta "$SINK" "$(filter)"
MTA=$PORT

# post SUBJECT [BODY]: the client's last answer before QUIT, without what changes
post() {
  swaks --server 127.0.0.1 --port "$MTA" --helo client.example.org --from a@example.org --to b@example.net --data - <<! > "$T/said" 2>&1
Received: from far.example.org by near.example.org; Thu, 1 Jan 2026 00:00:00 +0000
X-CleanMail-Result: forged
X-First: 1
X-CleanMail-Result: forged again
From: a@example.org
Subject: $1
To: b@example.net
X-Folded: one
	two

${2:-.Hello}
!
  grep '^<.. ' "$T/said" | tail -n 2 | head -n 1 | sed 's/^<.. *//; s/ ([0-9a-f.]*)$//; s/ [0-9A-Za-z]* Message/ Message/'
}
arrived() { [ -n "$(ls "$T/sink/mail/new")" ]; }
# boxed: all that smtp-sink has got, without dates and ids; it has nothing then
boxed() {
  within 20 arrived
  within 20 settled mta
  inbox sink | tr -d '\r' | sed '1,/smtp-sink (smtp-sink)/{/^X-Rcpt-Args/!d;}; /^Message-I[dD]\|^Date\|^X-CleanMail-MessageID\|^\tby\|^\tfor\|^\t.*UTC/d' | sed '$d'
  rm -f "$T/sink/mail/new/"*
}

same '250 2.0.0 Message accepted for delivery' 'good mail is taken' post good
same 'X-Rcpt-Args: <b@example.net>
X-CleanMail-Result: accept/deliver
Received: from client.example.org (localhost [127.0.0.1])
Received: from far.example.org by near.example.org; Thu, 1 Jan 2026 00:00:00 +0000
X-First: 1
From: a@example.org
Subject: good
To: b@example.net
X-Folded: one
	two

.Hello' '... and goes on, our field on top and forged ones gone from the middle' boxed
post 'it is code 10' > "$T/heard"
boxed > "$T/box"
like '^Subject: \[SPAM\] it is code 10$' 'junk has its tag' cat "$T/box"
same 7 '... where its Subject was' sed -n '/^Subject/=' "$T/box"
same '550 5.7.1 the subject wants 100, 100% of it' 'what is refused is refused in our words, with one % for one' post 'code 100'
like '^451 4' 'what is deferred is put off' post 'code 111'
same '250 2.0.0 Message accepted for delivery' 'what is deleted is acknowledged' post 'code 50'
same 1 '... and is in the ledger' sh -c "wc -l < $M/log/ledger"
same '550 5.7.1 the subject wants 30, 100% of it' 'what is refused and redirected is refused' post 'code 30'
same 1 '... and in the store' sh -c "ls $M/store/*.eml | wc -l"
same '250 2.0.0 Message accepted for delivery' 'what is redirected is taken' post 'code 40'
boxed > "$T/box"
same 'X-Rcpt-Args: <quarantine@example.net>' '... goes to the quarantine, and to nobody else' grep X-Rcpt-Args "$T/box"
same 1 'nothing else has gone on' grep -c '^Subject: ' "$T/box"
echo hold > "$M/port/control/quarantine"
same '250 2.0.0 Message accepted for delivery' 'with the word hold it is taken' post 'code 40'
held() { find "$T/mta/queue" -name 'hf*' | wc -l; }
same 1 '... and held in the quarantine of Sendmail' held
rm -f "$T/mta/queue/"*
echo 'rewrite rewrite : sed s/Hello/Goodbye/' > "$M/port/control/pipeline"
post good > "$T/heard"
like '^\.Goodbye' 'what a rewriter makes of the body goes on' boxed
echo 'code check : ./code' > "$M/port/control/pipeline"

many() { find "$T/sink/mail/new" -type f | wc -l; }
all_of_them() { [ "$(many)" = 100 ]; }
ok 'ten sessions send their mail' smtp-source -s 10 -m 100 -f a@example.org -t b@example.net -l 3000 "127.0.0.1:$MTA"
within 60 all_of_them
same 100 '... all of which goes on' many
rm -f "$T/sink/mail/new/"*

kill -9 "$MILTERPID"
like '^451 4' 'without a milter mail is put off' post good
same 0 '... and nothing goes on' many

done_testing
