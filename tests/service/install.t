#!/bin/sh
# INSTALL, done as it is written. The commands are those of INSTALL itself, taken out of
# it by tests/tools/steps and run in their order, as root, on a machine of the test's own:
# namespaces with nothing but this directory of the real machine's, and an overlay in
# memory over its files. So /var/cleanmail, /service, the accounts and port 25 are the
# test's; all of it is gone when its first process ends. In front there are swaks and
# strangers, behind a Postfix as Debian configures it, with Dovecot's SASL.
cd "$(dirname "$0")/../.." || exit 111
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 111
export BUILD
spaces='unshare -mpnui --propagation private --fork --kill-child'
over() {
  mount -t tmpfs -o mode=755 walk /mnt && mkdir /mnt/upper /mnt/work /mnt/root &&
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work walk /mnt/root
}

case $WALK in
  '')  # on the real machine
    why=
    PATH=$PATH:/usr/sbin:/sbin
    for p in svscan tcpserver postconf dovecot swaks ip; do
      command -v $p > /dev/null || why="there is no $p"
    done
    [ "$(head -n 1 conf-home)" = /var/cleanmail ] || why='INSTALL is for /var/cleanmail'
    ! grep -q __asan_init "$BUILD/bin/cm-smtpd" || why='a sanitizer sees nothing new here'
    if [ "$(id -u)" != 0 ]; then why='only root can make a machine to install on'
    elif ! $spaces true 2> /dev/null; then why='no namespaces here'
    elif ! WALK=try $spaces sh "$0" 2> /dev/null; then why='no overlay over / here'
    fi
    [ -z "$why" ] || { echo "1..0 # SKIP $why"; exit 0; }
    WALK=in exec $spaces sh "$0" < /dev/null ;;
  try) over; exit ;;
  in)  # the first process of the machine: makes it, and goes there
    mine=$PWD
    over && cd /mnt/root || exit 111
    mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs -o mode=755 run run &&
      mount -t tmpfs -o mode=1777 tmp tmp && mount -t tmpfs -o mode=1777 tmp var/tmp && mkdir run/lock || exit 111
    for d in "$mine" "$BUILD"; do
      mkdir -p ".$d" && mount --bind "$d" ".$d" && mount -o remount,bind,ro ".$d" || exit 111
    done
    hostname mx && ip link set lo up &&
      ip addr add 192.0.2.25/32 dev lo && ip addr add 198.51.100.9/32 dev lo || exit 111
    pivot_root . mnt && umount -l /mnt && cd "$mine" || exit 111
    WALK=on PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh tests/service/install.t
    exit ;;
esac

. tests/tap.sh
chmod 755 "$T"
SOURCE=$PWD
STRANGER='--server 192.0.2.25 --local-interface 198.51.100.9 --helo client.example.org --from a@example.org'

# -- a machine that has none of it yet, though the real one may, as before a newer version

[ "$(stat -f -c %T /)" = overlayfs ] || exit 111
rm -rf /var/cleanmail /service /etc/service /etc/profile.d/cleanmail.sh /etc/cron.d/cleanmail-* /var/qmail
for u in cms cml cmv cmt you joe all; do userdel "$u"; done 2> /dev/null

# -- a mail server, as it is on the day before

postfix_of_debian() {
  rm -rf /etc/postfix/main.cf /var/spool/postfix /var/lib/postfix /var/mail /etc/dovecot/conf.d/99-postfix.conf
  mkdir -p /etc/postfix /var/mail /var/lib/postfix /var/spool/postfix && chmod 2775 /var/mail && chgrp mail /var/mail && chown postfix /var/lib/postfix
  cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
  cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
  [ -e /etc/postfix/dynamicmaps.cf ] || cp /usr/share/postfix/dynamicmaps.cf /etc/postfix/
  printf '127.0.0.1 localhost\n192.0.2.25 mx.example.net mx\n' > /etc/hosts
  echo nameserver 127.0.0.1 > /etc/resolv.conf
  echo example.net > /etc/mailname
  echo 'postmaster: root' > /etc/aliases
  # Where it was installed for real it has a certificate.
  sed -i 's/^ssl/#&/' /etc/dovecot/conf.d/10-ssl.conf && echo 'ssl = no' > /etc/dovecot/local.conf
  useradd -m you && echo you:sesame | chpasswd
  # What Debian's installation asks for and sets; tls_auth_only and the restriction are a
  # careful administrator's.
  postconf -e compatibility_level=3.6 myhostname=mx.example.net 'mydestination=$myhostname, example.net, localhost' \
    'mynetworks=127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128' myorigin=/etc/mailname inet_protocols=all \
    'smtpd_relay_restrictions=permit_mynetworks permit_sasl_authenticated defer_unauth_destination' \
    alias_maps=hash:/etc/aliases mailbox_size_limit=0 maillog_file=/var/log/mail.log \
    smtpd_tls_security_level=may smtpd_tls_auth_only=yes smtpd_error_sleep_time=0 \
    'smtpd_client_restrictions=check_client_access inline:{198.51.100.66=reject}'
  newaliases && postfix start
}
port() { ss -Hltn "sport = :$1" | grep -q .; }
postfix_of_debian > "$T/postfix" 2>&1
within 20 port 25 || { sed 's/^/# /' "$T/postfix"; echo 'Bail out! Postfix does not start'; exit 1; }

