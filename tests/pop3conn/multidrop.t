#!/bin/sh
# For whom a letter is, where one mailbox is a whole domain's.
. "$(dirname "$0")/fetch.sh"

account one 'smtp 127.0.0.1 1'
popbox box
set_control recipients '*@example.net'
rm "$A/control/recipient"
: > "$A/control/multidrop"
behind

# whom LINE...: who gets a letter with this header
whom() {
  rm -f "$B/mail/"* "$A/journal"; : > "$S/commands"
  printf '%s\n' "$@" 'Subject: x' '' Hello > "$B/mail/1"
  fetch > /dev/null
  sed -n 's/^[0-9]* RCPT TO:<\(.*\)>.*/\1/p' "$S/commands" | tr '\n' ' '
}
received='Received: from mx.sender.example (mx.sender.example [192.0.2.1]) by pop.example.com with ESMTP'

same 'anna@example.net ' 'Delivered-To says it' whom 'Delivered-To: anna@example.net' "$received; x"
same 'anna@example.net ' 'X-Envelope-To says it' whom 'X-Envelope-To: <anna@example.net>' "$received; x"
same 'anna@example.net ' 'X-Original-To says it, above the box itself' whom 'X-Original-To: anna@example.net' 'Delivered-To: box@example.com' "$received; x"
same 'anna@example.net ' 'Received says it' whom "$received
  for <anna@example.net>; x"
same 'anna@example.net bert@example.net ' 'there may be several' whom 'X-Envelope-To: anna@example.net, bert@example.net' "$received; x"
same 'anna@example.net ' 'nobody gets a letter twice' whom 'Delivered-To: anna@example.net' 'Delivered-To: Anna@Example.NET' "$received; x"
same 'anna@example.net ' 'what the sender wrote below does not count' whom 'Delivered-To: anna@example.net' "$received; x" 'Delivered-To: bert@example.net'
same '' 'nor alone' whom "$received; x" 'Delivered-To: bert@example.net'
like 'names nobody here' 'and the log says that' cat "$A/err"
same 1 'such a letter stays' sh -c "ls '$B/mail' | wc -l"
same '' 'To and Cc do not count: blind copies are not in them' whom "$received; x" 'To: anna@example.net'
same '' 'nor does an address that is not ours' whom 'Delivered-To: someone@example.org' "$received; x"
same '' 'nor what is no address' whom 'Delivered-To: anna@example.net>
 RCPT TO:<x@example.net' 'X-Envelope-To: "a b"@example.net' "$received; x"
set_control fallback postmaster@example.net
same 'postmaster@example.net ' 'control/fallback gets what is nobody'"'"'s' whom "$received; x"
set_control hops 'joe 2'
same 'anna@example.net ' 'control/hops says which Received counts' whom 'Received: from pop by box.example.com; x' "$received
  for <anna@example.net>; x"
same 'bert@example.net ' 'and fields above it' whom 'Received: from pop by box.example.com; x' 'Delivered-To: bert@example.net' "$received; x" 'Delivered-To: anna@example.net'
rm "$A/control/hops"
printf '%s\n' 'X-Special box-' > "$A/control/multidrop"
same 'anna@example.net ' 'control/multidrop names the field, and what stands before the address' whom 'X-Special: box-anna@example.net' 'Delivered-To: bert@example.net' "$received; x"
echo '# none' > "$A/control/multidrop"
same 'bert@example.net ' 'with no line but a comment it is as without' whom 'Delivered-To: bert@example.net' "$received; x"
: > "$A/control/multidrop"
printf '%s\n' 'info@example.net anna@example.net bert@example.org' '*@old.example.net @new.example.net' > "$A/control/addresses"
same 'anna@example.net bert@example.org ' 'control/addresses says who that is' whom 'Delivered-To: info@example.net' "$received; x"
set_control recipients '*example.net'
same 'carl@new.example.net ' 'also for a whole domain' whom 'Delivered-To: carl@old.example.net' "$received; x"
set_control recipients example.net
same 100 'a domain alone is no pattern of addresses' fetch
rm "$A/control/recipients"
same 100 'without control/recipients nobody knows whose mail may come here' fetch

done_testing
