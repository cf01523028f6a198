#!/bin/sh
# Traps: accepted without asking the mail server behind, which never hears of them.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"

start_faultsink sink 'RCPT TO:<unknown=say:550 5.1.1 nobody\r\n' 'RCPT TO:<bait=say:550 5.1.1 nobody\r\n'
home h smtp 127.0.0.1 "$PORT"
printf '%s\n' '# nobody reads these' 'bait*@example.net' '*@old.example' > "$W/control.traps"
mv "$W/control.traps" "$W/port/control/traps"
trapped() { echo "trap check : cm-filter-trap $*" > "$W/port/control/pipeline"; }

# to RECIPIENT...: the replies to them, and to a message if one got through
to() {
  for r in "$@"; do set -- "$@" "RCPT TO:<$r>"; shift; done
  talk 'EHLO client.example.org' 'MAIL FROM:<a@example.org>' "$@" DATA 'Subject: buy' '' 'cheap' . QUIT > said
  sed -n '/sender ok/,/^221/p' said | sed '1d; $d; s/ ([0-9a-f.]*)$//'
}
asked() { grep -c "RCPT TO:<$1" "$T/sink/commands"; }
messages() { cat "$T/sink/ledger" 2>/dev/null | wc -l; }
forget() { : > "$T/sink/commands"; }
cd "$T" || exit 111
W=$T/h

trapped
same '250 2.1.5 recipient ok
354 go ahead
250 2.0.0 message accepted' 'a trap takes what the server behind would refuse' to bait@example.net
same 0 'and does not ask it' asked bait
same 0 'it gets nothing' messages
same 1 'the deletion is on record' grep -c 'accept/delete.*bait@example.net.*mail to the trap' "$W/log/ledger"
ok 'the message waits to be learned' sh -c 'grep -q ^cheap "$0"/state/trap/new/*' "$W"
same '250 2.1.5 recipient ok
250 2.1.5 recipient ok
354 go ahead
250 2.0.0 message accepted' 'with others it is gone for them, too' to BAIT2@example.net b@example.net
same 0 'indeed' messages
same '550 5.1.1 nobody
554 5.5.1 no valid recipients' 'an address that is no trap is asked about' to unknown@example.net
same '250 2.1.5 recipient ok' 'a trap need not be among control/recipients' sh -c 'sed -n 1p' <<E2
$(to any@old.example)
E2
same '550 5.7.1 no mail for this address is accepted here' 'but in no form that asks to be relayed' sh -c 'sed -n 1p' <<E2
$(to a%b@old.example)
E2

same 0 'who may relay may name it in any form' sh -c 'grep -c "a%b@old" "$0"' sink/commands <<E2
$(RELAYCLIENT=; export RELAYCLIENT; to a%b@old.example)
E2

# two messages in a session
forget
talk 'EHLO client.example.org' 'MAIL FROM:<a@example.org>' 'RCPT TO:<bait@example.net>' DATA 'Subject: x' '' x . \
  'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: y' '' y . QUIT > said
same 1 'the next message of the session goes its way' messages
same 'MAIL RSET MAIL RCPT DATA' 'the server behind was told to forget the first' \
  sh -c "sed 's/^[0-9]* //; s/[ :].*//' '$T/sink/commands' | grep -v 'EHLO\|QUIT\|NOOP' | xargs"

# no stage takes it
: > "$W/port/control/pipeline"
same '250 2.1.5 recipient ok
354 go ahead
550 5.1.1 no such user' 'without a stage a trap is an address that does not exist' to bait@example.net
same 1 'nothing is delivered' messages
forget
same '250 2.1.5 recipient ok
250 2.1.5 recipient ok
354 go ahead
250 2.0.0 message taken' 'the others get their mail' to bait@example.net b@example.net
same 2 'indeed' messages
same 0 'and the server behind never hears of the trap' asked bait
trapped control/traps junk
same '250 2.1.5 recipient ok
250 2.1.5 recipient ok
354 go ahead
250 2.0.0 message taken' 'a stage may mark it for them' to bait@example.net b@example.net
like '^Subject: \[SPAM\] buy' 'so it does' sh -c 'cat "$0"/sink/mail/*' "$T"
trapped control/traps reject/deliver
same '250 2.1.5 recipient ok
354 go ahead
550 5.1.1 no such user' 'or refuse it, and then there is nobody' to bait@example.net

# a queue program
printf '#!/bin/sh\ncat > /dev/null\ntr "\\0" " " <&1 > %s/envelope\n' "$T" > queue
chmod +x queue
echo "queue $T/queue" > "$W/port/control/upstream"
: > "$W/port/control/pipeline"
to bait@example.net b@example.net c@example.net > /dev/null
same 'Fa@example.org Tb@example.net Tc@example.net ' 'nor is a trap in the envelope of a queue program' sed 's/  $/ /' envelope
rm -f envelope
same '250 2.1.5 recipient ok
354 go ahead
550 5.1.1 no such user' 'which is not started for traps alone' to bait@example.net
ok 'indeed' not test -e envelope

rm "$W/port/control/traps"; mkdir "$W/port/control/traps"
like '^421 4.3.5 ' 'a list of traps that cannot be read is no empty one' talk QUIT

done_testing
