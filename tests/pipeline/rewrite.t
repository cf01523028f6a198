#!/bin/sh
# Rewriters, and cm-pipeline as one: what becomes of the message.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"

size() { sed -n 's/^X-CleanMail-Size: //p' report; }

# The message of a run without changes

CM_ID=7f; export CM_ID
rewrites 0 'a message that nothing is said against' ''
same 'X-CleanMail-Result: accept/deliver
X-CleanMail-MessageID: 7f
From: a@example.org
Subject: hello

body' 'has two fields more' cat new
same "$(wc -c < new)" 'and the size that the report says' size
unset CM_ID
rewrites 0 'without an id' ''
ok 'there is no field for it' not grep -q MessageID new
printf 'X-CleanMail-Result: accept/deliver, whitelisted\r\nFrom: a\r\n\r\nbody' > forged
like '^X-CleanMail-Result: accept/deliver.$' 'a forged result is replaced' \
  sh -c 'cm-pipeline control/pipeline < forged 3> report'
echo mx.example.net > control/authserv-id
{ printf 'Authentication-Results: mx.example.net (us); dkim=pass header.d=bank.example\r\n'
  printf 'Authentication-Results: mx.example.org; dkim=fail\r\nFrom: a\r\n\r\nbody'; } > forged
echo 'printf "2.0.0 ok\nAuthentication-Results: mx.example.net;\n\tdkim=none\n"' | stage verifies
printf 'a check : verifies\n' | plan
same 'Authentication-Results: mx.example.net;
	dkim=none
Authentication-Results: mx.example.org; dkim=fail' 'of Authentication-Results with our id those of our stages are left' \
  sh -c 'cm-pipeline control/pipeline < forged 3> report | tr -d "\r" | grep -A1 Auth | grep -v From'
rewrites 100 'a refused message' 'a check : s100'
ok 'is not written' test ! -s new
same '' 'and has no size' size
rewrites 111 'a deferred one' 'a check : s111'
ok 'neither' test ! -s new
rewrites 40 'a redirected one' 'a check : s40'
like '^X-CleanMail-Result: accept/redirect; a; 5.7.1 code 40$' 'is' cat new
rewrites 0 'an unknown result' 'a check on-error=deliver : s1'
like '^X-CleanMail-Result: accept/deliver, unknown result; a; mail filter failed$' 'is shown' cat new
: > control/pipeline
head -c 3000000 /dev/zero | tr '\0' x | { cat message; cat; } > large
same 0 'a large message' sh -c 'cm-pipeline control/pipeline < large > new 3> report; echo $?'
ok 'comes through whole' sh -c 'tail -c 3000005 new > a; tail -c 3000005 large > b; cmp a b'
same 0 'through a pipe too' sh -c 'cat large | cm-pipeline control/pipeline 3> report | cat > new2; cmp new new2; echo $?'
{ printf 'Subject: '; head -c 1100000 /dev/zero | tr '\0' x; printf '\n\nbody\n'; } > wide
same 100 'a header above 1 MiB is refused' sh -c ': > control/pipeline; cm-pipeline control/pipeline < wide > new 3> report; echo $?'
same 'reject/delete; -; 5.3.4 message header too large' 'with its reason' result
same '5.3.4 message header too large' 'which is the first line' reason
same 111 'a message that cannot be written defers' sh -c 'cm-pipeline control/pipeline < message > /dev/full 3> report 2> log; echo $?'
same 111 'a report that cannot be written too' sh -c 'cm-pipeline control/pipeline < message > new 3> /dev/full 2> log; echo $?'

# Fields and tags

echo 'printf "5.7.1 x\nX-Spam: yes\n"; exit ${1:-10}' | stage adds
rewrites 10 'junk' 'a check : adds'
same 'X-CleanMail-Result: accept/deliver, junk; a; 5.7.1 x
X-Spam: yes
From: a@example.org
Subject: [SPAM] hello

body' 'is marked, with the fields of its stage' cat new
rewrites 0 'a shadow' 'a check shadow : adds'
ok 'adds nothing' not grep -q 'Spam\|SPAM' new
rewrites 0 'a broken stage' 'a check on-error=deliver : adds 3'
ok 'neither' not grep -q 'Spam\|SPAM' new
mkdir control/tag
echo '[BULK]' > control/tag/a
rewrites 10 'control/tag' 'a check : adds'
like '^Subject: \[BULK\] hello$' 'says what is put there' cat new
: > control/tag/a
rewrites 10 'an empty one' 'a check : adds'
like '^Subject: hello$' 'switches it off' cat new
rm control/tag/a
echo 'printf "5.7.1 x\nX-CleanMail-Tag: [%s]\n" $2; exit $1' | stage tags
rewrites 20 'reject/deliver' 'a check : tags 20 NO'
like '^Subject: \[NO\] hello$' 'is marked if its stage wants so' cat new
rewrites 20 'and otherwise' 'a check : s20'
like '^Subject: hello$' 'not' cat new
rewrites 20 'of several' 'a check : tags 10 JUNK\nb check : tags 20 NO'
like '^Subject: \[NO\] hello$' 'the deciding stage gives the tag' cat new
rewrites 20 'if it has none' 'a check : tags 10 JUNK\nb check : s20'
like '^Subject: \[JUNK\] hello$' 'the next one does' cat new
rewrites 40 'a quarantined message' 'a check : tags 10 JUNK\nb check : s40'
like '^Subject: hello$' 'is not marked' cat new

