#!/bin/sh
# TLS between the client and the proxy, and between the proxy and the server.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/pop3proxy/pop3.sh
top=$PWD
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
front() { serve_pop cm-tls $account "$@" cm-pop3d; }
clear() { printf '%s\r\n' "$@" | timeout 20 nc -N 127.0.0.1 "$PORT" | tr -d '\r'; }
read_() { timeout 20 curl -s --cacert "$T/ca/pem" --connect-to "::127.0.0.1:$PORT" "$@"; }

front
like '^STLS$' 'STLS is offered' clear CAPA QUIT
like '^Subject: one' 'a client reads by it' read_ --ssl-reqd "pop3://u:p@one.example.net:$PORT/1"
inside() { (printf 'CAPA\r\nSTLS\r\nUSER u\r\nPASS p\r\nSTAT\r\nQUIT\r\n'; sleep 1) | timeout 20 openssl s_client -quiet -starttls pop3 -connect "127.0.0.1:$PORT" 2> /dev/null | tr -d '\r'; }
if [ ! "$INSHORT" ]; then  # s_client takes what comes first for the whole greeting
  inside > "$T/inside"
  same '' 'inside of TLS it is not offered again' grep '^STLS' "$T/inside"
  like '^-ERR TLS is spoken already$' 'nor possible' cat "$T/inside"
  like '^+OK 1 ' 'and the session goes on' cat "$T/inside"
fi
like '^-ERR nothing may follow STLS' 'what stands behind STLS was put there by anybody' clear STLS 'USER u'
# Closed with bytes unread, a connection takes the answer with it.
# This client reads only when it has said all, and not if it could not.
stubborn() {
  timeout 20 perl -MIO::Socket::INET -e '$SIG{PIPE} = "IGNORE"; $s = IO::Socket::INET->new(shift) or die;
    for (1 .. 10) { syswrite $s, "u" x 20000 or exit 1; select undef, undef, undef, 0.005 } print <$s>' "127.0.0.1:$PORT" | tr -d '\r'
}
like '^-ERR the command is too long' 'who is cut off learns why' stubborn
like '^+OK 1 ' 'without it a session goes on as well' clear 'USER u' 'PASS p' STAT QUIT
echo yes > "$W/port/control/tlsrequired"
like '^-ERR \[AUTH\] say STLS first$' 'unless control/tlsrequired says no' clear 'USER u'
like '^-ERR \[AUTH\] say STLS first$' 'to AUTH either' clear 'AUTH PLAIN AHUAcA=='
like '^Subject: one' 'inside it is possible' read_ --ssl-reqd "pop3://u:p@one.example.net:$PORT/1"
like '^-ERR \[SYS/TEMP\]' 'where there is no TLS the port is none' talk QUIT
rm "$W/port/control/tlsrequired"
front -t
like '^Subject: one' 'TLS may come first, as on port 995' read_ "pop3s://u:p@one.example.net:$PORT/1"

# With the server

cert here 127.0.0.1
cert other 127.0.0.2
chmod 644 "$T"/*.key
S=$(free_port)
secure_dovecot() {
  start_dovecot "$1" 'ssl = yes' "ssl_cert = <$T/$2.crt" "ssl_key = <$T/$2.key" 'service pop3-login {' \
    'inet_listener pop3s {' "port = $S" 'ssl = yes' '}' '}'
}
secure_dovecot s here
printf 'Subject: two\n\nhello\n' | mail u 1.a
port q
echo "$T/ca/pem" > "$W/port/control/tlsca"
stat_() { talk 'USER u' 'PASS p' STAT QUIT | sed -n 4p; }
told() { tail -n 1 "$W/err"; }
control upstream "pop3s 127.0.0.1 $S"
like '^+OK 1 ' 'POP3S to the server' stat_
like '^upstream-tls .* verified' 'the log says how' cat "$W/err"
control upstream "pop3 127.0.0.1 $DOVECOT tls=verify"
like '^+OK 1 ' 'STLS to the server' stat_
like '^+OK CleanMail POP3 proxy ready <' 'and APOP is possible inside' talk QUIT
control upstream "pop3 127.0.0.1 $DOVECOT tls=may"
like '^+OK 1 ' 'and where it may be' stat_
control servers "pop3s 127.0.0.1 $S"
inside() { talk 'USER u%127.0.0.1' 'PASS p' STAT QUIT | sed -n 4p; }
like '^+OK 1 ' 'to a server that the user name carries, too' inside
rm "$W/port/control/servers" "$W/port/control/tlsca"
: > "$W/err"
control upstream "pop3s 127.0.0.1 $S"
like '^-ERR \[SYS/TEMP\]' 'a certificate that nobody knows is none' talk QUIT
like '^upstream-down .*certificate' 'the log says why' cat "$W/err"
control upstream "pop3s 127.0.0.1 $S tls=must"
like '^+OK 1 ' 'unless tls=must will do' stat_
control upstream "pop3 127.0.0.1 $S tls=no pop"
like '^-ERR \[SYS/TEMP\]' 'more words than there may be are told' talk QUIT
control upstream "pop3s 127.0.0.1 $S tls=may"
like '^-ERR \[SYS/TEMP\]' 'POP3S that need not be is none' talk QUIT
rm -f "$T/fault"; background "$top/tests/tools/faultpop" nostls > "$T/fault"; within 10 test -s "$T/fault"
control upstream "pop3 127.0.0.1 $(head -n 1 "$T/fault") tls=must"
like '^-ERR \[SYS/TEMP\]' 'a server without STLS where it must be hears no password' talk 'USER u' 'PASS p'
control upstream "pop3 127.0.0.1 $(head -n 1 "$T/fault") tls=may"
like '^+OK 1 ' 'where it may be it does' stat_
rm -f "$T/fault"; background "$top/tests/tools/faultpop" injected > "$T/fault"; within 10 test -s "$T/fault"
echo "$T/ca/pem" > "$W/port/control/tlsca"
: > "$W/err"
control upstream "pop3 127.0.0.1 $(head -n 1 "$T/fault") tls=must"
like '^-ERR \[SYS/TEMP\]' 'what a server says behind STLS was put there by anybody' talk QUIT
like 'speaks in plain behind STLS\|spoke in plain behind' 'the log says so' cat "$W/err"

done_testing
