#!/bin/sh
# What goes wrong around cm-queue: whoever hands mail in has heard the truth, and nothing is left.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/queue.sh"
OF=-q SINK=- COARSE=23
. "$(dirname "$0")/../everycall.sh"
mkdir "$T/spool"
echo "$T/spool" > "$C/spool"
echo me.example.net > "$C/me"

# At every call

for verdict in accept/deliver reject/deliver accept/redirect reject/redirect accept/delete reject/delete; do
  each "cm-queue killed, $verdict" kill $verdict
done
each 'cm-queue killed, a message that is spooled on the disk' -s 3 -b 3000000 kill accept/deliver

for verdict in accept/deliver accept/redirect; do
  each "cm-pipeline killed, $verdict" -s 3 -p cm-pipeline kill $verdict
done
each 'the real queue program killed' -s 3 -p "$(basename "$(readlink -f /bin/sh)")" kill accept/deliver
each 'SIGTERM' TERM accept/deliver
each 'SIGTERM, and the message is to be stored' TERM accept/redirect
each 'SIGCHLD means nothing' -x 2 -s 3 CHLD accept/deliver
each 'the clock goes back a day' -x 2 -s 5 clock:-86400 accept/redirect

if ! sanitized; then
  for verdict in accept/deliver accept/redirect accept/delete; do
    each "cm-queue gets and gives single bytes, $verdict" -a -x 2 -b 1500 short $verdict
    each "cm-queue is interrupted at every second call, $verdict" -a -x 2 -b 5000 again $verdict
  done
  for verdict in accept/deliver reject/deliver accept/redirect accept/delete; do
    each "the Nth allocation fails, $verdict" -x 1 memory $verdict
    each "all from the Nth on fail, $verdict" -x 1 nomemory $verdict
  done
  files=open,openat,read,write,pread64,pwrite64,writev,fsync,link,linkat,unlink,unlinkat,close,mkdir,mkdirat,ftruncate,lseek,fstat,newfstatat,stat,flock,fcntl,getdents64
  for error in ENOSPC EIO; do
    each "$error while a message is queued" -s 2 -c $files -x 1 $error accept/deliver
    each "$error while it is stored" -c $files -x 1 $error accept/redirect
    each "$error while its deletion is put on record" -c $files -x 1 $error accept/delete
    each "$error while it is spooled on the disk" -s 5 -b 3000000 -c openat,open,write,writev,fchmod,lseek,fcntl,copy_file_range -x 1 $error accept/deliver
  done
  each 'no descriptor left' -c open,openat,memfd_create,pipe,pipe2,dup2,dup3,fcntl -x 1 EMFILE accept/deliver
  each 'no process left' -c vfork,fork,clone -x 1 EAGAIN accept/deliver
  each 'no memory left' -b 200000 -c mmap,mremap,vfork,memfd_create -x 1 ENOMEM accept/deliver
fi
each 'and it recovers' -a -x 2 list accept/redirect

# The real queue program

: > "$C/pipeline"
# behind LINE...: it is a script of these lines
behind() {
  { echo '#!/bin/sh'; printf '%s\n' "$@"; } > "$W/bin/behind"
  chmod 755 "$W/bin/behind"
  echo "$W/bin/behind" > "$C/queue"
  fresh
}
for signal in KILL SEGV TERM ALRM; do
  behind "kill -$signal \$\$"
  same 81 "one that ends by SIG$signal" queue
  like '^indoubt .*behind: crashed' 'is a doubt, which is logged' cat "$T/err"
done
echo 1 > "$C/timeoutremote"
behind 'echo $$ > "$CM_HOME/pid"' 'exec sleep 1000'
same 52 'one that does not end' queue
like '^indoubt .*behind: did not end in time' 'is one, too' cat "$T/err"
ok 'and is ended' sh -c "! kill -0 $(cat "$W/pid") 2> /dev/null"
behind "trap '' TERM" 'while :; do sleep 0.1; done'
same 52 'also where it ignores SIGTERM' queue
rm "$C/timeoutremote"
behind 'sleep 0.3' 'exit 0'
same 0 'one that is slow' queue
behind 'exit 0'
printf 'Subject: large\n\n' > "$T/large"; head -c 3000000 /dev/zero | tr '\0' x >> "$T/large"
same 0 'one that reads nothing' sh -c "cm-queue < $T/large 1< $T/envelope; echo \$?"
behind 'cat > /dev/null; echo text >&2; echo text >&1' 'exit 0'
same 0 'one that writes where it should not' queue
same text 'what it says on 2 is seen' cat "$T/err"
behind 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]*\) -> .*/\1/p" | grep -vx 3 > "$CM_HOME/open"'
told > /dev/null
same '0
1
2
6' 'no other descriptor is open in it' cat "$W/open"
behind 'cat > /dev/null' 'trap > "$CM_HOME/signals"; grep "^Sig[BI]" /proc/self/status > "$CM_HOME/signals"'
# What ignores signals for us may have begun before this test, and two are the C library's own.
env --default-signal sh -c "trap '' CHLD PIPE TERM HUP; exec cm-queue < $T/message 1< $T/envelope"
same 'SigBlk: 0000000000000000
SigIgn: 0000000000000000' 'and no signal is blocked or ignored' perl -pe 's/\t/ /; s/(Ign: )(\S+)/sprintf "%s%016x", $1, hex($2) & ~(3 << 31)/e' "$W/signals"
echo "$W/bin/record" > "$C/queue"