# -- who types

# What is asked back, what never ends, and what there is no network for. swaks fails when
# it is refused, which is what is expected of it here and there: its words count.
vi() { [ -e "$1" ] || [ -d "${1%/*}" ]; }
tail() { shown=$*; [ "$1" != -f ] && [ "$1" != -F ] || { shift; set -- -n 3 "$@"; }; command tail "$@"; }
apt() { :; }
make() { command make -s -C "$SOURCE" BUILD="$BUILD" "$@"; }
swaks() {
  case " $* " in *' --auth-user '*) set -- "$@" --auth-password sesame ;; esac
  timeout 60 /usr/bin/swaks "$@" 2>&1 || :
}
# svscan is started by the machine, when the package is there.
boot() { setsid svscanboot /etc/service < /dev/null > /dev/null 2>&1 & }
apt_get() {
  case $* in
    *daemontools-run*) mkdir -p /etc/service && boot ;;
    *dovecot-core*) command -v dovecot > /dev/null ;;
  esac
}

mkdir "$T/steps" "$T/said"
echo sesame > "$T/typed"
perl tests/tools/steps INSTALL "$T/steps" > "$T/all"
# Of another program, another machine, or for a person who looks; demo.t has 1 and check.
ELSEWHERE='make demo\|make check\|letsencrypt\|/var/lib/clamav\|unbound\|install spamd\|^ *listen \|^ \{8\}pop3s '

# step NAME: all its blocks that are not for elsewhere, as one person would, who stays
# where the last cd went. What they print is $T/said/NAME. Placeholders are filled in.
step() {
  now=$1 code=0
  : > "$T/said/$now"
  for block in $(grep "^$now\." "$T/all"); do
    grep -q "$ELSEWHERE" "$T/steps/$block" && continue
    echo "$block" >> "$T/done"
    sed "s/apt-get/apt_get/; s/\<ID\>/$ID/g; s/pop3s pop.example.com 995/pop3 127.0.0.1 110 tls=no/; s/joe@example.com/joe/; s/all@example.com/all/; s/smtp 192.0.2.30 25/smtp 127.0.0.1 2526/" \
      "$T/steps/$block" > "$T/block"
    (set -e; . "$T/block" < "$T/typed"; pwd -P > "$T/cwd"; echo "$PATH" > "$T/path") >> "$T/said/$now" 2>&1
    code=$?
    [ $code = 0 ] || { sed 's/^/# /' "$T/said/$now" >&2; break; }
    cd "$(cat "$T/cwd")" && PATH=$(cat "$T/path") || break
  done
  report $code "step ${now#0}: each command succeeds"
  # All that follows would fail for that, and wait for long.
  [ $code = 0 ] || { done_testing; exit 1; }
}
said() { cat "$T/said/$1"; }

# What became of mail
mailbox() { cat "/var/mail/$1" 2>/dev/null; }
arrived() { within 20 grep -q "^Subject: $1" /var/mail/you; }
relayed() { postqueue -p | grep -q "$1"; }
stranger() { swaks $STRANGER "$@"; }
log() { tail -n "$1" /var/cleanmail/ports/mx/log/main/current; }

# -- the steps

