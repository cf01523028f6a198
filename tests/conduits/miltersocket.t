#!/bin/sh
# cm-milter at a local socket, as its page shows: under unixserver, and with a socket of systemd,
# which systemd-socket-activate gives it as systemd does. miltertest and a real Postfix ask.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/milter.sh"
PATH=$PATH:/usr/sbin
chmod 755 "$T"
mkdir "$T/steps"
perl "$here/../tools/steps" "$here/../../man/cm-milter.8" "$T/steps" > "$T/all"

# The same port and the same socket for both.
place suite
mkdir -p "$W/bin" "$W/port/env"
echo quarantine@example.net > "$W/port/control/quarantine"
for p in cm-milter cm-pipeline; do cp "$(command -v $p)" "$W/bin/"; done
mkdir "$W/ports"; ln -s ../port "$W/ports/milter"
mkdir "$W/log"
printf '%s\n' "$W" > "$W/port/env/CM_HOME"
printf '%s\n' "$W/bin:/usr/bin:/bin" > "$W/port/env/PATH"

# lua: a session of miltertest at the socket: two messages, of which the second is refused
lua() {
  cat > "$T/lua" <<!
c = mt.connect("unix:$W/socket")
if c == nil then error "connect" end
mt.conninfo(c, "client.example.org", "192.0.2.7")
mt.helo(c, "client.example.org")
for _, subject in ipairs{"good", "code 100"} do
  mt.macro(c, SMFIC_MAIL, "i", "Q1")
  mt.mailfrom(c, "<a@example.org>")
  mt.rcptto(c, "<b@example.net>")
  mt.header(c, "From", "a@example.org")
  mt.header(c, "Subject", subject)
  mt.bodystring(c, "Hello\\r\\n")
  mt.eom(c)
  mt.echo(mt.getreply(c) == SMFIR_ACCEPT and "taken" or mt.getreply(c) == SMFIR_REPLYCODE and "refused" or "other")
end
mt.disconnect(c)
!
  miltertest -s "$T/lua"
}
# asked WHO: all that is asked at the socket that WHO listens at
asked() {
  same 'taken
refused' "$1: miltertest" lua
  several() { for i in 1 2 3 4 5; do { opening; message "$1"; echo quit; } | mta "unix:$W/socket" > "$T/said.$i" & eval "p$i=$!"; done; wait $p1 $p2 $p3 $p4 $p5; cat "$T"/said.? | grep -c '^a'; }
  same 5 "$1: five connections at once" several good
  [ "${POSTFIX-}" ] || return 0
  post() { swaks --server "127.0.0.1:$POSTFIX" --helo client.example.org --from a@example.org --to b@example.net --h-Subject "$1" > "$T/said" 2>&1; grep '^<.. ' "$T/said" | tail -n 2 | head -n 1; }
  like '^<-  250 2.0.0 Ok: queued' "$1: Postfix takes what is good" post good
  like '^<\*\* 550 5.7.1 the subject wants 100' "$1: and refuses what is not" post 'code 100'
}

# Postfix is in another world, where $T/mta is /mnt: $T is the same in both.
if [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null; then
  start_postfix mta "$(sed -n "s,unix:/cleanmail,unix:$T/suite/socket,p" "$T/steps/examples.2")" "$(sed -n /default/p "$T/steps/examples.2")"
  POSTFIX=$PORT W=$T/suite
else
  echo '# only root can start a Postfix'
fi

# -- unixserver

group() { getent group postfix | cut -d: -f3 | grep . || id -g; }
sed "s,cms,$(id -un),g; s,id -g postfix,echo $(group),; s,/var/spool/postfix/cleanmail,$W/socket," "$T/steps/examples.1" > "$W/port/run"
chmod 755 "$W/port/run"
background sh -c 'cd "$0/port" && exec ./run' "$W" > "$W/err"
SERVER=$PID
within 10 test -S "$W/socket"
asked unixserver
same 660 'its socket is for who may' stat -c %a "$W/socket"
kill "$SERVER"; wait "$SERVER" 2> /dev/null
rm -f "$W/socket"
[ ! "${POSTFIX-}" ] || like '^<\*\* 451 4' 'without it Postfix puts mail off' post good

# -- systemd

if ! command -v systemd-socket-activate > /dev/null || ! command -v systemd-analyze > /dev/null; then
  report 0 'a socket of systemd # SKIP needs systemd-socket-activate'
  done_testing
  exit
fi
mkdir "$T/units"
sed "s,/var/spool/postfix/cleanmail,$W/socket,; s/=postfix/=$(id -gn)/" "$T/steps/examples.6" > "$T/units/cm-milter.socket"
sed "s,/var/cleanmail,$W,g; s/=cms/=$(id -un)/" "$T/steps/examples.7" > "$T/units/cm-milter@.service"
same '' 'systemd has nothing against the units' systemd-analyze verify --man=no "$T/units/cm-milter.socket"
cp "$T/units/cm-milter@.service" "$T/units/cm-milter@1.service"
same '' '... each for itself' systemd-analyze verify --man=no "$T/units/cm-milter@1.service"
sed 's/Accept=yes/Accept=no/' "$T/units/cm-milter.socket" > "$T/units/cm-other.socket"
like 'cm-other.*' '... and would have' systemd-analyze verify --man=no "$T/units/cm-other.socket"

unit() { sed -n "s/^$2=//p" "$T/units/$1"; }
environment=$(for v in $(unit cm-milter@.service Environment); do echo "-E $v"; done)
: > "$W/err"
# shellcheck disable=SC2046,SC2086 # these are words
options=
[ "$(unit cm-milter.socket Accept)" != yes ] || options=-a
[ "$(unit cm-milter@.service StandardInput)" != socket ] || options="$options --inetd"
# shellcheck disable=SC2046,SC2086 # these are words
background sh -c 'cd "$1" && shift && exec "$@"' sh "$(unit cm-milter@.service WorkingDirectory)" \
  systemd-socket-activate $options -l "$(unit cm-milter.socket ListenStream)" $environment $(unit cm-milter@.service ExecStart) 2> "$W/err"
within 10 test -S "$W/socket"
# What else the unit says of its socket systemd itself would do.
chgrp "$(group)" "$W/socket"; chmod "$(unit cm-milter.socket SocketMode)" "$W/socket"
asked systemd
like 'the subject wants 100' 'the mail log has them' cat "$W/log/mail.csv"

done_testing
