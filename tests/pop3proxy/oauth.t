#!/bin/sh
# XOAUTH2 and OAUTHBEARER (RFC 7628) pass through, as Dovecot speaks them; tokens are JSON Web
# Tokens (RFC 7519) that it validates by itself.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot

key=this-is-the-secret-of-the-test-and-of-nobody-else
mkdir -p "$T/keys/default/HS256"
printf %s $key | base64 > "$T/keys/default/HS256/default"
cat > "$T/oauth" <<!
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$T/keys/
username_attribute = sub
!
chmod -R a+rX "$T"
start_dovecot d 'auth_mechanisms = plain login xoauth2 oauthbearer' 'passdb {' 'driver = oauth2' \
  'mechanisms = xoauth2 oauthbearer' "args = $T/oauth" '}'
for u in u u@example.net; do printf 'Subject: one\n\nhello\n' | mail $u 1.a; done
port p

# token USER SECONDS: good for so long
token() {
  perl -MMIME::Base64=encode_base64url -MDigest::SHA=hmac_sha256 -e '
    my ($user, $seconds, $key) = @ARGV; my $now = time;
    my $t = join ".", map { encode_base64url($_) } q({"alg":"HS256","typ":"JWT"}),
      qq({"sub":"$user","iat":@{[$now - 60]},"nbf":@{[$now - 60]},"exp":@{[$now + $seconds]}});
    print $t, ".", encode_base64url(hmac_sha256($t, $key))' "$1" "$2" $key
}
encode() { base64 | tr -d '\n'; }
# xoauth2 USER TOKEN, bearer USER TOKEN: what a client says first
xoauth2() { printf 'user=%s\1auth=Bearer %s\1\1' "$1" "$2" | encode; }
bearer() { printf 'n,a=%s,\1host=127.0.0.1\1port=110\1auth=Bearer %s\1\1' "$1" "$2" | encode; }
good=$(token u 600) old=$(token u -30) other=$(token u@example.net 600)

like 'SASL .*XOAUTH2 OAUTHBEARER' 'CAPA offers what the server has' talk CAPA QUIT
serve_pop
# both HEARD NAME LINE...: what is heard behind the greeting is that of Dovecot itself
both() {
  want=$1; name=$2; shift 2
  stepped "$DOVECOT" "$@" | tail -n +2 > "$T/theirs"
  stepped "$PORT" "$@" | tail -n +2 > "$T/ours"
  like "$want" "$name" cat "$T/theirs"
  same "$(cat "$T/theirs")" 'and through the proxy it is the same' cat "$T/ours"
}
for how in XOAUTH2:xoauth2 OAUTHBEARER:bearer; do
  m=${how%:*} say=${how#*:}
  both '^+OK 1 ' "$m, the token behind AUTH" "AUTH $m $($say u "$good")" STAT QUIT
  both '^+OK 1 ' "$m, the token when it is asked for" "AUTH $m" "$($say u "$good")" STAT QUIT
  both '^-ERR' "$m, a token that is too old, and what the server says of it" "AUTH $m $($say u "$old")" AQ== QUIT
  both '^-ERR' "$m, one of somebody else" "AUTH $m $($say u "$other")" AQ== QUIT
  both '^-ERR' "$m, one that is none" "AUTH $m $($say u none)" AQ== QUIT
  like '^-ERR' "$m, a client that thinks better of it" stepped "$PORT" "AUTH $m" '*' STAT QUIT
done
like '^-ERR no user name can be found' 'what has no name in it does not reach the server' talk "AUTH XOAUTH2 $(printf x | encode)" QUIT
second() { talk "AUTH XOAUTH2 $(xoauth2 u "$old")" AQ== "AUTH XOAUTH2 $(xoauth2 u "$good")" STAT QUIT | tail -n 2; }
like '^+OK 1 ' 'behind a refusal the next try counts' second
control loglevel 63
talk "AUTH XOAUTH2 $(xoauth2 u "$good")" STAT QUIT > "$T/ours"
talk 'AUTH OAUTHBEARER' "$(bearer u "$good")" STAT QUIT > "$T/ours"
same '' 'no token is in the log' grep -F -e "${good##*.}" -e "$(xoauth2 u "$good" | cut -c1-40)" -e "$(bearer u "$good" | cut -c1-60)" "$W/err"
rm "$W/port/control/loglevel"
for m in XOAUTH2 OAUTHBEARER; do
  like '^Subject: one' "curl reads by $m" timeout 20 curl -s --oauth2-bearer "$good" --login-options "AUTH=$m" "pop3://u@127.0.0.1:$PORT/1"
done

# The server in the name, and by the list of accounts

rm "$W/port/control/upstream"
control servers "pop3 127.0.0.1 $DOVECOT"
for how in XOAUTH2:xoauth2 OAUTHBEARER:bearer; do
  m=${how%:*} say=${how#*:}
  like '^+OK 1 ' "$m of a name that carries its server" talk "AUTH $m $($say u%127.0.0.1 "$good")" STAT QUIT
  like '^+OK 1 ' 'and a domain' talk "AUTH $m $($say u@example.net%127.0.0.1 "$other")" STAT QUIT
  like '^-ERR \[AUTH\] the user name' "$m of one that carries none is refused" talk "AUTH $m $($say u "$good")" QUIT
done
rm "$W/port/control/servers"
echo "@example.net pop3 127.0.0.1 $DOVECOT" | cm-list -a "$W/port/control/accounts" make
like '^+OK 1 ' 'XOAUTH2 where a list says the server' talk "AUTH XOAUTH2 $(xoauth2 u@example.net "$other")" STAT QUIT

# The connector has its tokens from a program, which is asked once more for a new one.
. "$(dirname "$0")/../pop3conn/fetch.sh"
account c 'smtp 127.0.0.1 1'
set_control user u passwordcommand "sh $T/mint" upstream 'queue true'
rm "$A/control/password"
token u -30 > "$T/minted"; token u 600 > "$T/next"; : > "$T/asked"
echo "cat $T/minted; mv $T/next $T/minted 2> /dev/null; echo >> $T/asked" > "$T/mint"
for m in xoauth2 oauthbearer; do
  printf 'Subject: one\n\nhello\n' | mail u "$m"
  set_control auth $m
  before=$(wc -l < "$T/asked")
  same 0 "cm-fetch logs in by $m" fetch
  same 0 'and has what there is' letters u
  case $m in
    xoauth2) same $((before + 2)) 'with a second token, for the first was too old' sh -c "wc -l < '$T/asked'" ;;
    *) same $((before + 1)) 'with the first token' sh -c "wc -l < '$T/asked'" ;;
  esac
done
echo 'echo none' > "$T/mint"
printf 'Subject: one\n\nhello\n' | mail u last
same 77 'a token that is none is a password that is refused' fetch
same 1 'and nothing is taken' letters u
same '' 'no token is in the log' grep -F "$(cat "$T/minted")" "$A/err"

done_testing
