#!/bin/sh
# demopop.sh HOME: the part of the demonstration in which mail is read by POP3. A
# Dovecot with a mailbox is the provider, cm-pop3d stands before it, with the filters of
# the port demo, and curl reads all messages twice. Everything is below HOME/provider and
# HOME/ports/pop, but for the mailbox, which another account must reach: that is in a
# directory of its own. All is on free ports of 127.0.0.1, and ends with this.
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

# The mailbox, of messages that came from outside

BOX=$(mktemp -d) && chmod 755 "$BOX" || exit 111
mkdir -p provider "$BOX/you/new" "$BOX/you/cur" "$BOX/you/tmp" ports/pop/control
for name in plain junk worm virus macro robot; do
  sender=bob@client.example.org
  [ $name != robot ] || sender=robot@quiet.example
  printf 'Return-Path: <%s>\nReceived: from client.example.org (client.example.org [127.0.0.1])\n\tby mx.provider.example; Thu, 1 Jan 2026 00:00:00 +0000\n' \
    $sender | cat - samples/$name > "$BOX/you/new/$name"
done
chown -R nobody:nogroup "$BOX/you"
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

cp ports/demo/control/* ports/pop/control/
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
