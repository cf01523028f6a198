#!/bin/sh
# One session: which command may follow which, what is accepted, what is said.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_sink sink
SINK=$PORT
home h smtp 127.0.0.1 "$SINK"
echo proxy.example.net > "$W/port/control/me"

EHLO='EHLO client.example.org'
FROM='MAIL FROM:<a@example.org>'
TO='RCPT TO:<b@example.net>'

control() { printf '%s\n' "$2" > "$W/port/control/$1"; }
delivered() { find "$T/sink/mail/new" -type f | wc -l; }
last() { cat "$(find "$T/sink/mail/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)"; }

# The session

like '^220 proxy.example.net ESMTP$' 'the greeting carries the name of control/me' talk QUIT
like '^221 2.0.0 ' 'QUIT is answered' talk QUIT
offers() { talk "$EHLO" QUIT | sed -n '2,$p'; }
same '250-proxy.example.net
250-PIPELINING
250-8BITMIME
250-DSN
250-ENHANCEDSTATUSCODES
250 SIZE 20971520
221 2.0.0 goodbye' 'EHLO offers what we can carry and the upstream has: no AUTH in plain, no XCLIENT, no CHUNKING' offers
like '^250 proxy.example.net$' 'HELO offers nothing' talk 'HELO x' QUIT
like '^501 5.5.4 ' 'EHLO without a name is refused' heard 2 EHLO QUIT
like '^503 5.5.1 ' 'MAIL before EHLO is refused' heard 2 "$FROM" QUIT
like '^503 5.5.1 ' 'RCPT before MAIL is refused' heard 2 "$EHLO" "$TO" QUIT
like '^503 5.5.1 ' 'DATA before MAIL is refused' heard 2 "$EHLO" DATA QUIT
like '^554 5.5.1 ' 'DATA without a recipient is refused' heard 2 "$EHLO" "$FROM" DATA QUIT
like '^503 5.5.1 ' 'a second MAIL is refused' heard 2 "$EHLO" "$FROM" "$FROM" QUIT
like '^503 5.5.1 ' 'RSET forgets the sender' heard 2 "$EHLO" "$FROM" RSET "$TO" QUIT
like '^503 5.5.1 ' 'EHLO forgets the sender' heard 2 "$EHLO" "$FROM" "$EHLO" "$TO" QUIT
like '^554 5.5.1 ' 'the recipients of the message before are forgotten' heard 2 "$EHLO" "$FROM" "$TO" \
  DATA 'Subject: x' '' . "$FROM" DATA QUIT
like '^252 2.5.0 ' 'VRFY tells nothing' heard 2 "VRFY b@example.net" QUIT
for verb in EXPN ETRN STARTTLS; do
  like '^502 5.5.1 ' "$verb is not offered" heard 2 "$EHLO" "$verb x" QUIT
done
like '^502 ' 'BDAT ends the session, for its bytes would be taken for commands' heard 1 "$EHLO" 'BDAT 10' "$FROM"
like '^554 5.5.1 ' 'HTTP ends the session' heard 1 'GET / HTTP/1.1' "$EHLO"
like '^554 5.5.1 ' 'a header field as a command ends the session' heard 1 "$EHLO" 'Subject: x' "$FROM"
like '^500 5.5.2 ' 'an unknown command is refused' heard 2 HELLO QUIT
like '^500 5.5.2 ' 'a CR inside a command is refused' heard 2 "$(printf 'NOOP\rRCPT')" QUIT
like '^500 5.5.6 ' 'an endless command ends the session' heard 1 "EHLO $(head -c 70000 /dev/zero | tr '\0' x)" NOOP
many() { i=$1; shift; while [ "$i" -gt 0 ]; do printf '%s\n' "$@"; i=$((i - 1)); done; }
flood() { many "$@" | { set --; while IFS= read -r l; do set -- "$@" "$l"; done; heard 1 "$@"; }; }
like '^421 4.7.0 ' 'too many errors end the session' flood 30 FOO
like '^421 4.7.0 ' 'too many commands without effect end the session' flood 200 NOOP
busy() { many 101 RSET "$FROM" "$TO" DATA 'Subject: x' '' . | tr '\n' '\r' | sed 's/\r/\r\n/g' > "$T/busy"
  (cd "$W/port" && { printf '%s\r\n' "$EHLO"; cat "$T/busy"; } | CM_HOME=$W cm-smtpd 2>> "$W/err" | grep -c '^354'); }
same 101 'but not where messages come between them' busy
like '^4' 'cm-smtpd takes no arguments' sh -c 'cm-smtpd x; echo 4$?'

