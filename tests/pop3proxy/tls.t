#!/bin/sh
# TLS between the client and the proxy, and between the proxy and the server.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/pop3proxy/pop3.sh
need_dovecot
unset CM_ID TCPREMOTEIP UCSPITLS

ca ca
cert one one.example.net
chmod 711 "$T"
start_dovecot d
printf 'Subject: one\n\nhello\n' | mail u 1.a
port p
mkdir "$W/port/control/tls"
cp "$T/one.both" "$W/port/control/tls/default.pem"
chmod 600 "$W/port/control/tls/default.pem"
account=
[ "$(id -u)" != 0 ] || account='-u nobody'

# front OPTION...: the port under tcpserver, behind cm-tls with these options
front() {
  rm -f "$T/port"
  (cd "$W/port" && CM_HOME=$W exec tcpserver -1 -HRl0 127.0.0.1 0 cm-tls $account "$@" cm-pop3d > "$T/port" 2>> "$W/err") & PIDS="$! $PIDS"
  within 10 test -s "$T/port"
  PORT=$(head -n 1 "$T/port")
}
clear() { printf '%s\r\n' "$@" | timeout 20 nc -N 127.0.0.1 "$PORT" | tr -d '\r'; }
read_() { timeout 20 curl -s --cacert "$T/ca/pem" --connect-to "::127.0.0.1:$PORT" "$@"; }

front
like '^STLS$' 'STLS is offered' clear CAPA QUIT
like '^Subject: one' 'a client reads by it' read_ --ssl-reqd "pop3://u:p@one.example.net:$PORT/1"
inside() { (printf 'CAPA\r\nSTLS\r\nUSER u\r\nPASS p\r\nSTAT\r\nQUIT\r\n'; sleep 1) | timeout 20 openssl s_client -quiet -starttls pop3 -connect "127.0.0.1:$PORT" 2> /dev/null | tr -d '\r'; }
inside > "$T/inside"
same '' 'inside of TLS it is not offered again' grep '^STLS' "$T/inside"
like '^-ERR TLS is spoken already$' 'nor possible' cat "$T/inside"
like '^+OK 1 ' 'and the session goes on' cat "$T/inside"
like '^-ERR nothing may follow STLS' 'what stands behind STLS was put there by anybody' clear STLS 'USER u'
like '^+OK 1 ' 'without it a session goes on as well' clear 'USER u' 'PASS p' STAT QUIT
echo yes > "$W/port/control/tlsrequired"
like '^-ERR \[AUTH\] say STLS first$' 'unless control/tlsrequired says no' clear 'USER u'
like '^-ERR \[AUTH\] say STLS first$' 'to AUTH either' clear 'AUTH PLAIN AHUAcA=='
like '^Subject: one' 'inside it is possible' read_ --ssl-reqd "pop3://u:p@one.example.net:$PORT/1"
like '^-ERR \[SYS/TEMP\]' 'where there is no TLS the port is none' talk QUIT
rm "$W/port/control/tlsrequired"
front -t
like '^Subject: one' 'TLS may come first, as on port 995' read_ "pop3s://u:p@one.example.net:$PORT/1"

done_testing
