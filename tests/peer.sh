# Sourced after tap.sh: real mail servers to stand behind what is tested. Each runs
# on a free port of 127.0.0.1, in a mount namespace of its own where $T/NAME is
# /mnt: nothing of it is left when the test ends, and no user or directory of the
# machine is needed. Mail to any address of any domain goes into $T/NAME/mail/new.
#
#   start_postfix NAME [SETTING=VALUE...]    start_exim NAME [ON]    start_opensmtpd NAME [ON]
#   start_sink NAME [smtp-sink's OPTIONS]
#
# With SECURE=yes Exim and OpenSMTPD speak TLS: with the files pem, or crt and key, in
# $T/NAME, and as clients Exim believes ca there. EDIT is a script for sed that
# changes what they are configured with: master.cf of Postfix. Exim takes the port $BECOMES if that is
# set. With USERS=yes mail to Exim is for who has
# logged in, which joe@example.net does by "sesame seed". They
# set $PORT and $PID. `settled NAME` succeeds when nothing is left in NAME's queue,
# `received NAME` then prints the number of messages, `inbox NAME` their text.

PEERS=${PEERS:-$PWD/build/peers}

# need_peers: leave the test, as skipped and with the reason, where peers cannot run
need_peers() {
  why=
  [ "$(id -u)" = 0 ] || why='only root can start real mail servers'
  [ "$why" ] || unshare -m true 2>/dev/null || why='no mount namespaces here'
  [ "$why" ] || [ -x "$PEERS/usr/sbin/exim4" ] || why="no peers are unpacked in $PEERS"
  [ ! "$why" ] || { echo "1..0 # SKIP $why"; exit 0; }
}

# free_port: one that the kernel gives to nobody by itself
free_port() {
  perl -MIO::Socket::INET -e 'for (1 .. 1000) {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 10000 + int rand 20000);
    if ($s) { print $s->sockport; last }
  }'
}

# world NAME QUEUE...: make $T/NAME; a message in one of the QUEUE directories
# below it is one that is not delivered yet
world() {
  W=$T/$1; shift
  mkdir -p "$W/etc/postfix" "$W/etc/exim4" "$W/run" "$W/queue" "$W/log" \
    "$W/var/spool/smtpd" "$W/var/lib/opensmtpd/empty" "$W/mail/new" "$W/mail/cur" "$W/mail/tmp"
  echo "$@" > "$W/queues"
  echo peer.example.net > "$W/etc/mailname"
  cp /etc/passwd /etc/group "$W/etc/"
  id=901
  for user in Debian-exim opensmtpd opensmtpq; do
    echo "$user:x:$id:$id::/nonexistent:/usr/sbin/nologin" >> "$W/etc/passwd"
    echo "$user:x:$id:" >> "$W/etc/group"
    id=$((id + 1))
  done
  chown -R nobody "$W/mail"
  chown 901 "$W/log"
  chmod 711 "$W/queue"
}

edited() { [ ! "${EDIT-}" ] || sed -i "$EDIT" "$1"; }