# Addresses and parameters

mail() { heard 2 "$EHLO" "MAIL FROM:$1" QUIT; }
rcpt() { heard 2 "$EHLO" "$FROM" "RCPT TO:$1" QUIT; }
for path in '<>' '<a@b>' '<"a b"@example.org>' '<a@[192.0.2.1]>' ' <a@example.org>' 'a@example.org' \
  '<a@example.org> SIZE=1000' '<a@example.org> BODY=8BITMIME' '<a@example.org> RET=HDRS ENVID=x+20y'; do
  like '^250 2.1.0 ' "a sender $path" mail "$path"
done
for path in '' '<' '<a@b' '<a@>' '<a@b..c>' '<a@b.>' '<a b@c>' '<a@b>x' '<a@b@c>' '<"a@b>' "<$(head -c 400 /dev/zero | tr '\0' a)@b>" \
  '<a@b> SIZE' '<a@b> SIZE=-1' '<a@b> SIZE=1k' '<a@b> SIZE=1 SIZE=1' '<a@b> SIZE=99999999999999999999999' \
  '<a@b> BODY=9BIT' '<a@b> RET=ALL' '<a@b> ENVID=a=b' '<a@b> ENVID=x+2'; do
  like '^501 5' "not a sender $path" mail "$path"
done
like '^552 5.3.4 ' 'a message announced as too large' mail '<a@b> SIZE=20971521'
same 'reject/delete, too large' 'has its line in the mail log' column verdict
like '^555 5.5.4 ' 'HELO takes back what EHLO offered' heard 2 "$EHLO" 'HELO x' 'MAIL FROM:<a@b> BODY=8BITMIME' QUIT
for path in '<a@b> FOO=BAR' '<a@b> AUTH=<>' '<a@b> SMTPUTF8'; do
  like '^555 5.5.4 ' "a parameter that was not offered: $path" mail "$path"
done
like '^555 5.5.4 ' 'HELO offers no parameters' heard 2 'HELO x' 'MAIL FROM:<a@b> SIZE=1' QUIT
like '^553 5.6.7 ' 'an address in UTF-8 needs SMTPUTF8' mail '<ä@example.org>'
like '^553 5.1.0 ' 'no source routes' rcpt '<@x.example:b@example.net>'
for path in '<b@example.net>' '<B@EXAMPLE.NET>' '<postmaster>' '<b@example.net> NOTIFY=NEVER' \
  '<b@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2B@example.net'; do
  like '^250 2.1.5 ' "a recipient $path" rcpt "$path"
done
for path in '<b@example.net> NOTIFY=NEVER,DELAY' '<b@example.net> NOTIFY=' '<b@example.net> ORCPT=rfc822' \
  '<b@example.net> ORCPT=;x' '<>' '<b@example.net> NOTIFY=NEVER NOTIFY=NEVER'; do
  like '^501 5' "not a recipient $path" rcpt "$path"
done

# Relaying

for path in '<b@example.org>' '<b%example.org@example.net>' '<example.org!b@example.net>' \
  '<"b@example.org"@example.net>' '<b@[127.0.0.1]>' '<b@sub.example.net>' '<b@example.net.example.org>' \
  '<root>' '<|sh@example.net>' '<-f@example.net>' '<"b!c"@example.net>' '<b:c@example.net>'; do
  like '^5[05][0-9] 5' "no relaying to $path" rcpt "$path"
done
relay() { RELAYCLIENT='' rcpt '<b@example.org>'; }
like '^250 2.1.5 ' 'RELAYCLIENT may relay' relay

rm "$W/port/control/recipients"
like '^421 4.3.5 ' 'a missing list of recipients is 421, not an open relay' talk QUIT
mkdir "$W/port/control/recipients"
like '^421 4.3.5 ' 'an unreadable list of recipients is 421' talk QUIT
rmdir "$W/port/control/recipients"
for line in example.net @example.net; do
  control recipients "postmaster
$line"
  like '^421 4.3.5 ' "$line as in qmail's rcpthosts is 421, for nobody's address is that" talk QUIT
  like 'control/recipients, line 2: .* a whole domain is \*@example.net$' '... and the log says how it is written' tail -n 1 "$W/err"
done
control recipients '*@example.net
postmaster
*.example.org'
like '^250 2.1.5 ' 'patterns without an @ may match' rcpt '<postmaster>'
: > "$W/port/control/recipients"
like '^550 5.7.1 ' 'an empty list of recipients accepts nobody' rcpt '<b@example.net>'
control recipients '# ours
*@example.net'

# Control files

