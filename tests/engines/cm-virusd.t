#!/bin/sh
# cm-virusd, with real signatures, real clients and processes that really die
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
. tests/peer.sh
. tests/virus.sh
# Below, a cm-virusd with a sanitizer is made for this test alone: what looks for
# the processes of this one does not know those of a sanitizer.
if sanitized; then echo '1..0 # SKIP it makes its own with a sanitizer'; exit; fi

export CM_HOME="$T/home"
mkdir "$CM_HOME"
exec < /dev/null

PORT=$(free_port)
start_virusd one check=1 scanners=2 size=1m total=2m time=3 "127.0.0.1:$PORT"
one=$T/one/socket tcp=127.0.0.1:$PORT daemon=$PID
cd "$T" || exit 111

printf 'Received: x\r\nSubject: hello\r\n\r\nplain\r\n' > plain
{ cat plain; eicar; printf '\r\n'; } > infected
eicar | mail eicar.com > attached
ask() { message=$1; shift; cm-filter-virus "$@" < "$message" 2>/dev/null; }
virus='5.7.1 virus found: Eicar-Signature.UNOFFICIAL'
says() { want=$1; name=$2; shift 2; same "$want" "$name" talk "$@"; }
logged() { grep -q "$2" "$T/$1/log"; }
# zipped NAME: standard input in a zip under that name
zipped() { perl -MIO::Compress::Zip=:all -e 'zip "-" => "-", Name => shift, Minimal => 1 or die' "$1"; }

# ---- what it finds ----
verdict 0 '' 'a plain message passes' ask plain "$one"
verdict 100 "$virus" 'a virus in the text is found' ask infected "$one"
verdict 100 "$virus" 'one in base64' ask attached "$one"
verdict 100 "$virus" 'by TCP too' ask attached "$tcp"
eicar | zipped eicar.com | mail a.zip > zip
verdict 100 "$virus" 'one in a zip in a mail' ask zip "$one"
eicar | zipped eicar.com | zipped b.zip | mail a.zip | mail fw.eml > deep
verdict 100 "$virus" 'one in a zip in a zip in a mail in a mail' ask deep "$one"
verdict 0 '' 'an empty message passes' ask /dev/null "$one"
head -c 1000000 /dev/zero | tr '\0' 'a' > large
verdict 0 '' 'one of nearly the largest size passes' ask large "$tcp"

# ---- limits are findings ----
ROW='row 66'
cat large plain large > huge
verdict 100 '5.7.1 virus found: Heuristics.Limits.Exceeded.MaxFileSize' 'above the size it is not OK' ask huge "$one"
head -c 20000000 /dev/zero | zipped zeros | mail bomb.zip > bomb
like '100 5.7.1 virus found: Heuristics.Limits' 'a bomb is not OK' sh -c "cm-filter-virus $one < bomb | sed 's/^/100 /'"
p=plain; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do zipped "$p.zip" < "$p" > "nest.$i"; p=nest.$i; done
mail nest.zip < "$p" > nested
verdict 100 '5.7.1 virus found: Heuristics.Limits.Exceeded.MaxRecursion' 'nor are twenty zips in each other' ask nested "$one"
# The bit that says encrypted, in both headers of a zip
eicar | zipped eicar.com | perl -0777 -pe 's/(PK\x03\x04..)(.)/$1.chr(ord($2)|1)/se; s/(PK\x01\x02....)(.)/$1.chr(ord($2)|1)/se' | mail e.zip > encrypted
verdict 0 '' 'what is encrypted passes' ask encrypted "$one"

