#!/bin/sh
# Who the client is, where a peer in control/xclient says so, and how the server behind
# us hears it. Postfix stands on either side.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_faultsink sink
SINK=$PORT
home h smtp 127.0.0.1 "$SINK"
C=$W/port/control
echo proxy.example.net > "$C/me"
EHLO='EHLO peer.example.org' FROM='MAIL FROM:<a@example.org>' TO='RCPT TO:<b@example.net>' FAR='RCPT TO:<x@elsewhere.example>'
NEW='XCLIENT ADDR=198.51.100.7 NAME=other.example.com'
XF='XFORWARD ADDR=198.51.100.7 NAME=other.example.com HELO=other PROTO=SMTP IDENT=4711'
newest() { tr -d '\r' < "$(ls -t "$T"/sink/mail/* | head -n 1)"; }
cat > "$T/h/port/who" <<'!'
#!/bin/sh
printf '2.0.0 ok\nX-Who: %s\n' "$TCPREMOTEIP,$TCPREMOTEHOST,$TCPREMOTEPORT,$TCPLOCALIP,$CM_HELO,$CM_PROTO,$CM_AUTH"
!
chmod 755 "$T/h/port/who"
echo 'who check : ./who' > "$C/pipeline"
export TCPREMOTEPORT=1111 TCPLOCALIP=203.0.113.9 TCPREMOTEINFO=root

# -- strangers

same '' 'nobody is offered them' sh -c "cd $W/port; printf 'EHLO x\r\nQUIT\r\n' | CM_HOME=$W TCPREMOTEIP=192.0.2.1 cm-smtpd 2>/dev/null | grep '250.X'"
for line in "$NEW" "$XF" 'XCLIENT x' XFORWARD; do
  like '^550 5.7.0 ' "a stranger that says ${line%% *} hears 550" heard 2 "$EHLO" "$line" QUIT
done
talk "$EHLO" "$NEW" "$XF" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT > /dev/null
like '^X-Who: 192.0.2.1,client.example.org,1111,203.0.113.9,peer.example.org,ESMTP,$' 'and nothing else happens' newest
same 192.0.2.1 'also in the mail log' column client_ip

# -- XCLIENT

echo 192.0.2.0/24 > "$C/xclient"
like '^250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT$' 'a peer is offered XCLIENT' talk "$EHLO" QUIT
like '^250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE$' 'and XFORWARD' talk "$EHLO" QUIT
like '^220 proxy.example.net ESMTP$' 'XCLIENT begins the session anew' heard 2 "$EHLO" "$NEW" QUIT
like '^503 5.5.1 ' 'with EHLO' heard 2 "$EHLO" "$NEW" "$FROM" QUIT
talk "$EHLO" "$NEW" "$EHLO" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT > /dev/null
like '^X-Who: 198.51.100.7,other.example.com,,203.0.113.9,peer.example.org,ESMTP,$' 'stages see the client' newest
like '^Received: from peer.example.org (other.example.com \[198.51.100.7\])$' 'Received has it' newest
same 198.51.100.7 'so does the mail log' column client_ip
like '^connect [^ ]* 198.51.100.7 other.example.com by 192.0.2.1$' 'the log has both' cat "$W/err"
talk "$EHLO" 'XCLIENT ADDR=IPV6:2001:db8::1 PORT=2222 HELO=third PROTO=SMTP DESTADDR=203.0.113.8 DESTPORT=25 LOGIN=joe' "$EHLO" \
  "$FROM" "$FAR" DATA 'Subject: x' '' . QUIT > /dev/null
like '^X-Who: 2001:db8::1,,2222,203.0.113.8,third,ESMTPA,joe$' 'all of it; the name of the peer is none of the client' newest
like 'with ESMTPA id' 'who has logged in at the peer has here, and may send to anybody' newest
talk "$EHLO" 'XCLIENT ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]' "$EHLO" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT > /dev/null
like '^X-Who: ,,,203.0.113.9,peer.example.org,ESMTP,$' 'what is not known is not there' newest

relaying() { (RELAYCLIENT=''; export RELAYCLIENT; heard 2 "$EHLO" "$@" QUIT); }
like '^250 2.1.5 ' 'a peer may relay, where tcpserver says so' relaying "$FROM" "$FAR"
like '^550 5.7.1 ' 'its client may not' relaying "$NEW" "$EHLO" "$FROM" "$FAR"
echo 198.51.100.0/24 > "$C/relayclients"
like '^250 2.1.5 ' 'but as control/relayclients says' relaying "$NEW" "$EHLO" "$FROM" "$FAR"
rm "$C/relayclients"
like '^550 5.7.0 ' 'a client has no XCLIENT' heard 2 "$EHLO" "$NEW" "$EHLO" "$NEW" QUIT
like '^550 5.7.0 ' 'nor XFORWARD' heard 2 "$EHLO" "$NEW" "$EHLO" "$XF" QUIT
same 1 'and is offered neither' sh -c "cd $W/port; printf '$EHLO\r\n$NEW\r\n$EHLO\r\nQUIT\r\n' | CM_HOME=$W TCPREMOTEIP=192.0.2.1 cm-smtpd 2>/dev/null | grep -c 250-XCLIENT"
like '^220 ' 'a long one may come in two' heard 2 "$EHLO" "$NEW" 'XCLIENT HELO=third' QUIT
like '^503 5.5.1 ' 'not within a transaction' heard 2 "$EHLO" "$FROM" "$NEW" QUIT
for bad in '' ' ADDR=x' ' ADDR=192.0.2.1 ADDR=192.0.2.2' ' WHAT=x' ' IDENT=x' ' NAME=a+0'; do
  like '^501 5.5.4 ' "XCLIENT$bad is malformed" heard 2 "$EHLO" "XCLIENT$bad" QUIT
