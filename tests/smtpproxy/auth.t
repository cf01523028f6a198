#!/bin/sh
# AUTH: a client proves to the server behind us who it is, through our hands, and
# nothing of that is written down. Postfix with Dovecot's SASL is that server.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/smtpproxy/smtp.sh
need_peers
PATH=$PATH:/usr/sbin:/sbin

chmod 755 "$T"
mkdir "$T/dovecot"
SASL=$(free_port)
echo 'joe@example.net:{PLAIN}sesame seed' > "$T/dovecot/users"
cat > "$T/dovecot/conf" <<!
base_dir = $T/dovecot/run
log_path = $T/dovecot/log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-256
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = $T/dovecot/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $SASL
  }
}
!
background dovecot -F -c "$T/dovecot/conf"
within 20 nc -z 127.0.0.1 "$SASL" || { cat "$T/dovecot/log"; echo 'Bail out! dovecot did not start'; exit 1; }

start_postfix p smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot "smtpd_sasl_path=inet:127.0.0.1:$SASL" \
  smtpd_sasl_security_options=noanonymous broken_sasl_auth_clients=yes smtpd_tls_security_level=none \
  'smtpd_recipient_restrictions=permit_sasl_authenticated,reject' smtpd_error_sleep_time=0 \
  smtpd_sasl_authenticated_header=yes
POSTFIX=$PORT
home h smtp 127.0.0.1 "$POSTFIX"
C=$W/port/control
echo 17 > "$C/loglevel"
front h
FRONT=$PORT

secret() { printf %s "$1" | base64 -w0; }
NUL=$(printf '\\0joe@example.net\\0sesame seed')
PLAIN=$(printf "$NUL" | base64 -w0)
EHLO='EHLO client.example.org'

# by MECHANISM [PASSWORD [OPTION...]]: a message to somewhere else by swaks
by() {
  mechanism=$1 password=${2:-sesame seed}
  shift; [ $# = 0 ] || shift
  timeout 60 swaks --server "127.0.0.1:$FRONT" --auth "$mechanism" --auth-user joe@example.net --auth-password "$password" \
    --ehlo client.example.org --from joe@example.net --to "$mechanism@elsewhere.example" "$@" 2>&1
}
# local LINE...: a session of these lines from this machine, its answers
local_() { (cd "$W/port" && printf '%s\r\n' "$@" | CM_HOME=$W TCPREMOTEIP=${IP-127.0.0.1} cm-smtpd 2>> "$W/err" | tr -d '\r'); }
said() { k=$1; shift; local_ "$@" | tail -n "$k" | head -n 1; }

# -- what is offered

like '^250-AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-256$' 'to a client on this machine AUTH is offered, each mechanism once' local_ "$EHLO" QUIT
same '' 'not to one elsewhere, without TLS' sh -c "$(cat <<!
cd $W/port; printf 'EHLO x\\r\\nQUIT\\r\\n' | CM_HOME=$W TCPREMOTEIP=192.0.2.1 cm-smtpd 2>/dev/null | grep AUTH
!
)"
like '^538 5.7.11 ' 'who is told 538' heard 2 "$EHLO" "AUTH PLAIN $PLAIN" QUIT
echo 192.0.2.0/24 > "$C/cleartext"
like '^250-AUTH ' 'control/cleartext has networks where that is no matter' talk "$EHLO" QUIT
like '^235 2.7.0 ' 'and from there it works' heard 2 "$EHLO" "AUTH PLAIN $PLAIN" QUIT
echo 192.0.2.0/244 > "$C/cleartext"
like '^421 4.3.5 ' 'one that cannot be read: nobody is served' talk "$EHLO" QUIT
like 'control/cleartext, line 1: not a network' 'and the log says where' cat "$W/err"
rm "$C/cleartext"

# -- each mechanism, and a message to where only a user may send to

sent() { within 20 grep -q "to=<$1@elsewhere.example>.*status=sent" "$T/p/log/postfix"; }
for mechanism in PLAIN LOGIN CRAM-MD5; do
  like '235 2.7.0' "$mechanism" by $mechanism
  ok 'who is known sends to anywhere' sent $mechanism
done
for mechanism in DIGEST-MD5 SCRAM-SHA-256; do
  like '^235 2.7.0 ' "$mechanism, where the server speaks twice" timeout 60 gsasl --smtp --connect "127.0.0.1:$FRONT" \
    --no-starttls -m $mechanism -a joe@example.net -p 'sesame seed' --realm= --quality-of-protection=qop-auth
