#!/bin/sh
# cm-config, and what svscan makes of the directories it made
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh

# A supervise lives on without its svscan.
trap 'stop; cleanup' EXIT
SVSCAN=
stop() {
  [ -z "$SVSCAN" ] || { kill "$SVSCAN"; wait "$SVSCAN"; } 2>/dev/null
  for s in "$T"/service/* "$T"/service/*/log; do
    [ ! -e "$s/supervise" ] || svc -dx "$s"
    within 10 not svok "$s"
  done 2>/dev/null
}

me=$(id -un)
# What root gives up on the way is seen only when root starts it.
case $me in root) acct=daemon log=nobody ;; *) acct=$me log=$me ;; esac
chmod 755 "$T"
mkdir "$T/ports" "$T/service" "$T/log" "$T/store" "$T/mail" "$T/control"
# The other account may not be able to reach this directory.
cp -r "$(dirname "$(command -v cm-config)")" "$T/bin"
PATH=$T/bin:$PATH
[ "$me" != root ] || chown $acct "$T/log" "$T/store" "$T/mail"
export CM_HOME="$T"

config() { cm-config smtp "$acct" "$log" "$@"; }
mode() { stat -c '%a %U' "$@"; }

PORT=$(free_port)
verdict 0 '' 'a port is made' config "$T/ports/mx" 127.0.0.1 "$PORT" queue cm-maildir "$T/mail"
made() { (cd "$T/ports/mx" && find . | sort | tr '\n' ' '); }
same '. ./control ./control/pipeline ./control/quarantine ./control/recipients ./control/upstream ./env ./env/CM_HOME ./env/PATH ./log ./log/main ./log/run ./run ' \
  'with all that supervise and cm-smtpd need' made
same "queue cm-maildir $T/mail" 'its upstream is the one given' grep -v '^#' "$T/ports/mx/control/upstream"
same '' 'nobody may receive through it yet' grep -v '^#' "$T/ports/mx/control/recipients"
same 'store' 'it quarantines in the store' grep -v '^#' "$T/ports/mx/control/quarantine"
same 'fields    check jail=own : cm-filter-fields' 'its pipeline needs no list and no rules' \
  sh -c "grep '^[^#]' $T/ports/mx/control/pipeline"
same "750 $log" 'its log is for the log account alone' mode "$T/ports/mx/log/main"
same "644 $me" 'that account and the other one can change nothing else' mode "$T/ports/mx/control/recipients"
same "$T" 'it knows its suite' cat "$T/ports/mx/env/CM_HOME"

echo 'drop exe' > "$T/control/attach"
config "$T/ports/two" :: 25 smtp 192.0.2.1 2526
same 'attach    rewrite always jail=look : cm-filter-attach control/attach' 'attachments are filtered where the suite has rules' \
  grep '^attach' "$T/ports/two/control/pipeline"
same 'smtp 192.0.2.1 2526' 'an SMTP upstream' grep -v '^#' "$T/ports/two/control/upstream"
like ' 0 25 ' ':: is every address, as tcpserver calls it' cat "$T/ports/two/run"
cp control/pipeline "$T/control/pipeline"
config "$T/ports/four" :: 25 smtp 192.0.2.1 2526
ok 'where the suite has a pipeline, the port begins with that' cmp control/pipeline "$T/ports/four/control/pipeline"
rm "$T/control/pipeline"

# upstream_of WORD...: what a port for it says
upstream_of() { rm -rf "$T/ports/up"; config "$T/ports/up" 0 25 "$@" && grep -v '^#' "$T/ports/up/control/upstream"; }
for words in 'smtp 127.0.0.1 2526 client=xclient' 'smtps mx.example.net 465 tls=verify recipients=1' \
  'lmtp 127.0.0.1 24' 'lmtp /run/lmtp client=no'; do
  same "$words" "an upstream: $words" upstream_of $words
