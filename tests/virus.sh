# Sourced after tap.sh: real scanners, a clamd and a cm-virusd of the test's own,
# and mails for them. The test virus stands in no file in one piece: a scanner of
# the machine would take that file away.

PEERS=${PEERS:-$PWD/build/peers}
PATH=$PATH:$PEERS/usr/bin:$PEERS/usr/sbin
SIGNATURES=$PWD/lists/signatures

# need_clamd: leave the test, as skipped and with the reason, where there is none
need_clamd() {
  command -v clamd >/dev/null && command -v clamdscan >/dev/null && return
  echo "1..0 # SKIP no clamd is unpacked in $PEERS"
  exit 0
}

eicar() { printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR' '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'; }

# mail [NAME]: a message with standard input attached, in base64
mail() {
  printf '%s\r\n' 'Received: from a by b' 'From: a@example.org' 'Subject: test' 'MIME-Version: 1.0' \
    'Content-Type: multipart/mixed; boundary=x' '' '--x' 'Content-Type: text/plain' '' 'See below.' '--x' \
    "Content-Type: application/octet-stream; name=${1:-file}" 'Content-Transfer-Encoding: base64' ''
  base64 | sed 's/$/\r/'
  printf -- '--x--\r\n'
}

# start_clamd NAME [LINE...]: in $T/NAME, with our signatures as its database and
# the lines in its configuration; it listens on $T/NAME/socket and 127.0.0.1:$PORT
start_clamd() {
  W=$T/$1; shift
  mkdir -p "$W/db" "$W/tmp"
  cp "$SIGNATURES"/* "$W/db/"
  PORT=$(free_port)
  {
    printf '%s\n' "DatabaseDirectory $W/db" "LocalSocket $W/socket" "TCPSocket $PORT" 'TCPAddr 127.0.0.1' \
      "TemporaryDirectory $W/tmp" "User $(id -un)" 'Foreground yes' 'AlertExceedsMax yes'
    for line; do echo "$line"; done
  } > "$W/conf"
  background clamd -c "$W/conf" > "$W/log" 2>&1
  within 60 pings "$W/socket" || { sed 's/^/# /' "$W/log"; echo 'Bail out! clamd did not start'; exit 1; }
}

# talk ADDRESS TEXT: send what printf makes of TEXT and print what comes back, with
# line breaks in the place of zeros
talk() {
  case $1 in
    /*) printf "$2" | nc -N -U -w 10 "$1" ;;
    *) printf "$2" | nc -N -w 10 "${1%:*}" "${1##*:}" ;;
  esac | tr '\0' '\n'
}
pings() { [ "$(talk "$1" 'zPING\0')" = PONG ]; }

# peer NAME ANSWER...: a server on $T/NAME that reads something from each connection
# and then says the next ANSWER, with \0, \n and \033; after the last it is gone
peer() {
  W=$T/$1; shift
  rm -f "$W"
  background perl -MIO::Socket::UNIX -e '
    my $name = shift;  # which it has only when it listens
    my $s = IO::Socket::UNIX->new(Local => "$name.new", Listen => 5) or die;
    rename "$name.new", $name;
    for (@ARGV) { s/\\(0\d\d|[0n])/$1 eq "n" ? "\n" : chr oct $1/ge; my $c = $s->accept; sysread $c, my $got, 1 << 20; syswrite $c, $_; shutdown $c, 1; 1 while sysread $c, $got, 1 << 20 }
  ' "$W" "$@"
  within 10 test -S "$W"
}

# start_virusd NAME [WORD...]: in $T/NAME, with $T/NAME/db as its database; it
# listens on $T/NAME/socket, its log is $T/NAME/log
start_virusd() {
  W=$T/$1; shift
  mkdir -p "$W/db" "$W/tmp"
  cp -n "$SIGNATURES"/* "$W/db/"
  background $CHECKER cm-virusd "db=$W/db" "tmp=$W/tmp" "$@" "$W/socket" >> "$W/log" 2>&1
  within 60 pings "$W/socket" || { sed 's/^/# /' "$W/log"; echo 'Bail out! cm-virusd did not start'; exit 1; }
}
# its scanners: the children that are confined (a container has seccomp for all); its holder: the other one
scanners() { for p in $(children "$1"); do ! grep -q '^NoNewPrivs:.1' "/proc/$p/status" || echo "$p"; done; }
holder() { for p in $(children "$1"); do grep -q '^NoNewPrivs:.1' "/proc/$p/status" || echo "$p"; done; }
