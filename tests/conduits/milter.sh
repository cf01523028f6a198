# Sourced after tap.sh and peer.sh: a port of cm-milter, and what a mail server says to it.

here=$(cd "$(dirname "$0")" && pwd)
mta() { perl "$here/../tools/mta" "$@"; }

# place NAME: a home $W=$T/NAME with a port whose only check answers with the code that the
# subject names, "code 40"; other mail is good
place() {
  home "$1" smtp 127.0.0.1 9
  rm "$W/port/control/upstream" "$W/port/control/recipients"
  echo store > "$W/port/control/quarantine"
  echo 'code check : ./code' > "$W/port/control/pipeline"
  cat > "$W/port/code" <<'!'
#!/bin/sh
code=$(sed -n '/^.$/q; s/^Subject: .*code \([0-9]*\).*/\1/p')
[ "$code" ] && echo "5.7.1 the subject wants $code, 100% of it"
exit ${code:-0}
!
  chmod 755 "$W/port/code"
}

# milter: one connection to cm-milter in the port of $W, by the script on standard input
milter() { (cd "$W/port" && CM_HOME=$W PROTO=UNIX mta cm-milter 2>> "$W/err"); }

# opening [VERSION ACTIONS STEPS]: a script's first lines: what the newest servers offer
opening() {
  echo "offer ${1:-6} ${2:-1ff} ${3:-1fffff}"
  cat <<'!'
macro C j mx.example.net {daemon_name} mx
connect client.example.org 4 1234 192.0.2.7
helo client.example.org
!
}

# envelope [RECIPIENT...]: the beginning of a transaction
envelope() {
  [ $# -gt 0 ] || set -- b@example.net
  printf 'macro M i Q123\nmail <a@example.org> SIZE=100\n'
  printf 'rcpt <%s>\n' "$@"
}

# message SUBJECT [RECIPIENT...]: a transaction
message() {
  subject=$1; shift
  envelope "$@"
  cat <<!
data
header From: a@example.org
header Subject: $subject
header To: b@example.net
eoh
body Hello\r\n
end
!
}

# told: what was said, without ids and times
told() { sed 's/[0-9]\{10\}\.[0-9]\{6\}\.[0-9a-f.]*/ID/g'; }