# inhabit COMMAND...: run it in the world last made, until the test ends; it must
# answer on $PORT
inhabit() {
  # Of the layers of an overlay none may be within another: peers in a clone in /usr/src.
  case $(readlink -f "$PEERS") in
    /usr/*)
      [ -d "$T/peers" ] || { mkdir "$T/peers" && cp -a "$PEERS/usr" "$T/peers/"; }
      PEERS=$T/peers ;;
  esac
  background unshare -m sh -c '
    w=$1 peers=$2; shift 2
    if [ -d "$peers/usr" ]; then
      mount -t overlay -o "ro,lowerdir=$peers/usr:/usr" overlay /usr || exit 111
    fi
    mount -t overlay -o "ro,lowerdir=$w/etc:/etc" overlay /etc &&
    mount -t overlay -o "ro,lowerdir=$w/var:/var" overlay /var &&
    mount --bind "$w/run" /run && mount --bind "$w/queue" /var/spool/smtpd &&
    mount --bind "$w" /mnt && cd / && exec setsid "$@"' inhabit "$W" "$PEERS" "$@" > "$W/log/out" 2>&1
  within 20 nc -z 127.0.0.1 "$PORT" || {
    sed 's/^/# /' "$W"/log/*
    echo "Bail out! $1 did not start"
    exit 1
  }
}

# final: settings, the last of each name. postlogd warns of an earlier one in its own log, and
# waits for itself, and all Postfix with it, when that happens to be full.
final() { awk -F '[ =]' '!($1 in is) { name[++n] = $1 } { is[$1] = $0 } END { for (i = 1; i <= n; i++) print is[name[i]] }'; }

start_postfix() {
  world "$1" queue/incoming queue/active queue/deferred queue/maildrop; shift
  PORT=$(free_port)
  (cd "$W/queue" &&
    mkdir -p incoming active deferred maildrop hold corrupt bounce defer flush trace \
      saved private public pid data &&
    chown -R postfix . && chown root . pid && chmod 700 ./* && chmod 755 pid && chmod 710 public)
  {
    cat <<'!'
compatibility_level = 3.6
queue_directory = /mnt/queue
data_directory = /mnt/queue/data
maillog_file = /mnt/log/postfix
maillog_file_prefixes = /mnt
myhostname = peer.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = static:all
virtual_mailbox_base = /mnt
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
!
    for setting in "$@"; do echo "$setting"; done
  } | final > "$W/etc/postfix/main.cf"
  cat > "$W/etc/postfix/master.cf" <<!
127.0.0.1:$PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
error unix - - n - - error
smtp unix - - n - - smtp
retry unix - - n - - error
virtual unix - n n - - virtual
local unix - n n - - local
postlog unix-dgram n - n - 1 postlogd
!
  edited "$W/etc/postfix/master.cf"
  inhabit /usr/lib/postfix/sbin/master -c /etc/postfix -d
}

# start_lmtp NAME SETTING...: LMTP at $PORT and at $T/NAME/lmtp, with a mailbox in
# $T/NAME/mail for each address in $T/NAME/users, which full@example.net has no room in
start_lmtp() {
  W=$T/$1; shift
  mkdir -p "$W/mail" "$W/run" "$W/state" "$W/log"
  chown nobody "$W/mail"
  chmod 711 "$T"   # its processes have users of their own
  PORT=$(free_port)
  for u in a b c d full; do echo "$u@example.net::65534:65534::$W/mail/$u::"; done |
    sed '/^full/s/$/userdb_quota_rule=*:bytes=10/' > "$W/users"
  cat > "$W/conf" <<!
base_dir = $W/run
state_dir = $W/state
log_path = $W/log/dovecot
protocols = lmtp
listen = 127.0.0.1
ssl = no
postmaster_address = postmaster@example.net
mail_location = maildir:~
mail_plugins = quota
plugin {
  quota = maildir:User
  quota_rule = *:storage=100M
}
passdb {
  driver = passwd-file
  args = $W/users
}
userdb {
  driver = passwd-file
  args = $W/users
}
service lmtp {
  inet_listener lmtp {
    port = $PORT
  }
  unix_listener $W/lmtp {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
!
  for setting in "$@"; do echo "$setting"; done >> "$W/conf"
  background dovecot -F -c "$W/conf"
  within 20 nc -z 127.0.0.1 "$PORT" || { sed 's/^/# /' "$W/log/dovecot"; echo 'Bail out! dovecot did not start'; exit 1; }
}

start_exim() {
  world "$1" queue/input
  tls='hosts_avoid_tls = *' rcpt=all users=
  [ ! "${SECURE-}" ] || tls=$(printf 'hosts_require_tls = *\n  tls_verify_certificates = /mnt/ca\n  tls_verify_hosts = *')
  [ ! "${USERS-}" ] || rcpt=known users=$(cat <<'!'
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{joe@example.net}}{eq{$auth3}{sesame seed}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = User Name : Password
  server_condition = ${if and{{eq{$auth1}{joe@example.net}}{eq{$auth2}{sesame seed}}}}
  server_set_id = $auth1
!
)
  # With a port as ON they hand mail on to 127.0.0.1 there, and keep none.
  on=${2:-}
  PORT=${BECOMES:-$(free_port)}
  chown 901 "$W/queue"
  cat > "$W/etc/exim4/exim4.conf" <<!
primary_hostname = peer.example.net
local_interfaces = 127.0.0.1
daemon_smtp_ports = $PORT
spool_directory = /mnt/queue
log_file_path = /mnt/log/%s
pid_file_path = /mnt/log/pid
keep_environment =
host_lookup =
percent_hack_domains = *
tls_advertise_hosts = ${SECURE:+*
tls_certificate = /mnt/pem
tls_privatekey = /mnt/pem}
acl_smtp_rcpt = $rcpt
acl_smtp_data = all
begin acl
all:
  accept
known:
  accept authenticated = *
  deny message = who are you?
begin routers
${on:+on:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = on}
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = /mnt/mail
  maildir_format
  headers_add = Delivered-To: \${quote_local_part:\$local_part}@\$domain
  user = nobody
  group = nogroup
${on:+on:
  driver = smtp
  port = $on
  $tls
  allow_localhost}
begin authenticators
$users
!
  edited "$W/etc/exim4/exim4.conf"
  inhabit exim4 -bdf
}

start_opensmtpd() {
  world "$1" queue/queue queue/incoming
  action='maildir "/mnt/mail" virtual <all>'
  pki=
  [ ! "${SECURE-}" ] || pki=$(printf 'pki peer cert "/mnt/crt"\npki peer key "/mnt/key"')
  [ ! "${2:-}" ] || action="relay host smtp${SECURE:++tls}://127.0.0.1:$2${SECURE:+ tls no-verify}"
  PORT=$(free_port)
  cat > "$W/etc/smtpd.conf" <<!
table all { "@" = "nobody" }
$pki
listen on 127.0.0.1 port $PORT ${SECURE:+tls pki peer}
action "box" $action
match from any for any action "box"
!
  edited "$W/etc/smtpd.conf"
  inhabit smtpd -d
}

start_sink() {
  world "$1"; shift
  PORT=$(free_port)
  inhabit smtp-sink -u nobody -d /mnt/mail/new/m. "$@" "127.0.0.1:$PORT" 100
}

settled() {
  for queue in $(cat "$T/$1/queues"); do
    [ -z "$(find "$T/$1/$queue" -type f)" ] || return 1
  done
  [ -z "$(find "$T/$1/mail/tmp" -type f)" ]
}

received() {
  within 20 settled "$1" || { echo "$1 has not delivered"; return 1; }
  find "$T/$1/mail/new" -type f | wc -l
}

inbox() {
  within 20 settled "$1"
  find "$T/$1/mail/new" -type f -exec cat {} +
}

# start_faultsink NAME [RULE...]: see tests/tools/faultsink; $T/NAME is its directory
start_faultsink() {
  W=$T/$1; shift
  mkdir -p "$W"
  background perl tests/tools/faultsink "$W" "$@"
  within 10 test -s "$W/port" || { echo "Bail out! faultsink did not start"; exit 1; }
  PORT=$(cat "$W/port")
}

# at_rest PID: that faultsink serves nobody any more, and has written down all it saw,
# also of a client that was killed
at_rest() { [ ! "$(children "$1")" ]; }

# home NAME UPSTREAM...: a suite's home $T/NAME and in it the directory `port` of one
# port that passes everything for example.net
home() {
  W=$T/$1; shift
  mkdir -p "$W/port/control"
  echo "$@" > "$W/port/control/upstream"
  echo '*@example.net' > "$W/port/control/recipients"
  echo quarantine@example.net > "$W/port/control/quarantine"
  : > "$W/port/control/pipeline"
}

# front NAME [COMMAND...]: serve cm-smtpd, or COMMAND, from the port of home NAME; its
# log is $T/NAME/err. $BEFORE stands before tcpserver.
front() {
  W=$T/$1; shift
  [ $# -gt 0 ] || set -- cm-smtpd
  : > "$W/listening"
  background sh -c 'cd "$0/port" && CM_HOME=$0 exec "$@"' "$W" \
    ${BEFORE-} tcpserver -1 -HRl0 -b 1000 -c 1000 127.0.0.1 0 "$@" > "$W/listening" 2>> "$W/err"
  within 10 test -s "$W/listening" || { echo "Bail out! tcpserver did not start"; exit 1; }
  PORT=$(head -n 1 "$W/listening")
}

# client [PORT [ADDRESS]]: tests/tools/faultclient, with the script on standard input
client() { perl tests/tools/faultclient "${1:-$PORT}" ${2:+"$2"}; }

# letter [RECIPIENT...]: a script for client: one message of $TEXT, if that is set,
# to the recipients, b@example.net if there is none
letter() {
  [ $# -gt 0 ] || set -- b@example.net
  printf 'line MAIL FROM:<a@example.org>\nreply\n'
  for r in "$@"; do printf 'line RCPT TO:<%s>\nreply\n' "$r"; done
  printf 'line DATA\nreply\nonly 354 3\nsend %s\nline .\nreply\n' \
    "${TEXT:-Subject: test\r\n\r\nHello\r\n}"
}

# session: the script on standard input, with EHLO before and QUIT behind it
session() {
  printf 'reply\nline EHLO client.example.org\nreply\n'
  cat
  printf 'line QUIT\neof\n'
}

# codes: of each reply in a transcript, in one line
codes() {
  sed -n 's/^\([0-9][0-9][0-9]\) .*/\1/; /^\([0-9][0-9][0-9]\|[a-z]\{1,\}\)$/p' | tr '\n' ' ' | sed 's/ $//'
}

