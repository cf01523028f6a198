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
same 'fields    check   : cm-filter-fields' 'its pipeline needs no list and no rules' \
  sh -c "grep '^[^#]' $T/ports/mx/control/pipeline"
same "750 $log" 'its log is for the log account alone' mode "$T/ports/mx/log/main"
same "644 $me" 'that account and the other one can change nothing else' mode "$T/ports/mx/control/recipients"
same "$T" 'it knows its suite' cat "$T/ports/mx/env/CM_HOME"

echo 'drop exe' > "$T/control/attach"
config "$T/ports/two" :: 25 smtp 192.0.2.1 2526
same 'attach    rewrite always : cm-filter-attach control/attach' 'attachments are filtered where the suite has rules' \
  grep '^attach' "$T/ports/two/control/pipeline"
same 'smtp 192.0.2.1 2526' 'an SMTP upstream' grep -v '^#' "$T/ports/two/control/upstream"
cp control/pipeline "$T/control/pipeline"
config "$T/ports/four" :: 25 smtp 192.0.2.1 2526
ok 'where the suite has a pipeline, the port begins with that' cmp control/pipeline "$T/ports/four/control/pipeline"
rm "$T/control/pipeline"

before=$(cd "$T/ports/mx" && find . -type f -exec cksum {} +)
verdict 111 "cm-config: unable to create $T/ports/mx: File exists" 'a directory that is there is refused' \
  config "$T/ports/mx" 127.0.0.1 "$PORT" smtp 127.0.0.1 25
after() { (cd "$T/ports/mx" && find . -type f -exec cksum {} +); }
same "$before" 'and not touched' after

usage='cm-config: usage: cm-config smtp ACCT LOGACCT DIR ADDRESS PORT smtp HOST PORT | queue PROGRAM...'
verdict 100 "$usage" 'a wrong call' cm-config
verdict 100 "$usage" 'an upstream that is none' config "$T/ports/no" 0.0.0.0 25 lmtp 127.0.0.1 24
verdict 100 "$usage" 'an upstream without a port' config "$T/ports/no" 0.0.0.0 25 smtp 127.0.0.1
verdict 100 'cm-config: unusable: a b' 'a word that would become two' config "$T/ports/no" 0.0.0.0 25 queue 'a b'
verdict 100 'cm-config: unusable: 25;reboot' 'what a shell would take for more' config "$T/ports/no" 0.0.0.0 '25;reboot' queue x
verdict 100 'cm-config: unusable: -x' 'what tcpserver would take for an option' config "$T/ports/no" -x 25 queue x
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
svc -d "$T/service/mx"
down() { ! up "$PORT"; }
ok 'svc -d takes it down' within 20 down

# In front of a real mail server
if [ "$me" = root ] && unshare -m true 2>/dev/null; then
  start_postfix postfix
  behind=$PORT PORT=$(free_port)
  config "$T/ports/three" 127.0.0.1 "$PORT" smtp 127.0.0.1 "$behind"
  : > "$T/ports/three/control/pipeline"
  echo '*@example.net' >> "$T/ports/three/control/recipients"
  ln -s "$T/ports/three" "$T/service/three"
  ok 'svscan finds another one' within 20 up "$PORT"
  ok 'it takes mail for the Postfix behind it' send "$PORT" b@example.net
  same 1 'which delivers it' received postfix
else
  report 0 'in front of Postfix # SKIP needs root'
fi

done_testing