for file in upstream pipeline; do
  mv "$W/port/control/$file" "$T/kept"
  like '^421 4.3.5 ' "a missing control/$file is 421" talk QUIT
  mv "$T/kept" "$W/port/control/$file"
done
control pipeline 'x check : '
like '^421 4.3.5 ' 'a broken pipeline is 421' talk QUIT
like 'control/pipeline:1: ' 'the log names the file and the line' tail -n 1 "$W/err"
: > "$W/port/control/pipeline"
control databytes many
like '^421 4.3.5 ' 'a number that is none is 421' talk QUIT
rm "$W/port/control/databytes"
mkdir -p "$W/control"
echo suite.example.net > "$W/control/me"
rm "$W/port/control/me"
like '^220 suite.example.net ' "a file missing in the port is looked up in the suite" talk QUIT
control me proxy.example.net
control maxrecipients 2
like '^452 4.5.3 ' 'too many recipients' heard 2 "$EHLO" "$FROM" "$TO" "$TO" "$TO" QUIT
insist() { many 30 "$TO" | { set -- "$EHLO" "$FROM"; while IFS= read -r l; do set -- "$@" "$l"; done; heard 1 "$@"; }; }
like '^421 4.7.0 ' 'a flood of them ends the session' insist
rm "$W/port/control/maxrecipients"

# Messages

like '^250 2.0.0 Ok' 'a message is accepted with the answer of the upstream' message 'Subject: hello' '' text
like '^X-CleanMail-Result: accept/deliver' 'the result stands in the message' last
like '^X-CleanMail-MessageID: [0-9a-f.]*' 'the id stands in the message' last
like '^Received: from client.example.org (client.example.org \[192.0.2.1\])' 'our Received field stands in it' last
like '  for <b@example.net>;' 'with the recipient, if there is one' last
like '^  [A-Z][a-z][a-z], [1-9][0-9]* [A-Z][a-z][a-z] 20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] +0000' 'and the date' last
rows() { grep -c . "$W/log/mail.csv"; }
NOBODY='RCPT TO:<x@elsewhere.example>'
before=$(rows)
like '^250 2.0.0 ' 'a message of whose recipients one was refused' \
  heard 2 "$EHLO" "$FROM" "$NOBODY" "$TO" DATA 'Subject: x' '' . QUIT
same $((before + 1)) 'has one line in the mail log' rows
like '^550 5.7.1 ' 'a message, and a transaction without one' \
  heard 3 "$EHLO" "$FROM" "$TO" DATA 'Subject: x' '' . "$FROM" "$NOBODY" RSET QUIT
same $((before + 3)) 'have a line each' rows
like '^250 2.0.0 ' 'a name that the client is not called by' \
  heard 2 "EHLO $(printf 'x\ty\001z')" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT
same 'x?y?z' 'is made harmless' column helo
forged() { message 'X-CleanMail-Result: accept/deliver, whitelisted' 'Subject: x' 'X-cleanmail-foo : y' ' z' '' text; }
like '^250 ' 'a message with forged fields is accepted' forged
same 1 'forged fields are gone' sh -c "grep -ci '^x-cleanmail-result\|^x-cleanmail-foo' '$(find "$T/sink/mail/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)'"
forged() {
  message 'Authentication-Results: proxy.example.net; dkim=pass header.d=bank.example' 'Subject: x' \
    'authentication-results : (us) "Proxy.example.net" 1;' ' spf=pass' 'Authentication-Results: mx.example.org; spf=fail' '' text
}
like '^250 ' 'a message that says what we have verified is accepted' forged
results() { last | tr -d '\r' | grep -i -A1 '^authentication-results'; }
same 'Authentication-Results: mx.example.org; spf=fail' 'without that' results
like '^250 ' 'an empty message is accepted' heard 2 "$EHLO" "$FROM" "$TO" DATA . QUIT
like '^250 ' 'a message without a body is accepted' message 'Subject: x'
like '^250 ' 'dots are carried' message 'Subject: dots' '' '..' '...' '..x'
body() { last | tr -d '\r' | sed '1,/^$/d'; }
same '.
..
.x' 'as they were' body
like '^250 ' 'a body without a header is accepted' message 'what is this' 'text'
like '^250 ' 'pipelined commands are answered in order' heard 2 "$EHLO" "$FROM" "$TO" RSET "$FROM" "$TO" DATA 'S: x' '' . QUIT

