#!/bin/sh
# Something happens at every system call of a session, each in turn: what the client was
# told is true, and nothing is left. tests/tools/everycall says what is looked at.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
CANARY=canary-$$ CM_CANARY=canary-$$ OF='' COARSE=97
export CANARY CM_CANARY
. "$(dirname "$0")/../everycall.sh"

start_faultsink s
SINK=$PID
home h smtp 127.0.0.1 "$PORT"
echo store > "$W/port/control/quarantine"
echo "$T/spool" > "$W/port/control/spool"
echo me.example.net > "$W/port/control/me"
mkdir "$T/spool"

for verdict in accept/deliver reject/deliver accept/redirect reject/redirect accept/delete reject/delete; do
  each "row 79: cm-smtpd killed, $verdict" kill $verdict
done
for verdict in accept/deliver accept/redirect reject/delete; do
  each "row 79: cm-pipeline killed, $verdict" -p cm-pipeline kill $verdict
  each "row 79: the stage killed, $verdict" -p true kill $verdict
done
each 'row 79: cm-smtpd killed, a message that is spooled on the disk' -s 3 -b 3000000 kill accept/redirect

# What a sanitizer reads as it starts it wants whole.
sanitized || for verdict in accept/deliver accept/redirect accept/delete; do
  for program in cm-smtpd cm-pipeline; do
    each "row 77: $program gets and gives single bytes, $verdict" -a -x 2 -b 1500 -p $program short $verdict
    each "row 77: $program is interrupted at every second call, $verdict" -a -x 2 -b 5000 -p $program again $verdict
  done
done
each 'row 84: the clock goes back a day' -x 2 clock:-86400 accept/redirect
each 'row 84: or forward ten years' -x 1 clock:315360000 accept/redirect
# session VERDICT COMMAND...: one message, its log in $W/err; what the client heard of it
session() {
  echo "v check time=2 0=$1 : $2" > "$W/port/control/pipeline"; shift 2
  (cd "$W/port" && printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA "Subject: x" '' "$$" . QUIT |
    CM_HOME=$W TCPREMOTEIP=192.0.2.1 timeout 100 "$@" cm-smtpd 2>> "$W/err" | tr -d '\r' | tail -n 2 | head -n 1 | cut -c 1-3)
}
# No bound here is near to what it takes: a day is.
for at in 1 60 140; do
  same 451 "row 84: a stage that hangs is stopped, though the clock goes back a day at call $at of cm-pipeline" \
    session accept/deliver 'sleep 1000' "$BUILD/tests/atcall" -p cm-pipeline clock:-86400 $at
  same 451 "row 84: or at call $at of cm-smtpd" session accept/deliver 'sleep 1000' "$BUILD/tests/atcall" -p cm-smtpd clock:-86400 $at
done
# A client that says nothing, in place of one that is there for a thousand seconds.
echo 2 > "$W/port/control/timeoutsmtpd"
mkfifo "$T/client"
mute "$T/client"; QUIET=$PID
for at in 1 60; do
  same 421 "row 84: a client that says nothing has its time, though the clock goes back at call $at" sh -c '
    cd "$0/port" && CM_HOME=$0 TCPREMOTEIP=192.0.2.1 timeout 100 "$BUILD/tests/atcall" -p cm-smtpd clock:-86400 "$1" cm-smtpd < "$2" 2>> "$0/err" | tail -n 1 | cut -c 1-3' "$W" $at "$T/client"
