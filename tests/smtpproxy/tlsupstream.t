#!/bin/sh
# TLS to the upstream: Postfix with good certificates and bad ones, and servers that do
# what no good one does. Where TLS must be, and cannot be had, nothing goes in clear.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/smtpproxy/smtp.sh
unset CM_ID TCPREMOTEIP UCSPITLS SSL_CERT_DIR
need_peers

ca ca
ca stranger
cert good 127.0.0.1
cert other other.example.net
cert expired 127.0.0.1 20200101000000Z 20200201000000Z
new_key "$T/self.key"
openssl req -x509 -new -key "$T/self.key" -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 30 -out "$T/self.crt" 2>/dev/null
cat "$T/self.key" "$T/self.crt" > "$T/self.both"

# start NAME CERTIFICATE [SETTING...]: a Postfix with that certificate
start() {
  name=$1 cert=$2; shift 2
  mkdir -p "$T/$name"
  cp "$T/$cert.both" "$T/$name/pem"
  start_postfix "$name" smtpd_tls_security_level=may smtpd_tls_chain_files=/mnt/pem smtpd_tls_loglevel=1 "$@"
}
home h queue true
C=$T/h/port/control
echo "$T/ca/pem" > "$C/tlsca"
echo 5 > "$C/timeoutconnect"
say() { W=$T/h; message 'Subject: hello' '' text; }
to() { printf '%s\n' "$@" > "$C/upstream"; : > "$T/h/err"; }
mail() { W=$T/h; heard 2 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT; }
logged() { grep -q -e "$1" "$T/h/err"; }
children_of_ours() { pgrep -f '^cm-tlsd -c -n 3 -w [0-9]* -l [a-z]* .*-- 127\.0\.0\.1$'; }

# Certificates of all kinds --------------------------------------------------------

start good good; GOOD=$PORT
for level in may must verify; do
  to "smtp 127.0.0.1 $GOOD tls=$level"
  like '^250 2.0.0 Ok: queued' "tls=$level: a good certificate" say
  ok '... and the log says how' logged "^upstream-tls .* 127.0.0.1 $GOOD: TLSv1.3 TLS_AES_256_GCM_SHA384 \(any\|verified\) sha256:[0-9a-f]* 127.0.0.1$"
done
ok '... verified' logged ' verified sha256:'
same 3 'Postfix has the messages' received good
same 3 '... by TLS' sh -c "cat $T/good/mail/new/* | grep -c 'with ESMTPS id'"
to "smtp 127.0.0.1 $GOOD"
like '^250 ' 'without the word there is none' say
same 4 '... and it comes' received good
same 3 '... in clear' sh -c "cat $T/good/mail/new/* | grep -c 'with ESMTPS id'"
for bad in 'other IP address mismatch' 'expired certificate has expired' 'self self-signed certificate'; do
  cert=${bad%% *}
  start "$cert" "$cert"
  to "smtp 127.0.0.1 $PORT tls=verify"
  like '^451 4.7.5 ' "row 17: tls=verify, and the certificate is bad: ${bad#* }" mail
  ok 'row 17: ... and the log says why' logged "^upstream-down .* 127.0.0.1 $PORT: the certificate is not accepted: ${bad#* }"
  same 0 'row 17: ... nothing was said in clear' grep -c 'client=\|from=' "$T/$cert/log/postfix"
  to "smtp 127.0.0.1 $PORT tls=must"
  like '^250 2.0.0 Ok: queued' '... while tls=must asks for none' say
  like 'with ESMTPS id' '... but for TLS' inbox "$cert"
done
echo "$T/stranger/pem" > "$C/tlsca"
to "smtp 127.0.0.1 $GOOD tls=verify"
like '^451 4.7.5 ' 'row 17: a certificate of somebody who is not believed' mail
echo /nowhere > "$C/tlsca"
like '^451 4.7.5 ' 'a control/tlsca that names nothing' mail
ok '... is told' logged 'unable to read the trusted certificates: No such file'
rm "$C/tlsca"
like '^451 4.7.5 ' 'without control/tlsca the system knows whom to believe' mail
echo "$T/ca/pem" > "$C/tlsca"
to "smtp 127.0.0.1 1 tls=verify" "smtp 127.0.0.1 $PORT tls=verify" "smtp 127.0.0.1 $GOOD tls=verify"
like '^250 ' 'of several the first that can be trusted gets it' say

