#!/bin/sh
# cm-tls: handshakes, certificates, ends and rights, with OpenSSL's own tools, Postfix and swaks.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
unset CM_ID TCPREMOTEIP UCSPITLS

ca ca
for c in one two wild new; do cert $c $c.example.net; done
mkdir "$T/tls"
cp "$T/one.both" "$T/tls/default.pem"
cp "$T/two.crt" "$T/tls/two.example.net.crt"
cp "$T/two.key" "$T/tls/two.example.net.key"
cp "$T/wild.both" "$T/tls/_.example.org.pem"
chmod 600 "$T"/tls/*
chmod 711 "$T"

# As root the process that speaks TLS becomes somebody else.
account=; root=
[ "$(id -u)" != 0 ] || { account='-u nobody'; root=1; }
serving() { serve cm-tls -d "$T/tls" $account "$@"; }

# peer LINE...: a client of $PORT; start LINE...: the same, behind STARTTLS
peer() { printf '%s\n' "$@" | timeout 100 tlspeer "$PORT" 2>&1; }
start() { peer reply 'line STARTTLS' reply "$@" | sed 1,2d; }
logged() { within 20 grep -q -e "$1" "$T/log"; }
forget() { : > "$T/log"; }
ends() { within 20 grep -q '^end' "$T/log"; grep '^end' "$T/log"; }

# whose NAME: whom the server presents to who asks for NAME
whose() {
  if [ "$1" ]; then set -- -servername "$1"; else set -- -noservername; fi
  openssl s_client -starttls smtp -connect "127.0.0.1:$PORT" "$@" </dev/null 2>/dev/null |
    openssl x509 -noout -subject 2>/dev/null | sed 's/.*= *//'
}

# the program -------------------------------------------------------------

ok 'it links no OpenSSL, which a connection without TLS would pay for' sh -c '! ldd "$(command -v cm-tls)" 2>/dev/null | grep "libssl\|libcrypto"'
for args in '' '-c' '-x y' '-w 0 x' '-w 1x y' '-w 3601 x' '-c -t x' '-l may x' '-t -c x' '-m 3 x' '-r -m 0 x' '-r -h 1001 x'; do
  like 'usage: cm-tls' "called wrongly it says how: $args" cm-tls $args
done
cm-tls 2>/dev/null; same 100 '... and exits 100' echo $?
[ ! "$root" ] || verdict 100 'cm-tls: as root an account is needed for the process that speaks TLS: -u' \
  'root does not speak with the world' cm-tls true
verdict 111 'cm-tls: there is no account nosuch' 'an account must exist' cm-tls -u nosuch true
verdict 111 'cm-tls: unable to run /nowhere' 'a program that is not there' cm-tls $account /nowhere

# STARTTLS ------------------------------------------------------------------

serving -w 5 tlsapp
same '250 TLSv1.3
250 TLS_AES_256_GCM_SHA384
250 256
250 two.example.net
221 goodbye
orderly' 'a session by UCSPI-TLS, and what the program learns of it' start 'tls two.example.net' 'line ENV SSL_PROTOCOL' reply \
  'line ENV SSL_CIPHER' reply 'line ENV SSL_CIPHER_USEKEYSIZE' reply 'line ENV SSL_TLS_SNI' reply 'line QUIT' reply eof
ok 'the log has a line of it' logged '^tls 127.0.0.1 TLSv1.3 TLS_AES_256_GCM_SHA384 two.example.net two.example.net$'
same '220 tlsapp ESMTP
221 goodbye
eof' 'a session without TLS' peer reply 'line QUIT' reply eof
same '250-tlsapp' 'UCSPITLS tells the program that it may be offered' sh -c 'printf "reply\nline EHLO x\nreply\n" | tlspeer "$0" | sed 1d' "$PORT"
same 'CONNECTED
TLSv1.2' 'TLS 1.2 will do' sh -c 'openssl s_client -starttls smtp -tls1_2 -connect "127.0.0.1:$0" </dev/null 2>/dev/null |
  sed -n "s/^\(CONNECTED\).*/\1/p; s/^    Protocol  : //p"' "$PORT"
