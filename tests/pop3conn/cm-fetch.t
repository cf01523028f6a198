#!/bin/sh
# cm-fetch between a real Dovecot and mail servers.
. "$(dirname "$0")/fetch.sh"

provider
behind
for i in 1 2 3; do put $i; done

# A round ----------------------------------------------------------------------------

same 0 'letters are fetched' fetch
same 0 'in silence' sh -c "cat '$A/out' '$A/err' | wc -c"
same 'letter 1 letter 2 letter 3 ' 'and handed over, each once' delivered
same 0 'and deleted' letters
same '' 'and forgotten' states
same 1 'in one session' grep -c EHLO "$S/commands"
same 'MAIL FROM:<s1@example.org>' 'the sender is that of Return-Path' sh -c "sed -n 's/^1 \(MAIL FROM:<s1@example.org>\).*/\1/p' '$S/commands'"
same 3 'the recipient is the one of the account' grep -c '^1 RCPT TO:<joe@example.net>' "$S/commands"
like '^Received: from 127.0.0.1' 'there is a field about us' cat "$S/mail/1.1"
like '^X-CM-Fetch: [0-9a-f]\{32\}' 'and one that we know again' cat "$S/mail/1.1"
like '^\.a dot' 'the text is as it was' cat "$S/mail/1.1"
like ',POP3,.*,s1@example.org,joe@example.net,.*,letter 1,.*250 2.0.0' 'the mail log has a row for each' cat "${A%/*}/log/mail.csv"
same 0 'a mailbox without letters is no trouble' fetch
same 0 'nor does it cost a session with the mail server' sh -c "grep -c '^2' '$S/commands'; true"

for i in 4 5; do put $i; done
# script(1) is a terminal; what is on it in the end is nothing.
ok 'on a terminal letters are counted' sh -c 'CM_HOME=$1 script -qec "timeout 60 cm-fetch $2" "$2/seen" > /dev/null < /dev/null' script "${A%/*}" "$A"
like "$(printf '\rjoe [12]')" '... and who has them is named' cat "$A/seen"
like "$(printf '\r\033\\[K')" '... until all is done' cat "$A/seen"
rm "$A/seen"

# Several that do not fit into a buffer, in one group, and more than one group.
behind
for i in $(seq 40); do
  { printf 'Subject: %s\n\n' "$i"; yes "this is letter $i" | head -n 700; } | mail joe "$i"
done
same 0 'many letters are fetched' fetch
same 40 'each is handed over' sh -c "grep -c ' 250\$' '$S/ledger'"
mixed() {
  for f in "$S"/mail/*; do
    k=$(sed -n 's/^Subject: \([0-9]*\).*/\1/p' "$f")
    [ "$(tr -d '\r' < "$f" | grep -cx "this is letter $k")" = 700 ] || echo "letter $k"
    [ "$(grep -c '^this is' "$f")" = 700 ] || echo "letter $k"
  done
}
same '' 'with its own text' mixed
same 0 'and deleted' letters

# What is not taken -------------------------------------------------------------------

behind 'RCPT#2=say:550 5.1.1 no such user\r\n'
for i in 1 2 3; do put $i; done
same 1 'a refused letter has an exit code of its own' fetch
same 'letter 1 letter 3 ' 'the others go on' delivered
same 1 'and it stays in the mailbox' letters
same 'refused 1 ' 'is known as refused' states
like '^trouble .*is refused, and stays: 550 5.1.1 no such user' 'the log says so' cat "$A/err"
same 1 'there is one copy of it' sh -c "ls '${A%/*}'/store/*.eml | wc -l"
like '550 5.1.1 no such user' 'with the reason' sh -c "cat '${A%/*}'/store/*.env"
same 0 'another run does not try it again' fetch
same 'letter 1 letter 3 ' 'and hands over nothing' delivered
same 1 'and makes no other copy' sh -c "ls '${A%/*}'/store/*.eml | wc -l"
rm -f "$D/mail/joe/"*/* "$A/journal"
rm -rf "${A%/*}/store"; : > "${A%/*}/store"
behind 'RCPT=say:550 5.1.1 no such user\r\n'
put 1
same 111 'where no copy can be kept' fetch
same '' 'it does not count as refused: nobody would learn of it' states
rm "${A%/*}/store"
same 1 'until one can' fetch
same 'refused 1 ' 'then it does' states
rm -f "$D/mail/joe/"*/* "$A/journal"

behind 'DOT#2=say:451 4.3.0 later\r\n'
for i in 1 2 3; do put $i; done
same 111 'a 4xx ends the run' fetch
same 1 'nothing is sent behind it' sh -c "grep -c ' 250\$' '$S/ledger'"
same 2 'what was not taken is still in the mailbox' letters
same '' 'and nothing is known of it' states
behind
same 0 'the next run takes it' fetch
same 2 'and nothing else' sh -c "grep -c ' 250\$' '$S/ledger'"