done
cm-config -p 192.0.2.0/24 -t "$acct" smtp "$acct" "$log" "$T/ports/balanced" 0 25 queue x
same 192.0.2.0/24 'with -p a load balancer is listed' grep -v '^#' "$T/ports/balanced/control/proxy"
like '^  cm-tls -r .* \\$' 'whose header is read before TLS' cat "$T/ports/balanced/run"
like '^  cm-proxy cm-smtpd$' '... by the program' cat "$T/ports/balanced/run"
cm-config -p 192.0.2.7 smtp "$acct" "$log" "$T/ports/plain" 0 25 queue x
like '^  cm-proxy cm-smtpd$' 'or without TLS' cat "$T/ports/plain/run"

verdict 0 '' 'a port for mailboxes is made' cm-config pop3 "$acct" "$log" "$T/ports/pop" 127.0.0.1 1110 pop3s pop.example.net 995
mailboxes() { (cd "$T/ports/pop" && find control | sort | tr '\n' ' '; grep -v '^#' control/upstream; tail -n 1 run | sed 's/.* //'); }
same 'control control/hops control/pipeline control/upstream pop3s pop.example.net 995
cm-pop3d' 'with its server, and nobody who may receive' mailboxes
verdict 100 "$(cm-config 2>&1)" 'its server is no mail server' cm-config pop3 "$acct" "$log" "$T/ports/no" 127.0.0.1 1110 smtp 127.0.0.1 25

verdict 0 '' 'a port for a mail server that asks is made' cm-config milter "$acct" "$log" "$T/ports/asked" 127.0.0.1 8891
asked() { (cd "$T/ports/asked" && find control | sort | tr '\n' ' '; tail -n 1 run | sed 's/.* -c 100//; s/ -U//'); }
same 'control control/pipeline control/quarantine  127.0.0.1 8891 cm-milter' 'with filters and a quarantine' asked
verdict 100 "$(cm-config 2>&1)" 'it speaks no TLS' cm-config -t "$acct" milter "$acct" "$log" "$T/ports/no" 127.0.0.1 8891

# Mailboxes to be fetched

fetch() { cm-config fetch "$acct" "$log" "$@"; }
verdict 0 '' 'an account of cm-fetch is made' fetch "$T/ports/joe" joe@example.com joe@example.net \
  pop3s pop.example.com 995 smtp 127.0.0.1 2526 tls=no
account() { (cd "$T/ports/joe" && find account cron | sort | tr '\n' ' '; cd account/control && grep -hv '^#' server user recipient upstream quarantine); }
same 'account account/control account/control/hops account/control/password account/control/pipeline account/control/quarantine account/control/recipient account/control/server account/control/upstream account/control/user cron pop3s pop.example.com 995
joe@example.com
joe@example.net
smtp 127.0.0.1 2526 tls=no
store' 'with server, user, recipient, and where the letters go' account
same "700 $acct
600 $acct
755 $me" 'the password is for the account alone, and it can change nothing else' \
  mode "$T/ports/joe/account" "$T/ports/joe/account/control/password" "$T/ports/joe/account/control"
same "exec envdir ./env $([ "$me" != root ] || echo "setuidgid $acct ")softlimit -c 0$(sed -n 's/.*-c 0\( -a [0-9]*\).*/\1/p' "$T/ports/joe/run") cm-fetch -s account" \
  'supervise runs it as this account' tail -n 1 "$T/ports/joe/run"
same "PATH=$T/bin:/usr/local/bin:/usr/bin:/bin
CM_HOME=$T
*/5 * * * * $([ "$me" != root ] || echo "$acct ")cd $T/ports/joe && cm-fetch account" 'there is a crontab, too' cat "$T/ports/joe/cron"
verdict 0 '' 'a mailbox of a whole domain' fetch "$T/ports/all" all@example.com '*@example.net' imap mail.example.com 143 tls=verify lmtp /run/lmtp
domain() { cd "$T/ports/all/account/control" && grep -v '^#' multidrop; grep -hv '^#' recipients addresses server upstream; }
same '*@example.net
imap mail.example.com 143 tls=verify
lmtp /run/lmtp' 'has recipients, and where their names may stand' domain
ok 'and no recipient of its own' test ! -e "$T/ports/all/account/control/recipient"