before=$(delivered)
control databytes 1000
like '^552 5.3.4 ' 'a message above the limit is refused after all of it' message "X: $(head -c 2000 /dev/zero | tr '\0' x)" ''
same 'reject/delete, too large' 'as too large' column verdict
rm "$W/port/control/databytes"
like '^550 5.5.2 ' 'a bare LF is refused' message "$(printf 'Subject: x\n\nbare')"
like '^550 5.5.2 ' 'a bare CR is refused' message "$(printf 'Subject: x\rbare')"
like '^554 5.6.0 ' 'an endless line is refused' message 'Subject: x' '' "$(head -c 70000 /dev/zero | tr '\0' x)"
hops() { i=0; set --; while [ $i -lt 60 ]; do set -- "$@" "Received: from x by y; $i"; i=$((i + 1)); done; message "$@" ''; }
like '^554 5.4.6 ' 'a message that goes in circles is refused' hops
same "$before" 'nothing of these reached the upstream' delivered
control newlines normalize
like '^250 ' 'a bare LF is mended where the port says so' message "$(printf 'Subject: mended\n\nbare\n.\nRSET')"
like '^\.' 'and ends no message' body
rm "$W/port/control/newlines"
aborted() { talk "$EHLO" "$FROM" "$TO" DATA 'Subject: x' '' 'half'; column verdict; }
before=$(delivered)
like '^delete, client disconnected$' 'a client that goes away in the message' aborted
same "$before" 'nothing is delivered then' delivered
hostile() { heard 2 "EHLO $(printf 'x (\033[2J) by y; z')" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT; }
like '^250 ' 'a hostile name is taken' hostile
like '^Received: from x????2J??by?y??z ' 'and made harmless' last

# The mail log

message 'Subject: =?utf-8?q?gr=C3=BCn?=' 'From: Ann <ann@example.org>' 'Message-ID: <1@x>' '' text > "$T/said"
for pair in 'port=port' 'protocol=ESMTP' 'helo=client.example.org' 'sender=a@example.org' 'subject=grün' \
  'from=Ann <ann@example.org>' 'verdict=accept/deliver' 'reply=250 2.0.0 Ok'; do
  same "${pair#*=}" "the mail log says ${pair%%=*}" column "${pair%%=*}"
done
relayed() { rcpt '<b@example.org>' > /dev/null; column reply; }
like '^550 5.7.1 ' 'a refused transaction has its line, too' relayed

# The session's log

logs() { control loglevel "$1"; : > "$W/err"; message 'From: b@example.org' 'Subject: log' '' text > /dev/null; cut -d' ' -f1 "$W/err" | sort -u | tr '\n' ' '; }
same 'connect decision message ' 'level 16 tells of each message' logs 16
like ' a@example.org From: b@example.org; Subject: log; $' 'with its envelope, From and Subject' grep '^message' "$W/err"
same 'client upstream ' 'level 1 is the transcript of both sides' logs 1
like '^client [0-9a-f.]* < RCPT TO:<b@example.net>$' 'what the client says' cat "$W/err"
like '^upstream [0-9a-f.]* > RCPT TO:<b@example.net>$' 'and what the upstream hears' cat "$W/err"
same '' 'level 0 tells trouble only' logs 0
rm "$W/port/control/loglevel"

# IPv6, on both sides

chmod 711 "$T" "$T/sink"
SIX=$(free_port)
if perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(Listen => 1, LocalHost => "::1")'; then
  background smtp-sink -u nobody -d "$T/sink/mail/new/m." "[::1]:$SIX" 100
  within 20 nc -z ::1 "$SIX"
  home six smtp ::1 "$SIX"
  : > "$W/listening"
  background sh -c 'cd "$0/port" && CM_HOME=$0 exec tcpserver -1 -HRl0 ::1 0 cm-smtpd' "$W" > "$W/listening" 2>> "$W/err"
  within 20 test -s "$W/listening"
  # It ends by itself, behind its QUIT; who closes before is gone.
  said() { within 20 grep -q "^$1" "$T/six.heard"; }
  send6() {
    : > "$T/six.heard"
    { said 220; printf '%s\r\n' "$EHLO"; said '250 '; printf '%s\r\n' "$FROM" "$TO" DATA; said 354
      printf '%s\r\n' 'Subject: six' '' . QUIT; said 221; } |
      nc -N ::1 "$(head -n 1 "$W/listening")" > "$T/six.heard"
    cat "$T/six.heard"
  }
  like '^250 2.0.0 ' 'a session over IPv6 with an upstream on IPv6' send6
  like '^Received: from client.example.org (\[IPv6:::1\])' 'says so in Received' last
  same ::1 'and in the mail log' column client_ip
else
  report 0 'a session over IPv6 # SKIP no IPv6 here'
fi

done_testing
