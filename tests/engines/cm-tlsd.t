#!/bin/sh
# cm-tlsd: behind a client, before servers of OpenSSL, Postfix, and some that no good one is like.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
unset CM_ID TCPREMOTEIP UCSPITLS

ca ca
ca stranger
for c in one two; do cert $c $c.example.net; done
cert expired one.example.net 20200101000000Z 20200201000000Z
cert future one.example.net 20480101000000Z 20490101000000Z
openssl req -x509 -new -key "$T/one.key" -subj /CN=one.example.net -days 30 -out "$T/self.crt" 2>/dev/null
chmod 711 "$T"

# asks OPTION... HOST: what cm-tls says to its front end, and its exit code
asks() { echo hello | timeout 60 tcpclient -RHl0 127.0.0.1 "$PORT" cm-tls -c "$@" 2>&1; echo "$?"; }
fingerprint() { openssl x509 -in "$T/$1.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; }
print=sha256:$(fingerprint one)

ok 'it links no libowfat' sh -c '! ldd "$(command -v cm-tlsd)" | grep owfat && ! nm "$(command -v cm-tlsd)" | grep -w "stralloc_.*\|buffer_.*"'
for args in '' '-x y' '-c' '-c -w 0 x' '-c -t x' '-c -l some x' '-c -p sha256:12 x' '-c x y' '-s x'; do
  like 'usage: cm-tls -c' "called wrongly it says how: $args" cm-tlsd $args
done
cm-tls -c 2>/dev/null; same 100 '... and exits 100' echo $?

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
echo rubbish > "$T/broken"
like '^fail unable to read the trusted certificates: ' '... or broken' asks -a "$T/broken" one.example.net
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
within 10 grep -q '^orderly\|^cut' "$T/scripted"
same 'same
orderly' '... arrive as they were' sh -c 'sed -n "/^same/p;/^different/p;/^orderly/p;/^cut/p" "$0/scripted"' "$T"

# Postfix behind --------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
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

done_testing