cd "$SOURCE"
step 03
ok 'step 3: the programs are at hand' test "$(command -v cm-config)" = /var/cleanmail/bin/cm-config
ok 'and the accounts are there' sh -c 'id cms && id cml && id cmv && id cmt'
step 04
like '^<\*\* 554 5.7.1 .*Relay access denied' 'step 4: the second door trusts nobody' said 04
like '^<-  250 2.1.5' 'and the first does as before' swaks --server 127.0.0.1 --to x@example.org --quit-after RCPT
echo 'evil.example reject/redirect' >> /var/cleanmail/control/enemies
step 05
step 06
up() { svstat "$1" | grep -q ': up ' && port "$2"; }
ok 'step 6: it is up' within 20 up /service/cm-mx 2525
step 07
like '^<-  220 mx.example.net ' 'step 7: it greets by its whole name' said 07
like '^<-  250 2.0.0 Ok: queued' 'Postfix takes mail' said 07
like 'accept/deliver' 'the mail log has it' said 07
like 'decision .* accept/deliver$' 'and the log of the port' said 07
ok 'it arrives' within 20 grep -q '^X-CleanMail-Result: accept/deliver' /var/mail/you
rm -f /var/mail/you

step 08
ok 'step 8: the filters have port 25' within 20 up /service/cm-mx 25
same 127.0.0.1:2526 'and Postfix has nothing but its second door' sh -c "ss -Hltnp | grep master | awk '{ print \$4 }'"
like '^<-  250 2.0.0 Ok: queued' 'what is sent to port 25 is taken' swaks --server 127.0.0.1 --to you@example.net
like '^<\*\* 550 5.7.1 ' 'what is for somebody else is not' stranger --to somebody@example.org
like '^<-  250 2.0.0 Ok: queued' 'but from this machine, which may' swaks --server 127.0.0.1 --to from-here@example.org
ok '... and so it is on its way' relayed from-here@example.org
if ip addr show lo | grep -q ::1; then
  like '^<-  250 2.0.0 Ok: queued' 'by IPv6, too' swaks --server ::1 --to from-there@example.org
else
  report 0 'by IPv6 # SKIP there is none'
fi
stranger --to you@example.net --header 'Subject: of a stranger' > "$T/last"
ok 'a stranger reaches you' arrived 'of a stranger'
like 'Received: from client.example.org (unknown \[198.51.100.9\])' 'and Postfix knows who it was' mailbox you
ip addr add 198.51.100.66/32 dev lo
like '^<\*\* [45]5[04] .*198.51.100.66' 'and has its own rules for that' stranger --local-interface 198.51.100.66 --to you@example.net
like '^<\*\* 5' 'nor is there a way with a percent sign' stranger --to 'somebody%example.org@example.net' --quit-after RCPT

step 09
like '^=== TLS started' 'step 9: STARTTLS is used' said 09
like '^<~  250 2.0.0 Ok: queued' 'and mail goes through it' said 09
like '^<-  250-STARTTLS' 'it is offered to strangers' stranger --quit-after EHLO
same 'root 600' 'the key is for root alone' stat -c '%U %a' /var/cleanmail/ports/mx/control/tls/default.key

step 10
like '^<~  235 ' 'step 10: AUTH is known' said 10
ok 'and relays' relayed somebody@example.org
like 'Host did not advertise authentication' 'none without TLS' stranger --auth --auth-user you --to one@example.org
like '^<~  235 ' 'from outside, in TLS' stranger --tls --auth --auth-user you --to outside@example.org
ok 'it relays' relayed outside@example.org
like '^<~\* 535 ' 'a wrong password does not' sh -c "/usr/bin/swaks $STRANGER --tls --auth PLAIN --auth-user you --auth-password wrong --to wrong@example.org"
like '^<~\* 550 5.7.1 ' 'nor does TLS alone' stranger --tls --to two@example.org

like '^<\*\* 550 5.7.1 ' 'an enemy is refused' stranger --from a@evil.example --to you@example.net --header 'Subject: of an enemy'
ID=$(cm-quarantine list -t stage=enemies | cut -f2)
step 11
like 'Subject: of an enemy' 'step 11: the quarantine shows what was refused' said 11
ok 'and releases it' arrived 'of an enemy'
same released 'once' sh -c 'cm-quarantine list -t | cut -f3'

