#!/bin/sh
# What cm-beside(7) and cm-local(8) show for Postfix and Exim, done as it is written there, with
# the real ones; but for ports, places and accounts, which are the test's.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
need_peers
chmod 755 "$T"
mkdir "$T/steps"
perl tests/tools/steps man/cm-beside.7 "$T/steps" > "$T/all"

# shown STEP: its lines, in which ports and places are ours
shown() {
  sed "s/127\.0\.0\.1:2525/127.0.0.1:$FRONT/; s/127\.0\.0\.1\]:2525/127.0.0.1]:$FRONT/; s/127\.0\.0\.1:2526/127.0.0.1:$BEHIND/
    s/^smtp inet n - y/127.0.0.1:$OUTSIDE inet n - n/; s/\(inet n -\|unix - -\) y/\1 n/; s/= 2526/= $BEHIND/
    s,/var/cleanmail/ports/exim,/mnt/port,g; s,/var/cleanmail/bin,/mnt/bin,g; s,/var/cleanmail,/mnt,g; s,/var/local/info,/mnt/info,g" "$T/steps/$1"
}
# suite NAME: a home with a port, whose filters go by the subject, and tell who the client is
suite() {
  W=$T/$1
  mkdir -p "$W/port/control" "$W/bin"
  printf 'facts check : %s/port/facts\n' "${2:-$W}" > "$W/port/control/pipeline"
  cat > "$W/port/facts" <<'!'
#!/bin/sh
code=$(sed -n 's/^Subject: \([0-9][0-9]*\).*/\1/p;/^\r*$/q')
echo "5.7.1 from $SENDER at $TCPREMOTEIP by $CM_HELO"
exit "${code:-0}"
!
  chmod 755 "$W/port/facts"
  for p in cm-pipeline cm-local; do cp "$(command -v $p)" "$W/bin/"; done
}
# The port of the page: cm-config is told where it is made.
cm_config() {
  shift 3; here=$1; shift 3
  echo "$@" | sed "s/ 2526/ $BEHIND/" > "$here/control/upstream"
}
beside() {
  suite port
  mv "$W/port" "$W/beside"; sed -i "s,/port/facts,/beside/facts," "$W/beside/control/pipeline"
  echo store > "$W/beside/control/quarantine"
  (cd "$W" && sed 's/^cm-config/cm_config/; /^ln/d' "$T/steps/description.1" > "$T/block" && . "$T/block")
  : > "$W/listening"
  background sh -c 'cd "$0/beside" && CM_HOME=$0 exec tcpserver -1 -HRl0 127.0.0.1 '"$FRONT"' cm-smtpd' "$W" > "$W/listening" 2>> "$W/err"
  within 10 test -s "$W/listening"
}
mail() { swaks --server "127.0.0.1:$OUTSIDE" --local-interface 127.0.0.9 --helo client.example.org --from a@example.org --to "${2:-b@example.net}" --header "Subject: $1" --body Hello 2>&1; }

# -- Postfix, before the queue

FRONT=$(free_port) BEHIND=$(free_port) OUTSIDE=$(free_port)
shown postfix-before-the-queue.1 > "$T/master"
beside
EDIT='$r '"$T/master" start_postfix before
FILTERS=$T/port
like '^<-  250 2.0.0 Ok: queued' 'Postfix, before the queue: what is accepted is taken' mail 0
same 1 'and delivered, once' received before
inbox before > "$T/box"
like '^X-CleanMail-Result: accept/deliver' 'it went through the filters' cat "$T/box"
like '^<\*\* 550 5.7.1 from a@example.org at 127.0.0.9 by client.example.org' 'the client hears a refusal; the address judged is its own' mail 100
like '^<-  250' 'junk is taken' mail 10
same 2 'and delivered' received before
like 'accept/deliver, junk; facts; 5.7.1 from a@example.org at 127.0.0.9 by client.example.org' 'marked' inbox before
like 'client=.*\[127.0.0.9\]' 'the log of Postfix has the client' grep "$BEHIND\|client=" "$T/before/log/postfix"
W=$FILTERS
same '127.0.0.9 client.example.org reject/delete' 'and so has ours' eval 'columns client_ip helo verdict | sed -n 2p'

# -- Postfix, behind the queue