# TLS from the start ------------------------------------------------------------------

start smtps good smtpd_tls_wrappermode=yes
to "smtps 127.0.0.1 $PORT"
like '^250 ' 'smtps' say
to "smtps 127.0.0.1 $PORT tls=verify"
like '^250 ' 'smtps, verified' say
same 2 'Postfix has both' received smtps
same 2 '... by TLS' sh -c "cat $T/smtps/mail/new/* | grep -c 'with ESMTPS id'"
to "smtps 127.0.0.1 $GOOD"
like '^451 4.7.5 ' 'smtps to a port that speaks in plain' mail

# An old one ---------------------------------------------------------------------------

start old good 'smtpd_tls_protocols=TLSv1.1' 'smtpd_tls_mandatory_protocols=TLSv1.1' 'tls_high_cipherlist=ALL:@SECLEVEL=0' \
  'tls_medium_cipherlist=ALL:@SECLEVEL=0' 'smtpd_tls_ciphers=medium'
to "smtp 127.0.0.1 $PORT tls=must"
like '^451 4.7.5 ' 'TLS 1.1 is none' mail
to "smtp 127.0.0.1 $PORT tls=may"
like '^250 ' 'tls=may goes on in clear where the handshake fails, on a new connection' say
like 'with ESMTP id' '... and Postfix has it' inbox old
ok '... and the log says so' logged "^upstream-tls .* 127.0.0.1 $PORT: in clear, for it the handshake failed"

# Servers that no good one is like -------------------------------------------------------

offer='EHLO=say:250-sink\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n'
# fault NAME WHAT RULE...: must and verify get nothing through, and nothing is said in clear;
# may goes on in clear
fault() {
  what=$1; shift
  for level in must verify may; do
    rm -rf "$T/f$level"
    start_faultsink f$level "$@"
    to "smtp 127.0.0.1 $PORT tls=$level"
    if [ $level = may ]; then
      like '^250 2.0.0 message taken' "$what: tls=may goes on in clear" say
    else
      like '^451 4.7.5 ' "$what: tls=$level refuses" mail
      same '' "${what%%: *}: ... and nothing was said in clear" grep -v ' \(EHLO\|STARTTLS\|QUIT\)' "$T/f$level/commands"
    fi
  done
}
echo 1 > "$C/timeoutconnect"
fault 'row 17: STARTTLS is stripped from what it offers'
start_faultsink greedy 'EHLO=say:250-sink\r\n250 AUTH PLAIN\r\n'
to "smtp 127.0.0.1 $PORT tls=verify"
W=$T/h
talk 'EHLO x' 'AUTH PLAIN AGEAYg==' QUIT > "$T/out"
same '' 'row 17: ... and no password is sent where it is' grep -i auth "$T/greedy/commands" "$T/out"
fault 'row 17: STARTTLS is refused' "$offer" 'STARTTLS=say:454 4.7.0 not now\r\n'
fault 'row 17: STARTTLS is unknown' "$offer" 'STARTTLS=say:502 5.5.1 what?\r\n'
fault 'row 18: words in plain behind the answer' "$offer" 'STARTTLS=say:220 go ahead\r\n250-injected\r\n250 8BITMIME\r\n,stall'
cert one 127.0.0.1
scripted 'line 220 hello' reply 'line 250-test' 'line 250 STARTTLS' reply 'send 220 go ahead\r\n250-injected\r\n250 8BITMIME\r\n' \
  tls reply 'line 250 test' reply 'line 250 sender ok' reply
