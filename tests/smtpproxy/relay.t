#!/bin/sh
# Nothing is relayed: the addresses of tests/smtpproxy/addresses, in front of real mail
# servers that believe us as they believe themselves.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
need_peers

grep -v '^#\|^$' tests/smtpproxy/addresses > "$T/addresses"
# What is longer than any command may be, alone.
for long in 300 3000 65000; do
  printf '<%s@example.net>\n<b@%s.example.net>\n' "$(printf "%0${long}d" 0)" "$(printf "%0${long}d" 0)"
done > "$T/long"
count=$(cat "$T/addresses" "$T/long" | grep -c .)
ok "row 45: $count addresses, at least 200" [ "$count" -ge 200 ]

# What may be handed on: any odd name in our domain that says nothing of another.
harmless='("[^"%!@:/|]*"|[^-"%!@:/|][^"%!@:/|]*)@example\.net'

# asked: all of them to the port at $FRONT, with a message for those that it takes
asked() {
  rm -f "$T"/part.*
  split -l 40 "$T/addresses" "$T/part."
  split -l 1 "$T/long" "$T/part.long."
  for part in "$T"/part.*; do
    { printf 'reply\nline EHLO x\nreply\nline MAIL FROM:<a@example.org>\nreply\n'
      sed 's/.*/line RCPT TO:&\nreply/' "$part"
      printf 'line DATA\nreply\nonly 354 3\nsend Subject: x\\r\\n\\r\\nx\\r\\n\nline .\nreply\nline QUIT\neof\n'; } | client "$FRONT" > "$part.said"
  done
}

# port NAME PORT [COMMAND...]: cm-smtpd in front of PORT
port() {
  home "$1" smtp 127.0.0.1 "$2"
  echo 100000 > "$W/port/control/maxerrors"
  name=$1; shift 2
  front "$name" "$@"
  FRONT=$PORT
}

# What the commands say
start_faultsink sink
port h "$PORT"
asked
same '' 'row 45: no address but plain ones of ours is handed on' \
  sh -c "grep RCPT $T/sink/commands | sed 's/^[0-9]* RCPT TO://; s/> .*/>/' | sort -u | grep -viE '^<$harmless>\$'"
like '^[0-9]* RCPT TO:<' 'those are' cat "$T/sink/commands"

# What real servers made of it. Each adds the recipient to what it delivers.
recipients() { within 20 settled "$1"; grep -rhi '^Delivered-To: ' "$T/$1/mail/new" | sed 's/^[^:]*: *//' | sort -u; }
odd() { recipients "$1" | grep -viE "^$harmless\$"; }
direct() { swaks --server "127.0.0.1:$1" --from a@example.org --to "$2" --helo x > /dev/null 2>&1; }

start_postfix postfix mydestination=example.net virtual_mailbox_domains= local_transport=virtual default_transport=virtual \
  smtpd_recipient_restrictions=permit_mynetworks,reject allow_untrusted_routing=yes
POSTFIX=$PORT
start_exim exim; EXIM=$PORT
start_opensmtpd opensmtpd; OPENSMTPD=$PORT
for peer in "postfix $POSTFIX" "exim $EXIM" "opensmtpd $OPENSMTPD"; do
  set -- $peer
  port "before-$1" "$2"
  asked
  like "@example.net$" "row 45: $1 has got what is ours" recipients "$1"
  same '' "row 45: and nothing that is for another" odd "$1"
done

# They would have relayed: the same, past us.
for way in "postfix $POSTFIX u%example.org@example.net" "exim $EXIM u%example.org@example.net" "opensmtpd $OPENSMTPD u@example.org"; do
  set -- $way
  direct "$2" "$3"
  like '^u@example.org$' "$1 relays for who comes past us" recipients "$1"
done

# Nor is an address ever a command: nothing but cm-smtpd itself is started.
export ASAN_OPTIONS=detect_leaks=0
start_faultsink other
port strace "$PORT" strace -f -qq -A -o "$T/started" -e trace=execve cm-smtpd
asked
same "$(find "$T" -name 'part.*.said' | wc -l)" 'row 46: no program is started for an address' grep -c execve "$T/started"

done_testing
