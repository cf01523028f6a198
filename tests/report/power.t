#!/bin/sh
# Loss of power at every call of storing and of releasing a message: the home is on
# a file system of its own, whose disk is copied as it is when the process is killed;
# what the copy says once it is mounted is what would be there the next morning.
if [ -z "$POWER" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  POWER=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

why=
[ "$POWER" ] || why='only root can mount'
[ "$why" ] || command -v mkfs.ext4 > /dev/null || why='no mkfs.ext4'
mkdir -p "$T/now" "$T/then"
truncate -s 8M "$T/disk"
[ "$why" ] || mkfs.ext4 -q "$T/disk" || why='mkfs.ext4 fails'
[ "$why" ] || mount -o loop "$T/disk" "$T/now" 2>/dev/null || why='no loop devices here'
[ ! "$why" ] || { echo "1..0 # SKIP $why"; exit 0; }
trap 'umount "$T/then" "$T/now" 2>/dev/null; cleanup' EXIT

start_faultsink s
SINK=$PID
H=$T/now/h
ID=1769903999.998877.1f3a.0.9be2c510
mkdir -p "$H/ports/mx/control" "$T/mx"
echo "smtp 127.0.0.1 $PORT" > "$H/ports/mx/control/upstream"
echo me.example.net > "$H/ports/mx/control/me"
printf 'a@example.org\nb@example.net\n' > "$T/envelope"
printf 'Subject: x\r\n\r\nbody\r\n' > "$T/mail"
sync
ASAN_OPTIONS=detect_leaks=0 CM_HOME=$H CM_ID=$ID CM_ENVELOPE=$T/envelope SENDER=a@example.org
export ASAN_OPTIONS CM_HOME CM_ID CM_ENVELOPE SENDER

fresh() { rm -rf "$H/store" "$H/log"; mkdir -m 700 "$H/store"; sync -f "$H"; }
keep() { cd "$T/mx" && exec "$@" cm-filter-store "$H/store" < "$T/mail"; }
let_go() { exec "$@" cm-quarantine release "$ID"; }
points() { sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/calls" | grep -v '^execve\|^exit_group\|^arch_prctl\|^set_tid' | awk '{ print $1 ":" ++n[$1] }' > "$T/points"; }

# cut: the power goes now; what is there afterwards is at $T/then
cut() { cp --sparse=always "$T/disk" "$T/copy" && mount -o loop "$T/copy" "$T/then"; }
# killed CALL:N COMMAND...: the command, which becomes a program, killed at this call
killed() {
  at=$1; shift
  { (trap - EXIT; "$@" strace -qq -o /dev/null -e signal=none -e "trace=${at%:*}" -e "inject=${at%:*}:signal=SIGKILL:when=${at#*:}"); true; } > /dev/null 2>&1
}
whole() {
  cmp -s "$T/mail" "$T/then/h/store/$ID.eml" && [ "$(tail -n 1 "$T/then/h/store/$ID.env")" = end ] &&
    (CM_HOME=$T/then/h cm-quarantine check > /dev/null)
}

# Storing

fresh
(keep strace -qq -o "$T/calls" -e signal=none)
ok 'row 80: a message is stored' [ -e "$H/store/$ID.eml" ]
points
cut
ok 'row 80: one that was stored is there, whole, after a loss of power' whole
umount "$T/then"
wrong=''
while read -r at <&9; do
  fresh
  killed "$at" keep
  cut
  [ ! -e "$T/then/h/store/$ID.eml" ] || whole || wrong="$wrong $at"
  (CM_HOME=$T/then/h keep) > /dev/null 2>&1 || (rm -f "$T/then/h/store"/[0-9]*; true)
  umount "$T/then"
done 9< "$T/points"
same '' "row 80: at each of $(wc -l < "$T/points") calls: it is whole, or it is not there" echo "$wrong"

# Releasing

fresh
(keep)
cp -r "$H/store" "$T/keep"
again() { rm -rf "$H/store" "$H/log" "$T/s/ledger"; cp -r "$T/keep" "$H/store"; sync -f "$H"; }
sent() { cat "$T/s/ledger" 2>/dev/null | grep -c ' 250$'; }
retry() { (CM_HOME=$T/then/h cm-quarantine release "$ID" 2>&1); }
(let_go strace -qq -o "$T/calls" -e signal=none > /dev/null)
same 1 'a message is released' sent
points
cut
like 'it was released before' 'row 80: one that was released is so after a loss of power' retry
umount "$T/then"
wrong='' doubt=0
while read -r at <&9; do
  again
  killed "$at" let_go
  cut
  within 20 at_rest "$SINK"
  first=$(sent)
  answer=$(retry)
  case $answer in
    *': in doubt, it may have been'*) [ "$first" -le 1 ] && [ "$(sent)" = "$first" ] && doubt=$((doubt + 1)) ;;
    *'released before'*) [ "$first" = 1 ] && [ "$(sent)" = 1 ] ;;
    *'250 2.0.0 message taken'*) [ "$first" = 0 ] && [ "$(sent)" = 1 ] ;;
    *) false ;;
  esac || wrong="$wrong $at:$first:$answer"
  umount "$T/then"
done 9< "$T/points"
same '' "row 80: at each of $(wc -l < "$T/points") calls: nothing is lost, and nothing released twice" echo "$wrong"
echo "# $doubt in doubt"

done_testing
