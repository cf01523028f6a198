#!/bin/sh
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"

# explains NAME PLAN: run it; what it says is in ./said
explains() {
  printf '%b\n' "$2" | plan
  ok "$1" sh -c 'cm-explain control/pipeline < message > said 2> log'
}

# cells NAME: the line of a stage without its milliseconds, with | for tabs
cells() { tr '\t' '|' < said | grep "^stage|$1|" | cut -d '|' -f 2-7,9-; }
fact() { sed -n "s/^$1	//p" said; }

same 'cm-explain: usage: cm-explain FILE < message
100' 'called wrongly' sh -c 'cm-explain; echo $?'
same 'cm-explain: no pipeline file control/pipeline
111' 'a missing file' sh -c 'cm-explain control/pipeline; echo $?'
echo 'a check' > control/pipeline
same 'cm-explain: control/pipeline:1: no : with blanks around it before the command
111' 'a broken file' sh -c 'cm-explain control/pipeline; echo $?'

explains 'an empty pipeline' ''
same 'message	41 bytes
result	accept/deliver
goes	to the recipients
reply	what the mail server answers' 'accepts' cat said

echo 'echo said so >&2; printf "5.7.1 bad\nX-CleanMail-Score: 7.2\nX-Spam: yes,\n\tvery\n"; exit 10' | stage adds
explains 'two paragraphs' 'a check : s0\nb check on-error=deliver : s1\n\nc check : adds\nd check max=1 : s0\ne check shadow : s100'
same 'a|1|accept/deliver|accept/deliver|0|0|-|5.7.1 code 0' 'what a stage says and counts' cells a
same 'b|1|broken|accept/deliver, unknown result|1|1|-|unknown exit code 1' 'what on-error makes of a broken one' cells b
same 'c|2|accept/deliver/junk|accept/deliver, junk|2|10|7.2|5.7.1 bad' 'its paragraph and score' cells c
same 'd|2|skipped-size|nothing|-|-|-|larger than its max=' 'why one was skipped' cells d
same 'e|2|shadow:reject/delete|nothing|-|100|-|5.7.1 code 100' 'that a shadow counts nothing' cells e
same 'accept/deliver, junk; c; 5.7.1 bad' 'the merge' fact result
same 'to the recipients, marked' 'where it goes' fact goes
same '[SPAM]' 'its tag' fact tag
same "X-Spam: yes, very" "its fields, in a row each" fact field
like '^stage - c said so$' 'what stages say on descriptor 2' cat log

echo 'printf "5.7.1 bad\nX-Spam: yes,\n\tvery\nX-Bulk: no\n"' | stage adds
explains 'two fields' 'a check : adds'
same 'X-Spam: yes, very
X-Bulk: no' 'are two rows' fact field

explains 'a refusal' 'a check : s30\n\nb check : s99\n\nc check : s0'
same '550 5.7.1 code 30' 'the reply' fact reply
same 'to the quarantine' 'and the quarantine' fact goes
same 'c|3|skipped-whitelisted|nothing|-|-|-|a stage before it whitelisted the message' 'who was skipped for trust' cells c
mkdir control/reply
echo 'ask our postmaster' > control/reply/a
explains 'a reply of our own' 'a check : s100\n\nb check : s0'
same '550 5.7.1 ask our postmaster' 'is the one in control/reply' fact reply
same 'nowhere' 'nobody gets it' fact goes
same 'b|2|skipped-deleted|nothing|-|-|-|a stage before it deletes the message' 'nothing more is run' cells b
printf 's\nx@y\n' > envelope
CM_ENVELOPE=$T/envelope CM_ID=7f explains 'with an envelope and an id' 'a check for=z@y : s100\nb check : s111'
same 'a|1|skipped-disabled|nothing|-|-|-|not for these recipients' 'a stage is not for its recipients' cells a
same '451 4.7.1 code 111 (7f)' 'the id is in the reply' fact reply
explains 'a deletion' 'a check : s50'
same '250 2.0.0 message accepted' 'tells the client nothing' fact reply
printf 'x check : s10\n' > control/inner
explains 'a pipeline within' 'in check : cm-pipeline control/inner'
same 'in/x|1|accept/deliver/junk|-|-|10|-|5.7.1 code 10' 'is told too' cells in/x

printf 'a check : s0\nlong-name check : s10\n' | plan
same 'stage      paragraph  verdict              counts as             rank  code  ms  score  why
a          1          accept/deliver       accept/deliver        0     0     N   -      5.7.1 code 0
long-name  1          accept/deliver/junk  accept/deliver, junk  2     10    N   -      5.7.1 code 10

message  41 bytes
result   accept/deliver, junk; long-name; 5.7.1 code 10
goes     to the recipients, marked
tag      [SPAM]
reply    what the mail server answers' 'a terminal gets columns' \
  sh -c 'script -qec "cm-explain control/pipeline < message" /dev/null | tr -d "\r" | sed "s/ms  *score/ms  score/; s/  [0-9]*  *-  *5/  N   -      5/"'
same 111 'what cannot be written is an error' sh -c 'cm-explain control/pipeline < message > /dev/full 2> log; echo $?'

done_testing
