#!/bin/sh
# cm-milter: what mail servers say to it and hear from it, whatever version they speak.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/milter.sh"

verdict 100 'cm-milter: takes no arguments: x' 'an argument is refused' cm-milter x

# Verdicts --------------------------------------------------------------------

place verdicts
say() { { opening; message "$@"; echo quit; } | milter | told; }
stored() { find "$W/store" -name '*.eml' | wc -l; }

same 'O 6 13f 1ff7c0 129
i 0 "X-CleanMail-MessageID" " ID"
i 0 "X-CleanMail-Result" " accept/deliver"
a
exit 0' 'good mail is accepted, and marked so' say good
same 'accept/deliver 192.0.2.7 client.example.org client.example.org a@example.org b@example.net queue id Q123 ESMTP' \
  'the mail log knows client, envelope and the id of the queue' \
  columns verdict client_ip client_name helo sender recipients upstream protocol
like '^i 0 "X-CleanMail-Result" " accept/deliver, junk; code; 5.7.1 the subject\|^i 0 "X-CleanMail-Result" " accept/deliver, junk; code; 2' \
  'junk is accepted, and marked' say 'code 10'
mkdir -p "$W/port/control/tag" "$W/port/control/reply"
echo '[SPAM]' > "$W/port/control/tag/code"
like '^m 1 "Subject" " \[SPAM\] code 10"$' 'its subject gets the tag, in its place' say 'code 10'
same 'O 6 13f 1ff7c0 129
y "550 5.7.1 the subject wants 100, 100%% of it (ID)"
exit 0' 'reject/delete refuses, in the words of the stage, with every % twice' say 'code 100'
heard() { column reply | sed 's/ (.*//'; }
same '550 5.7.1 the subject wants 100, 100% of it' 'the mail log has the words as the client reads them' heard
echo 'we do not want this' > "$W/port/control/reply/code"
like '^y "550 5.7.1 we do not want this (ID)"$' 'or in those of control/reply' say 'code 100'
rm "$W/port/control/reply/code"
like '^y "451 4' 'defer is a 451' say 'code 111'
like '^y "451 4' 'so is a stage that crashes' say 'code 77'
like '^d$' 'accept/delete is discarded' say 'code 50'
like 'code <a@example.org> <b@example.net> deleted by policy' '... with a line in the ledger' cat "$W/log/ledger"
like '^d$' 'accept/redirect goes into the store, and is discarded' say 'code 40'
like '^Received: from client.example.org (client.example.org \[192.0.2.7\])' '... with our Received field on top' \
  sh -c "cat $W/store/*.eml"
same 1 '... once' stored
like '^y "550 5.7.1 the subject wants 30' 'reject/redirect goes into the store, and is refused' say 'code 30'
same 2 '... once' stored
like '^i 0 "X-CleanMail-Result" " reject/deliver; code;' 'reject/deliver is delivered, with its verdict' say 'code 20'
like '^a$' '... and accepted' say 'code 20'
same 'reject/deliver' '... and so the mail log has it' column verdict

echo quarantine@example.net > "$W/port/control/quarantine"
say 'code 40' b@example.net c@example.net > "$T/said"
same '- "<b@example.net>"
- "<c@example.net>"
+ "<quarantine@example.net>"
a' 'for a quarantine with an address the recipients are exchanged' grep -v '^[Oie]' "$T/said"
like '^i 0 "X-CleanMail-Recipient" " <c@example.net>"' '... and named in the header' cat "$T/said"
like '^y "550' '... but what is refused stays out of the queue' say 'code 30'
same 3 '... and goes into the store' stored
without() { { opening 6 133 1fffff; message 'code 40'; echo quit; } | milter; }
like '^y "451 4.3.0' 'a server that exchanges no recipients is told to wait' without
echo hold > "$W/port/control/quarantine"
like '^q "5.7.1 the subject wants 40\|^q "2' 'the quarantine may be that of the mail server' say 'code 40'
without() { { opening 6 1df 1fffff; message 'code 40'; echo quit; } | milter; }
like '^y "451 4.3.0' '... and one that holds no mail is told to wait' without
: > "$W/port/control/quarantine"
like '^y "451 4.3.0' 'without a quarantine redirected mail is put off' say 'code 40'
echo store > "$W/port/control/quarantine"
mv "$W/store" "$W/elsewhere"; : > "$W/store"
like '^y "451 4.3.0' 'a store that cannot be written puts it off' say 'code 40'
like '^y "451 4.3.0' '... also what would be refused' say 'code 30'
rm "$W/store"; mv "$W/elsewhere" "$W/store"
mv "$W/log" "$W/logs"; : > "$W/log"
like '^y "451 4.3.0' 'no deletion without its line in the ledger' say 'code 50'
rm "$W/log"; mv "$W/logs" "$W/log"