# children PID: the process ids of what it has started and not yet waited for
children() { sed 's/ $//' "/proc/$1/task/$1/children"; }

# fill: the pipe that is descriptor 9 has room for nothing
fill() {
  perl -MFcntl -e 'open my $f, ">&=", 9; fcntl $f, F_SETFL, O_NONBLOCK | fcntl $f, F_GETFL, 0; 1 while syswrite $f, "-" x 99 . "\n";
    1 while syswrite $f, "\n"; fcntl $f, F_SETFL, ~O_NONBLOCK & fcntl $f, F_GETFL, 0'
}

# columns NAME...: of each row of the mail log of the home $W; column NAME: of the last one
columns() {
  perl -e '
    my ($file, @want) = @ARGV; local $/; open my $f, "<", $file or exit 1;
    my (@rows, @row); my $text = <$f>;
    while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gc) {
      my ($q, $p, $end) = ($1, $2, $3); $q =~ s/""/"/g if defined $q;
      push @row, defined $q ? $q : $p;
      if ($end ne ",") { push @rows, [@row]; @row = () }
    }
    my %at; @at{@{$rows[0]}} = 0 .. $#{$rows[0]};
    print join(" ", @$_[@at{@want}]), "\n" for @rows[1 .. $#rows]' "$W/log/mail.csv" "$@"
}
column() { columns "$1" | tail -n 1; }
