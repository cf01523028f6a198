#!/bin/sh
# A mailbox of cm-fetch that is a folder of IMAP, with a real Dovecot.
. "$(dirname "$0")/imap.sh"
. tests/tls.sh
need_dovecot

ca ca
cert here 127.0.0.1
cert one 127.0.0.1
cert other 127.0.0.2
cert old 127.0.0.1 20200101000000Z 20200102000000Z
chmod 644 "$T"/*.key

# imap_dovecot NAME CERTIFICATE [LINE...]: with IMAP at $I and IMAPS at $S
imap_dovecot() {
  name=$1 certificate=$2; shift 2
  I=$(free_port); S=$(free_port)
  start_dovecot "$name" 'protocols = pop3 imap' 'ssl = yes' "ssl_cert = <$T/$certificate.crt" "ssl_key = <$T/$certificate.key" \
    'service imap-login {' 'chroot =' 'inet_listener imap {' "port = $I" '}' 'inet_listener imaps {' "port = $S" 'ssl = yes' '}' '}' "$@"
  within 20 nc -z 127.0.0.1 "$I"
}
# another LINE...: a second client, logged in, in INBOX
another() { { printf '. LOGIN u p\r\n. SELECT INBOX\r\n'; printf '. %s\r\n' "$@" 'LOGOUT'; } | timeout 20 nc 127.0.0.1 "$I" | tr -d '\r'; }
boxes() { find "$D/mail/u/cur" "$D/mail/u/new" -type f | sed 's|.*/||; s/[:,].*//' | sort | tr '\n' ' '; }
three() {
  rm -rf "$D/mail/u"
  for i in 1 2 3; do printf 'Subject: letter %s\n\n.text %s\n' $i $i | mail u $i.a; done
}

# With Dovecot -----------------------------------------------------------------------

imap_dovecot d here
three
account a "imap 127.0.0.1 $I tls=no"
same 'open 1
list 1
1 30
2 30
3 30
close 1' 'letters are listed with UID and size' letters open list close
letters open list fetch:2 close > "$T/out"
same 'fetch 2 1 dotted' 'one is fetched' sed -n 6p "$T/out"
printf 'Subject: letter 2\r\n\r\n.text 2\r\n' > "$T/want"
ok 'it is the one that it was' cmp "$T/want" "$A/2"
same 'ahead 1
fetch 1 1 dotted
fetch 2 1 dotted
fetch 3 1 dotted' 'letters are asked for ahead' sh -c "cd '$A' && CM_HOME=. '$BUILD/tests/letters' open list ahead:1,2,3 fetch:1 fetch:2 fetch:3 close | sed '1,5d; \$d'"
same 'ahead 1
fetch 3 1 dotted
fetch 1 1 dotted
close 1' 'in whatever order, and not all of them' sh -c "cd '$A' && CM_HOME=. '$BUILD/tests/letters' open list ahead:3,1,2 fetch:3 fetch:1 close | sed 1,5d"
ok '... and each is itself' sh -c "grep -q 'letter 1' '$A/1' && grep -q 'letter 3' '$A/3'"
like '^\* 3 FETCH (FLAGS (\\Recent))$\|^\* 3 FETCH (FLAGS ())$' 'nothing is marked as read by that' another 'FETCH 3 FLAGS'

{ printf 'Subject: large\n\n'; head -c 30000000 /dev/zero | tr '\0' x | fold -w 70; echo; } > "$T/large"
mail u 4.a < "$T/large"
(MEMORY=${MEMORY:-30000}; letters open list fetch:4 close > "$T/out")
like '^fetch 4 1 plain$' 'a large letter needs no memory' cat "$T/out"
sed 's/$/\r/' "$T/large" > "$T/want"
printf 'Subject: bare\n\n..\nlast' | mail u 5.a
ok '... and is whole' cmp "$T/want" "$A/4"
rm -f "$T/large" "$T/want" "$A/4"
letters open list fetch:5 close > "$T/out"
same 'last\r\n' 'a last line has its end' sh -c "tail -n 1 '$A/5' | sed 's/\r\$/\\\\r\\\\n/'"

echo wrong > "$A/control/password"
like '^open 0 refuses the password: .*Authentication failed' 'a wrong password is refused, and said why' letters open
echo p > "$A/control/password"
control auth login
like '^open 1$' 'AUTHENTICATE LOGIN' letters open close
control auth plain
like '^open 1$' 'AUTHENTICATE PLAIN' letters open close
control auth xoauth2
like '^open -1 does not offer the mechanism' 'what the server does not offer is not tried' letters open
rm "$A/control/auth"
install -d -o nobody -g nogroup "$D/mail/u/.Entw&APw-rfe & mehr" "$D/mail/u/.Entw&APw-rfe &- mehr/new" "$D/mail/u/.Entw&APw-rfe &- mehr/cur" "$D/mail/u/.Entw&APw-rfe &- mehr/tmp"
chown -R nobody:nogroup "$D/mail/u"
control folder 'Entwürfe & mehr'
like '^open 1$' 'a folder is named in UTF-8' letters open list close
control folder 'nothing "like\ that'
like '^open -1 has no such folder: ' 'one that is not there is told' letters open
rm "$A/control/folder"

# Deleting