step 12
ok 'step 12: a scanner is up' within 20 cm-filter-virus < /dev/null
virus() { printf 'From: a@example.org\nSubject: v\n\n%s%s\n' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR' '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'; }
virus > "$T/virus"
like '^<\*\* 550 5.7.1 virus found' 'and a virus refused' stranger --to you@example.net --data "@$T/virus"
sed -i 's/^virus  *check/& 100=reject\/redirect/' mx/control/pipeline
like '^<\*\* 550 5.7.1 virus found' 'as the text of step 11 says' stranger --to you@example.net --data "@$T/virus"
like 'virus	a@example.org' 'it can be kept' cm-quarantine list -t stage=virus
step 15
jailed() { up /service/cm-mx 25 && grep -q 'NoNewPrivs:.1' "/proc/$(pgrep -x tcpserver)/status"; }
ok 'step 15: the port is locked in' within 20 jailed
step 16
like ' 0 not as expected' 'step 16: the port does what it should' said 16
like '^<~  235 ' 'users log in as before' stranger --tls --auth --auth-user you --to three@example.org

# -- a loss of power, and the next boot

kill -9 $(pgrep 'svscan|supervise|multilog|tcpserver|cm-|readproctitle')
gone() { ! pgrep 'supervise|cm-virusd|tcpserver'; }
ok 'all of it can be gone' within 20 gone
boot
ok 'svscan brings it back' within 20 up /service/cm-mx 25
ok 'the scanner too' within 30 cm-filter-virus < /dev/null
like '^<~  250 2.0.0 Ok: queued' 'and mail goes on' stranger --tls --to you@example.net

# -- the other sections

step for-hundreds
like '^example.net smtp 192.0.2.10 25 or ' 'one can see where the mail of an address goes' said for-hundreds
cd /var/cleanmail/ports
rm mx/control/routes mx/control/offers

step a-person
ok 'a port for mailboxes is up' within 20 up /service/cm-pop 1110

useradd -m joe && echo joe:sesame | chpasswd
swaks --server 127.0.0.1:2526 --to joe@example.net --header 'Subject: at the provider' > "$T/last"
fetchable() { grep -q '^Subject: at the provider' /var/mail/joe; }
within 20 fetchable
step mail-from
like ' would be fetched' 'what is to be fetched can be seen' said mail-from
ok 'it arrives' arrived 'at the provider'
same 0 'and has gone from the provider' sh -c 'grep -c "^Subject: at" /var/mail/joe'
ok 'and from now on' within 20 sh -c 'svstat /service/cm-joe | grep -q ": up "'
again() { # again SUBJECT: one more at the provider
  rm -f /var/mail/you
  swaks --server 127.0.0.1:2526 --to joe@example.net --header "Subject: $1" > "$T/last"
  within 20 grep -q "^Subject: $1" /var/mail/joe
}
again 'by itself'
svc -t /service/cm-joe
ok 'more arrives by itself' arrived 'by itself'
svc -d /service/cm-joe
waits() { svstat /service/cm-joe | grep -q ': down'; }
within 20 waits
again 'by cron'
cp joe/cron /etc/cron.d/cleanmail-joe
like '^\*/5 \* \* \* \* cms cd /var/cleanmail/ports/joe && cm-jail fetch cm-fetch account$' 'cron has it in a jail' cat joe/cron
# As cron does it: its variables and those of the file, where the account is at home if it is anywhere.
by_cron() {
  home=$(getent passwd cms | cut -d: -f6)
  # shellcheck disable=SC2046 # one word each
  (cd "$home" 2> /dev/null || cd /
    setuidgid cms env -i HOME="$home" LOGNAME=cms SHELL=/bin/sh $(sed '/\*/d' /etc/cron.d/cleanmail-joe) \
      /bin/sh -c "$(sed -n 's/.* cms //p' /etc/cron.d/cleanmail-joe)")
}
same '' 'cron has nothing to tell' by_cron
ok 'and does' arrived 'by cron'

useradd -m all && echo all:sesame | chpasswd
dropped() { # dropped ADDRESS SUBJECT: a letter in the mailbox of the domain
  printf 'From a@example.org Thu Jan  1 00:00:00 2026\nReturn-Path: <a@example.org>\nX-Envelope-To: %s\nReceived: from mail.example.org by pop.example.com; Thu, 1 Jan 2026 00:00:00 +0000\nFrom: a@example.org\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nTo: somebody@example.net\nSubject: %s\n\nhello\n\n' "$1" "$2"
}
{ dropped you@example.net 'for you'; dropped joe@example.net 'for joe'; dropped info@example.net 'for all'; dropped bob@elsewhere.example 'for nobody'; } > /var/mail/all
chown all:mail /var/mail/all
chmod 660 /var/mail/all
rm -f /var/mail/you
step an-administrator
for what in 'for you' 'for all' 'for nobody'; do ok "of a whole domain, what is $what arrives" arrived "$what"; done
ok '... and what is for joe' within 20 grep -q '^Subject: for joe' /var/mail/joe
same 0 'and has gone from the provider' sh -c 'grep -c "^Subject: for" /var/mail/all'
cd /var/cleanmail/ports

# A qmail, as far as cm-queue sees it: its queue program, and the rules of its tcpserver.
mkdir -p /var/qmail/bin /var/qmail/mails && chmod 1777 /var/qmail/mails
printf '#!/bin/sh\nexec /var/cleanmail/bin/cm-maildir /var/qmail/mails/$(id -un)\n' > /var/qmail/bin/qmail-queue
for u in cms you; do install -d -o $u /var/qmail/mails/$u; done
chmod 4755 /var/qmail/bin/qmail-queue
printf '%s\n' '# rules' '127.:allow,RELAYCLIENT=""' ':allow' > /etc/tcp.smtp
cp /var/qmail/bin/qmail-queue "$T/qmail-queue"; cp /etc/tcp.smtp "$T/tcp.smtp"
queued() { find /var/qmail/mails -path "*/$1/*/new/*" | wc -l; }
step qmail-or
same 1 'by cm-queue a message is queued' queued cms
like ',queue,QUEUE,.*by cm-queue' 'and logged' said qmail-or
rules() { env -i PATH="$PATH" TCPREMOTEIP=$1 tcprulescheck /etc/tcp.smtp.cdb "$1"; }
like 'QMAILQUEUE=/var/qmail/bin/cm-queue' 'tcpserver names it to qmail-smtpd' rules 192.0.2.9
like 'RELAYCLIENT' 'the rules that were there are' rules 127.0.0.1
step everything-that
you() { setuidgid you /var/qmail/bin/qmail-queue < /tmp/message 1< /tmp/envelope; }
ok 'whoever queues mail' you
same '2 0' 'has it filtered' sh -c "find /var/qmail/mails/cms -path '*/new/*' | wc -l | tr '\n' ' '; find /var/qmail/mails/you -path '*/new/*' | wc -l"
ok 'outside too' sh -c "printf 'From: a\nFrom: b\n\n' | env -i TCPREMOTEIP=192.0.2.9 setuidgid you /var/qmail/bin/qmail-queue 1< /tmp/envelope; [ \$? = 31 ]"
step back-to
ok 'without filters again' you
same 1 'it is as it was' queued you
same '' 'so is the rest' sh -c "diff $T/qmail-queue /var/qmail/bin/qmail-queue; diff $T/tcp.smtp /etc/tcp.smtp; ls /var/qmail/bin/qmail-queue.real /etc/tcp.smtp.before 2> /dev/null"
cd /var/cleanmail/ports

step behind-a
ip addr add 192.0.2.7/32 dev lo
{ echo 'defaults'; echo ' timeout connect 9s'; echo ' timeout client 60s'; echo ' timeout server 60s'
  sed 's/bind :25/bind 192.0.2.7:2500/; $a \ \ source 192.0.2.7' "$(grep -l '^ *listen ' "$T/steps"/behind-a.*)"; } > "$T/haproxy"
background haproxy -db -f "$T/haproxy"
balanced() { swaks --server 192.0.2.7:2500 --to you@example.net --from a@example.org --helo client.example.org --local-interface "$@"; }
sound() { balanced 198.51.100.9 --quit-after EHLO | grep -q '^<-  250'; }
ok 'haproxy brings clients' within 20 sound
like '^<~  250 2.0.0 Ok: queued' 'and their mail' balanced 198.51.100.9 --tls
like '^<\*\* [45]5[04] .*198.51.100.66' 'Postfix knows whose it is, still' balanced 198.51.100.66
like '^<-  250 2.0.0 Ok: queued' 'others come as before' stranger --to you@example.net

step to-take
like ' 0 not as expected' 'a newer version does what it should' said to-take
same '' 'the way back leads to the one before' diff -r /var/cleanmail/bin /var/cleanmail/bin.bad

step when-something
mine() { ss -Hltnp 'sport = :25' | grep -q master; }
ok 'Postfix has port 25 again' within 20 mine
like '^<-  250 2.0.0 Ok: queued' 'and takes mail' stranger --to you@example.net

for s in cm-pop cm-joe cm-all; do cd /service/$s && rm /service/$s && svc -dx . log; done
step to-undo
ok 'all programs end' within 20 gone
cd /
same '' 'and nothing of it is left' sh -c '{ ls -d /var/cleanmail /service/cm-*; getent passwd cms cml cmv cmt; } 2> /dev/null'
like '^<-  250 2.0.0 Ok: queued' 'mail comes as on the day before' stranger --to you@example.net

# -- nothing is left out

others() { for b in $(cat "$T/all"); do grep -qx "$b" "$T/done" || grep -q "$ELSEWHERE" "$T/steps/$b" || echo "$b"; done; }
same '' 'each command of INSTALL was run, or is for another machine' others
done_testing
