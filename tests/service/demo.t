#!/bin/sh
# make demo and make run: what a stranger does first
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh

PORT=$(free_port) DEMO=$T/demo
bin=$(dirname "$(command -v cm-smtpd)")
BUILD=$(dirname "$bin")
export PORT DEMO BUILD
demo() { sh service/demo.sh demo > "$T/said" 2>&1; code=$?; [ $code = 0 ] || sed 's/^/# /' "$T/said"; return $code; }
demo; report $? 'the demonstration is as expected'
same 19 'nineteen messages go through it' sh -c "grep -c '^[a-z-]*  *[245][0-9][0-9] ' $T/said"
# stopped MESSAGE CODE VERDICT STAGE
stopped() { grep -q "^$1  *$2 .*  $3  *$4  " "$T/said"; }
ok 'one by STARTTLS' sh -c "grep -l 'with ESMTPS' $DEMO/mail/you@example.net/new/*"
ok 'a virus is stopped by cm-virusd' stopped virus 550 reject/delete virus
ok 'spam by spamd' stopped spam 550 reject/delete spam
ok 'a macro is cut out of a document called .docx' stopped macro 550 reject/deliver attach
ok 'a program in an archive in an archive is found' stopped nested 550 reject/delete attach
ok 'a forged sender by SPF and DMARC, with a real name server' stopped forged 550 reject/delete dmarc
like '^released  *550 .* reject/redirect .* mail/you@example.net/new/' 'what was released is in its mailbox' cat "$T/said"
like '^stage	attach	.*attachment removed' 'and one message is explained' cat "$T/said"
like '^cm-selftest: 1[0-9]* messages, 0 not as expected, 0 not filtered here' 'the port does all that it promises' cat "$T/said"
like '^Read again, each has the same bytes' 'and a mailbox is read by POP3, through the same filters' cat "$T/said"
like "^mailbox is empty" 'another mailbox is fetched by cm-fetch, and each letter is where it belongs' cat "$T/said"
like '^worm, local  *0  accept/deliver  *the real queue' 'and in the place of qmail-queue mail of this machine has its own filters' cat "$T/said"
like '^Three are in the mailbox\|is shown to root only' 'a Postfix asks them as well, by cm-milter' cat "$T/said"
like '^worm  *550 5\.7\.1 .* reject/delete  *attach ' 'each has a line with answer, verdict and stage' cat "$T/said"
like 'enemies' 'its last lines say how to look into the quarantine' \
  sh -c "$(sed -n 's/^  the quarantine //p' "$T/said")"
# engines: what the demonstration has started and not ended
engines() { pgrep -f "^[^ ]*(nsd|cm-virusd|spamd|perl) .*$DEMO"; }
same '' 'no engine goes on' engines
busy() { nc -z 127.0.0.1 "$PORT"; }
ok 'and nothing of it goes on' not busy

# A stage that lets everything pass must be seen.
mkdir -p "$T/build/bin"
ln -s "$bin"/* "$T/build/bin/"
rm "$T/build/bin/cm-filter-fields"
# Static, for its jail has no libraries.
echo 'int main(void) { return 0; }' | gcc -static -x c -o "$T/build/bin/cm-filter-fields" -
BUILD=$T/build sh service/demo.sh demo > "$T/said" 2>&1
same 1 'what is not as expected makes it fail' echo $?
like '^demo: two-senders: heard 250 .*, not 550' 'and is named' cat "$T/said"

run() { exec sh service/demo.sh run > "$T/said" 2>&1; }
background run
ok 'make run leaves a port' within 60 busy
ok 'with its engines' engines
ok 'which takes mail' swaks --silent 2 --server 127.0.0.1 --port "$PORT" --from you@client.example.org --to me@example.net
ok 'into a mailbox' sh -c "ls $DEMO/mail/me@example.net/new/*"
verdict 111 "demo: 127.0.0.1:$PORT is in use; another one: make demo PORT=2526" 'a port in use is an error' \
  sh service/demo.sh demo
kill "$PID"; kill "$PID" 2>/dev/null
ok 'and ends with its process' within 20 not busy
ok 'they too' within 20 not engines

done_testing
