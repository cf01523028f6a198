# Sourced first: what fetch.sh has, but for accounts, which are others; sessions with tests/tools/letters,
# which does what cm-fetch does with a mailbox; and an IMAP server that goes wrong.
. "$(dirname "$0")/fetch.sh"

# account NAME LINE: an account in $T/NAME, whose server this is; sets $A
account() {
  A=$T/$1
  mkdir -p "$A/control"
  echo "$2" > "$A/control/server"
  echo u > "$A/control/user"
  echo u@example.net > "$A/control/recipient"
  (umask 077; echo p > "$A/control/password")
  echo 'smtp 127.0.0.1 9' > "$A/control/upstream"
  : > "$A/control/pipeline"
}
control() { printf '%s\n' "$2" > "$A/control/$1"; }

# letters WORD...: in the account; with little memory, but for a sanitizer
! sanitized || MEMORY=unlimited
letters() { (cd "$A" && ulimit -v "${MEMORY:-60000}" && CM_HOME=$A timeout 60 "${BUILD:-build}/tests/letters" "$@" 2>&1); }

# faulty [RULE...]: tests/tools/faultimap as the account's server; sets $F, its directory
faulty() {
  F=$(mktemp -d "$T/fault.XXXXXX")
  background "$top/tests/tools/faultimap" "$F" "$@"
  within 10 test -s "$F/port" || { echo 'Bail out! faultimap did not start'; exit 1; }
  : > "$F/gone"
  account fault "imap 127.0.0.1 $(cat "$F/port") tls=${TLS:-no}"
}
heard() { cat "$F/heard"; }
gone() { sort "$F/gone" | tr '\n' ' '; }
