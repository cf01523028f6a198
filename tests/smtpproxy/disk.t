#!/bin/sh
# A store, a log or a file system that is not what it was: the client is told to come
# again, or has its answer all the same; and once that is mended everything is as before. And
# what a stage has of the session that it is started from.
if [ -z "$DISK" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  DISK=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
[ "$DISK" ] || { echo '1..0 # SKIP only root can mount'; exit 0; }

start_faultsink s
home h smtp 127.0.0.1 "$PORT"
echo store > "$W/port/control/quarantine"
echo me.example.net > "$W/port/control/me"
verdict() { echo "v check 0=$1 : true" > "$W/port/control/pipeline"; }
one() { message 'Subject: x' '' body | cut -c 1-3; }
stored() { find "$W/store" -name '*.eml' 2>/dev/null | wc -l; }

verdict accept/redirect
same 250 'row 82: a message is stored' one
mv "$W/store" "$W/aside"; : > "$W/store"
same 451 'row 82: with a file in the place of the store it is deferred' one
rm "$W/store"
same 250 'row 82: a store that was removed is made again' one
same 1 'row 82: and has it' stored
mount -t tmpfs -o size=64k tmpfs "$W/store" && chmod 700 "$W/store"
same 250 'row 82: a file system of its own' one
mount -o remount,ro "$W/store"
same 451 'row 82: which becomes read-only' one
mount -o remount,rw "$W/store"
same 250 'row 82: and can be written again' one
head -c 65536 /dev/zero > "$W/store/full" 2>/dev/null
like '^45[12]$' 'row 74: or is full' one
same 2 'row 74: nothing of that message is there' stored
rm "$W/store/full"
same 250 'row 74: and has room again' one
umount "$W/store"

verdict accept/delete
rm -rf "$W/log"; : > "$W/log"
same 451 'row 82: without a place for the ledger nothing is deleted' one
rm "$W/log"
same 250 'row 82: and then it is' one
verdict accept/deliver
ln -sf /dev/full "$W/err"
same 250 'row 86b: a log on a full disk stops no mail' one

# The reader of the log: it is stopped, with the pipe full; and it has died. A stage has
# something to say, too.
printf '#!/bin/sh\necho something >&2\n' > "$W/port/speaks"; chmod 755 "$W/port/speaks"
echo 31 > "$W/port/control/loglevel"
speaks() { echo "v check 0=accept/deliver : ./speaks" > "$W/port/control/pipeline"; }
speaks
rm "$W/err"; mkfifo "$W/err"
cat < "$W/err" > "$T/read" & READER=$!
exec 9> "$W/err"
# told COMMAND...: what is heard of a message, the log at descriptor 9
told() {
  (cd "$W/port" && printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA 'Subject: x' '' x . QUIT |
    CM_HOME=$W TCPREMOTEIP=192.0.2.1 timeout 60 "$@" 2>&9 | tr -d '\r' | tail -n 2 | head -n 1 | cut -c 1-3)
}
same 250 'a log that is read' told cm-smtpd
stopped() { [ "$(sed -n 's/^State:.\(.\).*/\1/p' /proc/$READER/status)" = T ]; }
kill -STOP $READER; within 10 stopped
fill
rm -f "$W/log/dropped"
# A pipe without a name is written to in another way, where the kernel has it.
{ fill; told cm-smtpd > "$T/told.1"; : > "$T/done"; } 9>&1 | sleep 60 & idle=$!
told cm-smtpd > "$T/told.2"
within 60 test -e "$T/done"
kill $idle; wait $idle 2>/dev/null
same 250 'row 86b: nor one whose reader is stopped' cat "$T/told.1"
same 250 'row 86b: nor one of a pipe that has a name' cat "$T/told.2"
verdict accept/delete
same 250 'row 86b: nor does it keep what is on record elsewhere' told cm-smtpd
same 3 'row 86b: each session has its count of what the log did not get' grep -c 'Z [^ ]* [1-9][0-9]*$' "$W/log/dropped"
kill -CONT $READER
same 250 'row 86b: and a log whose reader goes on' told cm-smtpd
within 10 grep -q '^decision ' "$T/read"
like '^decision ' 'row 86b: is written to' cat "$T/read"
speaks
kill $READER; wait $READER 2>/dev/null
same 250 'row 86b: and one whose reader has died stops none' told cm-smtpd
exec 9>&-
verdict accept/deliver
(cd "$W/port" && printf 'NOOP\r\nNOOP\r\nQUIT\r\n' | CM_HOME=$W strace -qq -e trace=pwritev2,write,poll,fstat -o "$T/calls" cm-smtpd 2>&1 > /dev/null) | cat > "$T/read"
if grep -q 'pwritev2.*EOPNOTSUPP' "$T/calls"; then report 0 'row 86b: a line costs one call # SKIP a kernel before 6.4'; else
  same "$(grep -c . "$T/read")" 'row 86b: a line costs one call' grep -c '(2,\|fd=2' "$T/calls"
fi
rm -rf "$W/err" "$W/log" "$W/port/control/loglevel"; : > "$W/log"
same 250 'row 86b: nor a mail log that cannot be written' one
for way in accept/redirect reject/delete; do
  verdict $way
  same "$([ $way = reject/delete ] && echo 550 || echo 250)" "row 86b: nor a ledger, $way" one
done
verdict accept/delete
same 451 'row 86b: which stops what would be on record there alone' one
verdict accept/deliver
rm "$W/log"; mkdir -m 700 "$W/log"; mkfifo "$W/log/mail.csv"
same 250 'row 86b: nor a mail log that is a pipe, and nobody reads' one

# What others than root, the account of the port and the owner of the home can change.
rm -rf "$W/log" "$W/err"
verdict accept/redirect
greeted() { talk QUIT | head -n 1 | cut -c 1-3; }
# refused WHAT PATH LINE: with other rights, and with another owner, there is no session
refused() {
  mode=$(stat -c %a "$2")
  chmod o+w "$2"
  same 421 "row 73: $1 where anybody may write is refused" greeted
  like "^trouble .*unable to rely on $3: anybody may write there" 'row 73: and the log says so' tail -n 1 "$W/err"
  chmod "$mode" "$2"
  chown 12345 "$2"
  same 421 "row 73: or that belongs to somebody else" greeted
  like "^trouble .*unable to rely on $3: it belongs to another account; become that one by setuidgid, or chown it$" 'row 73: as the log says' tail -n 1 "$W/err"
  chown 0 "$2"
  same 220 'row 73: once that is put right there is' greeted
}
mkdir -p "$W/control"
refused "a port's control" "$W/port/control" "the port's control"
refused 'a port' "$W/port" "the port's directory"
refused "the suite's control" "$W/control" "$W/control"
chmod 1777 "$W/port"
same 220 'row 73: where nobody can rename what is there it may be so' greeted
chmod 755 "$W/port"
chmod 777 "$W"
same 421 'row 73: a home where anybody may write is refused' greeted
chmod 755 "$W"
chmod 777 "$W/store"
same 451 'row 73: nothing is stored where anybody may write' one
like '^trouble .*unable to store the message: Operation not permitted' 'row 73: as the log says' grep '^trouble' "$W/err"
chmod 700 "$W/store"
same 250 'row 73: but where nobody may' one
rm -rf "$W/log"; mkdir -m 777 "$W/log"
verdict accept/delete
same 451 'row 73: nor is a deletion put on record there' one
chmod 700 "$W/log"
same 250 'row 73: but where nobody may' one
verdict accept/deliver
mkdir -m 1777 "$W/spool"
echo "$W/spool" > "$W/port/control/spool"
printf '#!/bin/sh\nls -A %s > %s; wc -c > %s\n' "$W/spool" "$W/names" "$W/bytes" > "$W/port/looks"; chmod 755 "$W/port/looks"
echo 'looks check : ./looks' > "$W/port/control/pipeline"
# shellcheck disable=SC2046 # a word a line
large() { message 'Subject: x' '' $(head -c 3000000 /dev/zero | tr '\0' x | fold -w 900) | cut -c 1-3; }
same 250 'a message that is spooled on the disk' large
ok 'row 73: has no name there that somebody could have planted' sh -c "[ ! -s '$W/names' ] && [ \$(cat '$W/bytes') -gt 3000000 ]"
rm "$W/port/control/spool"

# What a stage has of us.
rm -rf "$W/log"
CM_CANARY=canary-$$; export CM_CANARY
cat > "$W/port/looks" <<'!'
#!/bin/sh
ls /proc/self/fd > ../fds
env > ../env
cat /proc/$$/cmdline /proc/$PPID/cmdline > ../arguments
grep NoNewPrivs /proc/self/status > ../privileges
ulimit -c > ../core
exit 0
!
chmod 755 "$W/port/looks"
echo 'looks check : ./looks' > "$W/port/control/pipeline"
for i in 3 4 5 6 7 8 9; do eval "exec $i< /dev/null"; done
same 250 'row 85: a stage that looks around' one
for i in 3 4 5 6 7 8 9; do eval "exec $i<&-"; done
same '0 1 2 3' 'row 85: has three descriptors, and one more that it looks with' sh -c "sort -n $W/fds | tr '\n' ' ' | sed 's/ $//'"
ok 'row 85: knows its envelope' grep -q '^CM_ENVELOPE=' "$W/env"
same '' 'row 85: and no secret of ours, nor does a log' \
  grep -rl "$CM_CANARY" "$W/env" "$W/arguments" "$W/log" "$W/err" "$W/port"
like '1$' 'row 85: gets no new privileges' cat "$W/privileges"
same 0 'row 85: and leaves no core' cat "$W/core"

# One of ours in a jail, as it is seen from outside while it waits.
CM_CANARY=$CM_CANARY front h
echo 'waits check jail=own time=60 mem=64m : cm-filter-delay 50' > "$W/port/control/pipeline"
letter | session > "$T/script"
perl tests/tools/faultclient "$PORT" < "$T/script" > "$T/transcript" & CLIENT=$!
below() { for child in $(children "$1"); do echo "$child"; below "$child"; done; }
waiting() { for p in $(below "$PID"); do [ "$(cat "/proc/$p/comm")" != cm-filter-delay ] || echo "$p"; done 2> /dev/null | grep .; }
within 20 waiting
P=/proc/$(waiting)
same '0 1 2 4' 'row 85: in a jail a stage has its envelope on a fourth descriptor' sh -c "ls $P/fd | sort -n | tr '\n' ' ' | sed 's/ \$//'"
like ' 4 -> /memfd:envelope' 'row 85: which is in memory' ls -l "$P/fd"
same '' 'row 85: it knows nothing but the listed variables' sh -c "tr '\0' '\n' < $P/environ | sed 's/=.*//' |
  grep -vxE 'SENDER|CM_(ENVELOPE|FIELDS|ID|DEADLINE|DEPTH|UNCHANGED|HELO|PROTO|AUTH|TLS|HOME)|PROTO|TCP.*|LANG|LC_ALL|PATH|TZ'"
limit() { sed -n "s/^Max $1 *\([0-9a-z]*\) *\([0-9a-z]*\) .*/\1 \2/p" "$P/limits"; }
same '30 30' 'row 85: has 30 seconds of processor time' limit 'cpu time'
same '0 0' 'row 85: leaves no core' limit 'core file size'
same '32 32' 'row 85: can open 32 files' limit 'open files'
same '1048576 1048576' 'row 85: has a megabyte of stack' limit 'stack size'
like '^[0-9]* [0-9]*$' 'row 85: can write no endless file' limit 'file size'
sanitized || same '67108864 67108864' 'row 85: has the memory of its line' limit 'address space'
like '^NoNewPrivs:.*1$' 'row 85: gets no new privileges' cat "$P/status"
sanitized || like '^Seccomp:.*2$' 'row 85: and has a list of calls' cat "$P/status"
same '' 'row 85: what the port was started with, and is not listed, no process below it has' \
  sh -c 'for p in "$@"; do grep -alF "$CM_CANARY" "/proc/$p/cmdline"; done; for p in "$@"; do case $(cat "/proc/$p/comm") in cm-smtpd|tcpserver) ;; *) grep -alF "$CM_CANARY" "/proc/$p/environ";; esac; done' \
  sh $(below "$PID")
kill $CLIENT; wait $CLIENT 2> /dev/null
gone() { [ ! "$(children "$PID")" ]; }
ok 'row 85: and when its client is gone it is' within 20 gone

done_testing
