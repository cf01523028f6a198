#!/bin/sh
# demopop.sh HOME: the part of the demonstration in which mail is at a provider, a
# Dovecot with two mailboxes. cm-pop3d stands before it, with the filters of the port demo,
# and curl reads all messages of one twice; cm-fetch brings those of the other through the
# same filters to the mail server. Everything is below HOME/provider, HOME/ports/pop and
# HOME/accounts, but for the mailboxes, which another account must reach: they are in a
# directory of their own. All is on free ports of 127.0.0.1, and ends with this.
set -u
cd "$1" || exit 111
H=$PWD PATH=$PATH:/usr/sbin PIDS=
end() {
  trap '' HUP INT TERM
  for pid in $PIDS; do kill "$pid"; wait "$pid"; done 2>/dev/null
  [ -z "$BOX" ] || rm -rf "$BOX"
}
BOX=
trap end EXIT
trap 'exit 130' HUP INT TERM

echo
if [ "$(id -u)" != 0 ]; then
  echo 'Reading mail by POP3 is shown to root only, who can start a Dovecot.'
  exit 0
fi
set -- $(perl -MIO::Socket::INET -e 'my %p; while (keys %p < 2) {
  my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 10000 + int rand 20000);
  $p{$s->sockport} = 1 if $s } print join " ", keys %p')
SERVER=$1 PROXY=$2

# The mailboxes, of messages that came from outside

BOX=$(mktemp -d) && chmod 755 "$BOX" || exit 111
mkdir -p provider ports/pop/control
# mailbox NAME SAMPLE...
mailbox() {
  box=$BOX/$1; shift
  mkdir -p "$box/new" "$box/cur" "$box/tmp"
  for name; do
    sender=bob@client.example.org
    case $name in robot) sender=robot@quiet.example ;; doubtful) sender=who@maybe.example ;; esac
    printf 'Return-Path: <%s>\nReceived: from client.example.org (client.example.org [127.0.0.1])\n\tby mx.provider.example; Thu, 1 Jan 2026 00:00:00 +0000\n' \
      $sender | cat - "samples/$name" > "$box/new/$name"
  done
  chown -R nobody:nogroup "$box"
}
mailbox you plain junk worm virus macro robot
mailbox joe plain junk virus doubtful robot
cat > provider/conf <<!
base_dir = $BOX/base
state_dir = $H/provider/state
log_path = $H/provider/log
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:$BOX/%u
first_valid_uid = 1
first_valid_gid = 1
service pop3-login {
  inet_listener pop3 {
    port = $SERVER
  }
  inet_listener pop3s {
    port = 0
  }
  chroot =
}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$BOX
}
!
dovecot -F -c provider/conf > provider/said 2>&1 &
PIDS="$! $PIDS"

# The port before it

# settings DIR: those of the port demo
settings() { find ports/demo/control -maxdepth 1 -type f -exec cp -t "$1" {} +; }
settings ports/pop/control
echo "pop3 127.0.0.1 $SERVER" > ports/pop/control/upstream
echo '* 1' > ports/pop/control/hops
(cd ports/pop && exec tcpserver -R -H -l0 127.0.0.1 "$PROXY" cm-pop3d 2> "$H/pop.log") &
PIDS="$! $PIDS"
pop() { curl -s --max-time 60 "pop3://you:secret@127.0.0.1:$PROXY/$1"; }
tries=100
until pop '' > provider/list; do
  tries=$((tries - 1))
  if [ $tries = 0 ]; then
    echo 'demo: Dovecot or cm-pop3d does not start:' >&2
    cat provider/said provider/log pop.log >&2
    exit 111
  fi
  sleep 0.1
done

# rows SESSION: what is read of each message
field() { sed -n "s/^$1: //p; /^.\{0,1\}\$/q" "$2" | tr -d '\r' | head -n 1; }
rows() {
  pop '' | tr -d '\r' > provider/list
  while read -r n size; do
    pop "$n" > "provider/$1.$n"
    printf '%-4s %6s %6s  %-36s %s\n' "$n" "$size" "$(wc -c < "provider/$1.$n")" "$(field Subject "provider/$1.$n")" \
      "$(field X-CleanMail-Result "provider/$1.$n")"
  done < provider/list
}
judged() { grep -c ',pop,POP3,' log/mail.csv; }
echo "The same filters before a provider's mailbox: cm-pop3d on 127.0.0.1:$PROXY, read by curl"
echo
printf '%-4s %6s %6s  %-36s %s\n' mail listed read subject result
rows first | tee provider/table
before=$(judged)
rows second > provider/again
echo
awk '$2 != $3 { bad = 1 } END { exit bad }' provider/again || {
  echo 'demo: in the second session sizes are not those that are listed' >&2
  exit 1
}
for n in 1 2 3 4 5 6; do
  cmp "provider/first.$n" "provider/second.$n" || exit 1
done
[ "$before" = 6 ] && [ "$(judged)" = 6 ] || {
  echo "demo: six messages were judged $(judged) times" >&2
  exit 1
}
for what in 'hello .*accept/deliver$' '\[SPAM\] .*junk' '\[CleanMail\] see holiday.jpg.scr .*reject/delete' \
  '\[CleanMail\] see readme.txt .*reject/delete' 'an order .*reject/deliver' '\[CleanMail\] report 1234 .*accept/delete'; do
  grep -q "$what" provider/table || {
    echo "demo: no message is read as $what" >&2
    exit 1
  }
done
echo 'Read again, each has the same bytes and the size that is listed; no filter ran for it.'

# The other one is fetched

mkdir -p accounts/joe/control
settings accounts/joe/control
rm accounts/joe/control/recipients
cd accounts/joe/control || exit 111
echo "pop3 127.0.0.1 $SERVER tls=no" > server
echo joe > user
(umask 077; echo secret > password)
echo joe@example.net > recipient
echo '* 1' > hops
cd "$H" || exit 111
echo "
The other mailbox is fetched, through the same filters, to the mail server: cm-fetch -n says
what would be fetched, and cm-fetch does it.
"
cm-fetch -n accounts/joe 2> provider/fetch.log && cm-fetch accounts/joe 2>> provider/fetch.log || {
  echo 'demo: cm-fetch failed:' >&2
  cat provider/fetch.log >&2
  exit 1
}
echo
for mail in mail/joe@example.net/new/*; do
  printf '%-22s %-36s %s\n' "$(field Subject "$mail")" "$(field X-CleanMail-Result "$mail")" "mail/joe@example.net/new"
done | tee provider/fetched
inside() { find "$BOX/joe" -type f -name "[a-z]*" ! -name 'dovecot*' | wc -l; }
kept() { cm-quarantine list -t to=joe@example.net | wc -l; }
if [ "$(inside)" != 0 ] || [ "$(wc -l < provider/fetched)" != 2 ] || [ "$(kept)" != 1 ] || ! grep -q '^hello .*accept/deliver ' provider/fetched ||
  ! grep -q '^\[SPAM\] .*junk' provider/fetched; then
  echo "demo: of five letters $(wc -l < provider/fetched) came, $(kept) are in the quarantine, and $(inside) left in the mailbox" >&2
  exit 1
fi
echo "
Two came, one is in the quarantine, two are deleted, as log/ledger tells; and the provider's
mailbox is empty."