same '250 ok' 'a client that must say hello twice' sh -c 'printf "QUIT\n" | openssl s_client -quiet -starttls smtp -connect "127.0.0.1:$0" -groups X448:P-521:ffdhe8192:P-256 2>/dev/null | sed -n "/^250/p;/^221/s/.*/250 ok/p" | tail -n 1' "$PORT"
ok 'no compression, no tickets, no renegotiation' sh -c '
  openssl s_client -starttls smtp -tls1_2 -connect "127.0.0.1:$0" </dev/null 2>/dev/null >"$1/s"
  grep -q "Compression: NONE" "$1/s" && ! grep -q "session ticket" "$1/s" &&
  printf "R\n" | openssl s_client -starttls smtp -tls1_2 -connect "127.0.0.1:$0" 2>&1 | grep -q "no renegotiation"' "$PORT" "$T"
if command -v swaks >/dev/null; then
  ok 'swaks --tls sends a message' swaks --server "127.0.0.1:$PORT" --tls --tls-verify --tls-ca-path "$T/ca/pem" \
    --tls-sni two.example.net --to b@example.net --from a@example.org
fi
PATH=$PATH:/usr/sbin
if command -v posttls-finger >/dev/null; then
  mkdir "$T/postfix"
  : > "$T/postfix/main.cf"  # the machine may have none
  like 'Verified TLS connection established' 'Postfix trusts it' env MAIL_CONFIG="$T/postfix" posttls-finger -c -l verify -F "$T/ca/pem" \
    -P /nowhere "[127.0.0.1]:$PORT" one.example.net
fi

# Which certificate -----------------------------------------------------------

same one.example.net 'without a name it is the default' whose ''
same two.example.net 'with a name, its own: NAME.crt and NAME.key' whose two.example.net
same two.example.net 'in any case of letters' whose TWO.Example.NET
same wild.example.net 'one for all hosts of a domain' whose any.example.org
same one.example.net 'but not for those below them' whose a.b.example.org
same one.example.net 'a name that nobody knows' whose unknown.example.com
same one.example.net 'a name that is a path' whose ../two.example.net
same one.example.net 'a name that is none' whose 'a b'
cp "$T/new.both" "$T/tls/next.pem"
chmod 600 "$T/tls/next.pem"
mv "$T/tls/next.pem" "$T/tls/default.pem"
same new.example.net 'the next connection has the new one' whose ''
echo rubbish > "$T/tls/broken.example.net.pem"
cat "$T/one.crt" "$T/two.key" > "$T/tls/mixed.example.net.pem"
openssl ec -in "$T/one.key" -aes128 -passout pass:x -out "$T/tls/locked.example.net.key" 2>/dev/null
cp "$T/one.crt" "$T/tls/locked.example.net.crt"
cp "$T/one.crt" "$T/tls/keyless.example.net.crt"
mkdir "$T/tls/folder.example.net.pem"
for c in broken mixed locked keyless folder; do
  same new.example.net "the default instead of a file that is no good: $c" whose "$c.example.net"
done
where="$T/tls"
ok 'the log names a broken file' logged "^trouble 127.0.0.1 no certificate and its key in $where/broken.example.net.pem: "
ok '... a key of another certificate' logged "^trouble 127.0.0.1 no certificate and its key in $where/mixed.example.net.pem: key values mismatch"
ok '... a key with a password' logged "^trouble 127.0.0.1 no certificate and its key in $where/locked.example.net.crt and .key: "
ok '... a missing key' logged "^trouble 127.0.0.1 there is no key beside $where/keyless.example.net.crt"
ok '... a directory' logged "^trouble 127.0.0.1 not a file: $where/folder.example.net.pem"
same two.example.net 'the others go on' whose two.example.net
mv "$T/tls/default.pem" "$T/tls/away"
same '' 'without a default there is no TLS' whose unknown.example.com
ok '... and the log says why' logged '^tls-failed 127.0.0.1 there is no certificate'
mv "$T/tls/away" "$T/tls/default.pem"

# What is refused -------------------------------------------------------------