# ---- the protocol ----
ROW=
says PONG 'PING' "$one" 'zPING\0'
says PONG 'with n' "$one" 'nPING\n'
says PONG 'and as it once was' "$one" 'PING\r\n'
like '^ClamAV [0-9.]*$' 'VERSION' talk "$one" 'zVERSION\0'
like '| COMMANDS: .*INSTREAM' 'VERSIONCOMMANDS' talk "$one" 'nVERSIONCOMMANDS\n'
like '^THREADS: live 2  idle 2' 'STATS' talk "$one" 'nSTATS\n'
says 'stream: OK' 'INSTREAM' "$one" 'zINSTREAM\0\0\0\0\003abc\0\0\0\0'
says 'stream: OK' 'of nothing' "$one" 'zINSTREAM\0\0\0\0\0'
says 'INSTREAM size limit exceeded. ERROR' 'a stream that will be too long is refused at once' "$one" 'zINSTREAM\0\0\177\0\0'
pieces() { perl -e '$| = 1; print "zINSTREAM\0"; print pack("N", 65000), "a" x 65000 for 1 .. 20' | nc -N -U -w 10 "$one" | tr '\0' '\n'; }
same 'INSTREAM size limit exceeded. ERROR' 'one that becomes too long, when it does' pieces
says '' 'half a stream has no answer' "$one" 'zINSTREAM\0\0\0\0\003ab'
says 'no descriptor came. ERROR' 'FILDES without one' "$one" 'zFILDES\0x'
says '/etc/passwd: files are not opened by name here, send a descriptor or a stream. ERROR' 'SCAN is refused' "$one" 'zSCAN /etc/passwd\0'
says 'UNKNOWN COMMAND' 'an unknown command' "$one" 'zSHUTDOWN\0'
says 'UNKNOWN COMMAND' 'one without an end' "$one" "z$(head -c 2000 /dev/zero | tr '\0' 'x')"
says 'UNKNOWN COMMAND' 'an empty one' "$one" '\n'
says '1: PONG
2: stream: OK
3: PONG' 'a session' "$one" 'zIDSESSION\0zPING\0zINSTREAM\0\0\0\0\003abc\0\0\0\0zPING\0zEND\0zPING\0'
# What is passed is no message
pass() { "$BUILD/tests/passfd" "$one" 5; }
refused() { like 'not a regular file that is open for reading. ERROR$' "$@"; }
mkfifo fifo
refused 'a pipe is not scanned' pass 5<> fifo
refused 'nor a directory' pass 5< .
refused 'nor a file that is open for writing only' pass 5>> infected
refused 'nor a terminal' pass 5<> /dev/null
like 'Eicar-Signature.UNOFFICIAL FOUND$' 'a file is' pass 5< infected
twice() { "$BUILD/tests/passfd" "$one" 5 5 | wc -l; }
same 1 'without a session there is one answer' twice 5< infected

# ---- clamdscan ----
if command -v clamdscan > /dev/null; then
  echo "LocalSocket $one" > conf
  scan() { clamdscan -c conf --no-summary "$@"; echo $?; }
  same "$T/attached: Eicar-Signature.UNOFFICIAL FOUND
1" 'clamdscan --fdpass' scan --fdpass attached
  same "$T/attached: Eicar-Signature.UNOFFICIAL FOUND
1" 'clamdscan --stream' scan --stream attached
  same "$T/plain: OK
0" 'clamdscan finds nothing' scan --fdpass plain
  like 'attached: Eicar-Signature.UNOFFICIAL FOUND' 'several, in a session' scan --fdpass -m plain attached infected
  like 'ERROR$' 'by name it is refused' scan plain
  piped() { clamdscan -c conf --no-summary - < attached; }
  like 'Eicar-Signature.UNOFFICIAL FOUND' 'its own standard input' piped
  like '^PONG' '--ping' clamdscan -c conf --ping 3
  same '' '--reload' clamdscan -c conf --reload
fi

