#!/bin/sh
# Stages that hang, flood, hide and lie. Whatever they do, the answer comes in
# time, it is on-error's, and nothing of them is left.
BUILT=${BUILD:-$PWD/build}
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"

# sleepers SECONDS: the processes of this test that sleep for so long
sleepers() { for p in $(pgrep -fx "sleep $1"); do [ "$(readlink "/proc/$p/cwd")" != "$T" ] || echo "$p"; done; }
there() { [ "$(sleepers "$1")" ]; }
# gone SECONDS: there are none any more; what was killed may take a moment to be dead
gone() { within 20 not there "$1"; }

# Hanging

echo 'exec sleep 5001' | stage hangs
cat <<'E' | stage ignores
trap '' TERM HUP INT
while :; do sleep 5002; done
E
echo 'kill -STOP $$' | stage stops
echo 'trap "exit 0" TERM; sleep 5003 & wait' | stage polite
# Three seconds, so that each surely is what it wants to be by then; and what is
# busy otherwise when SIGTERM comes may still be there when SIGKILL does.
decides 111 'stages that hang' 'a check time=3 : hangs\nb check time=3 : ignores\nc check time=3 : stops\nd check time=3 : polite'
like '^broken -\(15\|9\) - no answer within 3 s$' 'one that does nothing is ended' trace a
same 'broken -9 - no answer within 3 s' 'one that ignores SIGTERM is killed' trace b
same 'broken -9 - no answer within 3 s' 'so is one that stops itself' trace c
like '^broken \(0\|-9\) - no answer within 3 s$' 'one that says accept when it is ended is broken all the same' trace d
ok 'and they are gone' gone '500[123]'
CM_DEADLINE=$(($(date +%s) + 4)); export CM_DEADLINE
decides 111 'the deadline of the transaction' 'a check time=60 : hangs\n\nb check : s0'
like '^broken -\(15\|9\) - no answer within [1-4] s$' 'caps its time' trace a
same 'broken - - no time left' 'and that of those behind it' trace b
unset CM_DEADLINE

# Hiding

cat <<'E' | stage daemon
setsid sh -c 'trap "" TERM HUP; sleep 5004; sleep 5004' &
(setsid sleep 5004 &) &
sleep 5004 &
exit ${1:-0}
E
decides 10 'a stage that leaves daemons which hold its descriptors' 'a check : daemon 10'
ok 'has answered; they are gone' gone 5004
decides 0 'in a paragraph beside others' 'a check : daemon\nb check : daemon\nc check : s0'
ok 'too' gone 5004
echo 'i=0; while [ $i -lt 300 ]; do sleep 5005 & i=$((i+1)); echo >> forked; done; wait' | stage forks
decides 111 'one that forks and waits' 'a check time=3 : forks'
ok 'is gone with its children' gone 5005
ok 'which were many' sh -c '[ $(wc -l < forked) -ge 30 ]'
# Four hundred that do nothing but fork, each in a session of its own, for a minute: for each
# that is killed another one is born.
cat <<'E' | stage runs
exec perl -e 'use POSIX; $0 = "running 5007"; $SIG{TERM} = "IGNORE";
  sub all { open my $f, "<", "/proc/loadavg" or exit; <$f> =~ m{/(\d+)}; $1 }
  my ($end, $most) = (time + 60, all() + 400);
  while (time < $end) { if (all() > $most) { select undef, undef, undef, 0.01 } elsif (defined(my $p = fork)) { POSIX::setsid() unless $p } }
  open my $f, ">", "ended"'
E
running() { for p in $(pgrep -fx 'running 5007'); do [ "$(readlink "/proc/$p/cwd")" != "$T" ] || echo "$p"; done; }
if [ "$("$BUILT/tests/level")" -lt 6 ]; then report 0 'row 59: # SKIP there is no Landlock that knows of signals'
else
  decides 111 'row 59: a stage whose processes are never the same' 'a check time=2 : runs'
  same '' 'row 59: is gone all the same' running
  ok 'row 59: and not by itself' [ ! -e ended ]
fi
echo 'kill -9 $PPID; sleep 5006' | stage patricide
decides 137 'a stage that kills cm-pipeline' 'a check : patricide'
ok 'dies with it' within 20 not pgrep -f "$T/bin/patricide"
there 5006 && kill $(sleepers 5006)

# Eating

