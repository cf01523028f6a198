#!/bin/sh
# What the client hears and where the message goes, by the verdict of the stages.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

start_sink sink
home h smtp 127.0.0.1 "$PORT"

delivered() { find "$T/sink/mail/new" -type f | wc -l; }
last() { find "$T/sink/mail/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2 | xargs cat; }
only() { : > "$W/port/control/pipeline"; stage "$@"; }
say() { message 'Subject: hello' '' text; }

# rcpt: to whom the last message went, as the sink writes it down
rcpt() { last | tr -d '\r' | sed -n 's/^X-Rcpt-Args: //p'; }

# outcome CODE REPLY VERDICT MORE NAME: a stage with that exit code
outcome() {
  only judge check "$1" '5.7.1 because'
  before=$(delivered)
  like "$2" "$5: what the client hears" say
  same "$3" "$5: the result in the mail log" column verdict
  same $((before + $4)) "$5: messages that went on" delivered
}

outcome 0 '^250 2.0.0 Ok' 'accept/deliver' 1 'deliver'
outcome 10 '^250 2.0.0 Ok' 'accept/deliver, junk' 1 'junk'
like '^Subject: \[SPAM\] hello' 'junk is marked in its subject' last
like '^X-CleanMail-Result: accept/deliver, junk; judge' 'and in its header' last
outcome 20 '^550 5.7.1 because ([0-9a-f.]*)$' 'reject/deliver' 1 'reject/deliver'
same '<b@example.net>' 'a refused message that is delivered goes to its recipient' rcpt
outcome 30 '^550 5.7.1 because' 'reject/redirect' 1 'reject/redirect'
same '<quarantine@example.net>' 'a redirected message goes to the quarantine alone' rcpt
like '^X-CleanMail-Recipient: <b@example.net>' 'and says whom it was for' last
outcome 40 '^250 2.0.0 ' 'accept/redirect' 1 'accept/redirect'
same '<quarantine@example.net>' 'accepted, too' rcpt
outcome 50 '^250 2.0.0 ' 'accept/delete' 0 'accept/delete'
like 'deleted by policy' 'a deletion is on record' tail -n 1 "$W/log/ledger"
outcome 99 '^250 2.0.0 Ok' 'accept/deliver, whitelisted' 1 'whitelisted'
outcome 100 '^550 5.7.1 because' 'reject/delete' 0 'reject/delete'
outcome 111 '^451 4' 'defer' 0 'defer'
outcome 1 '^451 4' 'defer' 0 'an unlisted code'

only judge check 1 '' on-error=deliver
like '^250 2.0.0 Ok' 'on-error=deliver delivers what no stage could judge' say
same 'accept/deliver, unknown result' 'as an unknown result' column verdict
same judge 'the mail log names the deciding stage' column stage
only judge check 0 ''
printf '#!/bin/sh\nkill -9 $$\n' > "$W/port/judge"
like '^451 4' 'a stage that is killed defers' say
rm "$W/port/judge"
like '^451 4' 'a stage that does not exist defers' say

only judge check 100 '5.7.1 mine'
mkdir -p "$W/port/control/reply"
echo '5.7.9 write to postmaster' > "$W/port/control/reply/judge"
like '^550 5.7.9 write to postmaster' 'control/reply/STAGE says what a refused client reads' say
rm "$W/port/control/reply/judge"; mkdir "$W/port/control/reply/judge"
like '^550 5.7.1 message refused (' 'one that cannot be read leaves nobody without an answer' say
like '^trouble .*unable to make the reply: ' 'and the log tells' tail -n 1 "$W/err"
rmdir "$W/port/control/reply/judge"
only judge check 100 "$(printf '2.0.0 fine\r250 yes')"
like '^550 5.7.1 ' 'a stage cannot turn a refusal into anything else' say
only judge check 10 '5.7.1 x
X-Spam-Flag: YES
Received: forged
X-CleanMail-Result: forged'
like '^250 ' 'a stage may add fields' say
like '^judge accept/deliver/junk [0-9]* -$' 'the mail log has what each stage said' column stages
like '^X-Spam-Flag: YES' 'its field is there' last
same 0 'but not ours, and not where it came from' sh -c "find '$T/sink/mail/new' -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2 | xargs grep -c forged"

# A large message, which does not stay in memory

large() { { echo 'Subject: hello'; echo; head -c 3000000 /dev/zero | tr '\0' x | fold -w 1000; echo; } > "$T/large"
  (cd "$W/port" && { printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA
    sed 's/$/\r/' "$T/large"; printf '.\r\nQUIT\r\n'; } | CM_HOME=$W cm-smtpd 2>> "$W/err" | tail -n 2 | head -n 1); }
only judge check 10 '5.7.1 because'
echo "$T/nowhere" > "$W/port/control/spool"
like '^452 4.3.1 no room' 'without a spool a message of 3 MB is to come later' large
like '^250 ' 'and a small one needs none' say
rm "$W/port/control/spool"
like '^250 ' 'a message of 3 MB passes the stages' large
# (The sink ends what it writes down with a line of its own.)
whole() { last | sed '1,/^Subject/d; $d' | tr -d '\r' | cksum; }
same "$(sed 1d "$T/large" | cksum)" 'and arrives as it was' whole
like '^Subject: \[SPAM\] hello' 'but for its subject' sh -c "find '$T/sink/mail/new' -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2 | xargs head -n 30"

# session FILE: the client's side of one that sends it
session() {
  printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA
  sed 's/^[.]/../' "$1"
  printf '.\r\nQUIT\r\n'
}

# Who the client is

printf '#!/bin/sh\necho "5.7.1 from $TCPREMOTEIP"\nexit 100\n' > "$W/port/judge"
echo 'judge check : ./judge' > "$W/port/control/pipeline"
through() { (cd "$W/port" && session "$T/dots" | env CM_HOME="$W" "$@" cm-smtpd 2>> "$W/err" | tail -n 2); }
printf 'Subject: x\r\n\r\n' > "$T/dots"
like '^550 5.7.1 from 192.0.2.7' 'a stage knows the client' through PROTO=TCP TCPREMOTEIP=192.0.2.7
like '^550 5.7.1 from 192.0.2.8' 'also through a server with other names' through PROTO=SSL SSLREMOTEIP=192.0.2.8
like '^550 5.7.1 from 192.0.2.9' 'or an inetd' through REMOTE_ADDR=192.0.2.9

# No stage changes what the next one reads

printf '#!/bin/sh\nprintf changed 2> /dev/null 1<> /proc/self/fd/0\nexit 0\n' > "$W/port/first"
printf '#!/bin/sh\n! grep -q changed || exit 100\n' > "$W/port/second"
chmod 755 "$W/port/first" "$W/port/second"
printf 'first check : ./first\n\nsecond check : ./second\n' > "$W/port/control/pipeline"
like '^250 ' 'a stage cannot change the message' say

# A rewriter

printf '#!/bin/sh\nsed s/text/TEXT/\necho 2.0.0 done >&3\n' > "$W/port/shout"
chmod 755 "$W/port/shout"
printf 'shout rewrite : ./shout\n' > "$W/port/control/pipeline"
like '^250 ' 'a rewriter is asked' say
like '^TEXT' 'its message is the one that goes on' last
printf '#!/bin/sh\nhead -c 3\n' > "$W/port/shout"
like '^451 4' 'half a message never does' say

# Bodies that nobody changed, and what cm-pipeline may say of them

# arrives FILE NAME: what is behind the header is what the sink is given
arrives() {
  body() { last | tr -d '\r' | sed '1,/^$/d; $d' | cksum; }
  session "$1" > "$T/said"
  like '^250 2.0.0' "$2" sh -c "cd '$W/port' && CM_HOME='$W' TCPREMOTEIP=192.0.2.1 cm-smtpd 2> /dev/null < '$T/said' | tail -n 2"
  same "$(tr -d '\r' < "$1" | sed '1,/^$/d' | cksum)" 'arrives as it was' body
}
printf 'Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\303\244\r\n\tend \r\n' > "$T/dots"
{ printf 'Subject: some\r\n\r\n'; seq 20000 | sed 's/$/ lines\r/'; } > "$T/some"
{ cat "$T/some"; echo '.dot' | sed 's/$/\r/'; seq 400000 | sed 's/$/ more\r/'; } > "$T/much"
printf '#!/bin/sh\ncat\n' > "$W/port/shout"
for stage in 'judge check : ./judge' 'shout rewrite : ./shout'; do
  printf '#!/bin/sh\nexit 10\n' > "$W/port/judge"
  echo "$stage" > "$W/port/control/pipeline"
  for kind in dots some much; do arrives "$T/$kind" "$stage, $kind"; done
done
like '^X-CleanMail-Result: accept/deliver$' 'under its new header' last

# lies SCRIPT NAME [WHY]: a cm-pipeline that reports something else
mkdir "$T/lies"
lies() {
  printf '#!/bin/sh\nprintf "2.0.0 ok\\nX-CleanMail-Result: accept/deliver\\n" >&3\n%s\n' "$1" > "$T/lies/cm-pipeline"
  chmod 755 "$T/lies/cm-pipeline"
  before=$(delivered)
  like '^451 4' "$2" env PATH="$T/lies:$PATH" sh -c "cd '$W/port' && CM_HOME='$W' cm-smtpd < '$T/said' 2> '$T/why' | tail -n 2"
  like "${3:-left no whole message}" 'is not believed' cat "$T/why"
  same "$before" 'and nothing goes on' delivered
}
session "$T/dots" > "$T/said"
whole='n=$(wc -c); b=$(($n - 22)); '
lies 'printf "A: b\r\n\r\n"' 'a report without a size'
lies 'printf "A: b\r\n\r\n"; echo X-CleanMail-Size: 9 >&3' 'one with another size'
lies "$whole"'printf "A: b\r\n\r\n"; printf "X-CleanMail-Size: %s\nX-CleanMail-Body: %s\n" $((8 + 22)) $(($b - 1)) >&3' 'one with a body from elsewhere'
lies "$whole"'printf "A: b\r\n\r\n"; printf "X-CleanMail-Size: %s\nX-CleanMail-Body: %s\n" $((7 + 22)) $b >&3' 'one with a header that is longer'
lies "$whole"'printf "X-CleanMail-Size: 22\nX-CleanMail-Body: %s\n" $b >&3' 'one without a header'
good='printf "A: b\r\n\r\n"; printf "X-CleanMail-Size: %s\nX-CleanMail-Body: %s\n" $((8 + 22)) $b >&3'
for end in 'exit 7' 'exit 255' 'kill -9 $$' 'printf X-Clean >&3' 'printf X-Clean >&3; exit 50' 'printf X-Clean >&3; exit 100' \
  ': > /proc/self/fd/3; exit 50' 'head -c 300000 /dev/zero | tr "\0" "\n" >&3; exit 50'; do
  lies "$whole$good; $end" "one that ends with $end" 'gave no verdict'
done
same '' 'nothing was deleted' grep -s 'deleted by policy: 2.0.0 ok' "$W/log/ledger"
printf '#!/bin/sh\nprintf "2.0.0 ok\\nX-CleanMail-Result: accept/deliver\\n" >&3\n%s\n' "$whole"'printf "A: b\r\n\r\n"; printf "X-CleanMail-Size: %s\nX-CleanMail-Body: %s\n" $((8 + 22)) $b >&3' > "$T/lies/cm-pipeline"
like '^250 2.0.0' 'the same without a lie is' env PATH="$T/lies:$PATH" sh -c "cd '$W/port' && CM_HOME='$W' cm-smtpd < '$T/said' 2> /dev/null | tail -n 2"
printf 'shout rewrite : ./shout\n' > "$W/port/control/pipeline"

# The store

only judge check 40 '5.7.1 because'
echo store > "$W/port/control/quarantine"
like '^250 2.0.0 ' 'a message for the store is accepted' say
stored() { cat "$W/$(column stored)"; }
like '^text' 'it is there' stored
before=$(delivered)
rm -rf "$W/store"
: > "$W/store"
like '^451 4' 'no store, no acknowledgement' say
same "$before" 'and nothing went to the upstream' delivered
rm "$W/store"
echo 1 > "$W/port/control/storefiles"
like '^250 2.0.0 ' 'a store with room for one takes one' say
like '^452 4.3.1 no room to keep the message' 'and no second one: it is full' say
same 1 'and what is in it stays' sh -c "ls '$W'/store/*.eml | wc -l"
echo x > "$W/port/control/storefiles"
like '^451 4' 'a limit that is no number is no limit' say
rm "$W/port/control/storefiles"
rm "$W/port/control/quarantine"
like '^451 4' 'no quarantine is named: 451' say
only judge check 50 '5.7.1 because'
rm -f "$W/log/ledger"
mkdir "$W/log/ledger"
like '^451 4' 'no ledger, no deletion' say
rmdir "$W/log/ledger"

# A program in place of the upstream

mkdir "$T/boxes"
echo "queue cm-maildir $T/boxes" > "$W/port/control/upstream"
: > "$W/port/control/pipeline"
like '^250 2.0.0 ' 'a message goes to a queue program' say
box() { cat "$T/boxes/b@example.net/new/"*; }
like '^text' 'it is in the maildir' box
same 0 'with LF at the ends of its lines' sh -c "cat '$T'/boxes/b@example.net/new/* | tr -dc '\r' | wc -c"
only judge check 10 '5.7.1 because'
like '^250 2.0.0 ' 'with filters, too' say
like '^Subject: \[SPAM\] hello' 'as they left it' box
for code in 11 31 40; do
  printf '#!/bin/sh\nexit %s\n' $code > "$W/port/queue"
  chmod 755 "$W/port/queue"
  echo "queue ./queue" > "$W/port/control/upstream"
  status=5.3.0; [ $code != 11 ] || status=5.1.3
  like "^554 $status " "a queue program that ends with $code refuses" say
done
same 'exit code 40: 5.3.0 the mail system behind this one refuses the message' 'and the mail log has the code' column upstream
for code in 1 51 81; do
  printf '#!/bin/sh\nexit %s\n' $code > "$W/port/queue"
  like '^451 4' "a queue program that ends with $code defers" say
done
printf '#!/bin/sh\nkill -9 $$\n' > "$W/port/queue"
like '^451 4' 'a queue program that is killed defers' say
like '^indoubt .*: crashed with' 'and is logged as in doubt: it may have the message' tail -n 1 "$W/err"
printf '#!/bin/sh\nexec sleep 60\n' > "$W/port/queue"
echo 1 > "$W/port/control/timeoutremote"
like '^451 4' 'so does one that does not end' say
like '^indoubt .*: did not end in time' 'which is in doubt, too' tail -n 1 "$W/err"
rm "$W/port/control/timeoutremote"
echo 'queue ./nothing' > "$W/port/control/upstream"
like '^451 4' 'a queue program that does not exist defers' say
like '^trouble ' 'and there is no doubt about it' tail -n 1 "$W/err"

done_testing
