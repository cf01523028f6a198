#!/bin/sh
# APOP in cm-fetch, where the account asks for it, at a real Dovecot in clear.
. "$(dirname "$0")/fetch.sh"
. tests/tls.sh

ca ca
cert one 127.0.0.1
chmod 644 "$T"/*.key
provider 'ssl = yes' "ssl_cert = <$T/one.crt" "ssl_key = <$T/one.key"
behind
put 1
set_control auth apop
same 0 'letters are fetched' fetch
same 'letter 1 ' 'and handed over' delivered
like 'method=APOP' 'the server was asked by APOP' cat "$D/log"
printf 'wrong\n' > "$A/control/password"
same 77 'a wrong password is refused' fetch
same '' 'and not said in another way' grep 'method=PLAIN' "$D/log"
printf 'p\n' > "$A/control/password"
put 2
set_control server "pop3 127.0.0.1 $DOVECOT tls=may"
same 0 'with tls=may letters are fetched, too' fetch
like 'method=APOP.* TLS' 'by APOP within TLS' cat "$D/log"
same '' 'whose server may be anybody: it never hears the password' grep 'method=PLAIN' "$D/log"

# greets N TEXT [RULE]: box N greets so; $T/heard: what it hears of us
greets() {
  popbox "box$1" "CONNECT=say:+OK $2\r\n" 'APOP=say:-ERR no\r\n' ${3:+"$3"}
  fetch > "$T/code"
  sed 's/^[0-9]* //' "$B/heard" | tr -d '\r' | grep -v 'CAPA\|QUIT' > "$T/heard"
}
digest=$(printf '<1@x>p' | md5sum | cut -c1-32)
greets 0 'hello <1@x>'
same "APOP joe $digest" 'the digest is that of time stamp and password' cat "$T/heard"
same 77 'what is refused then is the password' cat "$T/code"
k=0
for no in 'hello' 'no <1@x' '<1x>' '<1 @x>' '<1\xff@x>'; do
  k=$((k + 1))
  greets $k "$no"
  same '' "without a sound time stamp nothing is said: $(echo "$no" | tr '\\' /)" cat "$T/heard"
done
like 'has no time stamp for APOP' 'which the log tells' cat "$A/err"
same 111 'and the next run tries again' cat "$T/code"

TLS=may
greets may 'hello <1@x>'
same "STLS
APOP joe $digest" 'where somebody has taken STLS away it is still the digest' cat "$T/heard"
greets bare hello
same STLS 'and without a time stamp nothing, with tls=may as well' cat "$T/heard"
like 'has no time stamp for APOP' 'which the log tells' cat "$A/err"
greets plain 'hello <1@x>' 'STLS=say:+OK\r\n-ERR [AUTH] say PASS\r\n'
same STLS 'nor where somebody speaks in clear behind STLS' cat "$T/heard"
greets gone 'hello <1@x>' 'STLS=drop'
same STLS 'or lets no TLS come about' cat "$T/heard"

for where in 'pop3 127.0.0.1 1 tls=verify' 'pop3s 127.0.0.1 1' 'imap 127.0.0.1 1 tls=no'; do
  set_control server "$where"
  same 100 "it is not for $where" fetch
  like 'control/auth: apop is for a server of POP3 with tls=no or tls=may' 'and that is said' cat "$A/err"
done

done_testing
