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
rm "$W/err"; mkfifo "$W/err"
sleep 60 < "$W/err" & READER=$!
exec 9> "$W/err"
kill $READER; wait $READER 2>/dev/null
talk_dead() {
  (cd "$W/port" && printf '%s\r\n' 'EHLO c' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.net>' DATA x . QUIT |
    CM_HOME=$W TCPREMOTEIP=192.0.2.1 cm-smtpd 2>&9 | tr -d '\r' | tail -n 2 | head -n 1 | cut -c 1-3)
}
same 250 'row 86b: nor one whose reader has died' talk_dead
exec 9>&-
rm -rf "$W/err" "$W/log"; : > "$W/log"
same 250 'row 86b: nor a mail log that cannot be written' one

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
done_testing
