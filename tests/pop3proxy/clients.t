#!/bin/sh
# Real clients read and delete their mail through the proxy, with filters, before a real
# Dovecot: in clear, by STLS, and with TLS first.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/tls.sh
. tests/pop3proxy/pop3.sh
need_dovecot
unset CM_ID TCPREMOTEIP UCSPITLS

ca ca
cert one localhost
chmod 711 "$T"
start_dovecot d
port p
mkdir "$W/port/control/tls"
cp "$T/one.both" "$W/port/control/tls/default.pem"
chmod 600 "$W/port/control/tls/default.pem"
printf '#!/bin/sh\ngrep -q "^Subject: junk" && exit 10\nexit 0\n' > "$W/port/judge"
chmod 755 "$W/port/judge"
echo 'judge check : ./judge' > "$W/port/control/pipeline"
serve_pop cm-tls -u nobody cm-pop3d
STLS=$PORT
serve_pop cm-tls -u nobody -t cm-pop3d
POPS=$PORT

# fill USER: forty messages, each third one junk, with dots, and a
# large one
boxes=0
fill() {
  boxes=$((boxes + 1))
  for i in $(seq 40); do
    what=plain; [ $((i % 3)) != 0 ] || what=junk
    printf 'From: a@example.org\nTo: u@example.net\nSubject: %s %s\nMessage-ID: <%s@x>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\n.\n..two\nFrom us\n.\n\n' \
      $what "$i" "$i" | mail "$1" "$((i + 100)).a"
  done
  { printf 'Subject: large\nMessage-ID: <large@x>\n\n'; head -c 3000000 /dev/zero | tr '\0' x | fold -w 70; echo; } | mail "$1" 200.a
}
# got NAME FILE...: what the client has put there is all of it, tagged, and once; and nothing
# is left in the mailbox of $U
got() {
  who=$1; shift
  cat "$@" | tr -d '\r' > "$T/got"
  same '41 27 13 1' "$who: all is there once, and junk is tagged" sh -c '
    c() { grep -c "$1" "$0"; }; echo $(c "^Subject: ") $(c "^Subject: plain") $(c "^Subject: \[SPAM\] junk") $(c "^Subject: large")' "$T/got"
  same '80 40' "$who: and no dot is lost" sh -c 'echo $(grep -cx "\.\|\.\." "$0") $(grep -cx "\.\.two" "$0")' "$T/got"
  like '^+OK 0 ' "$who: and then it is deleted" stat_ "$U"
}
stat_() { direct "USER $1" 'PASS p' STAT QUIT; }

# fetchmail