forget
like 'failed' 'TLS 1.1 is refused' env OLD=TLSv1_1 sh -c 'printf "reply\nline STARTTLS\nreply\ntls\n" | tlspeer "$0"' "$PORT"
ok '... and logged' logged '^tls-failed 127.0.0.1 the handshake failed: .*protocol'
forget
like 'failed' 'TLS 1.0 is refused' env OLD=TLSv1 sh -c 'printf "reply\nline STARTTLS\nreply\ntls\n" | tlspeer "$0"' "$PORT"
ok '... and logged' logged '^tls-failed'
forget
same 'eof' 'a command in plain behind STARTTLS never runs' start 'line ENV PATH' eof
ok '... and the log says so' logged '^tls-failed 127.0.0.1 there is something else than TLS'
ok 'the program hears that there is no TLS' logged '^no tls'
forget
same '' 'nor one in the same packet: that is for the program to see, and this one does' sh -c '
  printf "%s\n" reply "send STARTTLS\\r\\nENV PATH\\r\\n" reply | tlspeer "$0" | sed "/^220/d; /^eof/d"' "$PORT"
forget
same 'eof' 'bytes that only begin like TLS' start 'send \x16\x03garbage of every kind, and more of it' eof
ok '... are logged' logged '^tls-failed 127.0.0.1 the handshake failed'
forget
start 'cut' >/dev/null
ok 'who goes away before the handshake' logged '^tls-failed 127.0.0.1 the other side closed the connection before the handshake'
forget
start 'send \x16\x03\x01\x02\x00\x01' 'cut' >/dev/null
ok '... and in it' logged '^tls-failed 127.0.0.1 the other side closed the connection in the handshake'
serving -w 1 tlsapp
forget
same 'eof' 'who says nothing is left after a second' start eof
ok '... and logged' logged '^tls-failed 127.0.0.1 the handshake took too long'
forget
same 'eof' 'who stalls in the handshake too' start 'send \x16\x03\x01\x02\x00\x01' eof
ok '... and logged' logged '^tls-failed 127.0.0.1 the handshake took too long'

# Ends --------------------------------------------------------------------------

serving tlsapp
forget; start tls close >/dev/null
same 'end orderly' 'an end with close_notify is one in order' ends
forget; start tls 'line DATA' reply 'line half a message' cut >/dev/null
same 'end cut' 'one without is told apart from it' ends
ok '... and logged' logged '^tls-cut 127.0.0.1'
forget; start tls 'line DATA' reply rst >/dev/null
same 'end cut' 'so is a reset' ends
forget
same '250 ok
250 -
221 goodbye
orderly' 'who ends its side still hears the answers' start tls 'line NOOP' 'line ENV NOWHERE' 'line QUIT' notify reply reply reply eof
same 'orderly' 'a program that dies ends the session' start tls 'line DIE' eof
same '250 ok
orderly' 'what it had said before arrives' start tls 'send NOOP\r\nDIE\r\n' reply eof
same 'orderly' 'a program that ends its side' start tls 'line HALF' eof
forget; start tls 'line HALF' eof close > /dev/null
same 'end orderly' '... can still read' ends
serve env SMALL=1 cm-tls -d "$T/tls" $account tlsapp
same '250 ok
221 goodbye
orderly' 'the program may say y' start tls 'line NOOP' reply 'line QUIT' reply eof
serving -i 1 tlsapp
forget
same 'cut' 'where nothing moves for too long it is cut off' start tls 'line SLEEP' eof
ok '... and logged' logged '^tls-idle 127.0.0.1'

# Bytes ---------------------------------------------------------------------------

serving tlsapp
same 'same' '20 MB both ways at once arrive as they were' start tls 'line BULK 20000000' 'bulk 20000000'
same '250 ok' 'a thousand small answers' start tls 'lines 1000' 'line NOOP' reply

# TLS from the start ------------------------------------------------------------

serving -t tlsapp
same '220 tlsapp ESMTP
250 one.example.org
250 -
250 tlsapp
same
orderly' 'TLS from the start' peer 'tls one.example.org' reply 'line ENV SSL_TLS_SNI' reply 'line ENV SSLCTLFD' reply \
  'line EHLO x' reply 'line BULK 100000' 'bulk 100000' 'line QUIT' eof
