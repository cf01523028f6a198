# Sourced after tap.sh and peer.sh: a real Dovecot as the provider, and sessions with cm-pop3d.

# need_dovecot: leave the test where it cannot run
need_dovecot() {
  [ "$(id -u)" = 0 ] && command -v dovecot > /dev/null || {
    echo '1..0 # SKIP only root can start a real POP3 server'
    exit 0
  }
}

# start_dovecot NAME [LINE...]: accepts any user with the password p, and mail is in
# $T/NAME/mail/USER; sets $DOVECOT, its port
start_dovecot() {
  D=$T/$1; DOVECOT=$(free_port); shift
  chmod 755 "$T"
  mkdir -p "$D/mail"
  chown nobody:nogroup "$D/mail"
  cat > "$D/conf" <<!
base_dir = $D/base
state_dir = $D/state
log_path = $D/log
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop
mail_location = maildir:$D/mail/%u
first_valid_uid = 1
first_valid_gid = 1
login_trusted_networks = 127.0.0.0/8
service pop3-login {
  inet_listener pop3 {
    port = $DOVECOT
  }
  inet_listener pop3s {
    port = 0
  }
  chroot =
}
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = static
  args = password=p
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$D
}
$(printf '%s\n' "$@")
!
  background dovecot -F -c "$D/conf"
  within 20 nc -z 127.0.0.1 "$DOVECOT" || { cat "$D/log"; echo 'Bail out! Dovecot did not start'; exit 1; }
}

box() { install -d -o nobody -g nogroup "$D/mail/$1" "$D/mail/$1/new" "$D/mail/$1/cur" "$D/mail/$1/tmp"; }

# mail USER NAME: the message on standard input into the mailbox, whole, and in a file whose name
# begins so and that none had before: what Dovecot knows of one that is gone may not yet be gone
# itself, and a session is needed for it to find out.
mail() {
  [ -d "$D/mail/$1/new" ] || box "$1"
  set -- "$D/mail/$1" "$2,$(date +%s%N)"
  cat > "$1/tmp/$2"
  chown nobody:nogroup "$1/tmp/$2"
  mv "$1/tmp/$2" "$1/new/$2"
}

# port NAME: a port in $T/NAME, where the server is Dovecot; sets $W
port() {
  W=$T/$1
  mkdir -p "$W/port/control"
  echo "pop3 127.0.0.1 $DOVECOT" > "$W/port/control/upstream"
  : > "$W/port/control/pipeline"
}

control() { printf '%s\n' "$2" > "$W/port/control/$1"; }

# talk LINE...: one session of these lines, on pipes; prints what is heard
talk() {
  (cd "$W/port" && printf '%s\r\n' "$@" |
    CM_HOME=$W TCPREMOTEIP=192.0.2.1 timeout 60 cm-pop3d 2>> "$W/err" | tr -d '\r')
}

# direct LINE...: the same with Dovecot itself, behind its greeting
direct() {
  printf '%s\r\n' "$@" | timeout 20 nc -N 127.0.0.1 "$DOVECOT" | tr -d '\r'
}

# heard N LINE...: the Nth line of what is heard
heard() {
  k=$1; shift
  talk "$@" | sed -n "${k}p"
}

# serve_pop [COMMAND...]: the port under tcpserver, by cm-pop3d or COMMAND; sets $PORT
serve_pop() {
  [ $# -gt 0 ] || set -- cm-pop3d
  : > "$T/listening"
  background sh -c 'cd "$0/port" && CM_HOME=$0 exec "$@"' "$W" \
    tcpserver -1 -HRl0 127.0.0.1 0 "$@" > "$T/listening" 2>> "$W/err"
  within 10 test -s "$T/listening" || { echo 'Bail out! tcpserver did not start'; exit 1; }
  PORT=$(head -n 1 "$T/listening")
}

# stepped PORT LINE...: one session in lock step, of lines that are answered by one
stepped() {
  timeout 60 perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or exit 1; $s->autoflush(1); print scalar <$s>;
    for (@ARGV) { print $s "$_\r\n"; my $l = <$s>; last if !defined $l; print $l }' "$@" | tr -d '\r'
}

# need_courier: leave the test where no Courier is unpacked
need_courier() {
  need_peers
  [ -x "$PEERS/usr/lib/courier/courier/courierpop3d" ] || { echo "1..0 # SKIP no Courier is unpacked in $PEERS"; exit 0; }
}

# start_courier NAME USER...: Courier's POP3 server with these users, whose password is p, and
# whose mail is in $T/NAME/mail/USER; sets $COURIER, its port, and $D for mail
start_courier() {
  world "$1"; shift
  D=$W
  mkdir -p "$W/etc/courier" "$W/run/courier/authdaemon"
  printf '%s\n' 'authmodulelist="authuserdb"' 'authmodulelistorig="authuserdb"' daemons=2 \
    authdaemonvar=/run/courier/authdaemon > "$W/etc/courier/authdaemonrc"
  for u in "$@"; do
    box "$u"
    printf '%s\tuid=65534|gid=65534|home=/mnt/mail/%s|mail=/mnt/mail/%s|systempw=%s\n' "$u" "$u" "$u" \
      "$(perl -e 'print crypt("p", "ab")')"
  done > "$W/etc/courier/userdb"
  chmod 700 "$W/etc/courier/userdb"
  COURIER=$(free_port) PORT=$COURIER COURIER_IMAP=$(free_port)
  # shellcheck disable=SC2016 # for the inner shell
  inhabit sh -c 'makeuserdb -f /mnt/etc/courier/userdb && c=/usr/lib/courier || exit 111
    setpriv --pdeathsig TERM $c/courier-authlib/authdaemond &
    if [ -x $c/courier/imaplogin ]; then
      IMAP_CAPABILITY="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE IDLE" IMAP_EMPTYTRASH= MAILDIRPATH=Maildir \
        setpriv --pdeathsig TERM tcpserver -HRl0 127.0.0.1 "$1" $c/courier/imaplogin /usr/bin/imapd . &
    fi
    POP3AUTH="PLAIN LOGIN" MAILDIRPATH=Maildir \
    exec tcpserver -HRl0 127.0.0.1 "$0" $c/courier/courierpop3login $c/courier/courierpop3d .' "$PORT" "$COURIER_IMAP"
}
