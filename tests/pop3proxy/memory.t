#!/bin/sh
# What is remembered of messages: kill -9 at each call that reads or writes it, calls that
# fail, and full disks. It may be lost, and never makes a wrong answer.
if [ -z "$DISK" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  DISK=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot
tools=$(cd "$(dirname "$0")/../tools" && pwd)
PATH=$BUILD/tests:$PATH

start_dovecot d
port p
cat > "$W/port/judge" <<'!'
#!/bin/sh
message=$(head -c 300)
case $message in *'Subject: junk'*) exit 10;; *'Subject: delete'*) exit 50;; esac
!
printf '#!/bin/sh\nsed "s/^cut/CUT/"\n' > "$W/port/cutter"
chmod 755 "$W/port/judge" "$W/port/cutter"
printf 'judge check : ./judge\n\ncutter rewrite : ./cutter\n' > "$W/port/control/pipeline"
control me proxy.example.net
letter() {
  printf 'From: a@example.org\nSubject: %s\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\n%s\n.\n' "$1" "$1"
  [ $# = 1 ] || head -c "$2" /dev/zero | tr '\0' x | fold -w 70
}
# everything USER: a session that reads all messages of a mailbox
everything() {
  set -- "$1" "$(stat_ "$1")"
  { printf '%s\r\n' "USER $1" 'PASS p' LIST; seq -f 'RETR %.0f' "$2"; printf 'QUIT\r\n'; } > "$T/commands"
  (cd "$W/port" && CM_HOME=$W timeout 60 cm-pop3d < "$T/commands" 2>> "$W/err" | tr -d '\r')
}
stat_() { direct "USER $1" 'PASS p' STAT QUIT | sed -n 's/^+OK \([0-9]\{1,\}\) [0-9].*/\1/p'; }

# Many messages that are gone again, so that what is remembered is written anew; some that are
# known, and some that nobody has read.
letter junk | mail u 10.a
letter delete | mail u 11.a
for i in $(seq 20 49); do letter cut 4000 | mail u "$i.a"; done
everything u > "$T/heard"
rm "$D"/mail/u/*/[234]?.a*
for what in junk cut delete; do letter $what | mail u 9$what.a; done
cp -a "$W/state" "$W/saved"
large() { [ "$(cat "$W"/saved/pop3/* | wc -c)" -gt 100000 ]; }
ok 'what is remembered is large enough to be written anew' large

# tried ACTION NAME
tried() {
  "$tools/popmemory" "$W" "$1" 5 > "$T/out"
  same '' "$2" grep -v '^#' "$T/out"
  like '^# [0-9][0-9][0-9]* calls$' "at each of many calls: $1" cat "$T/out"
}
if atcall kill 1 true 2> /dev/null; [ $? != 77 ]; then
  tried kill 'killed at any call, no message is ever another, or half, or has another size'
  tried ENOSPC 'nor where any call finds no room'
fi

# A full disk

letter cut 4000 | mail v 1.a
letter junk | mail v 2.a
rm -rf "$W/state"; mkdir -m 700 "$W/state"
mount -t tmpfs -o size=16k,mode=700 tmpfs "$W/state"
mkdir -m 700 "$W/state/pop3"
head -c 65536 /dev/zero > "$W/state/full" 2> /dev/null
once() { everything v | sed '1d; s/MessageID: .*/MessageID: ID/'; }
once > "$T/first"
like '^Subject: \[SPAM\] junk$' 'on a full disk mail is read all the same' cat "$T/first"
like '^CUT$' 'as the filters leave it' cat "$T/first"
once > "$T/second"
ok 'and in each session' cmp "$T/first" "$T/second"
like 'unable to remember' 'the log says that it is not remembered' cat "$W/err"
rm "$W/state/full"
everything v > "$T/first"
everything v | grep MessageID > "$T/second"
same "$(grep MessageID "$T/first")" 'with room again it is' cat "$T/second"
mount -o remount,ro "$W/state"
everything v | grep MessageID > "$T/second"
same "$(grep MessageID "$T/first" | head -n 1)" 'what cannot be written may still be read' head -n 1 "$T/second"
umount "$W/state"

done_testing
