#!/bin/sh
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"

# Calls and files

verdict 111 'cm-pipeline: usage: cm-pipeline FILE < message' 'a wrong call never rejects mail' cm-pipeline < message
verdict 111 'cm-pipeline: no pipeline file control/pipeline' 'a missing file is no empty pipeline' cm-pipeline control/pipeline < message
printf 'a check\n' > control/pipeline
verdict 111 'cm-pipeline: control/pipeline:1: no : with blanks around it before the command' \
  'a broken file names its line' cm-pipeline control/pipeline < message
same 111 'no message at all defers' sh -c ': > control/empty; cm-pipeline control/empty <&- 2>/dev/null; echo $?'
decides 0 'an empty pipeline accepts' ''
same '2.0.0 accepted
X-CleanMail-Result: accept/deliver' 'and says so' cat report
mkdir port && mv control/pipeline port/../control/elsewhere
same 0 'a file of the suite is found from a port' sh -c 'cd port && cm-pipeline control/elsewhere < ../message > /dev/null; echo $?'

# Verdicts

for c in 0 10 20 30 40 50 99 100 111; do
  decides $c "exit code $c is a verdict" "a check : s$c"
done
same '4.7.1 code 111' 'the reason is the first line' reason
same 'defer; a; 4.7.1 code 111' 'the result names stage and reason' result
same 'defer 111 - 4.7.1 code 111' 'the trace has word, code, score and reason' trace a
decides 100 'a refusal' 'a check : s100'
same 'reject/delete; a; 5.7.1 code 100' 'has its name in the result' result
decides 10 'junk' 'a check : s10'
same 'accept/deliver/junk' 'is one word in the trace' word a
same '[SPAM]' 'and asks for the default tag' sed -n 's/^X-CleanMail-Tag: //p' report
decides 99 'whitelisted' 'a check : s99'
same 'accept/deliver, whitelisted; a; 5.7.1 code 99' 'is a result' result

# Broken: on-error

decides 111 'an unlisted code defers' 'a check : s1'
same 'broken 1 - unknown exit code 1' 'the trace says broken' trace a
same '4.3.0 mail filter failed' 'the client learns no details' reason
like '^broken - a unknown exit code 1$' 'the log does' cat log
decides 0 'on-error=deliver delivers' 'a check on-error=deliver : s1'
same 'accept/deliver, unknown result; a; mail filter failed' 'with an unknown result' result
decides 100 'on-error may refuse' 'a check on-error=reject/delete : s1'
same '5.3.0 mail filter failed' 'with a code of its class' reason
echo 'exit 111' | stage quiet
decides 0 '111 without a reason could not decide' 'a check on-error=deliver : quiet'
same 'broken 111 - could not decide' 'which is broken' trace a
echo 'echo 5.7.1 x; exit 111' | stage quiet
decides 0 'nor does 111 with a final reason' 'a check on-error=deliver : quiet'
same 'broken 111 - could not decide: 5.7.1 x' 'which stands in the trace' trace a
decides 111 'a greylist defers under on-error=deliver' 'a check on-error=deliver : s111'
echo 'kill -9 $$' | stage dies
decides 111 'a stage that is killed is broken' 'a check : dies'
same 'broken -9 - ended by signal 9' 'by its signal' trace a
decides 111 'a program that is missing is broken' 'a check : no-such-program x'
same 'broken - - unable to start no-such-program: No such file or directory' 'and named' trace a
printf 'nonsense' > bin/noformat; chmod +x bin/noformat
decides 111 'a program in no known format too' 'a check : noformat'
: > bin/noexec
decides 111 'a program that may not be run too' 'a check : noexec'
same 'broken - - unable to start noexec: Permission denied' 'with the reason' trace a

# Maps

decides 100 'a code is mapped' 'a check 1=reject/delete : s1'
decides 40 'a known code too' 'a check 100=accept/redirect : s100'
decides 0 '111 too' 'a check 111=deliver : quiet'
decides 99 'to any verdict' 'a check 0=whitelisted : s0'
decides 111 'a signal is no code' 'a check 137=deliver : dies'

