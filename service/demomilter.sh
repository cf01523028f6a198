#!/bin/sh
# demomilter.sh HOME: the part of the demonstration in which a Postfix asks the filters itself, by
# cm-milter in a port with those of the port demo. It is one of our own, on a free port of
# 127.0.0.1 and in a directory that goes with it: the machine's is not touched.
set -u
cd "$1" || exit 111
H=$PWD PATH=$PATH:/usr/sbin PIDS= BOX=
end() {
  trap '' HUP INT TERM
  for pid in $PIDS; do kill "$pid"; wait "$pid"; done 2>/dev/null
  [ -z "$BOX" ] || rm -rf "$BOX"
}
trap end EXIT
trap 'exit 130' HUP INT TERM

echo
master=/usr/lib/postfix/sbin/master
if [ "$(id -u)" != 0 ] || [ ! -x $master ]; then
  echo 'A Postfix that asks the filters by cm-milter is shown to root only, where Postfix is installed.'
  exit 0
fi
set -- $(perl -MIO::Socket::INET -e 'my %p; while (keys %p < 2) {
  my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 10000 + int rand 20000);
  $p{$s->sockport} = 1 if $s } print join " ", keys %p')
SERVER=$1 ASKED=$2
BOX=$(mktemp -d) && chmod 755 "$BOX" || exit 111

mkdir -p ports/milter/control
cp -r ports/demo/control/* ports/milter/control/
rm -r ports/milter/control/upstream ports/milter/control/tls
echo quarantine@example.net > ports/milter/control/quarantine
(cd ports/milter && exec tcpserver -1 -R -H -l0 127.0.0.1 "$ASKED" cm-milter > /dev/null 2> "$H/milter.log") &
PIDS="$! $PIDS"

mkdir -p "$BOX/etc" "$BOX/queue" "$BOX/data" "$BOX/mail"
chown postfix "$BOX/data"; chown nobody "$BOX/mail"
cat > "$BOX/etc/main.cf" <<!
compatibility_level = 3.6
queue_directory = $BOX/queue
data_directory = $BOX/data
maillog_file = $BOX/log
maillog_file_prefixes = $BOX
myhostname = mx.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = static:all
virtual_mailbox_base = $BOX
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_milters = inet:127.0.0.1:$ASKED
milter_default_action = tempfail
!
cat > "$BOX/etc/master.cf" <<!
127.0.0.1:$SERVER inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
!
postfix -c "$BOX/etc" check > "$BOX/said" 2>&1
$master -d -c "$BOX/etc" >> "$BOX/said" 2>&1 &
PIDS="$! $PIDS"
tries=200
until swaks --quit-after CONNECT --server "127.0.0.1:$SERVER" > /dev/null 2>&1; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo 'demo: the Postfix of the demonstration did not start' >&2; cat "$BOX/said" "$BOX/log" >&2; exit 1; }
  sleep 0.1
done

# shows NAME CODE VERDICT [SENDER]: what the client hears, and what the mail log says
shows() {
  swaks --server "127.0.0.1:$SERVER" --helo client.example.org --from "${4:-bob@client.example.org}" --to you@example.net \
    --data "@samples/$1" > "$BOX/said" 2>&1
  heard=$(grep '^<.. ' "$BOX/said" | tail -n 2 | head -n 1 | cut -c 5-)
  verdict=$(tail -n 1 log/mail.csv | cut -d , -f 14- | sed 's/^"\([^"]*\)".*/\1/; t; s/,.*//')
  printf '%-10s %-24s %s\n' "$1" "$verdict" "$(echo "$heard" | cut -c 1-80)"
  case "$heard $verdict" in
    "$2"*" $3") ;;
    *) echo "demo: $1: $heard, $verdict; not $2, $3" >&2; exit 1 ;;
  esac
}
echo 'The same filters for a mail server that asks: a Postfix with cm-milter
'
printf '%-10s %-24s %s\n' message verdict 'the client hears of Postfix'
shows plain 250 accept/deliver
shows junk 250 'accept/deliver, junk'
shows worm 550 reject/delete
shows virus 550 reject/delete
shows macro 250 reject/deliver
shows enemy 550 reject/delete offers@mail.spammer.example
shows doubtful 550 reject/redirect who@maybe.example
shows robot 250 accept/delete robot@quiet.example
tries=200
until [ "$(ls "$BOX/mail/new" 2>/dev/null | wc -l)" = 3 ]; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo 'demo: Postfix did not deliver three of them' >&2; exit 1; }
  sleep 0.1
done
echo '
Three are in the mailbox. A mail server cannot refuse what it delivers: so one that is to be both
is delivered, with its verdict on top.'