before=$(cd "$T/ports/mx" && find . -type f -exec cksum {} +)
verdict 111 "cm-config: unable to create $T/ports/mx: File exists" 'a directory that is there is refused' \
  config "$T/ports/mx" 127.0.0.1 "$PORT" smtp 127.0.0.1 25
after() { (cd "$T/ports/mx" && find . -type f -exec cksum {} +); }
same "$before" 'and not touched' after

usage='cm-config: usage: cm-config [-t TLSACCT] [-p PROXY] smtp ACCT LOGACCT DIR ADDRESS PORT UPSTREAM...
       cm-config [-t TLSACCT] [-p PROXY] pop3 ACCT LOGACCT DIR ADDRESS PORT pop3 HOST PORT [tls=HOW] | pop3s HOST PORT
       cm-config milter ACCT LOGACCT DIR ADDRESS PORT
       cm-config fetch ACCT LOGACCT DIR USER RECIPIENT pop3|pop3s|imap|imaps HOST PORT [tls=HOW] UPSTREAM...
       cm-config virusd ACCT LOGACCT DIR [SETTING...] [ADDRESS...]
       cm-config notify ACCT LOGACCT DIR'
verdict 100 "$usage" 'a wrong call' cm-config
verdict 100 "$usage" 'an upstream that is none' config "$T/ports/no" 0.0.0.0 25 nntp 127.0.0.1 119
verdict 100 "$usage" 'an upstream without a port' config "$T/ports/no" 0.0.0.0 25 smtp 127.0.0.1
for words in '' 'nntp x 1 smtp y 25' 'pop3 x 110 tls=no' 'pop3 x 110 nntp y 25' 'pop3 x smtp y 25' 'pop3 x 110 smtp y'; do
  # shellcheck disable=SC2086 # words
  verdict 100 "$usage" "a mailbox that is none: $words" fetch "$T/ports/no" joe joe@example.net $words
done
verdict 100 'cm-config: unusable: joe x' 'a user that would become two words' fetch "$T/ports/no" 'joe x' joe@example.net pop3 x 110 smtp y 25
verdict 100 "cm-config: unusable: $T/ports/n o" 'a directory that would end in a crontab' fetch "$T/ports/n o" joe joe@example.net pop3 x 110 smtp y 25
verdict 100 "$usage" 'a proxy before a mailbox' cm-config -p 192.0.2.1 fetch "$acct" "$log" "$T/ports/no" joe joe@example.net pop3 x 110 smtp y 25
verdict 100 'cm-config: unusable: a b' 'a word that would become two' config "$T/ports/no" 0.0.0.0 25 queue 'a b'
verdict 100 'cm-config: unusable: 25;reboot' 'what a shell would take for more' config "$T/ports/no" 0.0.0.0 '25;reboot' queue x
verdict 100 'cm-config: unusable: -x' 'what tcpserver would take for an option' config "$T/ports/no" -x 25 queue x
verdict 100 "$usage" 'TLS for what has none' cm-config -t "$acct" virusd "$acct" "$log" "$T/ports/no"
verdict 111 'cm-config: unknown account: no-such-account' 'an unknown account for TLS' \
  cm-config -t no-such-account smtp "$acct" "$log" "$T/ports/no" 0.0.0.0 25 queue x
verdict 100 "$usage" 'an option of it that is none' config "$T/ports/no" 0 25 smtp 192.0.2.1 25 client
verdict 100 "$usage" 'an option that is none' cm-config -x 1 smtp "$acct" "$log" "$T/ports/no" 0 25 queue x
verdict 100 'cm-config: unusable: 192.0.2.1;reboot' 'a proxy that a shell would take for more' \
  cm-config -p '192.0.2.1;reboot' smtp "$acct" "$log" "$T/ports/no" 0 25 queue x
