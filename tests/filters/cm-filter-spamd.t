#!/bin/sh
# With a real spamd, started here, its own and without network; and with a peer
# that makes the mistakes no real one makes.
. "$(dirname "$0")/../daemons.sh"

# message LINE...: one with these lines as its body
message() {
  printf '%s\r\n' 'From: joe@example.org' 'To: ann@example.net' 'Subject: hello' \
    'X-Spam-Flag: NO' 'Date: Sat, 21 Nov 2026 15:00:00 +0000' 'Message-ID: <1.2.3@example.org>' '' "$@"
}
# The pattern that every SpamAssassin takes for spam, in pieces.
gtube='XJS*C4JDBQADN1.NSBN3*2IDNEN*'GTUBE-STANDARD-'ANTI-UBE-TEST-EMAIL*C.34X'
message hello > ham
message "$gtube" > gtube
message 'this is worth 6 points' > six

if ! command -v spamd >/dev/null; then
  echo '1..0 # SKIP spamd is not installed'
  exit 0
fi
start_spamd 'required_score 5.0' 'rewrite_header Subject [SA _SCORE_]' 'use_bayes 0' 'report_safe 0' \
  'add_header spam Flag _YESNOCAPS_' 'body WORTH_SIX /worth 6 points/' 'score WORTH_SIX 6.5' \
  'body WORTH_LESS /worth less/' 'score WORTH_LESS -2'

S=$T/socket
ask() { cm-filter-spamd "$S" "$@" 3>&-; }
# reason CODE TEXT NAME COMMAND...: the first line of what it says
first() { "$@" > first 2>&1; code=$?; sed -n 1p first; return $code; }

verdict 0 '2.0.0 score 0.0 of 5.0' 'a plain message passes' first ask < ham
like '^X-Spam-Status: No, score=0.0 required=5.0 tests=none$' 'and gets its status' cat first
like '^X-CleanMail-Score: 0.0$' 'the score is for the log' cat first
ok 'it has no flag' not grep -q '^X-Spam-Flag' first
verdict 10 '5.7.1 spam, score 1000.0 of 5.0: GTUBE' 'the test pattern is junk' first ask < gtube
like '^X-Spam-Flag: YES$' 'and flagged' cat first
verdict 10 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX
X-CleanMail-Score: 6.5
X-Spam-Flag: YES
X-Spam-Status: Yes, score=6.5 required=5.0 tests=WORTH_SIX
X-Spam-Level: ******
X-Spam-Score: 6.5' 'a score at spamd is a score here' ask < six
message 'worth less' > less
verdict 0 '2.0.0 score -2.0 of 5.0: WORTH_LESS
X-CleanMail-Score: -2.0
X-Spam-Status: No, score=-2.0 required=5.0 tests=WORTH_LESS
X-Spam-Level: 
X-Spam-Score: -2.0' 'it may be below zero' ask < less
same 1 'and the status is what sieve scripts read' \
  sh -c 'cm-filter-spamd "$0" 3>&- < less | grep -cE "score=(-?[0-9]+\.[0-9]+) required=([0-9]+\.[0-9]+)"' "$S"
piped() { cat six | ask; }
verdict 10 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'the message may come through a pipe' first piped
verdict 0 '2.0.0 score 6.5 of 7.5: WORTH_SIX' 'required= is our own threshold' first ask required=7.5 < six
verdict 10 '5.7.1 spam, score 6.5 of 6.5: WORTH_SIX' 'which is reached by equal points' first ask required=6.5 < six
verdict 100 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'drop= refuses from there on' first ask drop=6.5 < six
verdict 10 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'and not below' first ask drop=6.6 < six
verdict 40 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'spam= is another verdict' first ask spam=accept/redirect < six
verdict 100 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'drop= goes before it' first ask spam=accept/redirect drop=6 < six

# the subject tag
ok 'without control/spamtag the runner tags' not grep -q X-CleanMail-Tag first
echo '[SPAM _SCORE_/_REQD_ _SCORE]' > control/spamtag
tagged() { ask < "$1" | grep -c '^X-CleanMail-Tag: \[SPAM 6.5/5.0 _SCORE\]$'; }
same 1 'control/spamtag has the score in it' tagged six
same 0 'and is for spam only' tagged less
printf 'spam check 20=junk : cm-filter-spamd %s\n' "$S" > control/pipeline
cm-pipeline control/pipeline < six > new 3> report; code=$?
same 10 'in a pipeline it is junk' echo $code
same 'X-Spam-Flag: YES' 'with one flag, and not that of the sender' sh -c "tr -d '\\r' < new | grep -i ^x-spam-flag"
like '^Subject: \[SPAM 6.5/5.0 _SCORE\] hello' 'and the tag' cat new
printf 'spam rewrite : cm-filter-spamd %s\n' "$S" > control/rewrite
cm-pipeline control/rewrite < six > new 3> report; code=$?
same 10 'as a rewriter, too' echo $code
like '^X-Spam-Report:' 'with the message that SpamAssassin made' cat new
printf 'spam check on-error=deliver : cm-filter-spamd %s/none\n' "$T" > control/none
cm-pipeline control/none < six > new 2> log 3> report; code=$?
same 0 'trouble is what on-error says' echo $code
like '^X-CleanMail-Result: accept/deliver, unknown result' 'and never clean' cat report
through() { CM_ID= cm-explain control/pipeline < six 2>&1; }
like '^stage.*spam.*6\.5' 'cm-explain shows the score' through
rm control/spamtag

