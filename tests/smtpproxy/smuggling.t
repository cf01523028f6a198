#!/bin/sh
# The published ways to hide a second message in a first one, sent to real mail
# servers through cm-smtpd, which must hand on one message or none. Postfix is set
# to fall for some of them, and does without us: the test can fail.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
need_peers

# What is not the end of data, and where a server may believe it is.
ends='\n.\n \r.\r \r.\n \n.\r \n.\r\n \r\n.\n \r.\r\n \r\n.\r \r\n\0.\r\n \r\n.\0\r\n'

# hidden END: one message in which another one stands behind END
hidden() {
  printf 'line MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<b@example.net>\nreply\nline DATA\nreply\n'
  printf 'send Subject: outer\\r\\n\\r\\ntext%s' "$1"
  printf 'MAIL FROM:<admin@example.net>\\r\\nRCPT TO:<b@example.net>\\r\\nDATA\\r\\n'
  printf 'Subject: smuggled\\r\\n\\r\\ninner\\r\\n.\\r\\n\nreply\n'
}

# attack: every variant in a session of its own; what was answered after the text
attack() {
  for end in $ends; do
    hidden "$end" | session | PATIENCE=20 client | sed '1,/^354/d' | codes
    echo
  done
}

# subjects NAME: of what NAME received
subjects() {
  received "$1" > /dev/null || echo undelivered
  find "$T/$1/mail/new" -type f -exec sed -n '/^\r*$/q; s/^Subject: \([a-z]*\).*/\1/p' {} \;
}

count() { grep -c -x "$1" || :; }

ROW='row 37'
start_postfix direct smtpd_forbid_bare_newline=no
attack > /dev/null
ok 'without us a message is smuggled into Postfix' [ "$(subjects direct | count smuggled)" -gt 0 ]

# through PEER MODE [SETTING]: what arrives must be what was acknowledged
through() {
  start_"$1" "$1-$2" ${3:+"$3"}
  home "front-$1-$2" smtp 127.0.0.1 "$PORT"
  echo "$2" > "$W/port/control/newlines"
  front "front-$1-$2"
  attack > "$T/heard"
  accepted=$(grep -c '^250' "$T/heard")
  subjects "$1-$2" > "$T/came"
  same 10 "$1, $2: each variant has an answer of ours" grep -c '^[245][0-9][0-9]' "$T/heard"
  same 0 "$1, $2: nothing is smuggled" count smuggled < "$T/came"
  same "$accepted" "$1, $2: what was accepted arrives once" count outer < "$T/came"
  same '' "$1, $2: and nothing else" grep -vx outer "$T/came"
  same '' "$1, $2: no answer but one" grep -v '^[245][0-9][0-9] 221 closed$' "$T/heard"
}

for mode in refuse normalize; do
  through postfix $mode smtpd_forbid_bare_newline=no
  [ $mode = normalize ] || same 8 'a lone CR or LF is refused' grep -c '^550' "$T/heard"
  [ $mode = refuse ] || same 10 'a lone CR or LF is mended' grep -c '^250' "$T/heard"
  through exim $mode
  through opensmtpd $mode
  through sink $mode
done

done_testing