FRONT=$(free_port) BEHIND=$(free_port) OUTSIDE=$(free_port)
rm -rf "$T/port"
shown postfix-behind-the-queue.1 > "$T/master"
beside
EDIT='$r '"$T/master" start_postfix after
like '^<-  250 2.0.0 Ok: queued' 'Postfix, behind the queue: a message is taken' mail 0
same 1 'and delivered, once' received after
like '^<-  250' 'junk' mail 10
same 2 'too' received after
like 'accept/deliver, junk; facts; 5.7.1 from a@example.org at 127.0.0.9 by client.example.org' 'judged by the address of the client' inbox after
like '^<-  250' 'what is redirected is taken' mail 40
ok 'and in the store' within 20 sh -c "ls $T/port/store/*.eml"
same 2 'not in the mailbox' received after
like '^<-  250' 'what is refused is taken, too' mail 100
ok 'and is a bounce' within 20 grep -q 'status=bounced (host 127.0.0.1.*5.7.1 from a@example.org at 127.0.0.9' "$T/after/log/postfix"

# -- Postfix, for one address

FRONT=0 BEHIND=0 OUTSIDE=0
mkdir -p "$T/one/info/control"
suite one /mnt
cp "$T/one/port/control/pipeline" "$T/one/info/control/"
shown postfix-for-one-address.1 | sed 's/^info:/info/' > "$T/one/aliases"
chown -R nobody "$T/one/info"
start_postfix one 'mydestination = local.example' 'alias_maps = texthash:/mnt/aliases' 'default_privs = nobody' 'smtpd_recipient_restrictions = permit_mynetworks, reject'
W=$T/one OUTSIDE=$PORT
chown -R nobody "$T/one/info"
log() { within 20 grep -q "$1" "$T/one/log/postfix"; }
like '^<-  250' 'Postfix, for one address: accepted' mail 0 info@local.example
ok 'is delivered' log 'relay=local, .*status=sent (delivered to command'
same 1 'by us' sh -c "ls $T/one/info/Maildir/new | wc -l"
like '^Delivered-To: info@local.example' 'with what Postfix puts before it' sh -c "cat $T/one/info/Maildir/new/*"
same '' 'but the line of an mbox' sh -c "head -n 1 $T/one/info/Maildir/new/* | grep '^From '"
like '^<-  250' 'refused' mail 100 info@local.example
ok 'is a bounce with its reason' log 'dsn=5.7.1, status=bounced (from a@example.org'
like '^<-  250' 'deferred' mail 77 info@local.example
ok 'is tried again' log 'dsn=4.*, status=deferred'
like 'LOCAL' 'our log has them' cat "$T/one/info/log/mail.csv"

# -- Exim, behind a port

FRONT=$(free_port) BEHIND=$(free_port)
rm -rf "$T/port"
beside
sed -i 's/ client=xforward/ client=proxy/' "$W/beside/control/upstream"
{ shown exim-behind-a-port.1; sed -n 's/^\.Ql \(hosts_proxy = [0-9.]*\).*/\1/p' man/cm-beside.7; } > "$T/lines"
EDIT="/^local_interfaces/d; /^daemon_smtp_ports/d; /^acl_smtp_data/r $T/lines" BECOMES=$BEHIND start_exim e
OUTSIDE=$FRONT
rm "$T/port/beside/control/xclient"
like '^<-  250' 'Exim, behind a port' mail 0
same 1 'has it' received e
like '^Received: from client.example.org (\[127.0.0.9\])' 'with the Received field of the port' inbox e
ok 'its log has the client, by the PROXY protocol' grep -q 'H=[^ ]* \(([^ ]*) \)*\[127.0.0.9\]' "$T/e/log/main"
like '^<\*\* 550 5.7.1 from a@example.org at 127.0.0.9' 'its client hears a refusal' mail 100

# -- Exim, at the end of DATA