# Sessions ---------------------------------------------------------------------

many() { (ulimit -n 24; { opening; for i in $(seq 40); do message 'code 10'; done; echo quit; } | milter); }
many > "$T/said"
same 40 'forty messages in one connection, with few descriptors' grep -c '^a$' "$T/said"

several() {
  {
    opening; message good; message 'code 100'; message 'code 10' c@example.net; echo abort; message 'code 50'
    envelope y@example.net; echo abort; message good; echo quitnc
    opening | sed 1d; message good; echo quit
  } | milter | grep -v '^[Oim]' | cut -c 1-5
}
same 'a
y "55
a
d
a
a
exit ' 'a connection has as many messages, and clients, as it likes' several
half() {
  {
    opening; envelope; printf 'header Subject: code 100\nbody x\nabort\n'; message good d@example.net
    envelope; echo 'header Subject: code 100'; message good e@example.net
  } | milter | grep '^[ay]'
}
same 'a
a' 'nothing of a message that was broken off is left' half
recent() { columns recipients | tail -n 2; }
same 'd@example.net
e@example.net' '... nor of its recipients' recent
behind() { { opening; message good; echo end; } | milter | grep '^[ae]'; }
same 'a
end
exit 111' 'behind its answer a message is over' behind
# Without as many recipients as one its name may not stand in the header.
fields() { { opening; message 'code 40' "$@"; message 'code 40' f@example.net; echo quit; } | milter > /dev/null; cat "$W"/store/*.eml | tr -d '\r' | sed -n '/^Received/,/UTC$/p' | grep -o 'for <.*>'; rm "$W"/store/*.eml; }
rm "$W"/store/*.eml
same 'for <f@example.net>' 'our Received field names a recipient where there is one, and only then' fields d@example.net e@example.net

place environment
echo 'env check : ./env' > "$W/port/control/pipeline"
cat > "$W/port/env" <<'!'
#!/bin/sh
echo "$SENDER|$TCPREMOTEIP|$TCPREMOTEHOST|$CM_HELO|$CM_PROTO|$CM_AUTH|$CM_TLS|$(tail -n +2 "$CM_ENVELOPE" | tr '\n' ' ')" >> seen
tr -d '\r' > message
!
chmod 755 "$W/port/env"
from() {
  : > "$W/port/seen"
  {
    echo 'offer 6 1ff 1fffff'
    echo 'macro C j mx.example.net'
    echo "connect $*"
    echo 'macro H {tls_version} TLSv1.3 {cipher} TLS_AES_256_GCM_SHA384'
    echo 'helo client.example.org'
    echo 'macro M i Q1 {auth_authen} joe {tls_version} TLSv1.3 {cipher} TLS_AES_256_GCM_SHA384'
    printf '%s\n' 'mail <>' 'rcpt <b@example.net>' 'rcpt c@example.net NOTIFY=NEVER' end
    printf '%s\n' 'macro M i Q2' 'mail <z@example.org>' 'rcpt <b@example.net>' 'header X-Fold: a\n\tb\nc' 'header X-Empty:' 'body text\r\n' end
  } | milter > /dev/null
  cat "$W/port/seen"
}
same '|2001:db8::7|client.example.org|client.example.org|ESMTPSA|joe|TLSv1.3 TLS_AES_256_GCM_SHA384|b@example.net c@example.net 
z@example.org|2001:db8::7|client.example.org|client.example.org|ESMTPS||TLSv1.3 TLS_AES_256_GCM_SHA384|b@example.net ' \
  'stages hear of the client, of TLS and of the login, and of none before it' from 'client.example.org 6 1234 IPv6:2001:db8::7'
like '^z@example.org|192.0.2.9||client' 'a name in which the mail server does not believe is none' from 'unknown 4 25 192.0.2.9'
like '^z@example.org||localhost|client' 'a local client has no address' from 'localhost L 0 /run/x'
same 'X-Fold: a
	b
 c
X-Empty:

text' 'stages see header and body as they came; no line of a field can be another field' sed '1,/^  Sun\|^  ...,/d' "$W/port/message"
# What was said of one message, or of one client, is not said of the next.
another() {
  : > "$W/port/seen"
  {
    printf '%s\n' 'offer 6 1ff 1fffff' 'macro C {client_resolve} OK' 'connect client.example.org 4 25 192.0.2.7' \
      'macro H {tls_version} TLSv1.2 {cipher} OLD' 'helo client.example.org' \
      'macro M i Q0 {auth_authen} joe {tls_version} TLSv1.3 {cipher} NEW' 'mail <1@a.example>' 'rcpt <b@example.net>' 'macro E i Q1' end \
      'mail <2@a.example>' 'rcpt <b@example.net>' end
    echo "raw 00000010$(printf 'DM{auth_authen}\0' | od -An -tx1 | tr -d ' \n')"  # a name, and no value
    printf '%s\n' 'mail <3@a.example>' 'rcpt <b@example.net>' end 'macro M i Q4' 'mail <4@a.example>' 'rcpt <b@example.net>' end \
      quitnc 'macro C {client_resolve} FAIL' 'connect far.example.org U' 'mail <5@a.example>' 'rcpt <b@example.net>' end \
      quitnc 'connect [192.0.2.8] 4 25 192.0.2.8' 'mail <6@a.example>' 'rcpt <b@example.net>' end \
      quitnc 'connect a\x01b 4 25 192.0.2.9' 'mail <7@a.example>' 'rcpt <b@example.net>' end \
      quitnc 'connect far.example.org 6 25 2001:db8::9' 'mail <8@a.example>' 'rcpt <b@example.net>' end quit
  } | milter > /dev/null
  sed 's/|b@example.net $//' "$W/port/seen"
}
same '1@a.example|192.0.2.7|client.example.org|client.example.org|ESMTPSA|joe|TLSv1.3 NEW
2@a.example|192.0.2.7|client.example.org|client.example.org|ESMTPS||TLSv1.2 OLD
3@a.example|192.0.2.7|client.example.org|client.example.org|ESMTPS||TLSv1.2 OLD
4@a.example|192.0.2.7|client.example.org|client.example.org|ESMTPS||TLSv1.2 OLD
5@a.example||||ESMTP||
6@a.example|192.0.2.8|||ESMTP||
7@a.example|192.0.2.9|||ESMTP||
8@a.example|2001:db8::9|far.example.org||ESMTP||' 'no login, TLS, name or address is that of another' another
queued() { columns upstream | tail -n 8 | tr '\n' ,; }
same 'queue id Q1,,,queue id Q4,,,,,' '... nor is an id of the queue' queued


# Versions ------------------------------------------------------------------------

place versions
versions() {
  for v in '2 3f 7f' '3 3f 1ff' '4 3f 3ff' '6 3f 7f' '6 1ff 1fffff' '7 fffff fffffff' '6 1ff 3f5ff'; do
    # shellcheck disable=SC2086
    { opening $v; message good; message 'code 10'; message 'code 100'; echo quit; } | milter |
      sed -n 's/^\([ay]\).*/\1/p; s/^O \([0-9]* [0-9a-f]* [0-9a-f]*\).*/\1/p; s/^exit.*/&/p' | tr '\n' ' '
    echo
  done
}
same '2 3f 40 a a y exit 0 
3 3f 1c0 a a y exit 0 
4 3f 3c0 a a y exit 0 
6 3f 40 a a y exit 0 
6 13f 1ff7c0 a a y exit 0 
6 13f 1ff7c0 a a y exit 0 
6 13f 3f5c0 a a y exit 0 ' 'versions 2 to 7 are spoken, and no more is taken than is offered' versions
mkdir -p "$W/port/control/tag"; echo '[X]' > "$W/port/control/tag/code"
blank() { { opening 6 1ff "$1"; envelope; echo 'header Subject: code 10'; echo end; } | milter | grep Subject; }
same 'm 1 "Subject" "[X] code 10"' 'the server puts the blank behind the colon' blank fffff
same 'm 1 "Subject" " [X] code 10"' 'or we do, if that is agreed on' blank 1fffff
offer() { { echo "offer $*"; echo eof; } | milter; }
offer 1 3f 7f > "$T/said"
like 'speaks a version of the protocol before 2' 'version 1 is refused' cat "$W/err"
offer 6 1 7f > "$T/said"
like 'does not let us change' 'so is a server that lets us change nothing' cat "$W/err"
echo 4k > "$W/port/control/databytes"
large() { { opening "$@"; envelope; echo 'fill 9'; echo end; message good; } | milter | sed -n 's/^\([sa]\|y .552 5.3.4\).*/\1/p'; }
same 'y "552 5.3.4
a' 'a message that is too large is refused, and the next is not' large
same 's
y "552 5.3.4
a' '... and the rest of it not wanted where the server waits for an answer to each piece' large 6 1ff 17ffff
same 'y "552 5.3.4
a' '... nor where the server cannot spare us the rest' large 6 1ff 7f
exact() { { opening; envelope; printf 'header Subject: x\nbody %s\\r\\n\nend\n' "$(head -c "$1" /dev/zero | tr '\0' x)"; } | milter | sed -n 's/^\(a\|y .552\).*/\1/p'; }
same a 'what is as large as it may be is not, whatever our field has' exact 4080
same 'y "552' '... and a byte more is' exact 4081
echo 0 > "$W/port/control/databytes"
same a '0 is no limit' exact 9000
long() { { opening; envelope; yes "header X: $(head -c 60000 /dev/zero | tr '\0' x)" | head -n "$1"; echo end; message good; } | milter | sed -n 's/^\(a\|y .552 5.3.4\).*/\1/p'; }
same 'a
a' '... but for a header, of which 1 MB' long 17
same 'y "552 5.3.4
a' '... is the most' long 18
same 'reject/delete, too large' '... and the mail log says so' sh -c "grep -o 'reject/delete, too large' $W/log/mail.csv | head -n 1"
: > "$W/port/control/pipeline"
like '^O 6 13f 1ff7d0' 'a port without filters wants no body' say good
like '^i 0 "X-CleanMail-Result"' '... and marks the message all the same' say good