# size
verdict 0 '2.0.0 not checked: larger than max=100' 'a message above max= is not sent there' ask max=100 < six
{ cat ham; yes "some more words" | head -c 262144; } > large
verdict 0 '2.0.0 not checked: larger than max=256k' 'nor one above 256 KB' ask < large
verdict 0 '2.0.0 score 0.0 of 5.0' 'unless told so' first ask max=1m < large

# rewriting
rewrite() { cm-filter-spamd "$S" "$@" > new 3> report; code=$?; cat report; return $code; }
verdict 10 "5.7.1 spam, score 6.5 of 5.0
X-CleanMail-Score: 6.5
X-CleanMail-Size: $(rewrite < six > /dev/null; wc -c < new)" 'a rewriter says what it wrote' rewrite < six
like '^Subject: \[SA 6.5\] hello' 'the message is what SpamAssassin made of it' cat new
like '^X-Spam-Flag: YES' 'with its own fields' cat new
same 1 'that of the sender is gone' grep -c '^X-Spam-Flag' new
verdict 0 '2.0.0 not checked: larger than max=100' 'a large one is passed on' rewrite max=100 < six
ok 'as it is' cmp six new

# trouble
verdict 111 "cm-filter-spamd: unable to reach spamd at $T/none: No such file or directory" \
  'no spamd is no verdict' cm-filter-spamd "$T/none" < six
echo "$T/none" > control/spamd
verdict 111 "cm-filter-spamd: unable to reach spamd at $T/none: No such file or directory" \
  'control/spamd says where it is' cm-filter-spamd < six
verdict 10 '5.7.1 spam, score 6.5 of 5.0: WORTH_SIX' 'an argument goes before it' first ask < six
usage='cm-filter-spamd: usage: cm-filter-spamd [ADDRESS] [drop=SCORE] [max=SIZE] [required=SCORE] [spam=VERDICT] [user=NAME]'
verdict 111 "$usage" 'a word that is nothing is an error' ask what < six
verdict 111 "$usage" 'so is a setting that is none' ask what=5 < six
verdict 111 "$usage" 'and a second address' ask "$S" < six
verdict 111 'cm-filter-spamd: not a score: drop=high' 'a score that is none is an error' ask drop=high < six
verdict 111 'cm-filter-spamd: not a size: max=big' 'a size too' ask max=big < six
verdict 111 'cm-filter-spamd: not a verdict: spam=bad' 'and a verdict, whatever the message is' ask spam=bad < ham
verdict 111 'cm-filter-spamd: unable to read message: Is a directory' 'read trouble is no verdict' ask < /tmp

# a spamd that stands still, and one that is killed
kids() { pgrep -P "$SPAMD"; }
kill -STOP $SPAMD $(kids)
soon() { CM_DEADLINE=$(($(date +%s) + ${1:-2})) ask < six; }
verdict 111 'cm-filter-spamd: no answer of spamd: not in time' 'one that stands still is no verdict' soon
background sh -c 'cm-filter-spamd "$0" < six > killed 2>&1; echo $? > killed.code' "$S"
kill -CONT $SPAMD; kill -STOP $SPAMD
waits() { pgrep -P "$PID" -x cm-filter-spamd > asking && grep -q 'unix_stream\|skb_wait\|wait_for' "/proc/$(cat asking)/wchan"; }
within 5 waits
kill -9 $SPAMD $(kids)
within 20 test -s killed.code
same 111 'nor is one that is killed' cat killed.code
refused() { ask < six 2>&1 | grep -q refused; }
within 10 refused
verdict 111 "cm-filter-spamd: unable to reach spamd at $S: Connection refused" 'or was' ask < six

