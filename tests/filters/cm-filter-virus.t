#!/bin/sh
# cm-filter-virus, asking a real clamd
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/virus.sh
need_clamd
export CM_HOME="$T/home"
mkdir -p "$CM_HOME/control"

start_clamd one 'StreamMaxLength 100K' 'MaxFileSize 1M' 'AlertEncrypted yes'
one=$T/one/socket tcp=127.0.0.1:$PORT clamd=$PID
cd "$T" || exit 111
exec < /dev/null

printf 'Received: x\r\nSubject: hello\r\n\r\nplain\r\n' > plain
{ cat plain; eicar; printf '\r\n'; } > infected
eicar | mail eicar.com > attached
eicar > eicar.com
ask() { message=$1; shift; cm-filter-virus "$@" < "$message"; }
pipe() { message=$1; shift; cat "$message" | cm-filter-virus "$@"; }
# the commands that a scanner got
first() { tr '\0' '\n' < "$1.got" | head -n 1; }
virus='5.7.1 virus found: Eicar-Signature.UNOFFICIAL'
none='cm-filter-virus: no scanner has looked at the message'

# a scanner that answers
verdict 0 '' 'a plain message passes' ask plain "$one"
verdict 100 "$virus" 'a virus is refused, by name' ask infected "$one"
verdict 100 "$virus" 'also in an attachment' ask attached "$one"
verdict 0 '' 'by TCP: passes' ask plain "$tcp"
verdict 100 "$virus" 'by TCP: refused' ask attached "$tcp"
verdict 0 '' 'a message on a pipe: passes' pipe plain "$one"
verdict 100 "$virus" 'a message on a pipe: refused' pipe attached "$one"
verdict 0 '' 'an empty one passes' ask /dev/null "$one"
verdict 0 '' 'an IPv6 address that nobody serves, and one that answers' ask plain "$one" '[::1]:1'
opened() { { read -r line; cm-filter-virus "$one"; } < attached; }
verdict 100 "$virus" 'all of the file counts, wherever its offset stands' opened

# verdicts by name
verdict 40 "$virus" 'a pattern has a verdict' ask infected 'Eicar*=accept/redirect' "$one"
verdict 10 "$virus" 'the first that matches counts' ask infected 'x*=accept/delete' 'E*=junk' '*=reject/delete' "$one"
verdict 100 "$virus" 'one that does not match leaves the default' ask infected 'Heuristics.*=junk' "$one"
verdict 111 '4.7.1 virus found: Eicar-Signature.UNOFFICIAL' 'a finding may defer' ask infected '*=defer' "$one"
verdict 0 '2.0.0 virus found: Eicar-Signature.UNOFFICIAL' 'or pass' ask infected '*=deliver' "$one"

# limits and refusals of the scanner
head -c 300000 /dev/zero | tr '\0' 'a' > large
refused='INSTREAM size limit exceeded. ERROR'
verdict 0 '' 'above the stream limit a descriptor still passes' ask large "$one"
like "$refused\|reset" 'a stream above it is no verdict' ask large "$tcp"
verdict 111 '' 'and defers' sh -c "cm-filter-virus $tcp < large 2>/dev/null"
head -c 1500000 /dev/zero | tr '\0' 'a' > huge
verdict 100 '5.7.1 virus found: Heuristics.Limits.Exceeded.MaxFileSize' 'what is too large to look at is not clean' ask huge "$one"
cp plain written
cannot() { cm-filter-virus "$one" 0>> written; }
verdict 111 'cm-filter-virus: unable to read message: not open for reading' \
  'a descriptor that cannot be read is no verdict, though clamd says OK' cannot

# answers that are none
# odd NAME TEXT: the scanner says TEXT
odd() {
  peer odd "$2"
  verdict 111 "cm-filter-virus: $T/odd: ${3:-$2}
$none" "$1" ask plain "$T/odd"
}
odd 'an error' 'stream: Time limit reached ERROR\0' 'stream: Time limit reached ERROR'
odd 'half an answer' 'stream: OK' 'half an answer'
odd 'no answer' '' 'no answer'
odd 'a word that begins as OK' 'stream: OKAY\0' 'stream: OKAY'
odd 'OK for nothing' 'OK\0' 'OK'
odd 'OK for no descriptor' 'fd[]: OK\0' 'fd[]: OK'
odd 'a virus without a name' 'stream:  FOUND\0' 'stream:  FOUND'
odd 'OK behind something else' 'stream: x: OK\0' 'stream: x: OK'
peer odd "$(head -c 3000 /dev/zero | tr '\0' 'x')"
like 'unable to read .*: Message too l' 'an answer without end' ask plain "$T/odd"
peer odd 'fd[7]: \033[31mX\ny FOUND\0'
verdict 100 '5.7.1 virus found: ?[31mX' 'a name that would do something to a terminal or a line' ask plain "$T/odd"
peer odd 'UNKNOWN COMMAND\0' 'stream: a FOUND\0'
verdict 100 '5.7.1 virus found: a' 'who does not know FILDES is sent the message' ask plain "$T/odd"