done
like '^250 2.1.0 ' 'and changes nothing' heard 2 "$EHLO" 'XCLIENT ADDR=x' "$FROM" QUIT
talk "$EHLO" 'XCLIENT NAME=a+0D+0AReceived:+20x HELO=b+0D+0ABcc:+20x' "$EHLO" "$FROM" "$TO" DATA 'Subject: x' '' . QUIT > /dev/null
like '^Received: from b??Bcc:?x (a??Received:?x \[192.0.2.1\])$' 'names add no fields' newest
same 1 'and there is one Received' sh -c "newest() { tr -d '\r' < \"\$(ls -t $T/sink/mail/* | head -n 1)\"; }; newest | grep -c '^Received:'"
echo 198.51.100.7 > "$C/unlimited"
echo 'rate 1 time=60 text=421 4.7.0 slowly' > "$C/limits"
talk "$EHLO" QUIT > /dev/null
like '^421 4.7.0 slowly' 'limits count the peer' talk QUIT
rm -r "$T/h/state"
like '^220 ' 'or its client' heard 2 "$EHLO" "$NEW" QUIT
echo 192.0.2.1 > "$C/unlimited"
rm -r "$T/h/state"
talk "$EHLO" "$NEW" QUIT > /dev/null
like '^421 4.7.0 slowly' 'by its address' talk "$EHLO" "$NEW" QUIT
rm -r "$C/limits" "$C/unlimited" "$T/h/state"

# -- XFORWARD

like '^250 2.0.0 ' 'XFORWARD is taken' heard 2 "$EHLO" "$XF" QUIT
talk "$EHLO" "$XF" "$FROM" "$TO" DATA 'Subject: x' '' . "$FROM" "$TO" DATA 'Subject: y' '' . QUIT > "$T/said"
second=$(newest)
first=$(tr -d '\r' < "$(ls -t "$T"/sink/mail/* | sed -n 2p)")
like '^X-Who: 198.51.100.7,other.example.com,,,other,SMTP,$' 'stages see whom the peer speaks for' echo "$first"
like '^Received: from peer.example.org (client.example.org \[192.0.2.1\])$' 'Received has the peer, which has written its own' echo "$first"
like '^X-Who: 192.0.2.1,client.example.org,1111,203.0.113.9,peer.example.org,ESMTP,$' 'for one message, and not the next' echo "$second"
like '^forwarded [^ ]* 198.51.100.7 other.example.com 4711$' 'the log has the number at the peer' cat "$W/err"
like '^250 2.1.5 ' 'the rights stay those of the peer' relaying "$XF" "$FROM" "$FAR"
like '^503 5.5.1 ' 'not within a transaction' heard 2 "$EHLO" "$FROM" "$XF" QUIT
like '^501 5.5.4 ' 'not what is of XCLIENT' heard 2 "$EHLO" 'XFORWARD LOGIN=joe' QUIT
echo 192.0.2.0/33 > "$C/xclient"
like '^421 4.3.5 ' 'a list that cannot be read: nobody is served' talk QUIT
like 'control/xclient, line 1: not a network' 'and the log has the line' cat "$W/err"

# -- real peers in front

echo 127.0.0.1 > "$C/xclient"
unset TCPREMOTEPORT TCPLOCALIP TCPREMOTEINFO
front h
FRONT=$PORT
like '^<\(-\|~\)  *250 2.0.0 ' 'swaks says XCLIENT' timeout 60 swaks --server "127.0.0.1:$FRONT" --xclient-addr 198.51.100.9 --xclient-name nine.example.com \
  --ehlo nine.example.com --from a@example.org --to b@example.net
like '^Received: from nine.example.com (nine.example.com \[198.51.100.9\])$' 'and is believed' newest
start_postfix f "smtpd_proxy_filter=127.0.0.1:$FRONT"
letter b@example.net | session | client "$PORT" 127.0.0.2 > "$T/said"
like '^250 2.0.0 message taken' 'Postfix hands a message on, before its queue' cat "$T/said"
like '^X-Who: 127.0.0.2,.*,client.example.org,ESMTP,$' 'and says by XFORWARD whose' newest
W=$T/h
same 127.0.0.2 'so the mail log has it' column client_ip

done_testing