fetchmail_() {
  printf '%s\n' 'set no syslog' 'set no bouncemail' "poll localhost protocol pop3 port $1" \
    "user $U password p $2 fetchall mda 'cat >> $T/fetchmail.$U'" > "$T/fetchmailrc"
  chmod 600 "$T/fetchmailrc"
  FETCHMAILHOME=$T timeout 60 fetchmail -f "$T/fetchmailrc" -s --nodetach > "$T/said" 2>&1
}
for how in "clear:$STLS:sslproto ''" "stls:$STLS:sslproto tls1.2+ sslcertck sslcertfile '$T/ca/pem'" "first:$POPS:ssl sslcertck sslcertfile '$T/ca/pem'"; do
  U=fm-${how%%:*} rest=${how#*:}
  fill "$U"
  fetchmail_ "${rest%%:*}" "${rest#*:}"
  got "fetchmail, ${how%%:*}" "$T/fetchmail.$U"
done

# mpop, which pipelines

mpop_() {
  printf '%s\n' 'defaults' 'keep off' "uidls_file $T/uidls" "account a" 'host localhost' "port $1" "user $U" 'auth user' \
    'password p' "delivery mbox $T/mpop.$U" "$2" > "$T/mpoprc"
  chmod 600 "$T/mpoprc"
  timeout 60 mpop -C "$T/mpoprc" -Q -a > "$T/said" 2>&1
}
nl='
'
for how in "clear:$STLS:tls off" "stls:$STLS:tls on${nl}tls_starttls on${nl}tls_trust_file $T/ca/pem" "first:$POPS:tls on${nl}tls_starttls off${nl}tls_trust_file $T/ca/pem"; do
  U=mpop-${how%%:*} rest=${how#*:}
  fill "$U"
  mpop_ "${rest%%:*}" "${rest#*:}"
  got "mpop, ${how%%:*}" "$T/mpop.$U"
done

# getmail, as a user without rights, into a maildir; who may not be able to read tests/tools

tools=$(cd "$(dirname "$0")/../tools" && pwd)
install -d -o nobody "$T/getmail"
getmail_() {
  for d in '' /new /cur /tmp; do install -d -o nobody "$T/getmail/$U$d"; done
  printf '%s\n' '[retriever]' "type = $2" 'server = localhost' "port = $1" "username = $U" 'password = p' "$3" \
    '[destination]' 'type = Maildir' "path = $T/getmail/$U/" '[options]' 'delete = true' 'read_all = true' > "$T/getmail/rc"
  (cd "$T/getmail" && timeout 60 setpriv --reuid nobody --regid nogroup --clear-groups \
    /usr/bin/python3 - --getmaildir "$T/getmail" --rcfile "$T/getmail/rc" < "$tools/getmail") > "$T/said" 2>&1
}
for how in "clear:$STLS:SimplePOP3Retriever" "first:$POPS:SimplePOP3SSLRetriever:ca_certs=$T/ca/pem"; do
  U=getmail-${how%%:*} rest=${how#*:}
  port_=${rest%%:*} rest=${rest#*:}
  option=${rest#*:}; [ "$option" != "$rest" ] || option=
  fill "$U"
  getmail_ "$port_" "${rest%%:*}" "$option"
  got "getmail, ${how%%:*}" "$T/getmail/$U"/new/*
done

# Python's poplib

poplib_() {
  timeout 60 python3 - "$1" "$2" "$U" "$T/ca/pem" > "$T/poplib.$U" <<'!'
import poplib, ssl, sys
how, port, user, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
tls = ssl.create_default_context(cafile=ca)
p = poplib.POP3_SSL('localhost', port, timeout=30, context=tls) if how == 'first' else poplib.POP3('localhost', port, timeout=30)
if how == 'stls': p.stls(context=tls)
p.user(user)
p.pass_('p')
for n in range(1, p.stat()[0] + 1):
    sys.stdout.write(b'\n'.join(p.retr(n)[1]).decode() + '\n')
    p.dele(n)
p.quit()
!
}
for how in "clear:$STLS" "stls:$STLS" "first:$POPS"; do
  U=poplib-${how%%:*}
  fill "$U"
  poplib_ "${how%%:*}" "${how#*:}"
  got "poplib, ${how%%:*}" "$T/poplib.$U"
done

# curl, which reads one message a call, and deletes by a command of its own

curl_() {
  scheme=$1 where=$2; shift 2
  each() { k=$1; shift; timeout 20 curl -s --cacert "$T/ca/pem" "$@" "$scheme://$U:p@localhost:$where/$k"; }
  for k in $(seq 41); do each "$k" "$@"; done > "$T/curl.$U"
  for k in $(seq 41); do each 1 -X DELE -I "$@"; done > "$T/said"
}
for how in "clear:pop3:$STLS:" "stls:pop3:$STLS:--ssl-reqd" "first:pop3s:$POPS:"; do
  U=curl-${how%%:*} rest=${how#*:}
  scheme=${rest%%:*} rest=${rest#*:}
  fill "$U"
  # shellcheck disable=SC2086 # none or one
  curl_ "$scheme" "${rest%%:*}" ${rest#*:}
  got "curl, ${how%%:*}" "$T/curl.$U"
done

same $((boxes * 41)) 'each message was judged once' grep -c ',POP3,' "$W/log/mail.csv"

done_testing