done
kill $QUIET; wait $QUIET 2> /dev/null
rm "$W/port/control/timeoutsmtpd"
if unshare -pf --mount-proc true 2> /dev/null; then
  # twin: the same process id, time, and chance as the one before
  twin() { rm -rf "$W/state"; session accept/redirect true unshare -pf --mount-proc "$BUILD/tests/atcall" -p cm-smtpd clock=1700000000 0; }
  stored() { find "$W/store" -name '*.eml' | wc -l; }
  rm -rf "$W/store"
  same 250 'row 84: a message is stored' twin
  sum=$(cat "$W"/store/*.eml "$W"/store/*.env | cksum)
  same 451 'row 84: another one with the same process id and time, and no luck, is not stored in its place' twin
  same "$sum" 'row 84: the first one is what it was' sh -c "cat '$W'/store/*.eml '$W'/store/*.env | cksum"
  same 250 'row 84: and with another time it is' session accept/redirect true
  same 2 'row 84: so that there are two' stored
fi
each 'row 86a: SIGTERM' TERM accept/redirect
each 'row 86a: SIGTERM to cm-pipeline' -p cm-pipeline TERM accept/redirect
each 'row 86a: SIGTERM at each call at once' -a TERM accept/redirect
each 'row 86a: SIGHUP' HUP accept/redirect
each 'row 86a: SIGCHLD means nothing' -x 2 CHLD accept/redirect
# To a child that is about to become another program it does.
each 'row 86a: SIGPIPE does not either' -x 1 PIPE accept/redirect

if sanitized; then done_testing; exit; fi

for verdict in accept/deliver reject/deliver accept/redirect accept/delete; do
  each "row 78: the Nth allocation of cm-smtpd fails, $verdict" -x 1 memory $verdict
  each "row 78: that of cm-pipeline, $verdict" -x 1 -p cm-pipeline memory $verdict
done

# wanting FILE VALUE: with such a setting, and one allocation that fails, each in turn, the client
# still hears that the port is not set up
wanting() {
  cp -r "$W/port/control" "$T/control"
  echo "$2" > "$W/port/control/$1"
  for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    (cd "$W/port" && PATH=$BUILD/failing:$PATH TCPFAIL=cm-smtpd:$k:$T/did CM_HOME=$W TCPREMOTEIP=192.0.2.1 cm-smtpd < /dev/null 2>> "$W/err"
      echo $?) | tr '\r\n' '  '
    echo
  done | sed 's/ this.*later//' | sort -u
  rm -rf "$W/port/control"; mv "$T/control" "$W/port/control"
}
for setting in 'maxerrors none' 'xclient nobody' 'limits none' 'upstream nowhere' 'newlines maybe' 'routes none'; do
  same '421 4.3.5  111 ' "row 78: or one while a broken control/${setting% *} is told" wanting ${setting% *} ${setting#* }
done

files=open,openat,read,write,pread64,pwrite64,writev,fsync,link,linkat,unlink,unlinkat,close,mkdir,mkdirat,ftruncate,lseek,fstat,newfstatat,stat,flock,fcntl,getdents64
for error in ENOSPC EDQUOT EIO; do
  each "row 75: $error while a message is stored" -c $files -x 1 $error accept/redirect
  each "row 75: $error while a deletion is put on record" -c $files -x 1 $error accept/delete
done
each 'row 76: EIO from fsync, store' -c fsync -x 1 EIO accept/redirect
each 'row 76: EIO from fsync, ledger' -c fsync -x 1 EIO accept/delete
each 'row 76: from each fsync at once' -a -c fsync -x 1 EIO accept/redirect
for error in ENOSPC EIO; do
  each "row 74: $error while a message is spooled on the disk" -b 3000000 -c openat,open,write,writev,fchmod,lseek,fcntl,copy_file_range -x 1 $error accept/deliver
done
opens=open,openat,memfd_create,pipe,pipe2,socket,dup2,dup3,fcntl,signalfd4
for program in cm-smtpd cm-pipeline; do
  each "row 83: no descriptor left for $program" -p $program -c $opens -x 1 EMFILE accept/redirect
  each "row 83: none left at all for $program" -a -p $program -c memfd_create,pipe2,socket -x 1 ENFILE accept/deliver
  each "row 83: no process left for $program" -p $program -c vfork,fork,clone -x 1 EAGAIN accept/deliver
  each "row 83: no memory left for $program" -p $program -b 200000 -c mmap,mremap,vfork,memfd_create -x 1 ENOMEM accept/deliver
done
each 'row 83: and it recovers' -a -x 2 list accept/redirect

done_testing
