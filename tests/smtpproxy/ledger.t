#!/bin/sh
# Every message is accounted for: what was acknowledged is in the mail server, in the
# store, or in the ledger of deletions, once and nowhere else.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
need_peers

codes='0 10 20 30 40 50 100 111'

# A stage that answers with the code in the sender's name.
wanted() {
  cat > "$W/port/wanted" <<'!'
#!/bin/sh
code=${SENDER#*-}
echo "4.7.1 as the sender wishes"
exit "${code%@*}"
!
  chmod 755 "$W/port/wanted"
  echo 'wanted check : ./wanted' > "$W/port/control/pipeline"
}

# load COUNT PARALLEL: send them; who heard what goes to $T/heard
load() { perl tests/tools/mailload "$PORT" "$1" "$2" $codes > "$T/heard"; }

# answered CLASS CODE...: the senders of these codes that heard CLASS
answered() {
  class=$1; shift
  for code in "$@"; do sed -n "s/^<\(m[0-9]*-$code@example.org\)> $class.*/\1/p" "$T/heard"; done | sort
}

# -- many at once, without filters

start_postfix postfix
home plain smtp 127.0.0.1 "$PORT"
front plain
ok 'smtp-source sends 200 messages from ten clients' \
  smtp-source -s 10 -m 200 -l 3000 -f a@example.org -t b@example.net "127.0.0.1:$PORT"
same 200 'and Postfix has 200' received postfix
ok 'swaks sends one' swaks -s "127.0.0.1:$PORT" -f a@example.org -t b@example.net --silent 2
same 201 'and Postfix has it' received postfix

# -- every verdict, into a real mail server, with a store

start_postfix upstream
UPSTREAM=$PORT
home h smtp 127.0.0.1 "$UPSTREAM"
echo store > "$W/port/control/quarantine"
wanted
front h
load 160 4
same 160 'each message has its answer' grep -c . "$T/heard"
received upstream > /dev/null
find "$T/upstream/mail/new" -type f -exec sed -n '1s/^Return-Path: <\(.*\)>/\1/p' {} \; | sort > "$T/came"
find "$T/h/store" -name '*.eml' -exec sed -n 's/^From: <\(.*\)>\r*/\1/p' {} \; | sort > "$T/stored"
sed -n 's/.* <\(m[^>]*\)> .* deleted by policy: .*/\1/p' "$T/h/log/ledger" | sort > "$T/deleted"

same 80 'half of them are acknowledged' sh -c "grep -c '> 250 ' $T/heard"
same "$(answered 250 0 10)" 'accepted and delivered: in the mail server, once' \
  grep -E -e '-(0|10)@' "$T/came"
same "$(answered 5 20)" 'refused and delivered: likewise' grep -e '-20@' "$T/came"
same 60 'and nothing else is there' grep -c . "$T/came"
same "$(answered 250 40)" 'accepted and redirected: in the store, once' grep -e '-40@' "$T/stored"
same "$(answered 5 30)" 'refused and redirected: likewise' grep -e '-30@' "$T/stored"
same 40 'and nothing else is there' grep -c . "$T/stored"
same "$(answered 250 50)" 'accepted and deleted: recorded, once' cat "$T/deleted"
same "$(answered 5 100 | wc -l)" 'refused and deleted: 20' echo 20
same "$(answered 4 111 | wc -l)" 'deferred: 20' echo 20
same "$(grep -c '> 250 ' "$T/heard")" 'acknowledged = in the server + in the store + deleted by policy' \
  sh -c "cat $T/came $T/stored $T/deleted | grep -cE -e '-(0|10|40|50)@'"

# -- the quarantine as an address

start_postfix quarantine
home q smtp 127.0.0.1 "$PORT"
wanted
front q
codes='0 30 40' load 30 3
same 30 'with an address for quarantine all are in the server' received quarantine
to() { find "$T/quarantine/mail/new" -type f -exec grep -l "^Delivered-To: $1" {} + | xargs sed -sn '1s/^Return-Path: <\(.*\)>/\1/p' | sort; }
same "$(answered 250 0)" 'delivered ones to their recipient' to b@example.net
same "$({ answered 250 40; answered 5 30; } | sort)" 'redirected ones to that address' to quarantine@example.net

# -- a server that breaks down all the time

start_faultsink bad DOT#2=drop DOT#4=rst 'MAIL#3@5=drop' 'RCPT@7=drop' 'DATA#2@9=stall' 'DATA@11=rst' \
  'DOT@13=say:450 4.3.0 later\r\n' 'DOT@15=say:25,drop' 'CONNECT@17=drop' 'DOT@19=say:550 5.0.0 no\r\n'
home f smtp 127.0.0.1 "$PORT"
echo 8 > "$W/port/control/timeoutremote"
front f
codes=0 load 200 4
same 200 'each message has its answer' grep -c . "$T/heard"
sed -n 's/^[0-9]* <\(m[^>]*\)> .* 250$/\1/p' "$T/bad/ledger" | sort > "$T/came"
same "$(answered 250 0)" 'acknowledged is what the server took and said so' cat "$T/came"
same "$(grep -cE '(drop|rst)$' "$T/bad/ledger")" \
  'and each one it took without a word is logged as in doubt' grep -c '^indoubt ' "$T/f/err"

done_testing