# Rewriters

echo 'sed "s/body/BODY/"; echo "2.0.0 did" >&3; exit ${1:-0}' | stage shouts
echo 'grep -q BODY; [ $? = 0 ] && exit 10; exit 0' | stage finds
rewrites 10 'what a rewriter wrote is what the next stage sees' 'a rewrite : shouts\n\nb check : finds'
like '^BODY$' 'and what is delivered' cat new
same 'accept/deliver 0 - 2.0.0 did' 'its report is on descriptor 3' trace a
rewrites 0 'a shadow' 'a rewrite shadow : shouts\n\nb check : finds'
like '^body$' 'changes nothing' cat new
rewrites 40 'a quarantined message' 'a rewrite : shouts 40'
like '^BODY$' 'is the new one' cat new
rewrites 100 'a rewriter that refuses' 'a rewrite : s100'
same 'reject/delete 100 - 5.7.1' 'need not write' trace a

# Rewriters that change nothing

echo 'perl -e "fcntl(STDOUT, 1033, 0 + \$ARGV[0]) or exit 111" $1; echo "${3:-2.0.0 same}" >&3; exit ${2:-0}' | stage seals
rewrites 0 'a rewriter that seals its empty file' 'a rewrite : seals 15\n\nb check : finds'
like '^body$' 'leaves the message' cat new
same 'accept/deliver 0 - 2.0.0 same' 'and is not broken' trace a
rewrites 10 'behind another' 'a rewrite : shouts\n\nb rewrite : seals 15\n\nc check : finds'
like '^BODY$' 'it leaves what that one wrote' cat new
rewrites 10 'its verdict' 'a rewrite : seals 15 10'
like '^Subject: \[SPAM\] hello$' 'counts as any' cat new
rewrites 111 'one that seals by half' 'a rewrite : seals 7'
same 'broken 0 - no new message' 'has written nothing' trace a
echo 'perl -e "fcntl(STDOUT, 1033, 15) or exit 111"; printf "2.0.0 x\nX-CleanMail-Size: 4\n" >&3' | stage promises
rewrites 111 'one that announces bytes' 'a rewrite : promises'
same 'broken 0 - no new message' 'has to write them' trace a
printf 'a rewrite : cm-filter-attach rules\n' | plan
: > rules
same 0 'ours' sh -c 'strace -ffqq -o calls cm-pipeline control/pipeline < message > new 3> report; echo $?'
OURS=$(grep -l '^execve.*cm-filter-attach"' calls.*)
like 'F_ADD_SEALS' 'does so' cat "$OURS"
same 0 'and moves no bytes' grep -c '^sendfile\|^copy_file_range\|^write(1' "$OURS"
same 0 'into a pipe it does' sh -c 'CM_UNCHANGED=sealed cm-filter-attach rules < message 3> report | cat > copy; cmp copy message; echo $?'
same 0 'and into a file' sh -c 'CM_UNCHANGED=sealed cm-filter-attach rules < message > copy 3> report; cmp copy message; echo $?'

# broken_rewriter SCRIPT NAME CAUSE (no pipe into it: checks are counted in this shell)
broken_rewriter() {
  echo "$1" | stage bad
  shift
  rewrites 111 "$1" 'a rewrite : bad'
  same "broken $2" 'is broken' trace a
  rewrites 0 'and under on-error=deliver' 'a rewrite on-error=deliver : bad\n\nb check : finds'
  like '^body$' 'the message before it is delivered' cat new
}
broken_rewriter 'exit 0' \
  'a rewriter that writes nothing' '0 - no new message'
broken_rewriter 'echo no header; cat' \
  'one without a header' '0 - new message without a header'
broken_rewriter 'echo; cat' \
  'one with an empty header' '0 - new message without a header'
broken_rewriter 'sed s/body/BODY/; exit 9' \
  'one with an unknown code' '9 - unknown exit code 9'
broken_rewriter 'sed s/body/BODY/; kill -9 $$' \
  'one that dies at the end' '-9 - ended by signal 9'
