#!/bin/sh
# cm-blocked: who is blocked, and no more.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink sink 'RCPT TO:<bad=say:550 5.1.1 nobody\r\n'
home h smtp 127.0.0.1 "$PORT"
export CM_HOME="$W"
echo 'harvest 1 block=600' > "$W/port/control/limits"
echo 'flood 2 block=600' >> "$W/port/control/limits"
code() { "$@" > /dev/null 2>&1; echo $?; }
from() {
  (cd "$W/port" && printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<bad@example.net>' "$2" QUIT |
    TCPREMOTEIP=$1 cm-smtpd 2>/dev/null | tr -d '\r' | codes)
}
rows() { cm-blocked list | sort | cut -f "${1:-1-}"; }

same '' 'nobody is blocked where nobody was counted' cm-blocked list
same 1 'and nobody can be lifted' code cm-blocked lift 192.0.2.1
same 0 'but all can' code cm-blocked lift all
ok 'no state is made by looking' not test -e "$W/state"

for a in 192.0.2.1 192.0.2.2 2001:db8::1 2001:db8:0:1::1; do from "$a" 'RCPT TO:<bad@example.net>' > /dev/null; done
for k in 1 2 3; do
  (cd "$W/port" && printf 'EHLO c
MAIL FROM:<a@example.org>
' | TCPREMOTEIP=192.0.2.3 cm-smtpd > /dev/null 2>&1)
done
same '192.0.2.1	harvest
192.0.2.2	harvest
192.0.2.3	flood
2001:db8:0:1::/64	harvest
2001:db8::/64	harvest' 'who is blocked is listed, and why' rows 1,2
rows 3,4 | perl -MTime::Local -ne 'm/^(....)-(..)-(..)T(..):(..):(..)Z\t(....)-(..)-(..)T(..):(..):(..)Z$/ or die "$_";
  my ($a, $b) = (timegm($6, $5, $4, $3, $2 - 1, $1), timegm($12, $11, $10, $9, $8 - 1, $7));
  die "$_" if $b - $a != 600 || abs(time - $a) > 300' > "$T/times" 2>&1
same '' 'since when and until when' cat "$T/times"
script -qec 'cm-blocked list' /dev/null < /dev/null | tr -d '\r' > "$T/terminal"
like '^client  *limit  *since  *until' 'on a terminal with names above' cat "$T/terminal"
like '^192.0.2.1  *harvest  *2' 'and aligned' cat "$T/terminal"

same 421 'who is blocked hears so' from 192.0.2.1 RSET
same 0 'a block is lifted' code cm-blocked lift 192.0.2.1
same '220 250 250 550 250 221' 'and the client comes in, as if nothing had been' from 192.0.2.1 RSET
same '192.0.2.1: is not blocked' 'it is not blocked any more' sh -c 'cm-blocked lift 192.0.2.1 2>&1 | sed "s/cm-blocked: //"'
same 1 'which is exit code 1' code cm-blocked lift 192.0.2.1 192.0.2.2
same '192.0.2.3
2001:db8:0:1::/64
2001:db8::/64' 'what was lifted is not listed' rows 1
same 0 'an address stands for its network' code cm-blocked lift 2001:db8::ffff:1
same 0 'as it is listed, too' code cm-blocked lift 2001:db8:0:1::/64
same 192.0.2.3 'one is left' rows 1
same 0 'all are lifted' code cm-blocked lift all
same '' 'and none is left' rows

for words in '' 'list x' 'list -t x' lift 'lift x' 'lift 192.0.2.300' 'lift all all' 'clear'; do
  same 100 "called wrongly: $words" sh -c "cm-blocked $words 2>/dev/null; echo \$?"
done
from 192.0.2.1 'RCPT TO:<bad@example.net>' > /dev/null
ok 'what cannot be written is 111' sh -c 'cm-blocked list > /dev/full; [ $? = 111 ]'
rm -r "$W/state"; mkdir "$W/state"
echo x > "$T/elsewhere"
ln -s "$T/elsewhere" "$W/state/clients"
same 111 'a state that is a link is not followed' code cm-blocked list
rm "$W/state/clients"
if [ "$(id -u)" = 0 ]; then
  from 192.0.2.1 'RCPT TO:<bad@example.net>' > /dev/null
  chown -R nobody "$W/state"
  chmod 755 "$T" "$W"
  same 192.0.2.1 'root becomes the owner' rows 1
  same 1 'and still may do it' code cm-blocked lift 192.0.2.2
fi

done_testing
