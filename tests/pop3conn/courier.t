#!/bin/sh
# A second opinion: cm-fetch with a Courier, by POP3 and by IMAP.
. "$(dirname "$0")/fetch.sh"
need_courier
[ -x "$PEERS/usr/lib/courier/courier/imaplogin" ] || { echo "1..0 # SKIP no Courier IMAP is unpacked in $PEERS"; exit 0; }

start_courier c joe
account one 'smtp 127.0.0.1 1'
within 20 nc -z 127.0.0.1 "$COURIER_IMAP"

# over PROTOCOL PORT
over() {
  set_control server "$1 127.0.0.1 $2 tls=no"
  rm -f "$A/journal" "$D/mail/joe/"*/*
  behind
  for i in 1 2 3; do put $i; done
  same 0 "$1: letters are fetched" fetch
  same 'letter 1 letter 2 letter 3 ' "$1: and handed over, each once" delivered
  like '^\.a dot' "$1: as they are" sh -c "cat '$S'/mail/*"
  same 0 "$1: and deleted" letters
  same '' "$1: and forgotten" states
  behind
  set_control keep 5
  put 4; put 5
  same 0 "$1: letters that are kept" fetch
  same 0 "$1: and looked at again" fetch
  same 'letter 4 letter 5 ' "$1: are sent once" delivered
  same 2 "$1: and stay" letters
  rm "$A/control/keep"
  same 0 "$1: until they need not be kept" fetch
  same 0 "$1: and then go" letters
  behind 'RCPT#2=say:550 5.1.1 no such user\r\n'
  for i in 1 2 3; do put $i; done
  same 1 "$1: one that is refused" fetch
  same 1 "$1: stays, and the others go" letters
  echo wrong > "$A/control/password"
  same 77 "$1: a wrong password" fetch
  echo p > "$A/control/password"
}
over pop3 "$COURIER"
over imap "$COURIER_IMAP"

done_testing