# ---- signatures come and go ----
ROW='row 71'
# sign FILE NAME TEXT: a signature of that name for the text
sign() { printf '%s:0:*:%s\n' "$2" "$(printf %s "$3" | od -An -tx1 | tr -d ' \n')" > "$T/one/db/$1"; }
printf 'Received: x\r\n\r\nthis is the second sample\r\n' > second
finds() { [ "$(ask "$2" "$one")" = "5.7.1 virus found: $1.UNOFFICIAL" ]; }
verdict 0 '' 'what no signature knows passes' ask second "$one"
sign second.ndb Second.Sample 'the second sample'
ok 'a new signature is found out by itself' within 20 finds Second.Sample second
alone() { set -- $(holder $daemon); [ $# = 1 ]; }
within 10 alone
before=$(holder $daemon)
echo 'this is no signature' > "$T/one/db/broken.ndb"
ok 'a broken database is logged' within 20 logged one 'unable to load signatures: .*one/db: Malformed database'
ok 'and the engine that stood goes on' finds Second.Sample second
within 10 alone
same "$before" 'with its process' holder $daemon
rm "$T/one/db/broken.ndb"
mv "$T/one/db" "$T/one/gone"
: > "$T/one/log"
says RELOADING 'RELOAD' "$one" 'zRELOAD\0'
ok 'without a database' within 20 logged one 'unable to load signatures'
ok 'it goes on too' finds Second.Sample second
mv "$T/one/gone" "$T/one/db"
rm "$T/one/db/second.ndb"
kill -HUP $daemon
lost() { ask second "$one"; }
ok 'SIGHUP reloads' within 20 lost
mkdir "$T/empty" "$T/tmp"
fails() { timeout 20 cm-virusd "tmp=$T" "$@" "$T/no"; echo "exit $?"; }
like "unable to load signatures: $T/empty: Can't open" 'without any signature it does not start' fails "db=$T/empty"
like "unable to load signatures: $T/nosuch: Can't open" 'nor without a database' fails "db=$T/nosuch"
like 'exit 111' 'nor with one that is missing' fails "db=$T/one/db" "db=$T/nosuch"

# ---- processes that die ----
ROW='row 64'
start_virusd two scanners=1 time=2 scans=3
two=$T/two/socket master=$PID
lone() { set -- $(scanners $master); [ $# = 1 ]; }
within 10 lone
busy() { talk "$two" 'zSTATS\0' | grep -q 'idle 0'; }
idle() { talk "$two" 'zSTATS\0' | grep -q 'idle 1'; }
# stopped MESSAGE SIGNAL: its scanner is stopped, so that it surely has the message,
# and then gets the signal
stopped() {
  within 10 idle; s=$(scanners $master)
  kill -STOP $s
  talk_file "$1" > answer & asking=$!
  within 10 busy && [ "$2" = none ] || kill -$2 $s
  wait $asking; tr '\0' '\n' < answer
}
talk_file() { perl -e '$/ = undef; $_ = <STDIN>; print "zINSTREAM\0", pack("N", length), $_, pack("N", 0)' < "$1" | nc -U -w 20 "$two"; }
same 'stream: scanner died ERROR' 'a scanner that is killed costs one answer' stopped plain KILL
verdict 0 '' 'the next message is looked at' ask plain "$two"
same 'stream: scanner died ERROR' 'a second death by the same message' stopped plain KILL
verdict 100 '5.7.1 virus found: CleanMail.Poison' 'makes it poison' ask plain "$two"
echo other > other
verdict 0 '' 'others are not' ask other "$two"
printf 'Received: x\r\nSubject: hellx\r\n\r\nplain\r\n' > alike
verdict 0 '' 'nor is one of its length' ask alike "$two"
same 'stream: time limit exceeded ERROR' 'a scanner that hangs is ended' stopped other none
ok 'how is logged' logged two 'scanner [0-9]* ended by signal 9, message of 6 bytes: time limit exceeded ERROR'
verdict 100 '5.7.1 virus found: Eicar-Signature.UNOFFICIAL' 'and the next one works' ask infected "$two"
leave() { within 10 idle; s=$(scanners $master); kill -STOP $s; timeout 1 cm-filter-virus "$two" < second; kill -CONT $s; }
leave
verdict 0 '' 'a client that leaves does no harm' ask second "$two"
same 'RELOADING' 'other signatures' talk "$two" 'zRELOAD\0'
ok 'absolve' within 10 ask plain "$two"

old=$(holder $master)
kill -9 $old
again() { h=$(holder $master); [ "$h" ] && [ "$h" != "$old" ] && ask plain "$two"; }
ok 'a holder that is killed has a successor' within 20 again
verdict 100 "$virus" 'which finds viruses' ask infected "$two"
orderly() { sh -c "! grep -l '^State:.Z' \$(sed 's|[0-9]\{1,\}|/proc/&/status|g' /proc/$master/task/$master/children) 2>/dev/null"; }
ok 'no child is left unwaited for' within 10 orderly
# A holder that goes while it forks tells nobody of the scanner.
storm() { for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do talk "$two" 'zRELOAD\0'; ask plain "$two" && ask plain "$two" || return; done; }
ok 'in a storm of reloads each message is looked at' storm
ok 'and none is left either' within 10 orderly

# A scanner that may take no memory at all
start_virusd poor memory=1m
like '^cm-filter-virus: .* ERROR$\|5.7.1 virus found' 'without memory nothing is OK' cm-filter-virus "$T/poor/socket" < attached
kill $PID

# ---- what a scanner can reach ----
ROW=
# Of the first one, whose scanners do not end after three messages.
s=$(scanners $daemon | head -n 1)
same 'NoNewPrivs:	1
Seccomp:	2' 'a scanner is confined' grep -E '^(NoNewPrivs|Seccomp):' /proc/$s/status
if ls "/proc/$s/fd" > /dev/null 2>&1; then
  same '0 1 2 3 ' 'has its channel and nothing else' sh -c "for d in /proc/$s/fd/*; do n=\${d##*/}; [ \$n -lt 4 ] && echo \$n || readlink \$d; done | sort | tr '\n' ' '"
else
  report 0 'has its channel and nothing else # SKIP only root can look at its descriptors'
fi
if [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null; then
  like "tmpfs" 'and makes its files in memory' grep "$T/one/tmp" /proc/$s/mountinfo
fi
ok 'it says so' logged two 'scanners reach no files but their own'

# ---- many, slow and half ones ----
ROW='row 72'
fifty() {
  for i in $(seq 25); do ask infected "$one" & ask plain "$one" & done | grep -c 'Eicar'
}
same 25 'fifty clients at once' fifty
late() { { printf "$1"; sleep 6; } | nc -U -w 10 "$one" | tr '\0' '\n'; }
late 'zPI' > late1 & a=$!
late 'zINSTREAM\0\0\0\1\0ab' > late2 & b=$!
late '' > late3 & c=$!
wait $a $b $c
same 'COMMAND READ TIMED OUT' 'half a command has an end' cat late1
same 'COMMAND READ TIMED OUT' 'half a stream too' cat late2
same 'COMMAND READ TIMED OUT' 'and none at all' cat late3
verdict 0 '' 'meanwhile others are served' ask plain "$one"

# ---- the end ----
ROW=
within 10 idle; kill -STOP $(scanners $master)
cm-filter-virus "$two" < infected > last 2>&1 & asking=$!
within 10 busy
kill $master
kill -CONT $(scanners $master)
wait $asking
same "$virus" 'SIGTERM waits for who is being answered' cat last
wait $master; code=$?
same 0 'and ends well' echo $code
ok 'without a socket' test ! -e "$two"
verdict 111 "cm-virusd: unable to work in $T/none: No such file or directory" 'nor without a place to work' \
  cm-virusd "db=$T/one/db" "tmp=$T/none" "$T/none"
verdict 111 "cm-virusd: unable to listen at 127.0.0.1:65536: Invalid argument" 'nor at a port that there cannot be' \
  sh -c "cm-virusd 'db=$T/one/db' 'tmp=$T' 127.0.0.1:65536 2>&1 | grep -v '^engine\|^scanners'; exit 111"
verdict 111 "cm-virusd: unable to listen at $one: Address already in use" 'no second one takes the address' \
  sh -c "cm-virusd 'db=$T/one/db' 'tmp=$T' $one 2>&1 | grep -v '^engine\|^scanners'; exit 111"
kids=$(children $daemon)
kill -9 $daemon
dead() { for p in $kids; do ! grep -q '^State:.[^Z]' "/proc/$p/status" 2>/dev/null || return 1; done; }
ok 'kill -9 takes the children with it' within 10 dead
ok 'leaves a socket' test -S "$one"
verdict 111 '' 'that nobody serves' ask plain "$one"
start_virusd one
verdict 100 "$virus" 'and that the next one takes over' ask infected "$one"

usage='cm-virusd: usage: cm-virusd db=DIR... [NAME=VALUE...] ADDRESS...'
verdict 100 "$usage" 'called wrongly' cm-virusd
verdict 100 "$usage" 'without a database' cm-virusd "$T/no"
verdict 100 "$usage" 'without an address' cm-virusd "db=$T"
verdict 100 'cm-virusd: unusable: scanners=0' 'a number out of bounds' cm-virusd scanners=0
verdict 100 'cm-virusd: unusable: colour=red' 'a setting that is none' cm-virusd colour=red

# ---- policy ----
start_virusd strict encrypted=found
verdict 100 '5.7.1 virus found: Heuristics.Encrypted.Zip' 'encrypted=found finds what is encrypted' ask encrypted "$T/strict/socket"
same "$virus" 'and what is in clear' ask infected "$T/strict/socket"

# ---- memory ----
# resident PID: KiB of memory of its own
resident() { awk '/^RssAnon/ { print $2 }' "/proc/$1/status"; }
start_virusd long scanners=1 scans=100000
hundred() { for i in $(seq 100); do ask attached "$T/long/socket"; ask plain "$T/long/socket"; done > /dev/null; }
within 10 pings "$T/long/socket"
hundred; worker=$(scanners $PID)
a=$(($(resident $PID) + $(resident $worker)))
hundred; hundred
b=$(($(resident $PID) + $(resident $worker)))
same "$worker" 'one scanner has done all that' scanners $PID
ok "and memory does not grow with messages ($a KiB, $b KiB)" test $b -le $((a + 400))

# A build that tells at the end what was not freed
build=$T/leaks
if make -s -C "$OLDPWD" "BUILD=$build" WARN= CC='gcc -O1 -g -fsanitize=address,undefined' "$build/bin/cm-virusd" > make.log 2>&1; then
  PATH=$build/bin:$PATH
  export ASAN_OPTIONS=detect_leaks=1:exitcode=99
  start_virusd leak scanners=1 scans=2
  for i in 1 2 3; do ask attached "$T/leak/socket"; ask plain "$T/leak/socket"; done > answers
  same 3 'under a leak checker it finds' grep -c Eicar answers
  talk "$T/leak/socket" 'zRELOAD\0' > /dev/null
  reloaded() { [ "$(grep -c '^engine stands' "$T/leak/log")" = 2 ]; }
  ok 'reloads' within 60 reloaded
  kill $PID; wait $PID; code=$?
  same 0 'and has freed everything in the end' echo $code
  same '' 'with nothing to complain of' grep -E 'ERROR|runtime error|leaked' "$T/leak/log"
else
  report 1 'a build with a leak checker'; sed 's/^/# /' make.log
fi

done_testing
