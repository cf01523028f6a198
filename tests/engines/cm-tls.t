#!/bin/sh
# cm-tls: handshakes, certificates, ends and rights, with OpenSSL's own tools, Postfix and swaks.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
PATH=$(cd "$(dirname "$0")/../tools" && pwd):$PATH
LC_ALL=C; export LC_ALL
unset CM_ID TCPREMOTEIP UCSPITLS

# A CA, and certificates: cert NAME CN [START END], with a key of its own
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
ca() {
  mkdir -p "$T/$1"
  new_key "$T/$1/key"
  openssl req -x509 -new -key "$T/$1/key" -subj "/CN=$1" -days 30 -out "$T/$1/pem" 2>/dev/null
}
cert() {
  new_key "$T/$1.key"
  : > "$T/ca/index"; : > "$T/ca/index.attr"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\n' \
    "$T/ca" "$T/ca" "$2" > "$T/ca/conf"
  openssl req -new -key "$T/$1.key" -subj "/CN=$2" -out "$T/$1.csr" 2>/dev/null
  openssl ca -batch -notext -config "$T/ca/conf" -cert "$T/ca/pem" -keyfile "$T/ca/key" -in "$T/$1.csr" \
    -startdate "${3:-20200101000000Z}" -enddate "${4:-20490101000000Z}" -out "$T/$1.crt" 2>/dev/null
  cat "$T/$1.key" "$T/$1.crt" "$T/ca/pem" > "$T/$1.both"
}
ca ca
ca stranger
for c in one two wild new; do cert $c $c.example.net; done
cert expired one.example.net 20200101000000Z 20200201000000Z
cert future one.example.net 20480101000000Z 20490101000000Z
openssl req -x509 -new -key "$T/one.key" -subj /CN=one.example.net -days 30 -out "$T/self.crt" 2>/dev/null
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

ok 'it links no libowfat' sh -c '! ldd "$(command -v cm-tls)" | grep owfat && ! nm "$(command -v cm-tls)" | grep -w "stralloc_.*\|buffer_.*"'
for args in '' '-c' '-x y' '-w 0 x' '-w 1x y' '-c -t x' '-l may x' '-c -l some x' '-c -p sha256:12 x' '-c x y'; do
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

speakers() { pgrep -f "^cm-tls .*$T/tls"; }
fact() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(speakers | head -n 1)/status"; }
nobody_left() { ! speakers; }
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
  same '0	0	0	0' 'the program keeps its own' sh -c "sed -n 's/^Uid:[[:space:]]*//p' /proc/$app/status"
fi
if ! sanitized; then
  same 'begin
end' 'a process so confined can do nothing else' "$BUILD/tests/confined" open
  same 2 'it has few system calls left' fact Seccomp
  same 1 '... and no new privileges' fact NoNewPrivs
fi
within 20 kill -9 "$(speakers)"
kill "$talk" 2>/dev/null; wait "$talk" 2>/dev/null
same 'end cut' 'killed, it leaves an end that is not in order' ends
if [ "$root" ]; then
  # Nobody may be kept from where the programs are built.
  mkdir "$T/bin"
  cp "$(command -v cm-tls)" "$(command -v tlsapp)" "$T/bin/"
  serve setuidgid nobody env PATH="$T/bin:$PATH" cm-tls -d "$T/tls" tlsapp
  forget
  same '' 'a key that only root may read' whose two.example.net
  ok '... is logged' logged "^trouble 127.0.0.1 unable to open $where/two.example.net.crt: Permission denied"
  mkdir "$T/empty"
  serving -r "$T/empty" tlsapp
  same two.example.net 'an empty root directory does' whose two.example.net
  printf '%s\n' reply 'line STARTTLS' reply tls 'line NOOP' reply stall | tlspeer "$PORT" > "$T/talk" &
  talk=$!
  within 20 grep -q '^250' "$T/talk"
  within 20 alone
  same "$T/empty" '... and is one' sh -c 'readlink "/proc/$(pgrep -f "^cm-tls .*$0/tls")/root"' "$T"
  kill "$talk"; wait "$talk" 2>/dev/null
  serving -r /nowhere tlsapp
  forget
  same 'eof' 'if it is missing there is no TLS' start eof
  ok '... and it says so' logged 'unable to make this the root directory: /nowhere'