three
another 'UID STORE 3 +FLAGS (\Deleted)' > /dev/null
like '^3 30 deleted$' 'row 90: what another client has deleted is said' letters open list close
same '2.a 3.a ' 'row 90: only our letter is expunged' sh -c "cd '$A' && CM_HOME=. '$BUILD/tests/letters' open list delete:1 close > /dev/null; . '$top/tests/tap.sh' > /dev/null; find '$D/mail/u/cur' '$D/mail/u/new' -type f | sed 's|.*/||; s/[:,].*//' | sort | tr '\\n' ' '"
three
(cd "$A" && CM_HOME=. timeout 60 "$BUILD/tests/letters" open list tell:ready wait:go fetch:1 fetch:2 fetch:3 delete:1 delete:2 close > "$T/out") & SESSION=$!
within 20 test -e "$A/ready"; rm -f "$A/ready"
another 'UID STORE 2 +FLAGS (\Deleted)' EXPUNGE > /dev/null
: > "$A/go"
wait $SESSION
same 'fetch 1 1 dotted
fetch 3 1 dotted
delete 1
delete 1
close 1' 'row 90: a letter that another client expunges meanwhile' sh -c "sed '1,/^wait/d' '$T/out' | grep -v '^fetch 2'"
like '^fetch 2 0 ' '... is no letter, and the session goes on' cat "$T/out"
same '3.a ' '... and its neighbours are not touched' boxes
three
control moveto Trash
another 'CREATE Trash' > /dev/null
like '^close 1$' 'control/moveto' letters open list delete:1 delete:2 delete:3 close
same '' '... leaves nothing' boxes
same 3 '... and has it all in that folder' sh -c "find '$D/mail/u/.Trash' -name '*.a*' -o -path '*.Trash/cur/*' -o -path '*.Trash/new/*' | sort -u | wc -l"
control moveto Nowhere
mail u 6.a < /dev/null; printf 'Subject: x\n\nx\n' | mail u 7.a
like '^close -1 does not delete: .*Nowhere' 'a folder that is not there is told' letters open list delete:5 close
same '6.a 7.a ' '... and nothing deleted' boxes
rm "$A/control/moveto"

# Waiting

three
within 20 letters open list close > /dev/null
(cd "$A" && CM_HOME=. timeout 60 "$BUILD/tests/letters" open list tell:ready idle:50 list close > "$T/out") & SESSION=$!
within 20 test -e "$A/ready"; rm -f "$A/ready"
printf 'Subject: new\n\nx\n' | mail u 9.a
wait $SESSION
like '^idle 1' 'IDLE ends when there is a letter' cat "$T/out"
same 4 '... which the next list has' sh -c "sed '1,/^idle/d' '$T/out' | grep -c '^[0-9]'"
like '^idle 0' '... or when time is over' letters open list idle:1 list close

# TLS

account a "imaps 127.0.0.1 $S"
echo "$T/ca/pem" > "$A/control/tlsca"
like '^open 1$' 'row 91: IMAPS, verified' letters open list close
control server "imap 127.0.0.1 $I tls=verify"
like '^open 1$' 'row 91: STARTTLS, verified' letters open list fetch:1 close
control server "imap 127.0.0.1 $I tls=may"
like '^open 1$' 'and where it may be' letters open list fetch:1 close
rm "$A/control/tlsca"
control server "imap 127.0.0.1 $I tls=verify"
like '^open -1 .*certificate' 'row 91: a certificate that nobody knows is none' letters open
control server "imap 127.0.0.1 $I tls=must"
like '^open 1$' 'unless tls=must will do' letters open close
scripted 'line * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=XOAUTH2] hello' reply 'line A1 OK go' tls reply \
  'line * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN' 'line A2 OK' reply 'line A3 NO go away' close
control server "imap 127.0.0.1 $PORT tls=must"
like '^open 0 refuses the password: go away$' 'what the server can do is asked anew inside of TLS' letters open
like 'A2 CAPABILITY' '... in so many words' cat "$T/scripted"
like 'A3 AUTHENTICATE PLAIN AHUAcA==' '... and what it said before does not count' cat "$T/scripted"
for bad in other old; do
  imap_dovecot "$bad" $bad
  echo "$T/ca/pem" > "$A/control/tlsca"
  control server "imaps 127.0.0.1 $S"
  like '^open -1 .*certificate' "row 91: one of another kind ($bad) is refused" letters open
  control server "imap 127.0.0.1 $I tls=verify"
  like '^open -1 .*certificate' "row 91: ... behind STARTTLS, too ($bad)" letters open
  same '' "row 91: ... and nobody logs in ($bad)" grep 'user=<u>\|auth failed' "$D/log"
done
control server "imap 127.0.0.1 $(free_port) tls=no"
like '^open -1 does not accept a connection' 'row 91: a closed port' letters open
control server 'imap nowhere.invalid 143 tls=no'
like '^open -1 has no address' 'row 91: a host that is not there' letters open

# A Dovecot that can do less

imap_dovecot e here 'imap_capability = IMAP4rev1 SASL-IR IDLE' 'mail_plugins = quota' 'plugin {' 'quota = maildir:User' \
  'quota_rule = *:bytes=100' '}' 'protocol imap {' 'mail_plugins = quota imap_quota' '}'
three
account a "imap 127.0.0.1 $I tls=no"
like '^close 1$' 'row 90: without UIDPLUS' letters open list delete:1 close
same '1.a 2.a 3.a ' '... nothing is expunged' boxes
like '^1 30 deleted$' '... but marked' letters open list close
another 'CREATE Trash' > /dev/null
control moveto Trash
like '^close -1 does not delete: .*[Qq]uota' 'where there is no room to copy to' letters open list delete:2 delete:3 close
like '^2 30$' '... nothing is marked' letters open list close

done_testing