# Another's mail server: miltertest. A step that we did not want ends it without a word.
place another
mkdir -p "$W/port/control/tag"; echo '[SPAM]' > "$W/port/control/tag/code"
front another cm-milter
cat > "$T/lua" <<'!'
function expect(what, good) if not good then error(what, 2) end end
function letter(subject)
  expect("mail", mt.mailfrom(c, "<a@example.org>") == nil and mt.rcptto(c, "<b@example.net>") == nil)
  expect("header", mt.header(c, "From", "a@example.org") == nil and mt.header(c, "X-CleanMail-Result", "forged") == nil)
  expect("subject", mt.header(c, "Subject", subject) == nil)
  expect("body", mt.bodystring(c, "Hello\r\n") == nil and mt.eom(c) == nil)
end
c = mt.connect("inet:" .. port .. "@127.0.0.1", 20, 0.1)
expect("connect", c ~= nil)
expect("negotiation", mt.negotiate(c, nil, nil, nil) == nil)
expect("client", mt.conninfo(c, "client.example.org", "192.0.2.7") == nil and mt.helo(c, "client.example.org") == nil)
letter("code 10")
expect("accepted", mt.getreply(c) == SMFIR_ACCEPT)
expect("marked", mt.eom_check(c, MT_HDRINSERT, "X-CleanMail-Result"))
expect("forged one gone", mt.eom_check(c, MT_HDRDELETE, "X-CleanMail-Result"))
expect("tagged", mt.eom_check(c, MT_HDRCHANGE, "Subject"))
expect("same body", not mt.eom_check(c, MT_BODYCHANGE))
letter("code 100")
expect("refused", mt.getreply(c) == SMFIR_REPLYCODE)
letter("code 50")
expect("discarded", mt.getreply(c) == SMFIR_DISCARD)
mt.disconnect(c)
mt.echo("as it should be")
!
# It wants the head of an answer by one read.
[ "$INSHORT" ] || same 'as it should be' 'miltertest hears what it should' timeout 60 miltertest -D "port=$PORT" -s "$T/lua"