# answers that no real one gives
serve "$answers" "$T/answer"
S=127.0.0.1:$PORT
say() { printf "$@" > answer; }
no='cm-filter-spamd: no answer of spamd:'
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\nSpam: True ; 15.0 / 5.0\r\n\r\nA,B\r\n'
verdict 10 '5.7.1 spam, score 15.0 of 5.0: A,B' 'by TCP too' first ask user=ann < six
printf 'SYMBOLS SPAMC/1.5\r\nContent-length: %s\r\nUser: ann\r\n\r\n' "$(wc -c < six)" | cat - six > want
ok 'the question is in the protocol' cmp want answer.asked
printf 'joe@example.org\nann@example.net\n' > envelope
CM_ENVELOPE=$T/envelope ask user=@ < six > /dev/null
like '^User: ann@example.net' 'user=@ is the recipient' cat answer.asked
echo bob@example.net >> envelope
CM_ENVELOPE=$T/envelope ask user=@ < six > /dev/null
ok 'if there is one' not grep -q '^User' answer.asked
printf 'joe@example.org\nann@exa' > envelope
verdict 111 'cm-filter-spamd: unable to read envelope: cut short' 'half an envelope is none' \
  env CM_ENVELOPE="$T/envelope" cm-filter-spamd "$S" user=@ 3>&- < six
verdict 111 "cm-filter-spamd: not a user: a
b" 'a user is on one line' ask "user=a
b" < six
say 'SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\nContent-length: 11\r\n\r\nA,\001B c\r\nX: '
verdict 0 '2.0.0 score 0.0 of 5.0: A,?B,c,X?' 'names of tests begin no field' first ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 3\r\nspam: true ; 1 / -2.125\r\n\r\nA,B'
verdict 10 '5.7.1 spam, score 1.0 of -2.125: A,B' 'case and digits do not matter' first ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\n\r\n'
verdict 111 "$no no mark in it" 'an answer without a mark is none' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n'
verdict 111 "$no no length" 'nor one without a length' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 4\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,B'
verdict 111 "$no cut short" 'nor one that is shorter' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 2\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,B'
verdict 111 "$no more than it announced" 'or longer' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 99999999\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,B'
verdict 111 "$no too large" 'or endless' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 3x\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,B'
verdict 111 "$no no length" 'or of no length' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 3\r\nContent-length: 3\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,B'
verdict 111 "$no no length" 'or of two' ask < six
for mark in 'False' 'False ; 0.0' 'False ; x / 5.0' 'False ; 0.0 / y' 'Maybe ; 0.0 / 5.0' '; 0 / 1' 'False ;  / 5' 'False ; 1e9 / 5'; do
  say "SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: $mark\r\n\r\n"
  verdict 111 "$no not spamd's mark" "nor one with half a mark: $mark" ask < six
done
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; 0.0 / 5.0\r\nSpam: True ; 9.0 / 5.0\r\n\r\n'
verdict 111 "$no not spamd's mark" 'or two' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; 0.0 / 5.0\r\n'
verdict 111 "$no cut short" 'nor half a header' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nhello\r\n\r\n'
verdict 111 "$no not spamd's header" 'nor what is no header' ask < six
{ say 'SPAMD/1.1 0 EX_OK\r\n'; yes "$(printf 'X: y\r')" | head -n 100; } >> answer
verdict 111 "$no not spamd's header" 'nor an endless one' ask < six
{ printf 'SPAMD/1.1 0 EX_OK '; head -c 9000 /dev/zero | tr '\0' x; } > answer
verdict 111 "$no an endless line" 'nor an endless line' ask < six
say 'SPAMD/1.1 75 EX_TEMPFAIL\r\nContent-length: 0\r\nSpam: False ; 0.0 / 5.0\r\n\r\n'
verdict 111 "$no 75 EX_TEMPFAIL" "spamd's own trouble is no verdict" ask < six
say 'HTTP/1.1 200 OK\r\n\r\n'
verdict 111 "$no not of spamd" 'nor is what somebody else says' ask < six
say ''
verdict 111 "$no cut short" 'nor nothing' ask < six
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: True ; 9.0 / 5.0\r\n\r\n'
verdict 111 "$no no message" 'a rewriter gets a message or nothing' rewrite 2>&1 < six
same '' 'and then writes none' cat new
half='SPAMD/1.1 0 EX_OK\r\nContent-length: 50\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA,'
serve "$answers" "$T/answer" dies
S=127.0.0.1:$PORT
say "$half"
verdict 111 "$no cut short" 'one that dies in its answer is none' ask < six
serve "$answers" "$T/answer" hangs
S=127.0.0.1:$PORT
verdict 111 "$no not in time" 'nor one that stops there' soon
say 'SPAMD/1.1 0 EX_OK\r\nContent-length: 1\r\nSpam: False ; 0.0 / 5.0\r\n\r\nA'
verdict 111 "$no not in time" 'nor one that never ends' soon

done_testing
