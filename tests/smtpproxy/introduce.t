#!/bin/sh
# The server behind us hears who the client is: client=xclient, xforward or proxy in
# control/upstream. Postfix is that server.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

JUDGED='smtpd_recipient_restrictions=check_client_access inline:{192.0.2.66=REJECT,127.0.0.1=REJECT},permit_auth_destination,reject'
start_postfix xclient inet_protocols=all smtpd_authorized_xclient_hosts=127.0.0.0/8 "$JUDGED"
XCLIENT=$PORT
start_postfix xforward smtpd_authorized_xforward_hosts=127.0.0.0/8
XFORWARD=$PORT
start_postfix proxy inet_protocols=all smtpd_upstream_proxy_protocol=haproxy "$JUDGED"
PROXY=$PORT
home h smtp 127.0.0.1 1
C=$T/h/port/control
behind() { W=$T/h; echo "smtp 127.0.0.1 $1 client=$2" > "$C/upstream"; : > "$T/h/err"; }
export TCPREMOTEPORT=4711 TCPLOCALIP=203.0.113.9 TCPLOCALPORT=25
# from ADDRESS: a message of a client there, what it hears
from() {
  { printf '%s\r\n' 'EHLO client.example.org' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: x' '' . QUIT |
    (cd "$T/h/port" && CM_HOME=$T/h TCPREMOTEIP=$1 TCPREMOTEHOST=host.example.com cm-smtpd 2>> "$T/h/err"); } | tr -d '\r'
}
posted() { within 20 grep -q -e "$2" "$T/$1/log/postfix"; }

# -- XCLIENT

behind "$XCLIENT" xclient
like '^250 2.0.0 Ok: queued' 'client=xclient: Postfix takes a message' from 192.0.2.1
like '^Received: from client.example.org (host.example.com \[192.0.2.1\])$' 'as of the client' inbox xclient
like '^554 5.7.1 .*192.0.2.66' 'and refuses others by their own address' from 192.0.2.66
like '^250 2.0.0 Ok: queued' 'IPv6' from 2001:db8::1
like '\[IPv6:2001:db8::1\])$' 'too' inbox xclient
ok 'Postfix logs the client, with its port unless it leaves that out' posted xclient 'client=host.example.com\[2001:db8::1\]'

# -- PROXY

behind "$PROXY" proxy
like '^250 2.0.0 Ok: queued' 'client=proxy: Postfix takes a message' from 192.0.2.1
like '^Received: from client.example.org (.*\[192.0.2.1\])$' 'as of the client' inbox proxy
like '^554 5.7.1 .*192.0.2.66' 'and refuses others by their own address' from 192.0.2.66
like '^250 2.0.0 Ok: queued' 'IPv6, although it came to an IPv4 address' from 2001:db8::1
like '\[IPv6:2001:db8::1\])$' 'too' inbox proxy
like '^554 5.7.1 .*127.0.0.1' 'if there is no client, there is nobody but us' from ''

# -- XFORWARD

behind "$XFORWARD" xforward
like '^250 2.0.0 Ok: queued' 'client=xforward: Postfix takes a message' from 192.0.2.1
like '^Received: from .*127.0.0.1' 'as of us' inbox xforward
id=$(column id)
ok 'and logs for whom, and our number' posted xforward "orig_queue_id=$id, orig_client=host.example.com\\[192.0.2.1\\]"

# -- what is said, word by word, and servers that do not want to hear it

k=0
sink() {
  how=$1; shift
  k=$((k + 1)) S=s$k
  start_faultsink $S "$@"
  behind "$PORT" "$how"
}
said() { grep -h "$1" "$T/$S/commands" | cut -d' ' -f2-; }
ALL='250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT WHAT\r\n'
sink xclient "EHLO=say:250-sink\r\n${ALL}250 8BITMIME\r\n" 'XCLIENT=say:220 anew\r\n'
from 192.0.2.1 > /dev/null
same 'EHLO vm
XCLIENT NAME=host.example.com ADDR=192.0.2.1 PORT=4711 PROTO=ESMTP HELO=client.example.org DESTADDR=203.0.113.9 DESTPORT=25
EHLO client.example.org
MAIL FROM:<a@example.org>
RCPT TO:<b@example.net>
DATA
QUIT' 'XCLIENT says all that is wanted, and EHLO what the client calls itself' sh -c "sed 's/^[0-9]* //; 1s/EHLO .*/EHLO vm/' $T/$S/commands"
(TCPREMOTEPORT='' TCPLOCALIP=''; export TCPREMOTEPORT TCPLOCALIP
  printf 'EHLO a\001b<=+>\r\nMAIL FROM:<a@example.org>\r\nQUIT\r\n' | (cd "$T/h/port" && CM_HOME=$T/h TCPREMOTEIP=2001:db8::1 cm-smtpd 2>/dev/null >/dev/null))