verdict 100 "$usage" 'a proxy before what has no port' cm-config -p 192.0.2.1 virusd "$acct" "$log" "$T/ports/no"
verdict 100 "$usage" 'no directory' cm-config virusd "$acct" "$log"
verdict 100 "$usage" 'a word too many' cm-config notify "$acct" "$log" "$T/ports/no" x
verdict 100 'cm-config: unusable: db=/x;reboot' 'a setting that a shell would take for more' \
  cm-config virusd "$acct" "$log" "$T/ports/no" 'db=/x;reboot'
verdict 100 "cm-config: unusable: $T/a b" 'a home that would become two words' \
  env CM_HOME="$T/a b" cm-config virusd "$acct" "$log" "$T/ports/no"
verdict 111 'cm-config: unknown account: no-such-account' 'an unknown account' \
  cm-config smtp "$acct" no-such-account "$T/ports/no" 0.0.0.0 25 queue x
ok 'nothing is made then' test ! -e "$T/ports/no"

# Under real supervision
: > "$T/ports/mx/control/pipeline"
echo '*@example.net' >> "$T/ports/mx/control/recipients"
ln -s "$T/ports/mx" "$T/service/mx"
background svscan "$T/service"
SVSCAN=$PID
up() { nc -z 127.0.0.1 "$1"; }
ok 'svscan starts it' within 20 up "$PORT"
send() {
  swaks --silent 2 --server 127.0.0.1 --port "$1" --from a@example.org --to "$2" --body hello 2>&1
}
ok 'it takes mail' send "$PORT" b@example.net
ok 'which is delivered' sh -c "grep -q hello $T/mail/b@example.net/new/*"
like '553\|550' 'and none for others' send "$PORT" b@example.com
same "$acct" 'under the account it was made for' stat -c %U "$T/log/mail.csv"
logged() { grep -q 'tcpserver: status' "$T/ports/mx/log/main/current"; }
ok 'multilog writes its log' within 10 logged
same "$log" 'under the other account' stat -c %U "$T/ports/mx/log/main/current"
# The daemons of the suite

mkdir "$T/run" "$T/state" "$T/lists" "$T/more" "$T/told"
cp -r lists/signatures "$T/lists/"
printf 'More.Signature:0:*:%s\n' 6d6f72652d7369676e6174757265 > "$T/more/more.ndb"
[ "$me" != root ] || chown $acct "$T/run" "$T/state" "$T/told"
verdict 0 '' 'a directory for cm-virusd is made' cm-config virusd "$acct" "$log" "$T/ports/virusd" db="$T/more" scanners=1
same "700 $acct" 'with room for what it unpacks' mode "$T/ports/virusd/tmp"
verdict 0 '' 'one for cm-notify' cm-config notify "$acct" "$log" "$T/ports/notify"
same '' 'of which nobody is told of anything yet' grep -v '^#' "$T/ports/notify/control/notify"
printf '#!/bin/sh\ncat > "%s/told/$CM_RECIPIENT"\n' "$T" > "$T/tell"
chmod 755 "$T/tell"
echo "*@example.net run $T/tell" >> "$T/ports/notify/control/notify"
ln -s "$T/ports/virusd" "$T/ports/notify" "$T/service"
looks() { printf 'Subject: x\n\n%s\n' "$1" | cm-filter-virus; }
ok 'svscan starts cm-virusd, where cm-filter-virus asks' within 30 looks hello
verdict 100 '5.7.1 virus found: More.Signature.UNOFFICIAL' 'it has the signatures it was given' looks more-signature
verdict 100 '5.7.1 virus found: Eicar-Signature.UNOFFICIAL' 'and those of the suite' \
  looks "$(printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR' '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*')"
