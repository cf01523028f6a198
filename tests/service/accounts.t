#!/bin/sh
# The accounts that make setup makes, and who of them can read, write and harm what. As
# root, with an /etc of the test's own.
cd "$(dirname "$0")/../.." || exit 111
if [ -z "$ACCOUNTS" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  ACCOUNTS=1 exec unshare -m --propagation private sh "$0"
fi
. tests/tap.sh
if [ "$(id -u)" != 0 ] || [ -z "$ACCOUNTS" ] || ! command -v setuidgid > /dev/null; then
  report 0 'accounts # SKIP needs root, namespaces and setuidgid'
  done_testing
  exit
fi
mkdir "$T/etc" && cp -a /etc/. "$T/etc/" 2>/dev/null
mount --bind "$T/etc" /etc || exit 111
trap 'umount -l /etc; cleanup' EXIT
for a in cms cml cmv cmt; do userdel "$a"; groupdel "$a"; done 2>/dev/null
chmod 755 "$T"
H=$T/home

ok 'make setup' sh service/setup.sh "$H"
accounts='cms cml cmv'
getent passwd cmt > /dev/null && accounts="$accounts cmt"
for a in $accounts; do
  same "$a:/nonexistent:/usr/sbin/nologin" "$a has no home and no shell" sh -c "getent passwd $a | cut -d: -f1,6,7"
  same "$a" "and is in no group but its own" id -Gn "$a"
  ok "nobody can log in as $a" sh -c "getent shadow $a | grep -q '^$a:[!*]'"
done

# What is there when it is in service
cp -r "$(dirname "$(command -v cm-config)")" "$H/bin"
cp control/pipeline "$H/control/"
PATH=$H/bin:$PATH
export CM_HOME="$H"
cm-config smtp cms cml "$H/ports/mx" 127.0.0.1 2525 smtp 127.0.0.1 25 || exit 111
cm-config virusd cmv cml "$H/ports/virusd" || exit 111
mkdir "$H/ports/mx/control/tls" && chmod 700 "$H/ports/mx/control/tls"
echo key > "$H/ports/mx/control/tls/default.key"; chmod 600 "$H/ports/mx/control/tls/default.key"
mkdir "$H/store/new"
echo mail > "$H/store/new/message"; echo row > "$H/log/mail.csv"; echo words > "$H/state/words"
chown -R cms:cms "$H/store" "$H/log" "$H/state"
echo log > "$H/ports/mx/log/main/current"; chown cml:cml "$H/ports/mx/log/main/current"
echo list > "$H/lists/friends.cdb"
echo part > "$H/ports/virusd/tmp/part"; chown cmv:cmv "$H/ports/virusd/tmp/part"

# can ACCOUNT: what of these it can read, r, and write, w
can() {
  for f in control/pipeline ports/mx/control/recipients ports/mx/run ports/mx/env/PATH lists/friends.cdb \
    ports/mx/control/tls/default.key store/new/message log/mail.csv state/words ports/mx/log/main/current \
    ports/virusd/tmp/part bin/cm-smtpd; do
    said=$f
    setuidgid "$1" cat "$H/$f" > /dev/null 2>&1 && said="$said r"
    setuidgid "$1" sh -c ': >> "$1"' - "$H/$f" 2> /dev/null && said="$said w"
    case $said in *' '*) echo "$said" ;; esac
  done
}
# makes ACCOUNT: the directories in which it can make a file
makes() {
  for d in . bin control lists ports ports/mx ports/mx/control ports/mx/env ports/mx/log ports/mx/log/main store log state run empty \
    ports/virusd ports/virusd/tmp; do
    setuidgid "$1" sh -c ': > "$1/probe" && rm "$1/probe"' - "$H/$d" 2> /dev/null && echo "$d"
  done | tr '\n' ' '
}
public='control/pipeline r
ports/mx/control/recipients r
ports/mx/run r
ports/mx/env/PATH r
lists/friends.cdb r'
same "$public
store/new/message r w
log/mail.csv r w
state/words r w
bin/cm-smtpd r" 'cms reads and writes mail, log and state, and reads its settings' can cms
same "$public
ports/mx/log/main/current r w
bin/cm-smtpd r" 'cml has the log of the port' can cml
same "$public
ports/virusd/tmp/part r w
bin/cm-smtpd r" 'cmv has what it unpacks' can cmv
same 'store log state ' 'cms makes files only there' makes cms
same 'ports/mx/log/main ' 'and cml' makes cml
same 'run ports/virusd/tmp ' 'and cmv' makes cmv
case $accounts in
  *cmt) same "$public
bin/cm-smtpd r" 'cmt reads no key' can cmt
    same '' 'and writes nothing' makes cmt ;;
esac

# Processes of one are out of reach of another
background setuidgid cms sleep 600
VICTIM=$PID
is_cms() { [ "$(stat -c %U /proc/$VICTIM)" = cms ]; }
within 5 is_cms
for a in $accounts; do
  [ $a != cms ] || continue
  ok "$a cannot signal what cms runs" not setuidgid $a kill -0 $VICTIM
  ok "nor read its environment" not setuidgid $a cat /proc/$VICTIM/environ
  ok "nor what it has open" not setuidgid $a ls /proc/$VICTIM/fd/
done

done_testing
