#!/bin/sh
# Clients that say they are somebody else: by words that only a peer may use, by names that
# are lines, by passwords. The client is 192.0.2.1 here, and nobody's peer.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../matrix.sh"
. "$(dirname "$0")/smtp.sh"

arena sh -c 'TCPREMOTEIP=192.0.2.1 TCPREMOTEHOST=client.example.org; export TCPREMOTEIP TCPREMOTEHOST; exec cm-smtpd'
# smtp.sh has one of its own, for sessions on pipes
heard() {
  want=$1; name=$2; shift 2
  tried "$@"
  same "$want" "$name" codes < "$T/transcript"
}
lines() { for l in "$@"; do printf 'line %s\nreply\n' "$l"; done; }
newest() { tr -d '\r' < "$(ls -t "$S"/mail/* | head -n 1)"; }

row 44 'XCLIENT, XFORWARD and PROXY from a stranger'
behind
impostor() { lines 'XCLIENT ADDR=127.0.0.1 NAME=localhost LOGIN=root' 'XFORWARD ADDR=127.0.0.1 NAME=localhost'; letter; }
heard '220 250 550 550 250 250 354 250 221 closed' 'XCLIENT and XFORWARD hear 550' impostor
like '^Received: from client.example.org (client.example.org \[192.0.2.1\])$' 'the message is of whom it is of' newest
same '192.0.2.1' 'and so is the line of the mail log' column client_ip
same '' 'the upstream hears nothing of it' grep -e XCLIENT -e XFORWARD -e 127.0.0.1 "$S/commands"
far() { lines 'XCLIENT ADDR=127.0.0.1 LOGIN=root' 'MAIL FROM:<a@example.org>' 'RCPT TO:<x@elsewhere.example>'; }
heard '220 250 550 250 550 221 closed' 'nobody gets rights by it' far
one() { printf 'reply\nline PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\neof\n'; }
heard '220 554 closed' 'PROXY, version 1: closed' bare one
two() { printf '%s\n' reply 'send \r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\x12\x67\0\x19' eof; }
# Byte by byte there are lines before what tells; the rest, unread, may take the reply with it.
[ "$INSHORT" ] || heard '220 554 closed' 'and version 2' bare two

row 48 'lines in what a client calls itself, and in addresses'
behind
lying() { lines 'HELO x\rReceived: y' 'EHLO a\e[31mb<c>(d)' 'MAIL FROM:<a\rX: y@example.org>'; letter; }
heard '220 250 500 250 500 250 250 354 250 221 closed' 'a CR is refused' lying
same 1 'there is one Received' sh -c "grep -c '^Received:' $S/mail/*"
like '^Received: from a?\[31mb?c??d? \|^Received: from a??31mb?c??d? ' 'and it is clean' newest
same '' 'so are the logs' grep -P '\e' "$T/h/err" "$T/h/log/mail.csv"

row 49 'AUTH: long lines, bad ones, cancelled ones, in plain, and a thousand guesses'
behind 'EHLO=say:250-sink\r\n250 AUTH PLAIN LOGIN\r\n' 'AUTH LOGIN=say:334 VXNlcm5hbWU6\r\n' 'AUTH PLAIN=say:535 5.7.8 no\r\n' '*=say:501 5.7.0 ok\r\n'
plain() { lines 'AUTH PLAIN AGpvZQBzZXNhbWU=' 'AUTH LOGIN'; }
heard '220 250 538 538 221 closed' 'in plain: 538' plain
same '' 'the upstream hears nothing of it' grep AUTH "$S/commands"
echo 192.0.2.0/24 > "$C/cleartext"
cancelled() { lines 'AUTH LOGIN' '*' 'AUTH LOGIN' 'not base64!' 'AUTH PLAIN joe:sesame'; }
heard '220 250 334 501 334 501 501 221 closed' 'a star takes it back, and so does what is no base64' cancelled
long() { printf 'line AUTH LOGIN\nreply\nmany 1024 %s\neof\n' "$(printf '%01024d' 0)"; }
heard '220 250 334 500 closed' 'a line of a MiB ends the session' long
longer() { printf 'many 1024 AUTH PLAIN %s\neof\n' "$(printf '%01024d' 0)"; }
heard '220 250 500 closed' 'also as a command' longer
guesses() { printf 'many 1000 AUTH PLAIN AGpvZQBzZXNhbWU=\\r\\n\neof\n'; }
heard '220 250 535 535 535 535 535 421 closed' 'five guesses are enough' guesses
for word in AGpvZQBzZXNhbWU VXNlcm5hbWU6 sesame; do
  same '' "nobody has written down $word" grep -rlF "$word" "$T/h"
done

rows_done
