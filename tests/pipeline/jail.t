#!/bin/sh
# jail= on a line of a pipeline, and what no stage can do to who runs the pipeline
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/smtpproxy/smtp.sh
BUILT=${BUILD:-$PWD/build}
TOP=$PWD
. tests/pipeline/lib.sh

decides 0 'a stage in a jail' 'f check jail=own : cm-filter-fields'
printf 'From: a\nFrom: b\n\n' > message
decides 100 'gives its verdict' 'f check jail=own : cm-filter-fields'
same '5.6.0 more than one From field' 'and its reason' reason
printf 'From: a@example.org\n\nx\n' > message
decides 111 'a profile that is missing' 'f check jail=none-such : cm-filter-fields'
same 'broken - - unable to start cm-filter-fields: control/jail/none-such: there is no such profile' 'is told' trace f
decides 0 'and is what on-error says' 'f check jail=none-such on-error=deliver : cm-filter-fields'
bad() { same "cm-pipeline: control/pipeline:1: $1" "$2" sh -c 'printf "%s\n" "$1" > control/pipeline; cm-pipeline control/pipeline < message 2>&1' - "$3"; }
bad 'jail= wants the name of a profile, not ../x' 'a name is no path' 'f check jail=../x : cm-filter-fields'
bad 'jail= wants the name of a profile, not ' 'nor nothing' 'f check jail= : cm-filter-fields'
bad 'option given twice: jail=b' 'nor are there two' 'f check jail=a jail=b : cm-filter-fields'

# What it can read
printf 's@example.org\na@example.net\n' > envelope
export CM_ENVELOPE="$T/envelope"
echo 'test "$(head -n 1 "$CM_ENVELOPE")" = s@example.org && exit 20; exit 1' | stage reads
decides 20 'it reads the envelope' 'r check jail=external : reads'
decides 20 'beside one that is in none' 'r check jail=external : reads\nq check : reads\np check jail=external : reads'
echo 'printf "%s\n" "2.0.0 x" "X-One: 1"' | stage declares
echo 'grep -qx "X-One: 1" "$CM_FIELDS" && exit 20; exit 1' | stage looks
decides 20 'and what stages before it declared' 'd check : declares\n\nl check jail=external : looks\nm check : looks'
echo 'cat > /dev/null; ls /proc/self/fd 2>/dev/null && exit 1; for f in 6 7 8 9; do if (eval ": <&$f") 2>/dev/null; then exit 1; fi; done; exit 20' | stage fds
decides 20 'nothing of ours is open but these' 'f check jail=external : fds\ng check jail=external : fds'
echo 'cat control/pipeline > /dev/null 2>&1 && exit 1; cat /etc/passwd > /dev/null 2>&1 && exit 1; exit 20' | stage files
decides 20 'it reads no other file' 'f check jail=external : files'
unset CM_ENVELOPE

# Rewriters, and what they start
cp "$TOP/control/attach" control/attach
printf 'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/zip\nContent-Disposition: attachment; filename=x.zip\nContent-Transfer-Encoding: base64\n\n' > message
printf 'x' > in.exe && zip -q in.zip in.exe && base64 in.zip >> message && printf -- '--b--\n' >> message
free=$(printf 'a rewrite : cm-filter-attach control/attach\n' | plan; rewrite; reason)
jailed=$(printf 'a rewrite jail=look : cm-filter-attach control/attach\n' | plan; rewrite; reason)
same "$free" 'archives are looked into in a jail as they are without' echo "$jailed"
ok 'and something was found' sh -c 'case "$1" in *5.7.1*exe*|*in.exe*) exit 0 ;; esac; echo "$1"; exit 1' - "$jailed"
printf 'a rewrite jail=own : cm-filter-attach control/attach\n' | plan
same 111 'a helper that the profile does not name is not run' rewrite
printf 'From: a@example.org\n\nx\n' > message

# Those that remember something
mkdir -p state store-all
export CM_ENVELOPE="$T/envelope" SENDER=s@example.org TCPREMOTEIP=192.0.2.1 CM_ID=1769903990.998877.1f3a.0.9be2c510
printf 's@example.org\nbait@example.net\n' > envelope
echo 'bait@example.net' > control/traps
decides 111 'the greylist in a jail remembers' 'g check jail=state : cm-filter-grey'
like '^4.7.1' 'and says to come again' reason
ok 'in its file' test -s state/grey
decides 50 'a trap in a jail deletes' 't check jail=state : cm-filter-trap'
ok 'and keeps what is to be learned' sh -c 'ls state/trap/new/* > /dev/null'
decides 0 'a copy of all mail is kept from a jail' 'k check jail=state : cm-filter-store days=31 files=0 store-all'
ok 'where it should be' sh -c 'grep -rq ^From store-all'
decides 0 'a jail without state' 'k check on-error=deliver jail=own : cm-filter-store days=31 files=0 store-all'
same broken 'lets nothing be kept' word k
decides 0 'delay' 'd check jail=own : cm-filter-delay 1'
unset CM_ENVELOPE SENDER TCPREMOTEIP CM_ID

# Who runs it
if sanitized || [ "$("$BUILT/tests/level")" -lt 6 ]; then
  report 0 'who runs it # SKIP needs level 6 of Landlock, and no sanitizer'
  done_testing
  exit
fi
# (read_environment: root may, whatever Landlock says, by a capability of its own.)
harms='read_memory write_memory take_descriptor signal_it ask_for_it signal_thread signal_queued signal_by_pidfd
trace copy_memory change_memory compare take_by_pidfd'
cat > bin/harms <<E
#!/bin/sh
# What can a stage do to its grandparent, which waits for cm-pipeline?
p=\$(sed -n 's/^PPid:.//p' /proc/\$PPID/status)
for h in $(echo $harms); do
  "$BUILT/tests/probe" \$h \$p "$T" 1 > /dev/null
  [ \$? = 1 ] || echo \$h
done > "$T/harm"
# Whose signals these are is asked when one is sent.
"$BUILT/tests/probe" signal_by_owner \$p "$T" 1
E
chmod +x bin/harms
echo 'h check : harms' | plan
sh -c 'cm-pipeline control/pipeline < message > /dev/null; echo lives > lives'
same '' 'a stage in no jail cannot signal, trace or read who waits for its pipeline' cat harm
same lives 'nor by being the owner of a descriptor' cat lives
rm harm
echo 'n check : cm-pipeline control/inner' | plan
echo 'h check : harms' > control/inner
check > /dev/null
same '' 'nor, in a pipeline within one, the outer pipeline' cat harm
rm harm

cd "$TOP" && start_faultsink sink && cd "$T" || exit 111
home h smtp 127.0.0.1 "$PORT"
W=$T/h
echo "h check : $T/bin/harms" > "$W/port/control/pipeline"
like '^250' 'a message through cm-smtpd' message 'From: a' '' x
same '' 'nor cm-smtpd' cat "$T/harm"
# What a session has in its memory gets into no core
mkfifo in
(cd "$W/port" && ulimit -c unlimited && exec cm-smtpd < ../../in > ../../out 2> /dev/null) & S=$!
exec 9> in
greeted() { grep -q ^220 out; }
within 10 greeted
like '^Max core file size *0 *0' 'cm-smtpd leaves no core' cat /proc/$S/limits
exec 9>&-
wait $S
# Without the domain the same would work: the probe is not what fails
ok 'which else it could' sh -c '"$1" ask_for_it $$ "$2" 1; [ $? = 0 ]' - "$BUILT/tests/probe" "$T"

done_testing