same 'XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 PORT=[UNAVAILABLE] PROTO=ESMTP HELO=a?b<+3D+2B> DESTPORT=25' \
  'what is not known is said not to be, lest it be taken for ours; names are xtext' sh -c "sed -n 's/^2 XCLIENT/XCLIENT/p' $T/$S/commands"
(CM_PROXY=192.0.2.1; export CM_PROXY; from 192.0.2.1 > /dev/null)
like '^XCLIENT NAME=host.example.com ADDR=\[UNAVAILABLE\] ' 'nor is a client that a proxy keeps to itself taken for that' said 'XCLIENT.*ADDR=.UN'
echo 192.0.2.0/24 > "$C/xclient"
talk 'EHLO x' 'XCLIENT ADDR=198.51.100.7 LOGIN=joe' 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT > /dev/null
like '^XCLIENT NAME=\[UNAVAILABLE\] ADDR=198.51.100.7 PORT=\[UNAVAILABLE\] .* LOGIN=joe' 'whom a peer has introduced we introduce' said 'XCLIENT.*198'
sink xclient 'EHLO=say:250-sink\r\n250 XCLIENT ADDR NAME\r\n' 'XCLIENT=say:220 anew\r\n'
from 192.0.2.1 > /dev/null
same 'XCLIENT NAME=host.example.com ADDR=192.0.2.1' 'XCLIENT says no more than the server takes' said XCLIENT

refused() {
  like '^451 4.4.1 ' "$1: no mail goes on as if it were ours" from 192.0.2.1
  like "^upstream-down .* $2 XCLIENT, which its line asks for" 'and the log says why' cat "$T/h/err"
  same '' 'the server has seen no MAIL' said MAIL
}
sink xclient; refused 'a server without XCLIENT' 'does not offer'
sink xclient 'EHLO=say:250-sink\r\n250 XCLIENT NAME\r\n'; refused 'one that does not want the address' 'does not offer'
sink xclient "EHLO=say:250-sink\r\n${ALL}250 8BITMIME\r\n" 'XCLIENT=say:550 5.7.0 no\r\n'; refused 'one that does not trust us' refuses
sink xclient "EHLO=say:250-sink\r\n${ALL}250 8BITMIME\r\n" 'XCLIENT=say:250 ok\r\n'; refused 'one that answers something else' refuses
sink xclient "EHLO#1=say:250-sink\r\n${ALL}250 8BITMIME\r\n" 'XCLIENT=say:220 anew\r\n' 'EHLO#2=say:554 no\r\n' HELO=say:554\ no\\r\\n
refused 'one that will not have the client' 'refuses EHLO behind'

FORWARD='250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n'
sink xforward "EHLO=say:250-sink\r\n${FORWARD}250 8BITMIME\r\n" XFORWARD=ok
printf '\n' > "$C/pipeline"
printf 'quarantine@example.net\n' > "$C/quarantine"
talk 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: x' '' . 'MAIL FROM:<c@example.org>' QUIT > /dev/null
same 2 'XFORWARD comes before each MAIL' sh -c "grep -A1 XFORWARD $T/$S/commands | grep -c MAIL"
like '^XFORWARD NAME=client.example.org ADDR=192.0.2.1 PORT=4711 PROTO=ESMTP HELO=x IDENT=[^ ]* SOURCE=REMOTE$' 'with all that is wanted' said XFORWARD
talk 'EHLO x' 'XFORWARD ADDR=198.51.100.7 NAME=n HELO=h PROTO=SMTP PORT=[UNAVAILABLE] SOURCE=LOCAL' 'MAIL FROM:<a@example.org>' QUIT > /dev/null
like '^XFORWARD NAME=n ADDR=198.51.100.7 PORT=\[UNAVAILABLE\] PROTO=SMTP HELO=h IDENT=[^ ]* SOURCE=LOCAL$' \
  'for whom a peer speaks, we speak' said 'XFORWARD.*198'
stage quarantined check 40 '5.7.1 no'
rm -f "$T/$S/commands"
from 192.0.2.1 > /dev/null
same 2 'also for what goes to the quarantine' sh -c "grep -A1 XFORWARD $T/$S/commands | grep -c MAIL"
: > "$C/pipeline"
goes_on() {
  like '^250 2.0.0 ' "$1: mail goes on" from 192.0.2.1
  like "^trouble .* $2 XFORWARD" 'and the log has it' cat "$T/h/err"
}
sink xforward; goes_on 'a server without XFORWARD' 'does not offer'
sink xforward "EHLO=say:250-sink\r\n${FORWARD}250 8BITMIME\r\n" 'XFORWARD=say:550 5.7.0 no\r\n'; goes_on 'one that refuses it' refuses
sink no "EHLO=say:250-sink\r\n${FORWARD}${ALL}250 8BITMIME\r\n"
from 192.0.2.1 > /dev/null
same '' 'and without client= nobody is told' said '^[0-9]* X'

done_testing
