# Sourced after tap.sh and peer.sh: sessions with cm-smtpd in the port of the
# home last made by `home`, $W.

# talk LINE...: one session of these lines, on pipes; prints what is heard
talk() {
  (cd "$W/port" && printf '%s\r\n' "$@" |
    CM_HOME=$W TCPREMOTEIP=192.0.2.1 TCPREMOTEHOST=client.example.org cm-smtpd 2>> "$W/err" | tr -d '\r')
}

# heard N LINE...: the Nth line from behind of what is heard
heard() {
  k=$1; shift
  talk "$@" | tail -n "$k" | head -n 1
}

# message LINE...: a session that sends these lines as a message; prints the
# answer to it
message() {
  heard 2 'EHLO client.example.org' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' \
    DATA "$@" . QUIT
}

# stage NAME KIND CODE REPORT [OPTION...]: a stage that answers so, in a paragraph
# of its own at the end of the pipeline
stage() {
  printf '#!/bin/sh\nprintf "%%s\\n" "%s"\nexit %s\n' "$4" "$3" > "$W/port/$1"
  chmod 755 "$W/port/$1"
  name=$1 kind=$2; shift 4
  printf '\n%s %s %s : ./%s\n' "$name" "$kind" "$*" "$name" >> "$W/port/control/pipeline"
}