echo 5 > "$C/timeoutconnect"
to "smtp 127.0.0.1 $PORT tls=must"
like '^451 ' 'row 18: ... though a handshake would follow' mail
ok '... and the log says so' logged 'speaks in plain behind STARTTLS'
same 1 '... and no word goes into that' grep -c EHLO "$T/scripted"
echo 1 > "$C/timeoutconnect"
fault 'row 18: words in plain in place of a handshake' "$offer" 'STARTTLS=say:220 go ahead\r\n,wait:0.2,say:250 injected\r\n,stall'
fault 'row 18: the handshake stalls' "$offer" 'STARTTLS=say:220 go ahead\r\n,stall'
fault 'row 18: it closes in the handshake' "$offer" 'STARTTLS=say:220 go ahead\r\n,drop'
fault 'row 18: it resets in the handshake' "$offer" 'STARTTLS=say:220 go ahead\r\n,rst'
start_faultsink silent 'STARTTLS=stall' "$offer"
echo 1 > "$C/timeoutremote"
to "smtp 127.0.0.1 $PORT tls=must"
like '^451 4.7.5 ' 'row 18: no answer to STARTTLS' mail
echo 300 > "$C/timeoutremote"
to "smtp 127.0.0.1 $GOOD tls=sometimes"
W=$T/h
like '^421 4.3.5 ' 'another word is an error' talk QUIT
ours=$(dirname "$(command -v cm-smtpd)")
mkdir "$T/bin"
cp "$ours/cm-smtpd" "$ours/cm-pipeline" "$T/bin/"
without() { W=$T/h; PATH=$T/bin:/usr/bin:/bin mail; }
to "smtp 127.0.0.1 $GOOD tls=must"
like '^451 4.7.5 ' 'where cm-tlsd is missing there is no TLS' without
ok '... and the log says so' logged 'unable to find cm-tlsd: No such file'

# A session, from end to end ----------------------------------------------------------------

to "smtp 127.0.0.1 $GOOD tls=verify"
echo 5 > "$C/timeoutconnect"
before=$(received good)
mkdir "$C/tls"
cp "$T/good.both" "$C/tls/default.pem"
front h cm-tls -u nobody cm-smtpd
SERVER=$PID
ok 'TLS on both sides' swaks --server "127.0.0.1:$PORT" --tls --to b@example.net --from a@example.org
same $((before + 1)) '... and the message is there' received good
no_session() { [ ! "$(children "$SERVER")" ] && ! children_of_ours; }
ok 'nothing is left' within 20 no_session
head -c 3000000 /dev/urandom | base64 -w 76 > "$T/body"
(printf 'Subject: large\r\n\r\n'; sed 's/$/\r/' "$T/body") > "$T/large"
ok 'a message of 4 MB' swaks --server "127.0.0.1:$PORT" --tls --to b@example.net --from a@example.org --data "@$T/large"
same $((before + 2)) '... is there' received good
same "$(sha256sum < "$T/body")" '... as it was' sh -c "sed '1,/^\$/d' \"\$(ls -S $T/good/mail/new/* | head -n 1)\" | sed '\$!b; /^\$/d' | sha256sum"
mkfifo "$T/hold"
timeout 60 tlspeer "$PORT" < "$T/hold" > "$T/out" &
talk=$!
exec 9> "$T/hold"
printf '%s\n' answer 'line EHLO x' answer 'line MAIL FROM:<a@example.org>' answer >&9
within 20 children_of_ours
within 20 grep -q '^250 2.1.0' "$T/out"
kill -9 "$(children_of_ours)"
printf '%s\n' 'line RCPT TO:<b@example.net>' answer 'line QUIT' eof >&9
exec 9>&-
wait $talk
like '^451 4.4.2 ' 'what speaks TLS is killed: the upstream is lost' cat "$T/out"
ok 'nothing is left of that' within 20 no_session
printf '%s\n' 'smtp 127.0.0.1 1' > "$C/upstream"

# Release from the quarantine goes the same way -----------------------------------------------

start_faultsink clear
mkdir -p "$T/r/ports/mx/control" "$T/r/store"
chmod 700 "$T/r/store"
echo "smtp 127.0.0.1 $PORT tls=must" > "$T/r/ports/mx/control/upstream"
printf 'a@example.org\nb@example.net\n' > "$T/envelope"
mkdir "$T/mx"
ID=1769903999.998877.1f3a.0.9be2c510
(cd "$T/mx" && printf 'Subject: x\r\n\r\nbody\r\n' | CM_HOME=$T/r CM_ID=$ID CM_ENVELOPE=$T/envelope cm-filter-store "$T/r/store")
like 'offers no STARTTLS' 'a release does not go in clear either' env CM_HOME="$T/r" cm-quarantine release $ID
same '' '... not a word of it' grep MAIL "$T/clear/commands"
echo "smtp 127.0.0.1 $GOOD tls=must" > "$T/r/ports/mx/control/upstream"
like '250 2.0.0 Ok: queued' 'but by TLS' env CM_HOME="$T/r" cm-quarantine release $ID

done_testing
