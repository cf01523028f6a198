#!/bin/sh
# A pipeline told stage by stage.
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111
mkdir -p control/reply port
CM_HOME=$T
export CM_HOME

# stage NAME CODE REPORT: an executable $T/NAME that answers so
stage() {
  printf '#!/bin/sh\nprintf "%%b\\n" "%s"\nexit %s\n' "$3" "$2" > "$1"
  chmod 755 "$1"
}
stage good 0 ''
stage trust 99 '2.0.0 a friend'
stage spam 10 '5.7.1 looks like spam\nX-Spam-Flag: YES\nX-CleanMail-Score: 7.2'
stage bad 100 '5.7.1 no'
printf 'From: a\nSubject: x\n\ntext\n' > message

# facts PIPELINE-LINE...: what is told, without the milliseconds
facts() {
  printf '%b\n' "$@" > pipeline
  cm-explain pipeline < message 2>/dev/null | awk -F '\t' -v OFS='\t' '$1 == "stage" { $5 = "MS" } 1'
}
tab=$(printf '\t')
told() { want=$1; name=$2; shift 2; same "$(printf '%b' "$want")" "$name" facts "$@"; }

told 'message\t25
stage\tone\taccept/deliver\t0\tMS\t-\t-
result\taccept/deliver
reply\t250 2.0.0 message accepted' 'a message that nobody minds' 'one check : ./good'

told 'message\t25
stage\tone\taccept/deliver\t0\tMS\t-\t-
stage\ttwo\taccept/deliver/junk\t10\tMS\t7.2\t5.7.1 looks like spam
field\tX-Spam-Flag: YES
tag\t[SPAM]
result\taccept/deliver, junk; two; 5.7.1 looks like spam
reply\t250 2.0.0 message accepted' 'junk, with its score, field and tag' 'one check : ./good' 'two check : ./spam'

told 'message\t25
stage\tfriends\taccept/deliver/whitelisted\t99\tMS\t-\t2.0.0 a friend
stage\tspam\tskipped-whitelisted\t-\tMS\t-\tthe message is whitelisted, and it is not marked always
stage\tlarge\tskipped-size\t-\tMS\t-\tthe message is larger than its max=
stage\tbad\treject/delete\t100\tMS\t-\t5.7.1 no
stage\tlast\tskipped-deleted\t-\tMS\t-\tnot started: the message is deleted already
result\treject/delete; bad; 5.7.1 no
reply\t550 5.7.1 no' 'what was skipped, and why' \
  'friends check : ./trust' '' 'spam check : ./spam' '' 'large check always max=10 : ./bad' '' \
  'bad check always : ./bad' '' 'last check always : ./spam'

told 'message\t25
stage\tgone\tbroken\t-\tMS\t-\tunable to start ./nothing: No such file or directory
result\tdefer; gone; 4.3.0 mail filter failed
reply\t451 4.3.0 mail filter failed' 'a broken stage' 'gone check : ./nothing'

told 'message\t25
stage\tguess\tshadow:reject/delete\t100\tMS\t-\t5.7.1 no
result\taccept/deliver
reply\t250 2.0.0 message accepted' 'a shadow does not count' 'guess check shadow : ./bad'


printf 'a@example.org\nb@example.net\n' > envelope
CM_ENVELOPE=$T/envelope
export CM_ENVELOPE
told 'message\t25
stage\tbad\tskipped-disabled\t-\tMS\t-\tcheck disabled for these recipients
result\taccept/deliver
reply\t250 2.0.0 message accepted' 'a stage that is for other recipients' 'bad check for=*@example.com : ./bad'

printf 'in check : ./bad\n' > inner
like "^stage${tab}outer/in${tab}reject/delete${tab}100${tab}" 'the stages of a pipeline within are told' facts 'outer check : cm-pipeline inner'
echo '5.7.9 ask the postmaster' > control/reply/bad
like '^reply.550 5.7.9 ask the postmaster' 'the reply is the one that the port has for the stage' facts 'bad check : ./bad'

terminal() { printf 'one check : ./good\ntwo check : ./spam\n' > pipeline; script -qec 'cm-explain pipeline < message' /dev/null | tr -d '\r'; }
like '^STAGE  VERDICT              CODE  MS *SCORE  REASON$' 'a terminal gets a table' terminal
like '^two    accept/deliver/junk  10    [0-9]* *7.2    5.7.1 looks like spam$' 'with columns' terminal

verdict 100 'cm-explain: usage: cm-explain PIPELINE < message' 'a wrong call says how' cm-explain < message
verdict 111 'cm-explain: no pipeline file nothing' 'a missing pipeline' cm-explain nothing < message
echo 'x chick : true' > pipeline
like '^cm-explain: pipeline:1: ' 'a broken one is told with its line' cm-explain pipeline

done_testing
