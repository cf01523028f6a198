#!/bin/sh
# cm-proxy: a listed proxy says whose connection it brings, and nobody else does. haproxy
# is one; the client behind it is 127.0.0.2.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
unset CM_ID TCPREMOTEIP UCSPITLS CM_PROXY
PATH=$PATH:/usr/sbin:/sbin

home h smtp 127.0.0.1 1
C=$W/port/control
front h cm-proxy sh -c 'env | sort | sed -n "/^TCP[RL]/p; /^PROTO/p; /^RELAY/p; /^CM_PROXY/p"; head -n 1'
DIRECT=$PORT
# seen [-a ADDRESS] SCRIPT...: what the program behind sees of a client that does this
seen() { from=127.0.0.1; [ "$1" != -a ] || { from=$2; shift 2; }; printf '%s\n' "$@" eof | client "$DIRECT" "$from" | sed 's/^reset$/closed/; s/.x0a$//'; }
logged() { within 20 grep -q -e "$1" "$T/h/err"; }
V2='\r\n\r\n\0\r\nQUIT\n'

# -- nobody is listed

like '^PROXY TCP4 192.0.2.1 ' 'whoever is not listed: what it says of a proxy is text' seen 'line PROXY TCP4 192.0.2.1 203.0.113.2 4711 25'
like '^TCPREMOTEIP=127.0.0.2$' 'and it stays who it is' seen -a 127.0.0.2 'line PROXY TCP4 192.0.2.1 203.0.113.2 4711 25'

# -- one is

echo '127.0.0.1/32' > "$C/proxy"
silent() { printf 'quiet 5\nwait 6\neof\n' | client "$DIRECT" > "$T/silence"; }
silent & SILENT=$! PIDS="$! $PIDS"

same 'CM_PROXY=127.0.0.1
PROTO=TCP
TCPLOCALIP=203.0.113.2
TCPLOCALPORT=25
TCPREMOTEIP=192.0.2.1
TCPREMOTEPORT=4711
hello
closed' 'version 1: the program sees the client, and what it says' seen 'send PROXY TCP4 192.0.2.1 203.0.113.2 4711 25\r\nhello\r\n'
same "$(seen 'send PROXY TCP4 192.0.2.1 203.0.113.2 4711 25\r\nhello\r\n')" 'version 2, the same' \
  seen "send $V2"'\x21\x11\0\x0c\xc0\0\x02\x01\xcb\0\x71\x02\x12\x67\0\x19hello\r\n'
same "$(seen 'send PROXY TCP4 192.0.2.1 203.0.113.2 4711 25\r\nhello\r\n')" 'byte by byte, with more behind the addresses, the same' \
  seen 'pause 0.001' 'split 1' "send $V2"'\x21\x11\0\x10\xc0\0\x02\x01\xcb\0\x71\x02\x12\x67\0\x19\x04\0\x01xhello\r\n'
like '^TCPREMOTEIP=2001:db8::1$' 'IPv6' seen 'line PROXY TCP6 2001:db8::1 2001:db8::2 4711 25' 'line hello'
for header in 'PROXY UNKNOWN' 'PROXY UNKNOWN what ever'; do
  like '^TCPREMOTEIP=127.0.0.1$' "$header: the proxy itself" seen "line $header" 'line hello'
done
like '^TCPREMOTEIP=127.0.0.1$' 'LOCAL: the proxy itself' seen "send $V2"'\x20\0\0\0hello\r\n'
like '^TCPREMOTEIP=127.0.0.1$' 'a client that is not on TCP, too' seen "send $V2"'\x21\0\0\0hello\r\n'
like '^hello$' 'what is behind it reaches the program' seen "send $V2"'\x21\0\0\0hello\r\n'

: > "$T/h/err"
k=0
for bad in 'EHLO client.example.org\r\n' 'PROXY TCP4 192.0.2.1\r\n' 'PROXY TCP4 192.0.2.1 203.0.113.2 4711 99999\r\n' \
  'PROXY UNKNOWN                                                                                                   \r\n' \
  "$V2"'\x22\0\0\0' "$V2"'\x21\x11\0\x04\xc0\0\x02\x01' "$V2"'\x21\x11\xff\xff\xc0\0\x02\x01' '\r\n\r\n\0\r\nQUIT\r\x20\0\0\0' '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'; do
  k=$((k + 1))
  same closed "closed without a word: bad header $k" seen "send $bad" 'send hello\r\n'
done
same 9 'and the log has each' grep -c '^proxy-failed 127.0.0.1 what came is no header of the PROXY protocol$' "$T/h/err"
same closed 'one that ends early' seen 'send PROXY TC' half
ok 'and that' logged '^proxy-failed 127.0.0.1 the connection was closed before'
like '^TCPREMOTEIP=127.0.0.2$' 'others need no header' seen -a 127.0.0.2 'line hello'
printf '%s\n' '# ours' 192.0.2.0/2x > "$C/proxy"
same closed 'a list that cannot be read: nobody is served' seen -a 127.0.0.2 'line hello'
ok 'and the log has the line' logged 'control/proxy, line 2: not a network'