# Paragraphs

ROW='row 69'
decides 100 'nothing is started after a deletion' 'a check : s0\n\nb check : s100\n\nc check : s50'
same 'skipped-deleted - - -' 'and the trace says so' trace c
decides 50 'accept/delete ends it too' 'a check : s50\n\nb check always : s100\n\nc rewrite : s100'
same 'skipped-deleted' 'even for always' word b
decides 40 'what only redirects does not' 'a check : s30\n\nb check : s40\n\nc check : s10'
same 'accept/deliver/junk' 'the others run' word c
same 'accept/redirect; b; 5.7.1 code 40' 'the highest rank decides' result
decides 40 'of equals' 'a check : s40\nb check : s40'
same 'accept/redirect; a; 5.7.1 code 40' 'the first decides' result
echo 'sleep 0.3; echo 5.7.1 slow; exit 100' | stage slow
decides 100 'a refusal cancels nothing beside it' 'a check : slow\nb check : s100'
same 'reject/delete; a; 5.7.1 slow' 'so that who ends first does not matter' result
echo 'exec sleep 4242' | stage sleeps
decides 50 'accept/delete ends those behind it' 'a check : s50\nb check : sleeps\nc check shadow : sleeps'
same 'skipped-deleted - - -' 'which were not needed' trace b
decides 50 'always or not' 'a check : s50\nb check always time=1 : sleeps'
decides 50 'but not those before it' 'a check : slow\nb check : s50'
same 'reject/delete 100 - 5.7.1 slow' 'which are heard' trace a
echo 'echo $$ > started.$1; while [ ! -e started.b ] || [ ! -e started.a ]; do sleep 0.02; done' | stage meets
decides 0 'a paragraph runs side by side' 'a check : meets a\nb check : meets b'

ROW=
# Whitelist

decides 20 'a whitelist skips later paragraphs' 'a check : s99\nb check : s10\n\nc check : s100\n\nd check always : s20'
same 'accept/deliver/junk' 'not its own' word b
same 'skipped-whitelisted - - -' 'a later one' trace c
same 'reject/deliver' 'unless it is for always' word d
decides 10 'a shadow trusts nobody' 'a check shadow : s99\n\nb check : s10'

# Shadow

decides 0 'a shadow has no vote' 'a check shadow : s100\n\nb check : s0'
same 'shadow:reject/delete 100 - 5.7.1 code 100' 'but a line in the trace' trace a
decides 0 'a broken one too' 'a check shadow : s1'
same 'shadow:broken' 'as shadow' word a

# Size

decides 0 'a larger message is skipped' 'a check max=10 : s100'
same 'skipped-size - - -' 'and the trace says so' trace a
decides 100 'one of exactly the size is not' 'a check max=41 : s100'

# What is skipped is not run

echo 'touch ran' | stage marks
for first in 'a check : s99' 'a check : s100' 'a check : s50'; do
  decides "${first##*s}" "behind '$first'" "$first\n\nb check : marks\n\nc rewrite : marks"
  ok 'nothing is started' not test -e ran
done
decides 0 'a message that is too large' 'a check max=10 : marks'
ok 'starts no stage either' not test -e ran

# Recipients

