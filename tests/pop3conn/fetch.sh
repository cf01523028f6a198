# Sourced first, or after tap.sh, peer.sh and pop3proxy/pop3.sh: accounts of cm-fetch; then in the
# tree's top, with what those have.
command -v done_testing > /dev/null || {
  cd "$(dirname "$0")/../.." || exit 111
  . tests/tap.sh
  . tests/peer.sh
  . tests/pop3proxy/pop3.sh
}
top=$PWD
BUILD=$(cd "${BUILD:-build}" && pwd)
unset CM_ID TCPREMOTEIP

# provider [LINE...]: a real Dovecot with these lines of configuration, and $T/one with joe's
# account there
provider() {
  need_dovecot
  start_dovecot provider "$@"
  account one 'smtp 127.0.0.1 1'
}

# popbox NAME [RULE...]: tests/tools/popbox, in $T/NAME, is the account's server, with TLS as $TLS
# says; sets $B, its directory
popbox() {
  B=$T/$1; shift
  mkdir -p "$B/mail"
  background perl tests/tools/popbox "$B" "$@" > /dev/null
  within 10 test -s "$B/port" || { echo 'Bail out! popbox did not start'; exit 1; }
  set_control server "pop3 127.0.0.1 $(cat "$B/port") tls=${TLS:-no}"
}

# account NAME UPSTREAM...: $T/NAME is a home and in it the account `a`: joe's mailbox at
# Dovecot; sets $A
account() {
  A=$T/$1/a; shift
  mkdir -p "$A/control"
  printf '%s\n' "$@" > "$A/control/upstream"
  : > "$A/control/pipeline"
  set_control server "pop3 127.0.0.1 ${DOVECOT:-1} tls=no" user joe recipient joe@example.net me connector.example.net
  (umask 077 && echo p > "$A/control/password")
}

# set_control NAME TEXT...: control files of the account
set_control() {
  while [ $# -gt 1 ]; do
    printf '%s\n' "$2" > "$A/control/$1"
    shift 2
  done
}

# fetch [OPTION...]: a run; prints its exit code. What it prints is in $A/out, its log in $A/err
fetch() {
  CM_HOME=${A%/*} timeout 60 cm-fetch "$@" "$A" > "$A/out" 2> "$A/err"
  echo $?
}

# letters [USER]: how many are in the mailbox
letters() { find "$D/mail/${1:-joe}/new" "$D/mail/${1:-joe}/cur" -type f 2> /dev/null | wc -l; }

# put N [HEADER]: letter N into joe's mailbox
put() {
  printf '%s\n' "Return-Path: <s$1@example.org>" "Message-ID: <$1@example.org>" "Subject: letter $1" \
    ${2:+"$2"} '' '.a dot' "Hello $1" | mail joe "$1"
}

# states: of the letters that the journal knows, each with how many
states() {
  awk 'NR > 1 { s[$5 " " $6] = $1 } END { for (k in s) if (s[k] != "gone") n[s[k]]++; for (k in n) printf "%s %d ", k, n[k] }' "$A/journal"
}

# behind RULE...: a new faultsink is the upstream of the account; sets $S, its directory
sinks=0
behind() {
  sinks=$((sinks + 1))
  start_faultsink "sink$sinks" "$@"
  S=$W
  set_control upstream "smtp 127.0.0.1 $PORT"
}

# delivered: subjects of what the server was sent, sorted
delivered() {
  cat "$S/mail/"* 2> /dev/null | sed -n 's/\r$//; s/^Subject: //p' | sort | tr '\n' ' '
}