done < /dev/null
like '550 5.7.1 ' 'who is not, does not' timeout 60 swaks --server "127.0.0.1:$FRONT" --ehlo client.example.org \
  --from joe@example.net --to x@elsewhere.example
like '535 5.7.8' 'a wrong password is refused in the words of the server' by PLAIN wrong
like '535 5.7.8' 'and so is one of CRAM-MD5' by CRAM-MD5 wrong

# over STARTTLS, from elsewhere
ca ca
cert one one.example.net
mkdir "$C/tls"
cp "$T/one.both" "$C/tls/default.pem"
chmod 600 "$C/tls/default.pem"
front h sh -c 'TCPREMOTEIP=192.0.2.1 exec cm-tls -u nobody cm-smtpd'
rm -f "$T"/p/mail/new/*
elsewhere() { timeout 60 swaks --server "127.0.0.1:$PORT" --ehlo client.example.org --from joe@example.net --to b@example.net \
  --auth PLAIN --auth-user joe@example.net --auth-password 'sesame seed' "$@" 2>&1; }
like 'did not advertise authentication' 'from elsewhere there is no AUTH' elsewhere
like '235 2.7.0' 'but in TLS there is' elsewhere -tls
like '(CleanMail) with ESMTPSA$' 'and Received says so' inbox p

# -- what is known of it afterwards

cat > "$T/h/port/who" <<'!'
#!/bin/sh
printf "2.0.0 ok\nX-Who: %s by %s\n" "$CM_AUTH" "$CM_PROTO"
!
chmod 755 "$T/h/port/who"
echo 'who check : ./who' > "$C/pipeline"
rm -f "$T"/p/mail/new/*
by LOGIN > /dev/null
like '(CleanMail) with ESMTPA id' 'Received says that it was a user' inbox p
like 'Authenticated sender: joe@example.net' 'and the server behind us says who' inbox p
like '^X-Who: joe@example.net by ESMTPA' 'so does a stage' inbox p
: > "$C/pipeline"
like '^auth [^ ]* PLAIN ok joe@example.net$' 'the log has the mechanism, the result and the user' cat "$T/h/err"
like '^auth [^ ]* PLAIN refused joe@example.net$' 'of those that failed, too' cat "$T/h/err"
like '^auth [^ ]* SCRAM-SHA-256 ok \[SCRAM-SHA-256\]$' 'where the user can be seen' cat "$T/h/err"

# -- order

PL="AUTH PLAIN $PLAIN"
like '^503 5.5.1 ' 'AUTH before EHLO' said 2 "$PL" QUIT
like '^503 5.5.1 ' 'or behind HELO' said 2 'HELO x' "$PL" QUIT
like '^503 5.5.1 ' 'or a second time' said 2 "$EHLO" "$PL" "$PL" QUIT
like '^503 5.5.1 ' 'or in a transaction' said 2 "$EHLO" 'MAIL FROM:<a@example.org>' "$PL" QUIT
like '^504 5.5.4 ' 'or with a mechanism that is not offered' said 2 "$EHLO" 'AUTH KERBEROS_V4' QUIT
like '^504 5.5.4 ' 'or with none' said 2 "$EHLO" AUTH QUIT
like '^501 5.5.2 ' 'or with what is no base64' said 2 "$EHLO" 'AUTH PLAIN joe:sesame' QUIT
like '^501 5.5.2 ' 'also in a later line' said 2 "$EHLO" 'AUTH LOGIN' 'joe@example.net' QUIT
like '^501 5.7.0 ' 'a star takes it back' said 2 "$EHLO" 'AUTH LOGIN' '*' QUIT
like '^235 ' 'and then it can be tried again' said 2 "$EHLO" 'AUTH LOGIN' '*' "$PL" QUIT
like '^235 ' 'in any case of letters' said 2 "$EHLO" "auth plain $PLAIN" QUIT
like '^235 ' 'PLAIN in two lines' said 2 "$EHLO" 'AUTH PLAIN' "$PLAIN" QUIT
like '^235 ' 'LOGIN with the name at once' said 2 "$EHLO" "AUTH LOGIN $(secret joe@example.net)" "$(secret 'sesame seed')" QUIT
like '^250 2.1.0 ' 'the mail of a user' said 2 "$EHLO" "$PL" 'MAIL FROM:<a@example.org> AUTH=joe+40example.net' QUIT
like '^501 5.5.4 ' 'its AUTH= is checked' said 2 "$EHLO" "$PL" 'MAIL FROM:<a@example.org> AUTH=joe+4' QUIT
like '^555 5.5.4 ' 'and none where AUTH is not offered' heard 2 "$EHLO" 'MAIL FROM:<a@example.org> AUTH=<>' QUIT

BAD="AUTH PLAIN $(secret x)"
like '^421 4.7.0 too many failed logins' 'five wrong passwords end the session' said 1 "$EHLO" "$BAD" "$BAD" "$BAD" "$BAD" "$BAD" "$PL"
guess() { { printf 'reply\nline EHLO x\nreply\n'; printf 'many 1000 %s\\r\\n\neof\n' "$BAD"; } | client "$FRONT" | grep -c '^535'; }
same 5 'however many a client sends' guess

echo 'auth 2 time=60 block=60' > "$C/limits"
like '^421 ' 'control/limits counts them, too' said 1 "$EHLO" "$BAD" "$BAD" "$BAD" "$PL" QUIT
rm -r "$C/limits" "$T/h/state"

# -- nothing of it is written down

local_ "$EHLO" 'AUTH LOGIN' "$(secret joe@example.net)" "$(secret 'sesame seed')" QUIT > /dev/null
talk "$EHLO" 'AUTH LOGIN' "$(secret joe@example.net)" "$(secret 'sesame seed')" QUIT > /dev/null
talk "$EHLO" " AUTH PLAIN $PLAIN" "	auth plain $PLAIN" "$PL" "$PLAIN" "$PLAIN: x" QUIT > /dev/null
printf 'EHLO x\r\nAUTH PLAIN\0%s\r\n' "$PLAIN" | (cd "$T/h/port" && CM_HOME=$T/h cm-smtpd > /dev/null 2>> "$T/h/err")
like '^client .* < AUTH$' 'a detailed log says that there was a command' cat "$T/h/err"
like '^client .* > 334 (not shown)$' 'and that there was an answer' cat "$T/h/err"
for word in "$PLAIN" 'sesame' "$(secret 'sesame seed')" "$(secret joe@example.net)" VXNlcm5hbWU6 UGFzc3dvcmQ6; do
  same '' "and never, anywhere, $word" grep -rlF -e "$word" "$T/h"
done

# -- lines without end, and servers that go wrong

k=0
# sink RULE...: such a server, called $S, behind the port
sink() {
  k=$((k + 1)) S=s$k
  start_faultsink $S 'EHLO=say:250-sink\r\n250-AUTH PLAIN LOGIN EXTERNAL ANONYMOUS X-\xff Y.Z SCRAM-SHA-256-PLUS\r\n250 AUTH=CRAM-MD5 PLAIN\r\n' "$@"
  W=$T/h
  echo "smtp 127.0.0.1 $PORT" > "$C/upstream"
}
line() { head -c "$1" /dev/zero | tr '\0' A; }
sink 'AUTH LOGIN=say:334 \r\n' 'AAAA=say:235 2.7.0 ok\r\n' 'AUTH PLAIN=say:235 2.7.0 ok\r\n'
like '^250-AUTH PLAIN LOGIN CRAM-MD5$' 'of mechanisms only those that can pass, also in the old form' local_ "$EHLO" QUIT
like '^235 ' '12288 bytes are a line' said 2 "$EHLO" 'AUTH LOGIN' "$(line 12288)" QUIT
like '^235 ' 'also with the command' said 2 "$EHLO" "AUTH PLAIN $(line 12276)" QUIT
for bytes in 12289 1048576; do
  like '^500 5.5.6 ' "$bytes are not" said 1 "$EHLO" 'AUTH LOGIN' "$(line $bytes)" QUIT
  like '^500 5.5.6 ' 'nor with the command' said 1 "$EHLO" "AUTH PLAIN $(line $bytes)" QUIT
done
like '^500 5.5.6 ' 'and none of another command' said 1 "$EHLO" "NOOP $(line 4092)" QUIT
said 1 "$EHLO" "$PL" 'MAIL FROM:<a@example.org> AUTH=joe+40example.net' QUIT > /dev/null
like ' AUTH=joe+40example.net$' 'a user may name another' cat "$T/$S/commands"
said 1 "$EHLO" 'MAIL FROM:<c@example.org> AUTH=joe+40example.net' QUIT > /dev/null
like 'FROM:<c@example.org>$' 'nobody else may' cat "$T/$S/commands"

sink AUTH=say:334\ \\r\\n A=say:334\ \\r\\n '*=say:235 2.7.0 oh yes\r\n'
like '^501 5.7.0 too many' 'an exchange without end has one' said 2 "$EHLO" 'AUTH LOGIN' \
  AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA QUIT
like '^550 5.7.1 ' 'a server that says 235 to a star has let nobody in' said 2 "$EHLO" 'AUTH LOGIN' '*' \
  'MAIL FROM:<a@example.org>' 'RCPT TO:<x@elsewhere.example>' QUIT
star=$(sed -n 's/ [*]$//p' "$T/$S/commands" | tail -n 1)
like "^[0-9]* [*]$" 'it has heard the star' cat "$T/$S/commands"
same '' 'and what it took for a login is not used' grep "^$star MAIL" "$T/$S/commands"
for answer in '250 2.0.0 ok' '354 go on' '421 4.3.2 no more' hello; do
  sink "AUTH=say:$answer\r\n"
  like '^454 4.7.0 ' "$answer is no success" said 2 "$EHLO" "$PL" QUIT
  like '^550 5.7.1 ' 'and lets nobody in' said 2 "$EHLO" "$PL" 'MAIL FROM:<a@example.org>' 'RCPT TO:<x@elsewhere.example>' QUIT
done
sink AUTH=drop
like '^454 4.7.0 ' 'nor is one that goes away' said 2 "$EHLO" "$PL" QUIT
like '^250 2.1.0 ' 'mail goes on, as of a stranger' said 2 "$EHLO" "$PL" 'MAIL FROM:<a@example.org>' QUIT

# -- the connection is the user's

sink 'AUTH=say:235 2.7.0 ok\r\n' 'MAIL FROM:<gone=drop' 'RCPT TO:<gone=drop' 'NOOP=ok'
like '^421 4.4.2 ' 'if it is lost, so is the session' said 1 "$EHLO" "$PL" 'MAIL FROM:<gone@example.org>' 'MAIL FROM:<b@example.org>'
like '^421 4.4.2 ' 'wherever that happens' said 1 "$EHLO" "$PL" 'MAIL FROM:<a@example.org>' 'RCPT TO:<gone@example.org>' DATA
same '1 2' 'and no other was made in its place' sh -c "cut -d' ' -f1 $T/$S/commands | sort -u | tr '\n' ' ' | sed 's/ $//'"
sink 'AUTH=say:235 2.7.0 ok\r\n421 4.3.2 I leave\r\n,drop'
like '^421 4.4.2 ' 'also if nobody had asked it anything' said 1 "$EHLO" "$PL" 'MAIL FROM:<b@example.org>' NOOP
like 'the session of joe@example.net ends with it' 'and the log says whose' cat "$T/h/err"

echo 'x.example smtp 127.0.0.1 1' | cm-list -r "$C/routes" make
like '^502 5.5.1 ' 'where there are routes nobody knows the users' said 2 "$EHLO" "$PL" QUIT
rm "$C/routes"

# -- the way to the server behind us, in a network of its own: neither is this machine

cat > "$T/far" <<'!'
ip link set lo up && ip addr add 198.51.100.7/32 dev lo || exit
tcpserver -HRl0 198.51.100.7 2525 sh -c 'printf "220 far\r\n"; read -r x; printf "250-far\r\n250 AUTH PLAIN\r\n"; read -r x' &
server=$!
tries=0
until nc -z 198.51.100.7 2525 || [ $tries = 100 ]; do tries=$((tries + 1)); sleep 0.05; done
printf 'EHLO x\r\nAUTH PLAIN AAAA\r\nQUIT\r\n' | TCPREMOTEIP=127.0.0.1 cm-smtpd 2>/dev/null | tr -d '\r'
kill $server
!
echo 'smtp 198.51.100.7 2525' > "$C/upstream"
far() { (cd "$T/h/port" && CM_HOME=$T/h unshare -n sh "$T/far"); }
like '^502 5.5.1 ' 'no password goes to another machine in plain' far
same 0 'so AUTH is not offered' sh -c "cd $T/h/port && CM_HOME=$T/h unshare -n sh $T/far | grep -c 250-AUTH"
echo 198.51.100.0/24 > "$C/cleartext"
like '^250-AUTH PLAIN$' 'but where control/cleartext allows it' far

done_testing
