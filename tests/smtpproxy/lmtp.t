#!/bin/sh
# LMTP behind cm-smtpd: its answer for each recipient becomes one that the client can
# act on. Nobody loses a message, and nobody gets it twice.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_lmtp box
home h lmtp 127.0.0.1 "$PORT"
B=$T/box/mail

# to RECIPIENT...: a message to them; prints the codes of all answers
to() {
  { printf '%s\n' 'EHLO client.example.org' 'MAIL FROM:<a@example.org>'
    for r in "$@"; do echo "RCPT TO:<$r@example.net>"; done
    printf '%s\n' DATA 'Subject: hello' '' text . QUIT; } > "$T/lines"
  set --
  while IFS= read -r line; do set -- "$@" "$line"; done < "$T/lines"
  talk "$@" > "$T/heard"
  sed -n 's/^\([0-9]*\) .*/\1/p' "$T/heard" | tail -n +4 | tr '\n' ' '
}
mails() { find "$B/$1/new" -type f 2> /dev/null | wc -l; }
upstream() { echo "$@" > "$W/port/control/upstream"; : > "$W/err"; }

same '250 354 250 221 ' 'a mailbox gets its mail by TCP' to a
same 1 'it is there' mails a
upstream lmtp "$T/box/lmtp"
same '250 354 250 221 ' 'and by a local socket' to a
same 2 'it is there' mails a
like 'by .* with ESMTP id' 'our Received field says who brought it' sh -c "cat '$B'/a/new/* | head -n 20"
same '550 554 554 ' 'a mailbox that does not exist is refused at RCPT' to nobody
same '250 354 552 221 ' 'a full one behind the dot' to full
like '^552 5.2.2 ' 'in the words of the server' cat "$T/heard"
upstream lmtp /nowhere/lmtp
like '^451 4.4.1 ' 'no such socket' heard 2 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT

# One recipient in a transaction: each hears what is said of it alone

upstream lmtp "$T/box/lmtp"
same '250 452 452 354 250 221 ' 'one recipient is taken, the others are to come again' to a b full
same '3 0' 'only the first has the message' echo "$(mails a) $(mails b)"
like '^452 4.5.3 ' 'as RFC 5321 says it' cat "$T/heard"

# Several at once, where the port wants it so

upstream lmtp "$T/box/lmtp" recipients=10
same '250 250 250 354 250 221 ' 'all take it: 250' to a b c
same '4 1 1' 'and have it' echo "$(mails a) $(mails b) $(mails c)"
same '250 250 354 554 221 ' 'one has no room: refused' to b full
like '^554-5.2.2 <full@example.net> ' 'the client is told who' cat "$T/heard"
like '^554 5.3.0 the other recipients have the message' 'and that it need not send it again' cat "$T/heard"
same 2 'the other has it' mails b
like '^recipient .* < <b@example.net> 250 ' 'the log has what was said for each' cat "$W/err"
like '^recipient .* < <full@example.net> 552 ' 'of both' cat "$W/err"
same '250 250 550 354 250 221 ' 'who was refused at RCPT has no answer behind the dot' to a b nobody

# What no good server does

# odd RULE...: a server that speaks LMTP and does so
odd() {
  start_faultsink "odd$((k += 1))" 'LHLO=say:250-odd\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n' "$@"
  S=$T/odd$k W=$T/h
  upstream lmtp 127.0.0.1 "$PORT" recipients=10
}
k=0
odd 'DOT=say:250 2.0.0 a\r\n451 4.3.0 b\r\n550 5.7.1 c\r\n'
same '250 250 250 354 554 221 ' 'taken, later and refused: 554, for sent again it would be there twice' to a b c
like '^554-5.3.0 <b@example.net> b' 'a code of the same class goes before what is said of each' cat "$T/heard"
like '^554-5.7.1 <c@example.net> c' 'and is the own one if it fits' cat "$T/heard"
odd 'DOT=say:451 4.2.1 a\r\n550 5.7.1 b\r\n'
same '250 250 354 451 221 ' 'later and refused: 451' to a b
same 0 'nobody is said to have it' grep -c 'have the message' "$T/heard"
odd 'DOT=say:550 5.7.1 a\r\n552 b\r\n'
same '250 250 354 554 221 ' 'refused by all: 554' to a b
like '^554 <b@example.net> b' 'without a status code where it has none' cat "$T/heard"
odd 'DOT=say:250 2.0.0 a\r\n,drop'
same '250 250 354 451 221 ' 'it leaves behind the first answer: 451' to a b
like '^indoubt ' 'and that is in doubt' cat "$W/err"
odd 'DOT=say:250 2.0.0 a\r\n354 2.0.0 b\r\n'
same '250 250 354 451 221 ' 'a wrong kind of answer is none' to a b
like '^indoubt ' 'but doubt' cat "$W/err"
odd 'DOT=say:250 2.0.0 a\r\n250 2.0.0 b\r\n550 5.0.0 c\r\n'
same '250 250 354 250 221 ' 'one answer too many' to a b
start_faultsink deaf 'LHLO=say:502 5.5.1 what\r\n'
W=$T/h
upstream lmtp 127.0.0.1 "$PORT"
like '^451 4.4.1 ' 'a server that is none for LMTP' heard 2 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT
same LHLO 'hears nothing but LHLO' sh -c "cut -d' ' -f2 '$T/deaf/commands' | sort -u"

done_testing