stands() { grep -q 'engine stands' "$T/ports/virusd/log/main/current"; }
ok 'its log says what it loaded' within 10 stands
same "$acct" 'it has given up the rights of root' stat -c %U "$T/run/virusd"
notifies() { [ -s "$T/state/notify" ]; }
ok 'svscan starts cm-notify' within 30 notifies
ok 'mail comes' send "$PORT" b@example.net
told() { grep -q 'a@example.org' "$T/told/b@example.net"; }
ok 'and somebody is told of it' within 20 told
same "$acct" 'under its account' stat -c %U "$T/told/b@example.net"

# A letter of a mailbox, by that port

mkdir -p "$T/box/mail"
background perl tests/tools/popbox "$T/box" > /dev/null
within 10 test -s "$T/box/port"
printf 'Subject: fetched\n\nx\n' > "$T/box/mail/1"
fetch "$T/ports/ann" ann c@example.net pop3 127.0.0.1 "$(cat "$T/box/port")" tls=no smtp 127.0.0.1 "$PORT"
echo p > "$T/ports/ann/account/control/password"
: > "$T/ports/ann/account/control/pipeline"
ln -s "$T/ports/ann" "$T/service"
fetched() { grep -q '^Subject: fetched' "$T/mail/c@example.net/new/"*; }
ok 'svscan starts cm-fetch, and a letter comes' within 30 fetched
same "$acct" 'under its account' stat -c %U "$T/ports/ann/account/journal"
sed -n '$s/.* cd /cd /p' "$T/ports/ann/cron" > "$T/line"
cron() { case $me in root) set -- setpriv --reuid "$acct" --clear-groups sh "$T/line" ;; *) set -- sh "$T/line" ;; esac; "$@" 2>&1; }
like 'another run has this account' 'cron does not come in between' cron
svc -d "$T/service/ann"
gone() { svstat "$T/service/ann" | grep -q ': down'; }
ok 'it can be taken down' within 20 gone
printf 'Subject: by cron\n\nx\n' > "$T/box/mail/2"
verdict 0 '' 'and cron has its line' cron
bycron() { grep -q '^Subject: by cron' "$T/mail/c@example.net/new/"*; }
ok 'which fetches, too' bycron

svc -d "$T/service/mx"
down() { ! up "$PORT"; }
ok 'svc -d takes it down' within 20 down

# In front of a real mail server
if [ "$me" = root ] && unshare -m true 2>/dev/null; then
  start_postfix postfix
  behind=$PORT PORT=$(free_port)
  cm-config -t nobody smtp "$acct" "$log" "$T/ports/three" 127.0.0.1 "$PORT" smtp 127.0.0.1 "$behind"
  : > "$T/ports/three/control/pipeline"
  echo '*@example.net' >> "$T/ports/three/control/recipients"
  ln -s "$T/ports/three" "$T/service/three"
  ok 'svscan finds another one' within 20 up "$PORT"
  ok 'it takes mail for the Postfix behind it' send "$PORT" b@example.net
  same 1 'which delivers it' received postfix
  offers() { swaks --server 127.0.0.1 --port "$PORT" --quit-after EHLO 2>&1 | grep -c STARTTLS; }
  same 0 'made with -t, without a certificate it offers no STARTTLS' offers
  # As in INSTALL
  mkdir -m 700 "$T/ports/three/control/tls"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=mx.example.net \
    -addext subjectAltName=DNS:mx.example.net -keyout "$T/ports/three/control/tls/default.key" \
    -out "$T/ports/three/control/tls/default.crt" 2> /dev/null
  same 1 'with one it does, at once' offers
  secure() { swaks --tls --server 127.0.0.1 --port "$PORT" --from a@example.org --to b@example.net; }
  ok 'it takes mail by TLS' secure
  same 2 '... and Postfix delivers it' received postfix
  same "$acct" '... under the account it was made for' stat -c %U "$T/log/mail.csv"
else
  report 0 'in front of Postfix # SKIP needs root'
fi

done_testing