# Filters

echo 1 > "$C/deadline"
echo 'slow check time=100 : sleep 1000' > "$C/pipeline"; fresh
same 71 'a filter that does not end' queue
same '0 0 0' 'queues nothing' fate
rm "$C/deadline"
printf '#!/bin/sh\nkill -9 $PPID\n' > "$W/bin/killer"; chmod 755 "$W/bin/killer"
echo "killer check : $W/bin/killer" > "$C/pipeline"; fresh
same 71 'one that kills cm-pipeline' queue
same '0 0 0' 'queues nothing' fate
: > "$C/pipeline"

# The caller

# half MESSAGE ENVELOPE: a caller that ends when it has written so much of them to pipes
half() {
  fresh
  perl -MPOSIX -e '
    my ($message, $envelope) = map { eval "qq{$_}" } @ARGV;
    pipe my $m0, my $m1; pipe my $e0, my $e1; pipe my $c0, my $c1;
    if (!fork) {
      if (!fork) {
        open STDIN, "<&", $m0; POSIX::dup2(fileno $e0, 1); close $_ for $m0, $m1, $e0, $e1, $c0;
        my $code = system("cm-queue"); syswrite $c1, $code >> 8; exit;
      }
      close $_ for $c0, $c1;
      syswrite $m1, $message; close $m1; syswrite $e1, $envelope; exit;
    }
    close $_ for $m0, $m1, $e0, $e1, $c1;
    print <$c0>' "$1" "$2" 2> "$T/err"
}
same 54 'a caller that dies before the message is whole' half 'Subject: x\n\nhal' ''
same '0 0 0' 'has queued nothing' fate
same 54 'one that dies before the envelope' half 'Subject: x\n\nall of it\n' ''
same 54 'in mid envelope' half 'Subject: x\n\nall of it\n' 'Fa\@example.org\0Tb\@example.net\0'
same '0 0 0' 'has queued nothing' fate
same 0 'one that dies behind it' half 'Subject: x\n\nall of it\n' 'Fa\@example.org\0Tb\@example.net\0\0'
same '1 0 0' 'has queued it' fate
behind 'above() { sed -n "s/^PPid:.//p" /proc/$PPID/status; }' 'caller=$(above)' 'kill -9 "$caller"' \
  'while [ "$(above)" = "$caller" ]; do sleep 0.01; done'
sh -c "sh -c 'cm-queue < $T/message 1< $T/envelope 2> $T/err; :'; :" 2> /dev/null
ok 'that it does not hear so is logged' within 20 grep '^ack-lost ' "$T/err"
echo "$W/bin/record" > "$C/queue"
mkfifo "$T/slow"
mute "$T/slow"; SLOW=$PID
cm-queue < "$T/slow" 1< "$T/envelope" & PID=$!
ok 'a caller that does not come to an end' within 20 grep -q '^0 0x0 ' "/proc/$PID/syscall"
kill -ALRM $PID
wait $PID; late=$?
same 52 'has a day: when that is over it is late' echo $late
! sanitized && strace -o "$T/trace" true 2> /dev/null && {
  strace -o "$T/trace" -e trace=alarm,setitimer cm-queue < "$T/message" 1< "$T/envelope"
  like '86400' 'it is one day' sed 1q "$T/trace"
  like 'it_value={tv_sec=0,\|alarm(0)' 'and nobody is late when both are there' sed -n 2p "$T/trace"
}
# ended: what waits is told to end, and has ended
ended() { ! child_of_ours "$PID" || { hears_of_it cm-queue && kill "$PID"; ! :; }; }
cm-queue < "$T/slow" 1< "$T/envelope" 2> "$T/err" & PID=$!
ok 'who waits for a message and is told to end' within 20 ended
wait $PID; late=$?
same 71 '... does so, for now' echo $late
cm-queue < "$T/message" 1< "$T/slow" 2> "$T/err" & PID=$!
ok 'and who waits for an envelope' within 20 ended
wait $PID; late=$?
same 54 '... has not read it' echo $late
kill $SLOW; wait $SLOW 2> /dev/null
for limit in fsize=0 nofile=7 nofile=9 nproc=0 cpu=1; do
  fresh
  got=$(queue prlimit --$limit)
  ok "a caller with a limit, $limit, gets a temporary answer or a true one: $got" sh -c "[ $got -gt 40 ] || [ $got -gt 0 -a $got -lt 11 ] || [ $got = 0 -a '$(fate)' = '1 0 0' ]"
done

done_testing
