#!/bin/sh
# In front of Exchange: what its versions offer at EHLO, as their servers print it, and what a
# client of ours is offered of that. What is for servers of one organization, or would get
# a message past the filters in pieces, neither is offered nor gets through.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

# ehlo LINE...: a rule for faultsink
ehlo() {
  printf 'EHLO=say:'
  while [ $# -gt 1 ]; do printf '250-%s\\r\\n' "$1"; shift; done
  printf '250 %s\\r\\n' "$1"
}
common="SIZE 37748736
PIPELINING
DSN
ENHANCEDSTATUSCODES"
IFS='
'
e2010=$(ehlo 'ex.example.net Hello [192.0.2.7]' $common 'X-ANONYMOUSTLS' 'AUTH NTLM LOGIN' 'X-EXPS GSSAPI NTLM' 8BITMIME BINARYMIME CHUNKING XEXCH50 XRDST)
e2013=$(ehlo 'ex.example.net Hello [192.0.2.7]' $common 'X-ANONYMOUSTLS' 'AUTH NTLM' 'X-EXPS GSSAPI NTLM' 8BITMIME BINARYMIME CHUNKING XEXCH50 XRDST XSHADOWREQUEST)
e2016=$(ehlo 'ex.example.net Hello [192.0.2.7]' $common 'X-ANONYMOUSTLS' 'X-EXPS GSSAPI NTLM' 8BITMIME BINARYMIME CHUNKING SMTPUTF8 XRDST XSHADOWREQUEST)
e2019=$(ehlo 'ex.example.net Hello [192.0.2.7]' $common 'X-ANONYMOUSTLS' 'AUTH GSSAPI NTLM' 'X-EXPS EXCHANGEAUTH GSSAPI NTLM' 'X-EXCHANGEAUTH SHA256' \
  8BITMIME BINARYMIME CHUNKING SMTPUTF8 XRDST XSHADOW XPROXYFROM XPROXY XOORG XMESSAGECONTEXT 'X-LINK2STATE')
online=$(ehlo 'DB5EUR.mail.protection.outlook.com Hello [192.0.2.7]' 'SIZE 157286400' PIPELINING DSN ENHANCEDSTATUSCODES 8BITMIME BINARYMIME CHUNKING SMTPUTF8)
unset IFS

# behind NAME RULE...: a port in front of such a server
behind() {
  name=$1; shift
  start_faultsink "$name" 'MAIL FROM:<late=say:451 4.7.0 Timeout waiting for client input\r\n' \
    'RCPT TO:<nobody=say:550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\r\n' "$@"
  S=$T/$name
  home "h$name" smtp 127.0.0.1 "$PORT"
  front "h$name"
}
run() { client "$PORT" > "$T/said"; }
offered() { { echo reply; echo 'line EHLO client.example.org'; echo reply; echo 'line QUIT'; echo eof; } | run; sed -n 's/^250[- ]//p' "$T/said" | sed 1d | cut -d' ' -f1 | sort | tr '\n' ' ' | sed 's/ $//'; }

for v in e2010 e2013 e2016 e2019 online; do
  eval "rule=\$$v"
  behind $v "$rule"
  auth=' AUTH' utf8=' SMTPUTF8'
  case $v in e2010|e2013) utf8= ;; e2016|online) auth= ;; esac
  same "8BITMIME$auth DSN ENHANCEDSTATUSCODES PIPELINING SIZE$utf8" "$v: what can pass is offered, and nothing else" offered
  letter | session | run
  ok "$v: a message goes through" grep -q ' clean ' "$S/ledger"
  { printf '%s\n' reply 'line EHLO client.example.org' reply
    for c in 'X-EXPS GSSAPI' X-ANONYMOUSTLS 'XEXCH50 1024 2' 'XSHADOW x' 'XSHADOWREQUEST x' 'XPROXY SID=1' 'XPROXYFROM SID=1' 'X-LINK2STATE LAST CHUNK={00}' 'XRDST x' XQDISCARD; do printf '%s\n' "line $c" reply; done
    printf '%s\n' 'line QUIT' eof; } | run
  same '10' "$v: its own verbs are unknown" grep -c '^50[0-4] ' "$T/said"
  same '' "$v: and it never hears of them" grep ' X' "$S/commands"
  { printf '%s\n' reply 'line EHLO client.example.org' reply 'line MAIL FROM:<a@example.org> BODY=BINARYMIME' reply \
    'line MAIL FROM:<a@example.org> XOORG=example.net' reply 'line MAIL FROM:<a@example.org> XSHADOW=x' reply \
    'line MAIL FROM:<a@example.org> SIZE=10 BODY=8BITMIME' reply 'line RCPT TO:<b@example.net> XRDST=x' reply \
    'line RCPT TO:<nobody@example.net>' reply 'line RCPT TO:<b@example.net>' reply 'line BDAT 5 LAST' reply 'line QUIT' eof; } | run
  same '250 5xx 5xx 5xx 250 5xx 550 250 5xx' "$v: neither are its parameters taken, nor messages in pieces, which end the session" \
    sh -c "sed -n 's/^\([0-9][0-9][0-9]\) .*/\1/p' $T/said | sed '1d; s/^50[0-9]/5xx/; s/^55[1-9]/5xx/' | tr '\n' ' ' | sed 's/ $//'"
  same '' "$v: none of that reaches it" grep 'BINARYMIME\|XOORG\|XSHADOW\|XRDST\|BDAT' "$S/commands"
  like '^550 5.1.10 RESOLVER.ADR.RecipientNotFound' "$v: its own words for an unknown user are the client's" cat "$T/said"
  letter late@example.net | sed 's/a@example.org/late@example.org/' | session | run
  like '^451 4.7.0 Timeout' "$v: so are those for now" cat "$T/said"
done

# What Exchange says when it has no room (back pressure), and behind the dot.
behind full "$e2019" 'DOT=say:452 4.3.1 Insufficient system resources (UsedVersionBuckets[SubmissionQueue])\r\n'
letter | session | run
like '^452 4.3.1 Insufficient system resources' 'back pressure: the client comes again' cat "$T/said"
behind size "$e2019" 'MAIL=say:552 5.3.4 Message size exceeds fixed maximum message size\r\n'
letter | session | run
like '^552 5.3.4 Message size exceeds' 'too large for it' cat "$T/said"
behind tarpit "$e2019" 'CONNECT=say:421 4.3.2 Service not available\x2c closing transmission channel\r\n,drop'
letter | session | run
like '^4[25]1 ' 'a server that is going down: the client comes again' cat "$T/said"
same '' 'and nothing was taken' grep '^250 2.0.0' "$T/said"
done_testing