cat <<'E' | stage eats
exec perl -e '$x = "x" x (150 << 20); exit 0'
E
decides 0 'a stage that needs some memory has it' 'a check : eats'
sanitized || decides 111 'but not with mem=100m' 'a check mem=100m : eats'
echo 'exec perl -e "1 while 1"' | stage spins
echo 'echo 5.7.1 $(ulimit -t) $(ulimit -Ht) $(ulimit -c) $(sed -n "s/NoNewPrivs:.//p" /proc/$$/status); exit 20' | stage tells
decides 20 'a stage' 'a check : tells\nb check time=5 : tells'
same 'reject/deliver 20 - 5.7.1 60 60 0 1' 'has limits' trace a
same 'reject/deliver 20 - 5.7.1 5 5 0 1' 'of its own' trace b
decides 20 'whatever' 'a check : tells\nb check time=90 : tells\n\nc check : tells'
same 'reject/deliver 20 - 5.7.1 90 90 0 1' 'one has more' trace b
same 'reject/deliver 20 - 5.7.1 60 60 0 1' 'the others have no more' trace c
same 'reject/deliver 20 - 5.7.1 60 60 0 1' 'also under our own limits' sh -c \
  'ulimit -c 0; cm-pipeline control/pipeline < message | sed -n "s/^X-CleanMail-Trace: a \([^ ]* [^ ]*\) [0-9]* /\1 /p"'
echo 'exec yes >&2' | stage screams
decides 111 'one that eats processor time and one whose descriptor 2 has no end' 'a check time=3 : spins\nb check time=3 : screams'
ok 'are ended' sh -c '[ $(grep -c "Trace: [ab] broken -" report) = 2 ]'
ok 'and the log is cut' sh -c '[ $(wc -c < log) -lt 1500000 ] && grep -q "bytes more$" log'
echo 'exec head -c 40000000 /dev/zero > disk' | stage disk
decides 111 'one that fills the disk' 'a check : disk'
ok 'cannot' sh -c '[ $(wc -c < disk) -le 16777316 ]'
same 'broken -25 - ended by signal 25' 'and is broken' trace a
echo 'exec yes' | stage shouts
decides 111 'one whose report has no end' 'a check : shouts'
same 'broken -25 - ended by signal 25' 'is broken' trace a

# Meddling

echo 'cat > got' | stage reads
echo 'dd bs=1 count=30 of=/dev/null 2>/dev/null; sleep 0.1; exit 0' | stage seeks
decides 0 'a stage seeks in its message' 'a check : seeks\nb check : reads\n\nc check : reads'
ok 'and the others read it from the beginning' cmp got message
echo 'sed s/body/BODY/' | stage rewriter
echo 'perl -e "truncate(STDIN, 0)"; (echo x >> /proc/self/fd/0) 2>/dev/null; (: > /proc/self/fd/0) 2>/dev/null; exit 0' | stage truncates
rewrites 0 'what a rewriter wrote' 'a rewrite : rewriter\n\nb check : truncates\n\nc check : reads'
like '^BODY$' 'no later stage can change' cat new
ok 'nor truncate' grep -q BODY got
same 0 'a message from a pipe' sh -c 'cat message | cm-pipeline control/pipeline > /dev/null 2>&1; echo $?'
like '^BODY$' 'neither' cat got

# Being ended

echo 'a check : hangs
b check : ignores
c check : daemon
d check : forks' | plan
for signal in TERM HUP INT; do
  rm -f forked
  # A shell starts what it puts into the background with SIGINT ignored.
  perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' cm-pipeline control/pipeline < message > report 2> log & PID=$!
  ok "stages run" within 10 test -e forked
  kill -$signal $PID; wait $PID
  same 111 "SIG$signal ends cm-pipeline with 111" echo $?
  ok 'and everything it started' gone '500[1-5]'
done
same '' 'without a report' cat report
printf 'a check : hangs\n\n' | plan
cm-pipeline control/pipeline < message > report 2> log & PID=$!
ok 'a stage runs' within 10 there 5001
kill -9 $PID; wait $PID 2>/dev/null
ok 'a killed cm-pipeline takes it along' gone 5001
printf 'a check on-error=deliver : hangs\n' | plan
cm-pipeline control/pipeline < message > report 2> log & PID=$!
within 10 there 5001
kill -9 $(sleepers 5001); wait $PID
same 0 'a killed stage is what on-error says' echo $?
same 'broken -9 - ended by signal 9' 'by its signal' trace a
printf 'x check : hangs\n' > control/inner
printf 'a check time=1 : cm-pipeline control/inner\n' | plan
same 111 'a pipeline in a pipeline that hangs' check
ok 'is gone with its stages' gone 5001

# A daemon that got the message from a stage, as clamd does, and reads on when that is over
echo 'echo $$ > pid; mv pid asked; until test -e taken; do sleep 0.01; done' | stage asks
echo 'sleep 0.5; cat > got; exit 0' | stage reads
background perl -e '
  my $end = time + 20;
  until (-s "asked") { select undef, undef, undef, 0.01; exit if time > $end }
  open my $f, "<", "asked"; chomp(my $pid = <$f>);
  my $fd = syscall 438, syscall(434, $pid + 0, 0), 0, 0;  # pidfd_getfd, pidfd_open
  open my $m, "<&=", $fd or exit;
  open my $t, ">", "taken";
  while (time < $end) { sysseek $m, 0, 2; select undef, undef, undef, 0.005 }'
decides 0 'a stage is over, and its daemon is not' 'a check time=10 : asks\n\nb check : reads'
ok 'the next stage has the whole message to itself' cmp got message

done_testing