FRONT=0 BEHIND=0
suite d /mnt
mkdir -p "$W/home"
(shown exim-at-the-end-of-data.4 | sed "s,/var/local/exim,$W/home,; /^chown/d" > "$T/block" && . "$T/block")
cp "$W/port/control/pipeline" "$W/home/control/"
at_home() { sed 's,/var/local/exim,/mnt/home,g'; }
shown exim-at-the-end-of-data.3 | at_home > "$W/home/judge"
chmod 755 "$W/home/judge"
shown exim-at-the-end-of-data.1 | at_home > "$T/lines"
shown exim-at-the-end-of-data.2 | at_home > "$T/acl"
chown -R 901 "$W/home"
EDIT="/^acl_smtp_data/{r $T/lines
d}; /^begin acl/r $T/acl" start_exim d
OUTSIDE=$PORT W=$T/d/home
like '^<-  250 OK id=' 'Exim, at the end of DATA: accepted' mail 0 b@example.net,c@example.com
same 2 'is delivered, to both' received d
like '^<-  250 OK id=' 'junk' mail 10
same 3 'too' received d
like '^<\*\* 550 5.7.1 from a@example.org at 127.0.0.9 by client.example.org' 'a refusal is heard, in the words of the filter' mail 100
like '^<\*\* 451 4' 'so is what is deferred' mail 111
like '^<\*\* 451 4' 'and a filter that is broken' mail 77
like '^<-  250 OK id=' 'what is redirected is taken' mail 40
like '^<\*\* 550 5.7.1' 'or refused' mail 30
same 2 'and is in the store' sh -c "ls $W/store/*.eml | wc -l"
same Hello 'all of it' sh -c "sed -n 's/\r//; /^Hello/p' $W/store/*.eml | sort -u"
like '^<-  250 OK id=' 'what is deleted is taken' mail 50
same 1 'and on record' grep -c 'deleted by policy' "$W/log/ledger"
same 'accept/deliver accept/deliver, junk reject/delete defer defer accept/redirect reject/redirect accept/delete' 'the mail log has them' \
  eval 'columns verdict | tr "\n" " " | sed "s/ $//"'
like 'a@example.org b@example.net c@example.com 127.0.0.9 client.example.org' 'with client and recipients' columns sender recipients client_ip helo
# away FILE: what is heard without it
away() { mv "$1" "$1.away"; mail 0; mv "$1.away" "$1"; }
like '^<\*\* 451 4' 'no pipeline: later' away "$W/control/pipeline"
like '^<\*\* 451 4' 'no cm-local: later' away "$T/d/bin/cm-local"
like '^<\*\* 451 4' 'no cm-pipeline: later' away "$T/d/bin/cm-pipeline"
like '^<\*\* 451' 'nobody to ask: later' away "$W/judge"
printf '#!/bin/sh\nkill -9 $$\n' > "$T/killed"; chmod 755 "$T/killed"
mv "$W/judge" "$W/judge.is"; cp "$T/killed" "$W/judge"
like '^<\*\* 451' 'who asks is killed: later' mail 0
mv "$W/judge.is" "$W/judge"
sed -i 's/-D"/-E"/g' "$W/judge"
like '^<\*\* 451 4.3.0' 'the message cannot be found: later' mail 0
same 3 'nothing else is delivered' received d

# -- Exim, in a transport

FRONT=0 BEHIND=0
suite t /mnt
shown exim-in-a-transport.2 > "$W/port/mark"
chmod 755 "$W/port/mark"
shown exim-in-a-transport.1 | sed 's/^/  /' > "$T/lines"
EDIT="/driver = appendfile/r $T/lines" start_exim t
OUTSIDE=$PORT
like '^<-  250' 'Exim, a transport filter: junk' mail 10
same 1 'is delivered' received t
like 'accept/deliver, junk; facts; 5.7.1 from  at 127.0.0.9' 'and marked' inbox t
like '^<-  250' 'what it must not say' mail 100
ok 'is put off' within 20 grep -q 'T=box defer' "$T/t/log/main"
same 1 'and not delivered' sh -c "find $T/t/mail/new -type f | wc -l"

suite p /mnt
mkdir -p "$W/user"; mv "$W/port/control" "$W/user/cleanmail"; mkdir "$W/user/cleanmail/control"; mv "$W/user/cleanmail/pipeline" "$W/user/cleanmail/control/"
chown -R nobody "$W/user"
shown exim-in-a-transport.3 | sed 's,\$home,/mnt/user,g; s/^/  /' > "$T/lines"
EDIT="/driver = appendfile/,/headers_add/d; /^box:/r $T/lines" start_exim p
OUTSIDE=$PORT
like '^<-  250' 'Exim, a pipe' mail 10
ok 'delivers' within 20 sh -c "ls $T/p/user/Maildir/new | grep -q ."
like 'accept/deliver, junk; facts' 'what the filters left' sh -c "cat $T/p/user/Maildir/new/*"
like '^<-  250' 'refused' mail 100
ok 'is a failure with its reason' within 20 grep -q '\*\* b@example.net .*T=box: .*returned 77' "$T/p/log/main"
like '^<-  250' 'deferred' mail 77
ok 'is put off' within 20 grep -q '== b@example.net .*T=box defer' "$T/p/log/main"

# -- nothing is left out

others() { grep '^\(postfix\|exim\|opensmtpd\)' "$T/all" | while read -r s; do grep -q "shown $s" tests/conduits/beside.t || echo "$s"; done; }
same '' 'all that the page shows for them was tried' others
done_testing