# -- cm-smtpd behind it

start_faultsink sink
home m smtp 127.0.0.1 "$PORT"
M=$W/port/control
echo 127.0.0.1 > "$M/proxy"
echo example.org > "$M/me"
RELAYCLIENT='' front m cm-proxy cm-smtpd
SMTP=$PORT
like '^554 5.5.1 ' 'a stranger that says PROXY to cm-smtpd hears that this is a mail server' \
  sh -c "printf 'reply\nline PROXY TCP4 127.0.0.1 127.0.0.1 1 25\neof\n' | perl tests/tools/faultclient $SMTP 127.0.0.3"
elsewhere() { printf '%s\nreply\nline EHLO x\nreply\nline MAIL FROM:<a@example.org>\nreply\nline RCPT TO:<x@elsewhere.example>\nreply\nline QUIT\neof\n' "$1" | client "$SMTP" "${2:-127.0.0.1}"; }
like '^250 2.1.5 ' 'without a proxy the rules of tcpserver count' elsewhere 'wait 0' 127.0.0.3
like '^550 5.7.1 ' 'what they allow a proxy is not for its clients' elsewhere 'line PROXY TCP4 192.0.2.1 203.0.113.2 4711 25'
echo 192.0.2.0/24 > "$M/relayclients"
like '^250 2.1.5 ' 'control/relayclients is' elsewhere 'line PROXY TCP4 192.0.2.1 203.0.113.2 4711 25'
like '^550 5.7.1 ' 'by their addresses' elsewhere 'line PROXY TCP4 192.0.3.1 203.0.113.2 4711 25'
echo 127.0.0.0/8 > "$M/relayclients"
like '^550 5.7.1 ' 'a client that the proxy does not know is not the proxy' elsewhere 'line PROXY UNKNOWN'
like '^550 5.7.1 ' 'nor is that of a LOCAL connection' elsewhere "send $V2"'\x20\0\0\0'
echo x > "$M/relayclients"
like '^421 4.3.5 ' 'a list that cannot be read: nobody is served' elsewhere 'wait 0' 127.0.0.3
rm "$M/relayclients"

# -- haproxy, and TLS behind it

ca ca
cert one one.example.net
mkdir "$M/tls"
cp "$T/one.both" "$M/tls/default.pem"
chmod 600 "$M/tls/default.pem"
chmod 711 "$T"
account=
[ "$(id -u)" != 0 ] || account='-u nobody'
front m cm-proxy cm-tls $account cm-smtpd
STARTTLS=$PORT
front m cm-proxy cm-tls -t $account cm-smtpd
SMTPS=$PORT
{
  printf 'defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n'
  for k in 1 2 3; do
    case $k in 1) how=send-proxy to=$STARTTLS ;; 2) how=send-proxy-v2 to=$STARTTLS ;; 3) how=send-proxy-v2 to=$SMTPS ;; esac
    port=$(free_port)
    echo "$port" > "$T/front$k"
    printf 'frontend f%s\n  bind 127.0.0.1:%s\n  default_backend b%s\nbackend b%s\n  server s 127.0.0.1:%s %s\n' $k "$port" $k $k "$to" $how
  done
} > "$T/haproxy"
background haproxy -db -f "$T/haproxy" > "$T/haproxy.log" 2>&1
within 20 nc -z 127.0.0.1 "$port" || { cat "$T/haproxy.log"; echo 'Bail out! haproxy did not start'; exit 1; }

# through K OPTION...: a message by way of front K
through() { to=$(cat "$T/front$1"); shift
  timeout 60 swaks --server "127.0.0.1:$to" --local-interface 127.0.0.2 --ehlo client.example.org --from a@example.org --to b@example.net "$@" 2>&1; }
newest() { tr -d '\r' < "$(ls -t "$T"/sink/mail/* | head -n 1)"; }
for k in 1 2; do
  like '^<\(-\|~\)  *250 2.0.0 ' "haproxy, version $k" through $k
  like '^Received: from client.example.org (\[127.0.0.2\])$' 'the message came from the client' newest
  like '^<~  *250 2.0.0 ' 'and with STARTTLS' through $k -tls
  like '(CleanMail) with ESMTPS$' 'too' newest
done
like '^<~  *250 2.0.0 ' 'haproxy before TLS from the start' through 3 --tls-on-connect
like '^Received: from client.example.org (\[127.0.0.2\])$' 'the client is known there, too' newest
like '(CleanMail) with ESMTPS$' 'and TLS is' newest
like '^connect [^ ]* 127.0.0.2  *by 127.0.0.1$' 'the log has both' cat "$T/m/err"
like ',127.0.0.2,' 'and the mail log the client' cat "$T/m/log/mail.csv"

# -- silence

wait "$SILENT"
same 'closed' 'a proxy that says nothing is left after ten seconds' cat "$T/silence"
same 111 'called wrongly: 100; nothing to start: 111' sh -c 'TCPREMOTEIP=192.0.2.1 cm-proxy ./nothing 2>/dev/null; code=$?; cm-proxy 2>/dev/null; [ $? = 100 ] && echo $code'

done_testing