forget; peer tls reply close >/dev/null
same 'end orderly' 'the program knows an end in order there too' ends
forget; peer tls reply cut >/dev/null
same 'end cut' '... and one that is none' ends
forget
same 'eof' 'a client that speaks in plain' peer 'line EHLO x' eof
ok '... is logged, and the program never started' logged '^tls-failed 127.0.0.1 there is something else than TLS'
verdict 111 '' 'a program without a handshake exits 111' sh -c 'cm-tls -t -d "$0" $1 tlsapp <"$0/default.pem" 2>/dev/null' "$T/tls" "$account"

# Rights ----------------------------------------------------------------------------

speakers() { pgrep -f "^cm-tlsd* .*$T/tls"; }
fact() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(speakers | head -n 1)/status"; }
nobody_left() {
  ! speakers || return 1
  for pid in $PIDS; do [ ! "$(children "$pid" 2>/dev/null)" ] || return 1; done
}
ok 'nothing is left of all that' within 40 nobody_left
serving tlsapp
printf '%s\n' reply 'line STARTTLS' reply tls 'line NOOP' reply stall | tlspeer "$PORT" > "$T/talk" &
talk=$!
within 20 grep -q '^250' "$T/talk"
forget
alone() { [ "$(speakers | wc -l)" = 1 ]; }
ok 'one process speaks TLS, and the one with the keys has gone' within 20 alone
app=$(pgrep -P "$PID")
same '' 'the program has no child that it did not start' children "$app"
if [ "$root" ]; then
  nobody=$(id -u nobody)
  same "$nobody	$nobody	$nobody	$nobody" 'it runs as the other user' fact Uid
  same '' '... without groups' sh -c "echo $(fact Groups)"
  ok '... who cannot open the key' sh -c "! setuidgid nobody cat '$T/tls/default.pem'"
  same 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)' 'the program becomes whom -s names, too' \
    cm-tls -u nobody -s nobody id
  same '0	0	0	0' 'the program keeps its own' sh -c "sed -n 's/^Uid:[[:space:]]*//p' /proc/$app/status"
fi
if ! sanitized; then
  same 'begin
end' 'a process so confined can do nothing else' "$BUILD/tests/confined" open
  # Root may fork whatever its limit says; and nobody may be kept from where this is built.
  cp "$BUILD/tests/confined" "$T/confined"
  same 'begin
end' '... nor one that was forked' ${root:+setuidgid nobody} "$T/confined" forked
  same 2 'it has few system calls left' fact Seccomp
  same 1 '... and no new privileges' fact NoNewPrivs
fi
within 20 kill -9 "$(speakers)"
kill "$talk" 2>/dev/null; wait "$talk" 2>/dev/null
same 'end cut' 'killed, it leaves an end that is not in order' ends
if [ "$root" ]; then
  # Nobody may be kept from where the programs are built.
  mkdir "$T/bin"
  cp "$(command -v cm-tls)" "$(command -v cm-tlsd)" "$(command -v tlsapp)" "$T/bin/"
  serve setuidgid nobody env PATH="$T/bin:$PATH" cm-tls -d "$T/tls" tlsapp
  forget
  same '' 'a key that only root may read' whose two.example.net
  ok '... is logged' logged "^trouble 127.0.0.1 unable to open $where/two.example.net.crt: Permission denied"
fi
serve cm-tls -d /nowhere $account tlsapp
forget
same '502' 'without the directory the program is not told of TLS' sh -c "printf '%s\n' reply 'line ENV SSLCTLFD' reply | tlspeer $PORT | sed -n 's/^250 -$/502/p'"
mkdir "$T/shut"
chmod 0 "$T/shut"
if [ ! "$root" ]; then
  serve cm-tls -d "$T/shut" tlsapp
  same '' 'nor with one that may not be read' whose two.example.net
  ok '... and the log says so' logged "^trouble 127.0.0.1 unable to open $T/shut: Permission denied"
fi
serve cm-tls -t -d /nowhere $account tlsapp
forget
same 'failed' 'TLS from the start cannot do without' sh -c "printf 'tls\n' | tlspeer $PORT | sed 's/^failed.*/failed/'"
ok '... and the log says so' logged '^trouble 127.0.0.1 unable to open /nowhere: No such file'

ok 'nothing is left' within 40 nobody_left
done_testing