printf 'sender@example.com\none@example.net\ntwo@example.org\n' > envelope
decides 100 'without an envelope a stage is enabled' 'a check for=*@example.net : s100'
CM_ENVELOPE=$T/envelope; export CM_ENVELOPE
decides 100 'enabled for one recipient is enabled' 'a check for=*@EXAMPLE.net : s100'
decides 0 'the sender is no recipient' 'a check for=sender@* : s100'
same 'skipped-disabled - - -' 'and the trace says so' trace a
decides 100 'disabled for one is enabled for the other' 'a check not-for=*@example.net : s100'
decides 0 'disabled for all is disabled' 'a check not-for=one@*,two@* : s100'
: > control/prefer-disable
decides 0 'control/prefer-disable turns that round' 'a check not-for=*@example.net : s100'
decides 100 'enabled for all is enabled' 'a check for=*@example.net,*@example.org : s100'
echo no > control/prefer-disable
decides 100 'a no in it takes it back' 'a check not-for=*@example.net : s100'
rm control/prefer-disable
{ echo sender@example.com; yes one@example.net | head -c 17000000; } > envelope
decides 111 'an envelope without end is not read in part' 'a check for=x : s100'
printf 'sender@example.com\none@example.net' > envelope
decides 100 'a last line without an end is a recipient' 'a check for=one@example.net : s100'
printf 'sender@example.com\n' > envelope
decides 100 'no recipients at all: enabled' 'a check for=x : s100'
rm envelope
decides 111 'an envelope that cannot be read defers' 'a check for=x : s100'
decides 100 'unless nobody asks for it' 'a check : s100'
unset CM_ENVELOPE

# Reports

cat <<'E' | stage report
printf '5.7.1 bad \033[2J\tthing\r\nX-Spam: yes\r\nX-Long: a\n b\nReceived: forged\nSubject: forged\nX-CleanMail-Result: forged\n'
printf 'X-CleanMail-Tag: [BULK]\nX-CleanMail-Score: 7.2\nno field\n: none\nX Y: none\nX-Ctl: a\001b\n'
exit 10
E
decides 10 'a stage with a long report' 'a check : report'
same 'accept/deliver/junk 10 7.2 5.7.1 bad ?[2J thing' 'its reason is made printable, its score told' trace a
same 'X-Spam: yes
X-Long: a
 b
X-Ctl: a?b
X-CleanMail-Tag: [BULK]' 'only harmless fields are taken' sed -n '2,/Tag/p' report
decides 100 'reports in one paragraph and in the next' 'a check : report\n\nb check : s100'
same 'reject/delete 100 - 5.7.1 code 100' 'do not meet' trace b
says 100 '2.0.0 ok'
decides 100 'a refusal with the code of a success' 'a check : s100'
same '5.7.1 ok' 'gets one of its own' reason
says 100 ''
decides 100 'a refusal without a reason' 'a check : s100'
same '5.7.1' 'gets a code' reason
says 100 '5.7.1 code 100'
echo 'head -c 300000 /dev/urandom; exit 100' | stage noise
decides 100 'binary nonsense is a report' 'a check : noise'
ok 'of one printable line' sh -c '[ $(LC_ALL=C tr -d "\011\012\040-\176" < report | wc -c) = 0 ] && [ $(head -n 1 report | wc -c) -le 407 ]'
echo 'i=0; echo 2.0.0; while [ $i -lt 900 ]; do i=$((i+1)); echo "X-CleanMail-Trace: n deliver 0 1 - -"; done' | stage many
decides 0 'many trace lines' 'a check : many'
ok 'have a limit' sh -c '[ $(grep -c Trace report) -lt 2000 ] && grep -q "^X-CleanMail-Trace: a/n deliver" report'

# The log