fi
serve cm-tls -d /nowhere $account tlsapp
forget
same '' 'without the directory' whose two.example.net
ok '... neither, and it says so' logged '^trouble 127.0.0.1 unable to open /nowhere: No such file'

# The client's side ---------------------------------------------------------------

# serve_as NAME [OPTION...]: a server with that certificate, which turns lines round
serve_as() {
  name=$1; shift
  PORT=$(free_port)
  background openssl s_server -accept "127.0.0.1:$PORT" -cert "$T/$name.crt" -key "$T/${KEY:-$name}.key" \
    -cert_chain "$T/ca/pem" -rev -quiet "$@" >/dev/null 2>&1
  within 20 nc -z 127.0.0.1 "$PORT"
}
# scripted LINE...: a server that does this, once
scripted() {
  : > "$T/scripted"
  printf '%s\n' "$@" > "$T/script"
  background sh -c 'exec tlspeer -l "$0/one.crt" "$0/one.key" < "$0/script"' "$T" > "$T/scripted"
  within 20 test -s "$T/scripted"
  PORT=$(head -n 1 "$T/scripted")
}
# asks OPTION... HOST: what cm-tls says to its front end, and its exit code
asks() { echo hello | timeout 60 tcpclient -RHl0 127.0.0.1 "$PORT" cm-tls -c "$@" 2>&1; echo "$?"; }
fingerprint() { openssl x509 -in "$T/$1.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; }
print=sha256:$(fingerprint one)

serve_as one
same "ok TLSv1.3 TLS_AES_256_GCM_SHA384 verified $print one.example.net
olleh
0" 'a server whose certificate is good' asks -a "$T/ca/pem" one.example.net
mkdir "$T/hashed"
cp "$T/ca/pem" "$T/hashed/ca.pem"
openssl rehash "$T/hashed"
like '^ok .* verified' 'by a directory of trusted certificates' asks -a "$T/hashed" one.example.net
same 'fail the certificate is not accepted: hostname mismatch
111' 'the wrong host' asks -a "$T/ca/pem" two.example.net
same 'fail the certificate is not accepted: IP address mismatch
111' 'an address is no name' asks -a "$T/ca/pem" 127.0.0.1
like '^fail the certificate is not accepted: self-signed certificate in certificate chain' 'from somebody who is not trusted' asks -a "$T/stranger/pem" one.example.net
like '^fail the certificate is not accepted: ' 'the system does not trust it' asks one.example.net
same 'fail unable to read the trusted certificates: No such file or directory
111' 'trusted certificates that are not there' asks -a /nowhere one.example.net
like '^fail unable to read the trusted certificates: ' '... or broken' asks -a "$T/tls/broken.example.net.pem" one.example.net
for l in may must; do
  like "^ok TLSv1.3 TLS_AES_256_GCM_SHA384 any $print one.example.net" "any certificate: $l" asks -l $l two.example.net
done
like '^ok .* pinned' 'a fingerprint' asks -p "$print" anything
like '^ok .* pinned' '... in capitals, one of two' asks -p sha256:$(fingerprint two) -p "sha256:$(fingerprint one | tr a-f A-F)" anything
same "fail the certificate is not the one expected, but $print
111" '... that is another' asks -p sha256:$(fingerprint two) one.example.net
serve_as expired
same 'fail the certificate is not accepted: certificate has expired
111' 'an expired certificate' asks -a "$T/ca/pem" one.example.net
like '^ok' '... will do where any does' asks -l must one.example.net
serve_as future
same 'fail the certificate is not accepted: certificate is not yet valid
111' 'one that is not valid yet' asks -a "$T/ca/pem" one.example.net
KEY=one serve_as self
same 'fail the certificate is not accepted: self-signed certificate
111' 'a self-signed one' asks -a "$T/ca/pem" one.example.net
serve_as one -tls1_1 -cipher ALL:@SECLEVEL=0
like '^fail the handshake failed: ' 'TLS 1.1 is refused' asks -l may one.example.net
serve_as one -tls1_2
like '^ok TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384' 'TLS 1.2 will do' asks -l may one.example.net

scripted stall
same 'fail the handshake took too long
111' 'a server that stalls' asks -w 1 -l may one.example.net
scripted 'line 500 what is that?' cut
like '^fail ' 'one that speaks no TLS' asks -l may one.example.net
scripted 'cut'
like '^fail the ' 'one that closes' asks -l may one.example.net
in_data() { printf '%s\n' 'line 220 hello' reply 'line 250-test' 'line 250 STARTTLS' reply "$@"; }
scripted "$(in_data 'line 220 go ahead' tls reply 'line good' close)"
begun() { printf 'HELLO\n' | timeout 60 tcpclient -RHl0 127.0.0.1 "$PORT" starttls cm-tls -c -l may "$@" 2>&1; echo "$?"; }
like '^good' 'behind STARTTLS' begun one.example.net
scripted "$(in_data 'send 220 go ahead\r\n250 injected\r\n' tls)"
same 'fail the server spoke in plain behind STARTTLS
111' 'bytes behind the reply to STARTTLS are no part of it' begun one.example.net

# A front end that ends its side when the server has ended: hang OPTION...
mkfifo "$T/hold"
hang() {
  timeout 60 tcpclient -RHl0 127.0.0.1 "$PORT" cm-tls -c -l may "$@" one.example.net < "$T/hold" > "$T/out" 2>&1 &
  hung=$!
  exec 9> "$T/hold"
  within 10 grep -q bye "$T/out"
  exec 9>&-
  wait $hung
  echo "$? $(tr -d '\r' < "$T/out" | sed '/^ok /d')"
}
scripted tls 'line bye' close
same '0 bye' 'a server that ends in order' hang
scripted tls 'line bye' cut
same '1 bye' 'one that is cut off' hang
scripted tls 'line bye' stall
same '1 bye' 'one that says nothing any more' hang -i 1
scripted tls reply 'line bye' eof close
ended_first() { (echo x; within 10 grep -q bye "$T/out") | tcpclient -RHl0 127.0.0.1 "$PORT" cm-tls -c -l may one.example.net > "$T/out"; echo $?; }
: > "$T/out"
same 0 'a front end that ends first' ended_first
ok '... gives close_notify' within 10 grep -q '^orderly' "$T/scripted"

scripted tls reply reply 'line BULK 20000000' 'bulk 20000000' 'line QUIT' eof
mkfifo "$T/up" "$T/down"
timeout 100 tcpclient -RHl0 127.0.0.1 "$PORT" cm-tls -c -l may one.example.net < "$T/up" > "$T/down" &
client=$!
timeout 100 tlsapp > "$T/up" < "$T/down" 2>/dev/null
wait $client
same 0 '20 MB both ways at once, through pipes' echo $?
same 'same
orderly' '... arrive as they were' sh -c 'sed -n "/^same/p;/^different/p;/^orderly/p;/^cut/p" "$0/scripted"' "$T"

# Postfix behind --------------------------------------------------------------------

if [ "$root" ] && unshare -m true 2>/dev/null; then
  mkdir -p "$T/postfix"
  cp "$T/one.both" "$T/postfix/pem"
  start_postfix postfix smtpd_tls_security_level=may smtpd_tls_chain_files=/mnt/pem
  deliver() {
    : > "$T/out"
    {
      printf '%s\r\n' 'EHLO client.example.org' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA \
        'Subject: by TLS' '' hello . QUIT
      within 20 grep -q '^221' "$T/out"
    } | timeout 60 tcpclient -RHl0 127.0.0.1 "$PORT" starttls cm-tls -c -a "$T/ca/pem" one.example.net > "$T/out" 2>&1
    cat "$T/out"
  }
  like '^250 2.0.0 Ok: queued' 'Postfix takes a message behind STARTTLS' deliver
  same 1 '... and has it' received postfix
  like 'with ESMTPS' '... by TLS' inbox postfix
fi

ok 'nothing is left' within 40 nobody_left
done_testing
