#!/bin/sh
# Exim and OpenSMTPD speak TLS with us, on either side; and Exim knows who logs in.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/smtpproxy/smtp.sh
unset CM_ID TCPREMOTEIP UCSPITLS SSL_CERT_DIR
need_peers

ca ca
# RSA, of which no other test has a key
new_key() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" 2>/dev/null; }
cert good 127.0.0.1
chmod 711 "$T"
# keys NAME: what the server of this name presents and believes
keys() {
  mkdir -p "$T/$1"
  cp "$T/good.both" "$T/$1/pem"
  cat "$T/good.crt" "$T/ca/pem" > "$T/$1/crt"
  cp "$T/good.key" "$T/$1/key"
  cp "$T/ca/pem" "$T/$1/ca"
  chown 901 "$T/$1/pem"
  chmod 600 "$T/$1/pem" "$T/$1/key"
}

# Behind us ----------------------------------------------------------------------------

SECURE=yes
home h queue true
C=$W/port/control
echo "$T/ca/pem" > "$C/tlsca"
say() { W=$T/h; message 'Subject: by TLS' '' text; }
refused() { W=$T/h; heard 2 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT; }
# OpenSMTPD 6.8 as a server fails in every handshake, whoever the client is, with RSA and with EC: it
# signs in a process of its own, by methods that it puts on the key of the session, and
# OpenSSL 3 gives it a copy of that key to put them on, so that the session has none that signs
# (its issue 1171, mended in 7.3). No setting of either side helps.
able() { { echo QUIT; sleep 1; } | openssl s_client -quiet -crlf -starttls smtp -connect "127.0.0.1:$PORT" 2>&1 | grep -q '^221'; }
for peer in exim opensmtpd; do
  keys $peer
  start_$peer $peer
  if [ $peer = opensmtpd ] && ! able; then
    echo "smtp 127.0.0.1 $PORT tls=must" > "$C/upstream"
    like '^451 4.7.5 ' "$peer behind, which cannot shake hands: tls=must refuses" refused
    echo "smtp 127.0.0.1 $PORT tls=may" > "$C/upstream"
    like '^250 ' '... and tls=may goes on in clear' say
    same 1 '... it has the message' received $peer
    continue
  fi
  echo "smtp 127.0.0.1 $PORT tls=verify" > "$C/upstream"
  like '^250 ' "$peer behind, its certificate verified" say
  like "^upstream-tls .* 127.0.0.1 $PORT: TLSv1.3 [A-Z0-9_]* verified sha256:" '... the log says how' cat "$T/h/err"
  same 1 '... it has the message' received $peer
  like '[Ee][Ss][Mm][Tt][Pp][Ss]' '... by TLS' inbox $peer
  echo "$T/nowhere" > "$C/tlsca"
  like '^451 4.7.5 ' '... and nothing in clear where it is not believed' refused
  echo "$T/ca/pem" > "$C/tlsca"
done

# In front of us -----------------------------------------------------------------------

start_faultsink sink
echo "smtp 127.0.0.1 $PORT" > "$C/upstream"
mkdir "$C/tls"
cp "$T/good.both" "$C/tls/default.pem"
BEFORE='cm-tls -r -u nobody' front h
FRONT=$PORT
newest() { tr -d '\r' < "$(ls -t "$T"/sink/mail/* | head -n 1)"; }
for peer in exim opensmtpd; do
  keys on$peer
  start_$peer on$peer "$FRONT"
  rm -rf "$T/sink/mail" "$T/sink/ledger"
  ok "$peer hands a message on to us" swaks --server "127.0.0.1:$PORT" --to b@example.net --from a@example.org
  ok '... it comes, with its end in order' within 40 grep -q ' clean ' "$T/sink/ledger"
  like 'with ESMTPS$' '... by TLS' newest
done

# Exim knows who logs in ------------------------------------------------------------------

keys users
USERS=yes start_exim users
echo "smtp 127.0.0.1 $PORT tls=verify" > "$C/upstream"
echo '*@nowhere.example' > "$C/recipients"
by() {
  timeout 60 swaks --server "127.0.0.1:$FRONT" --tls --auth "$1" --auth-user joe@example.net --auth-password "$2" \
    --from joe@example.net --to x@elsewhere.example 2>&1
}
for mechanism in PLAIN LOGIN; do
  like '^<~  235 ' "AUTH $mechanism is Exim's, by TLS on both sides" by $mechanism 'sesame seed'
done
same 2 '... and who is known sends to anywhere' received users
like '^<~\* 535 ' 'a wrong password is refused in its words' by PLAIN wrong
like '550 ' 'without one nobody sends' timeout 60 swaks --server "127.0.0.1:$FRONT" --tls --from joe@example.net \
  --to x@elsewhere.example
same '' 'no password is in the log' grep -E 'sesame|c2VzYW1l' "$T/h/err"

done_testing