CM_ID=7f; export CM_ID
echo 'echo one >&2; printf "two\n\nthree\033[0m" >&2; exit $1' | stage talks
decides 111 'a broken stage that talks' 'a check : talks 1'
same 'stage 7f a one
stage 7f a two
stage 7f a three\x1b[0m
broken 7f a unknown exit code 1' 'is in the log, an event a line, escaped' cat log
decides 0 'one that is not broken' 'a check : talks 0'
same '' 'is not in the log' cat log
echo 2 > control/loglevel
decides 0 'but with 2 in control/loglevel' 'a check : talks 0'
like '^stage 7f a one$' 'it is' cat log
echo 'printf "%02500d" 0 >&2; exit 0' | stage drones
decides 0 'a long line' 'a check : drones'
same '1000 1000 500 ' 'is several events' sh -c 'sed "s/^stage 7f a //" log | while read -r l; do printf "%s " ${#l}; done'
echo 'head -c 3000000 /dev/zero >&2; exit 0' | stage floods
decides 0 'a flood on descriptor 2 changes no verdict' 'a check : floods'
like '^stage 7f a and [0-9]* bytes more$' 'and is cut' cat log
ok 'to 64 KiB and what escapes need' sh -c '[ $(wc -c < log) -lt 300000 ]'
rm control/loglevel
unset CM_ID

# The environment and the descriptors

echo 'env | sort > seen; test -e /proc/self/fd/3 && echo three > seen3; exit 0' | stage looks
printf 'a check : looks\n' | plan
SENDER=s CM_ID=i CM_HELO=h CM_SECRET=x TCPREMOTEIP=1 PROTO=TCP HOME=/ LD_PRELOAD= SSLCTLFD=9 CM_ENVELOPE=$T/message TZ=UTC check > /dev/null
same 'CM_DEADLINE CM_DEPTH CM_ENVELOPE CM_HELO CM_HOME CM_ID CM_UNCHANGED PATH PROTO PWD SENDER TCPREMOTEIP TZ' 'row 85: nothing but the listed variables passes' \
  sh -c 'sed "s/=.*//" seen | grep -v "^_$\|^OLDPWD$\|^ASAN\|^SHLVL" | tr "\n" " " | sed "s/ $//"'
ok 'row 85: a check has no descriptor 3' test ! -e seen3
ok 'CM_DEADLINE is the end of its time' sh -c 'd=$(sed -n s/CM_DEADLINE=//p seen); n=$(date +%s); [ $d -gt $n ] && [ $d -le $((n + 60)) ]'
CM_DEADLINE=12 check > /dev/null
same 'broken - - no time left' 'after the deadline nothing is started' trace a
decides 111 'a pipeline that contains itself ends' 'a check : cm-pipeline control/pipeline'
same 'broken - - too many pipelines within pipelines' 'where there are eight around it' trace a/a/a/a/a/a/a/a/a

# Pipelines in pipelines

printf 'x check : s10\ny check : report\n' > control/inner
decides 10 'a pipeline is a stage' 'in check : cm-pipeline control/inner\n\nz check : s0'
same 'accept/deliver/junk 10 - 5.7.1 code 10' 'its stages are in the trace' trace in/x
same 'accept/deliver, junk; in; 5.7.1 code 10' 'it decides under its own name' result
like '^X-Spam: yes$' 'its fields are handed up' cat report
printf 'x check : ./nowhere\n' > control/failing
decides 111 'a stage within that is broken is deferred by its own line, whatever that around it says' \
  'in check on-error=deliver : cm-pipeline control/failing'
decides 0 'a pipeline within that cannot be read is a broken stage' 'in check on-error=deliver : cm-pipeline control/nowhere'
printf 'deep check : cm-pipeline control/inner\n' > control/middle
decides 10 'however deep' 'top check : cm-pipeline control/middle'
same 'accept/deliver/junk 10 7.2 5.7.1 bad ?[2J thing' 'trace and all' trace top/deep/y

# Early and late

echo 'echo "$CM_ID" >> order' | stage order
like '^2.0.0 accepted$' 'a pipe is a message too' sh -c ': > control/pipeline; cat message | cm-pipeline control/pipeline'
echo 'cat > got; head -c 5 got' | stage reads
echo 'a check : reads' > control/pipeline
like 'From:' 'which a stage reads as a file' sh -c 'cat message | cm-pipeline control/pipeline | grep -a Trace'
ok 'whole' cmp got message
dd of=/dev/null bs=10 count=1 < message 2> /dev/null
ok 'and from its beginning, wherever the descriptor stands' \
  sh -c '{ dd bs=10 count=1 of=/dev/null; cm-pipeline control/pipeline > /dev/null; } < message; cmp got message'

done_testing