# nobody, or somebody who sleeps
verdict 111 "cm-filter-virus: unable to connect to $T/nobody: No such file or directory
$none" 'no scanner is no verdict' ask infected "$T/nobody"
verdict 111 "cm-filter-virus: unable to connect to 127.0.0.1:1: Connection refused
$none" 'by TCP neither' ask infected 127.0.0.1:1
verdict 111 "cm-filter-virus: unable to connect to scanner: Invalid argument
$none" 'an address that is none' ask infected scanner
verdict 100 "cm-filter-virus: unable to connect to $T/nobody: No such file or directory
$virus" 'the next one is asked then' ask infected "$T/nobody" "$one"
verdict 100 "cm-filter-virus: unable to connect to $T/nobody: No such file or directory
$virus" 'also about a message on a pipe' pipe infected "$T/nobody" "$one"
peer odd 'stream: x ERROR\0'
verdict 100 "cm-filter-virus: $T/odd: stream: x ERROR
$virus" 'also where the first has an error' ask infected "$T/odd" "$one"
kill -STOP $clamd
# The C libraries have not the same words for it.
late='Operation timed out'; ldd "$(command -v cm-filter-virus)" >/dev/null 2>&1 && late='Connection timed out'
soon() { CM_DEADLINE=$(($(date +%s) + ${1:-4})); shift; CM_DEADLINE=$CM_DEADLINE timeout 30 cm-filter-virus "$@" < infected; }
verdict 111 "cm-filter-virus: unable to read from $one: $late
$none" 'one that is silent is no verdict, in time' soon 4 "$one"
start_clamd two
verdict 100 "cm-filter-virus: unable to read from $one: $late
$virus" 'and leaves time for the next' soon 8 "$one" "$T/two/socket"
kill -CONT $clamd

# where to ask
verdict 111 "cm-filter-virus: unable to connect to $CM_HOME/run/virusd: No such file or directory
$none" 'without an address the suite has one' ask plain
printf '# scanners\n%s\n' "$one" > "$CM_HOME/control/virusd"
verdict 100 "$virus" 'control/virusd names another' ask infected
verdict 100 "$virus" 'also with patterns' ask infected 'x=junk'
verdict 111 'cm-filter-virus: not a verdict: *=spam' 'a pattern with no verdict' ask plain '*=spam' "$one"
closed() { cm-filter-virus "$one" 0<&-; }
verdict 111 'cm-filter-virus: unable to read message: Bad file descriptor' 'no message' closed
verdict 111 'cm-filter-virus: unable to read message: Is a directory' 'a directory' ask "$T" "$tcp"

# two engines side by side, in a pipeline
cat > pipeline <<!
a check always : cm-filter-virus $one

b check always : cm-filter-virus $tcp
!
piped() { cm-pipeline pipeline < attached; }
like "$virus" 'in a pipeline' piped
sed "s|$one|$T/nobody|" pipeline > half
lost() { cm-pipeline half < plain > /dev/null 2>&1; }
verdict 111 '' 'one of two engines missing is no verdict' lost

# a scanner without a daemon, as a stage
clamscan_() { cm-filter-command 1=reject/delete clamscan --no-summary --infected -d "$SIGNATURES" '$IN$' < "$1"; }
like "Eicar-Signature" 'clamscan as a stage names the virus' clamscan_ attached
code() { "$@" > /dev/null 2>&1; echo $?; }
same 100 'and refuses it' code clamscan_ attached
same 0 'passes a plain message' code clamscan_ plain
clamscan_() { cm-filter-command 1=reject/delete clamscan --no-summary -d "$T/nosuch" '$IN$' < "$1"; }
same 2 'without a database it gives no verdict' code clamscan_ plain

done_testing
