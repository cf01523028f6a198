#!/bin/sh
# The peers of the other tests: each takes a message by SMTP and has it afterwards.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/peer.sh"
need_peers

greet() {
  printf 'reply 220\nline HELO c.example.org\nreply 250\nline MAIL FROM:<a@example.org>\nreply 250\n'
  printf 'line RCPT TO:<b@example.net>\nreply 250\nline DATA\nreply 354\n'
  printf 'line Subject: for %s\nline\nline ..two dots\nline .\nreply 250\nline QUIT\neof\n' "$1"
}

for peer in postfix exim opensmtpd sink faultsink; do
  start_$peer $peer
  greet $peer > "$T/script"
  ok "$peer takes a message" client < "$T/script"
done
for peer in postfix exim opensmtpd sink; do
  same 1 "$peer has it" received $peer
  like "^Subject: for $peer" "$peer shows it" inbox $peer
  like '^\.two dots' "$peer decodes it" inbox $peer
done
# A setting said twice would have its log wait for itself.
start_postfix again mydestination=example.org smtpd_recipient_restrictions=permit
same 'mydestination=example.org smtpd_recipient_restrictions=permit' 'postfix has each setting once' \
  sh -c 'grep -E "^(mydest|smtpd_rec)" "$0" | xargs' "$T/again/etc/postfix/main.cf"
like '^1 <a@example.org> <b@example.net> 37 [0-9a-f]* clean 250$' 'faultsink counts it' cat "$T/faultsink/ledger"
same 'Subject: for faultsink

.two dots' 'faultsink keeps it' sh -c "tr -d '\r' < $T/faultsink/mail/1.1"

start_faultsink early CONNECT=say:421\ go,drop
printf 'reply 421\neof\n' > "$T/script"
like '^closed' 'faultsink does what a rule says' client < "$T/script"

done_testing