# Changes ---------------------------------------------------------------------------

place changes
echo 'edit rewrite : ./edit' > "$W/port/control/pipeline"
edit() {
  printf '%s\n' '#!/usr/bin/perl' 'binmode STDIN; binmode STDOUT; local $/; $_ = <STDIN>;' "$1" 'print; exit 0' > "$W/port/edit"
  chmod 755 "$W/port/edit"
}
letter_of_two() {
  printf '%s\n' 'header From: a@b.example' 'header X-Two: 1' 'header Subject: x' 'header X-Two: 2' \
    'header X-CleanMail-Result: forged' 'header To: c@d.example' 'eoh' 'body one\r\ntwo\r\n' end
}
edited() { { opening; envelope; letter_of_two; echo quit; } | milter | grep -v '^[Oe]\|MessageID'; }
edit 's/one/1/;'
same 'm 1 "X-CleanMail-Result" ""
i 0 "X-CleanMail-Result" " accept/deliver"
b "1\r\ntwo\r\n"
a' 'a body that a rewriter changed is replaced, and nothing else' edited
edit 's/^X-Two: 2\r\n//m; s/^To:.*\r\n/$&X-After: 1\r\nX-End: 2\r\n/m; s/^Subject: x/Subject: y/m;'
same 'h "X-After" " 1"
h "X-End" " 2"
m 1 "X-CleanMail-Result" ""
m 2 "X-Two" ""
m 1 "Subject" " y"
i 0 "X-CleanMail-Result" " accept/deliver"
a' 'fields that it changed, took away and added, from the last one up; a body that it left is not sent' edited
edit 's/^Subject: x\r\n/X-Mid: 1\r\nSubject:\r\n/m; s/^From:/FROM:/m; s/\r//g;'
same 'm 1 "X-CleanMail-Result" ""
m 1 "Subject" " "
i 2 "X-Mid" " 1"
m 1 "FROM" " a@b.example"
i 0 "X-CleanMail-Result" " accept/deliver"
b "one\r\ntwo\r\n"
a' 'fields in the middle; one without a value stays; lines end as they must' edited
edit '$_ = "Subject: all new\r\n\r\n";'
like '^b ""$' 'a body may become none' edited
edit '$_ .= ("z" x 98 . "\r\n") x 3000;'
pieces() { edited | sed -n 's/^b //p' | tr '\n' ' '; }
same '65535 65535 65535 65535 37870 ' 'a large one goes in pieces that every server takes' pieces
edit 's/x\r\n\z/y\r\n/;'
late() { { opening; envelope; printf '%s\n' 'header Subject: x' 'fill 1' end; } | milter | grep '^b'; }
same 'b 65472' 'one of the same size, of which the end is another, is replaced' late
edit 's/\r\ntwo\r\n/\ntwo/;'
like '^b "one\\r\\ntwo\\r\\n"$' 'its last line has an end' edited
edit '$_ = join("", map { "X-A$_: 1\r\n" } 1 .. 997) . $_;'
like '^a$' 'a thousand changes are made' edited
edit '$_ = join("", map { "X-A$_: 1\r\n" } 1 .. 998) . $_;'
like '^y "451 4.3.0' '... and one more is not' edited
edit '$_ = join("", map { "X-A$_: 1\r\n" } 1 .. 2000) . $_;'
like '^y "451 4.3.0' 'more changes than a server should be asked for put the message off' edited

done_testing