set_control upstream 'smtp 127.0.0.1 1'
put 1
same 111 'without a mail server nothing happens' fetch
same 1 'to the letter' letters
like '^upstream-down ' 'and the log says why' cat "$A/err"

# Verdicts ---------------------------------------------------------------------------

stage() { printf 'stage check %s : %s\n' "$1" true > "$A/control/pipeline"; }
behind
stage 0=accept/redirect
set_control quarantine store
rm -rf "${A%/*}/store"
same 0 'a letter is redirected' fetch
same 1 'into the store' sh -c "ls '${A%/*}'/store/*.eml | wc -l"
same 0 'and leaves the mailbox' letters
same '' 'the server has none of it' delivered
put 1; set_control quarantine q@example.net
same 0 'or to an address' fetch
like 'RCPT TO:<q@example.net>' 'which gets it' cat "$S/commands"
like '^X-CleanMail-Recipient: <joe@example.net>' 'with whom it was for' sh -c "cat '$S'/mail/*"
behind; put 1; stage 0=reject/delete
same 0 'a letter is deleted' fetch
same 0 'and is gone' letters
like 'deleted by policy' 'which the ledger knows' cat "${A%/*}/log/ledger"
same '' 'and nobody has it' delivered
put 1; stage 0=reject/deliver
same 0 'reject/deliver delivers, for there is nobody to refuse' fetch
same 'letter 1 ' 'as it says' delivered
behind; put 1; stage 0=accept/junk
printf 'stage check 0=junk : true\n' > "$A/control/pipeline"
same 0 'junk is delivered' fetch
same '[SPAM] letter 1 ' 'and marked' delivered
behind; put 1; stage 0=defer
same 111 'what cannot be judged now stays' fetch
same 1 'in the mailbox' letters
rm -f "$A/control/pipeline"
same 100 'without a pipeline nothing is fetched' fetch
like 'control/pipeline' 'and the log names the file' cat "$A/err"
: > "$A/control/pipeline"
fetch > /dev/null

# Circles ------------------------------------------------------------------------------

behind
put 1 "X-CM-Fetch: $(sed -n '1s/cm-fetch 1 \([0-9a-f]*\) .*/\1/p' "$A/journal")"
put 2 "X-CM-Fetch: 00000000000000000000000000000000"
same 1 'a letter that came through here before is refused' fetch
same 'letter 2 ' 'but not one that came through another' delivered
like '5.4.6' 'and the log says why' cat "$A/err"
rm -f "$D/mail/joe/"*/* "$A/journal"
put 3 "$(for i in 1 2 3 4; do echo "Received: from a by b$i; x"; done)"
set_control maxhops 3
same 1 'and so is one that came through too many servers' fetch
rm -f "$D/mail/joe/"*/* "$A/control/maxhops"

# Files ---------------------------------------------------------------------------------

behind
put 1
chmod 644 "$A/control/password"
same 111 'a password that others can read is not used' fetch
like 'chmod 600' 'and the log says what to do' cat "$A/err"
chmod 600 "$A/control/password"
chown 65534 "$A/control/password"
CM_HOME=${A%/*} setpriv --bounding-set=-all cm-fetch "$A" > "$A/out" 2> "$A/err"
same 111 'one that it cannot read itself is not known' echo $?
like 'control/password cannot be read by this account: chown it' '... and the log says what to do' cat "$A/err"
chown 0 "$A/control/password"
echo wrong > "$A/control/password"
same 77 'a wrong password has an exit code of its own' fetch
rm -f "$A/control/password"
printf 'sh %s/secret\n' "$T" > "$A/control/passwordcommand"
# The first time a word that has run out, then the right one.
echo "if [ -e $T/once ]; then echo p; else echo old; : > $T/once; fi" > "$T/secret"
same 0 'a program that says the password is asked once more' fetch
same 0 'and then it is right' letters
echo exit 1 > "$T/secret"
same 111 'one that fails is no password' fetch
rm -f "$A/control/passwordcommand"; (umask 077 && echo p > "$A/control/password")
for f in server user upstream recipient; do
  mv "$A/control/$f" "$T/away"
  same 100 "without control/$f there is no account" fetch
  like "control/$f" 'and the log names the file' cat "$A/err"
  mv "$T/away" "$A/control/$f"
done
same 100 'a call without a directory is wrong' sh -c 'cm-fetch 2> /dev/null; echo $?'
same 100 'and so is a directory that is not there' sh -c "cm-fetch '$T/nowhere' 2> /dev/null; echo \$?"
same 111 'a server that is not there is tried again' sh -c "echo pop3 127.0.0.1 1 tls=no > '$A/control/server'; $(command -v timeout) 20 cm-fetch '$A' 2> /dev/null; echo \$?"

done_testing
