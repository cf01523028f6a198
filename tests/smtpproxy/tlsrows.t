#!/bin/sh
# Faults of TLS by the rows of the matrix, with the nine oracles behind each: what was asked
# for in tls.t and tlsupstream.t is asked here by clients and upstreams that are recorded.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../tls.sh"
. "$(dirname "$0")/../matrix.sh"

arena_tls 127.0.0.1 -w 2
echo 2 > "$T/control/timeoutconnect"
# secured RULE...: an upstream with which TLS must be spoken
secured() { behind "$@"; control upstream "smtp 127.0.0.1 $PORT tls=must"; }
offer='EHLO=say:250-sink\r\n250 STARTTLS\r\n'
refused='220 250 451 503 503 221 closed'

row 17 'STARTTLS cannot be had behind us'
secured
heard "$refused" 'stripped from what is offered' letter
secured "$offer" 'STARTTLS=say:454 4.7.0 not now\r\n'
heard "$refused" 'refused' letter
committed 0 'nothing goes in clear'
same '' 'not a word of it' grep -h MAIL "$T"/sink*/commands

row 18 'bytes behind STARTTLS from the upstream, and a handshake that fails'
for rule in 'say:220 go ahead\r\n250-injected\r\n250 8BITMIME\r\n,stall' 'say:220 go ahead\r\n,stall' \
  'say:220 go ahead\r\n,drop' 'say:220 go ahead\r\n,rst'; do
  secured "$offer" "STARTTLS=$rule"
  heard "$refused" "$rule" letter
  committed 0 'nothing goes in clear'
done

row 27 'the client is lost in the handshake'
behind
lost() { printf '%s\n' reply 'line EHLO x' reply 'line STARTTLS' reply "$@"; }
for end in close rst; do
  heard '220 250 220' "after STARTTLS: $end" bare lost $end
  heard '220 250 220' "in it: $end" bare lost 'send \x16\x03\x01\x02\x00\x01' $end
done
heard '220 250 220 closed' 'it stalls' bare lost 'send \x16\x03\x01\x02\x00\x01' eof
quiet_port
committed 0 'nothing is delivered'
heard '220 250 250 250 354 250 221 closed' 'the next client is served' letter
committed 1 'and its message comes'

row 42 'a client puts commands behind STARTTLS'
behind
injected() { printf '%s\n' reply 'line EHLO x' reply 'send STARTTLS\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n' reply eof; }
heard '220 250 501 closed' 'in one packet' bare injected
behind_it() { lost 'send MAIL FROM:<evil@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n' eof; }
heard '220 250 220 closed' 'behind the answer' bare behind_it
quiet_port
committed 0 'none of them runs'
same '' 'nobody behind us hears of it' grep evil "$S/commands"

rows_done