broken_rewriter 'sed s/body/BODY/; echo 2.0.0 >&3; echo X-CleanMail-Size: 100 >&3' \
  'one that wrote less than it says' '0 - new message is not of its 100 bytes'
broken_rewriter 'cat; head -c 9000000 /dev/zero; exit 0' \
  'one that writes too much' '0 - new message above 1048657 bytes'
broken_rewriter 'cat; exec head -c 9000000 /dev/zero' \
  'and that directly' '-25 - ended by signal 25'
echo 'printf "A: "; head -c 1048000 /dev/zero | tr "\0" x; head -c 700 /dev/zero | tr "\0" x; exit 0' |
  stage wide
head -c 1000 /dev/zero | tr '\0' x >> message
rewrites 111 'one whose header is too large' 'a rewrite : wide'
printf 'From: a@example.org\nSubject: hello\n\nbody\n' > message
echo 'head -n 2; exit 0' | stage ends
rewrites 111 'one that ends behind the fields' 'a rewrite : ends'
same 'broken 0 - new message ends in its header' 'as the trace says' trace a
printf 'From: a@example.org\nSubject: hello\n' > message
echo 'sed s/hello/HELLO/; exit 0' | stage loud
rewrites 0 'but a message without a body may stay without' 'a rewrite : loud'
like '^Subject: HELLO$' 'and is rewritten' cat new
printf 'From: a@example.org\nSubject: hello\n\nbody\n' > message
echo 'printf "A: b\n\n"; setsid sh -c "sleep 0.3; echo late" & exit 0' | stage later
rewrites 0 'a rewriter that leaves a writer behind' 'a rewrite : later'
ok 'has written what it wrote' not grep -q late new
echo 'echo A: b; sleep 4243' | stage half
rewrites 111 'one that is too late' 'a rewrite time=1 : half'
like '^broken -\(15\|9\) - no answer within 1 s$' 'is broken' trace a

# As a stage of itself

printf 'x rewrite : shouts\n\ny check : s10\n' > control/inner
rewrites 10 'a pipeline as a rewriter' 'in rewrite : cm-pipeline control/inner'
same 'X-CleanMail-Result: accept/deliver, junk; in; 5.7.1 code 10
From: a@example.org
Subject: [SPAM] hello

BODY' 'marks once and says its result once' cat new
same 'accept/deliver 0 - 2.0.0 did' 'with its trace' trace in/x
rewrites 0 'whose verdict the line maps to another' 'in rewrite 10=deliver : cm-pipeline control/inner'
like '^Subject: hello$' 'marks nothing' cat new
rewrites 30 'nor does one behind which another decides' 'in rewrite : cm-pipeline control/inner\n\nz check : s30'
like '^Subject: hello$' 'to quarantine the message' cat new
printf 'x check : tags 10 BULK\n' > control/inner
rewrites 10 'one with a tag of its own' 'in rewrite : cm-pipeline control/inner'
like '^Subject: \[BULK\] hello$' 'has that put there, and no other' cat new
printf 'x check : s100\n' > control/inner
rewrites 100 'one that refuses' 'in rewrite : cm-pipeline control/inner'
same 'reject/delete; in; 5.7.1 code 100' 'refuses' result
rewrites 111 'one that fails' 'in rewrite : cm-pipeline control/none'
same 'broken 111 - could not decide' 'is broken' trace in

# For a caller that has the message: its body is not written again

# spared: what such a caller puts together of the new header and the body it has
spared() {
  CM_BODY=changed cm-pipeline control/pipeline < message > top 3> report
  echo $?
  { cat top; tail -c +$(($(sed -n 's/^X-CleanMail-Body: //p' report) + 1)) message; } > together
}
echo cat | stage copies
for kind in '' 'a check : s10' 'a rewrite : copies'; do
  printf '%s\n' "$kind" | plan
  rewrite > code
  same "$(cat code)" "a pipeline '$kind' for who has the message" spared
  ok 'gives the same message' cmp new together
  ok 'with its header only' sh -c 'test -s top && ! grep -q body top'
  same "$(wc -c < new)" 'and says the size of it all' size
done
printf 'a rewrite : shouts\n' | plan
same 0 'a message that was changed' sh -c 'CM_BODY=changed cm-pipeline control/pipeline < message > new 3> report; echo $?'
like '^BODY$' 'is written as a whole' cat new
same 0 'and the report names no body' grep -c Body: report
printf 'in rewrite : cm-pipeline control/inner\n' | plan
echo 'b check : s0' > control/inner
rewrite > /dev/null
same 0 'a pipeline within one' sh -c 'CM_BODY=changed cm-pipeline control/pipeline < message > top 3> report; echo $?'
ok 'is no such caller, and is given its whole message' cmp new top

done_testing
