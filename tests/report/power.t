#!/bin/sh
# Loss of power at every call of what must not be lost: storing, releasing and deleting a
# message of the quarantine, putting a deletion on record, what cm-smtpd and cm-maildir
# acknowledge, and what cm-fetch has sent and deletes. The home is on a file system of its own, of which tests/tools/snapshot
# keeps what each call would leave, in three ways; what it says once it is mounted is what would be
# there the next morning; the nine oracles are asked of each, tests/tools/oracles. POWER_ALL=1: the three ways on each file system that there is a mkfs for.
if [ -z "$POWER" ] && [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  POWER=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
BUILD=${BUILD:-build}
"$BUILD/tests/atcall" list 0 true
if [ $? = 77 ]; then echo '1..0 # SKIP the tracer is for x86_64 only'; exit; fi

NOW=$T/now THEN=$T/then DISK=$T/disk SHOTS=$T/shots H=$T/now/h
export NOW DISK SHOTS
mkdir "$NOW" "$THEN"
mounted() { truncate -s "$1" "$DISK" && LOOP=$(losetup -f --show "$DISK") && export LOOP; }
why=
[ "$POWER" ] || why='only root can mount'
[ "$why" ] || command -v mkfs.ext4 > /dev/null || why='no mkfs.ext4'
[ "$why" ] || mounted 8M 2>/dev/null || why='no loop devices here'
[ ! "$why" ] || { echo "1..0 # SKIP $why"; exit 0; }
losetup -d "$LOOP"
trap 'umount "$THEN" "$NOW" 2>/dev/null; losetup -d "$LOOP" 2>/dev/null; cleanup' EXIT

start_faultsink s
SINK=$PID UPSTREAM=$PORT
ID=1769903999.998877.1f3a.0.9be2c510
printf 'a@example.org\nb@example.net\n' > "$T/envelope"
printf 'Fa@example.org\0Tb@example.net\0\0' > "$T/queued"
printf 'Subject: x\r\n\r\nbody\r\n' > "$T/mail"
printf 'EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n' > "$T/said"
ASAN_OPTIONS=detect_leaks=0 CM_HOME=$H CM_ID=$ID CM_ENVELOPE=$T/envelope SENDER=a@example.org
CANARY=canary-$$ DOUBTS=1
export ASAN_OPTIONS CM_HOME CM_ID CM_ENVELOPE SENDER T SINK H CANARY DOUBTS

# -- what is done, with a word before the command; what was promised, as tests/tools/snapshot
# asks; and what must be there: fit_... STATE, on $THEN

stored() { (cd "$T/mx" && "$@" cm-filter-store "$H/store" < "$T/mail" > "$T/out" 2>&1; echo $? > "$T/ended"); }
prepare_stored() { mkdir -m 700 "$H/store"; }
ended='if [ "$(cat "$T/ended" 2>/dev/null)" = 0 ]; then echo 1; else echo 0; fi'
state_stored=$ended
whole() {
  cmp -s "$T/mail" "$THEN/h/store/$ID.eml" && [ "$(tail -n 1 "$THEN/h/store/$ID.env")" = end ] &&
    (CM_HOME=$THEN/h cm-quarantine check > /dev/null)
}
# And the next message finds nothing in its way.
fit_stored() {
  if [ -e "$THEN/h/store/$ID.eml" ]; then whole; else [ "$1" = 0 ]; fi &&
    (ID=${ID%%.*}.000000.1.0.1 CM_ID=$ID H=$THEN/h && stored && whole)
}

sent() { cat "$T/s/ledger" 2>/dev/null | grep -c ' 250$'; }
released() { "$@" cm-quarantine release "$ID" > "$T/out" 2>&1; }
prepare_released() { prepare_stored; stored; rm -rf "$T/s/ledger"; }
# The sink has what was sent to it when none of its processes is at work.
state_released='for k in 1 2 3 4 5 6 7 8 9; do grep -q "^State:.[RD]" $(sed "s,\([0-9]*\) ,/proc/\1/status ,g" "/proc/$SINK/task/$SINK/children") /dev/null || break; sleep 0.01; done
  cat "$T/s/ledger" 2>/dev/null | grep -c " 250\$"'
fit_released() {
  before=$(sent)
  answer=$(CM_HOME=$THEN/h cm-quarantine release "$ID" 2>&1)
  case $answer in
    *': in doubt, it may have been'*) [ "$(sent)" = "$before" ] ;;
    *'released before'*) [ "$1" = 1 ] && [ "$(sent)" = "$before" ] ;;
    *'250 2.0.0 message taken'*) [ "$1" = 0 ] && [ "$(sent)" = $((before + 1)) ] ;;
    *) false ;;
  esac
}

# session VERDICT COMMAND...: cm-smtpd; it promises by 250
session() {
  echo "v check 0=$1 : true" > "$H/ports/mx/control/pipeline"; shift
  (cd "$H/ports/mx" && CM_ID='' TCPREMOTEIP=192.0.2.1 "$@" cm-smtpd < "$T/said" > "$T/out" 2> "$T/err")
}
said='sed -n "/^354/,\$p" "$T/out" 2>/dev/null | grep -c ^250'

deleted() { session accept/delete "$@"; }
state_deleted=$said
# A line, whole, or none.
fit_deleted() {
  [ ! -s "$THEN/h/log/ledger" ] && [ "$1" = 0 ] && return
  [ "$(grep -c ' <a@example.org> <b@example.net> deleted by policy: ' "$THEN/h/log/ledger")" = 1 ] &&
    [ "$(tail -c 1 "$THEN/h/log/ledger" | od -An -c | tr -d ' ')" = '\n' ]
}

redirected() { session accept/redirect "$@"; }
state_redirected=$said
fit_redirected() {
  set -- "$1" "$THEN"/h/store/*.eml
  if [ ! -e "$2" ]; then [ "$1" = 0 ]; return; fi
  [ $# = 2 ] && tail -c 10 "$2" | tr -d '\r' | grep -qx body && [ "$(tail -n 1 "${2%eml}env")" = end ] &&
    (CM_HOME=$THEN/h cm-quarantine check > /dev/null)
}

dismissed() { "$@" cm-quarantine delete "$ID" > "$T/out" 2>&1; echo $? > "$T/ended"; }
prepare_dismissed() { prepare_stored; stored; rm -f "$T/ended"; }
state_dismissed=$ended
# Whoever misses it finds out what became of it.
fit_dismissed() {
  if [ -e "$THEN/h/store/$ID.eml" ]; then [ "$1" = 0 ] && whole; else
    grep -q "$ID.*deleted from the store" "$THEN/h/log/ledger"
  fi
}

delivered() { "$@" cm-maildir "$H/mail" < "$T/mail" 1< "$T/queued" 2> "$T/err"; echo $? > "$T/ended"; }
prepare_delivered() { mkdir "$H/mail"; }
state_delivered=$ended
fit_delivered() {
  set -- "$1" "$THEN"/h/mail/b@example.net/new/*
  if [ ! -e "$2" ]; then [ "$1" = 0 ]; return; fi
  [ "$(tail -n 1 "$2")" = body ]
}

# From a mailbox to a server that both live on: what the journal says is true, and can be read.
mkdir -p "$T/box/mail"
background perl tests/tools/popbox "$T/box"
within 10 test -s "$T/box/port" || { echo 'Bail out! popbox did not start'; exit 1; }
fetched() { "$@" cm-fetch "$H/a" > "$T/out" 2> "$T/err"; }
prepare_fetched() {
  mkdir -p "$H/a/control"
  (cd "$H/a/control" && echo "pop3 127.0.0.1 $(cat "$T/box/port") tls=no" > server && echo joe > user && echo me.example.net > me &&
    echo joe@example.net > recipient && echo "smtp 127.0.0.1 $UPSTREAM" > upstream && : > pipeline && umask 077 && echo "$CANARY" > password)
  rm -rf "$T/s/ledger" "$T/box/mail/"*
  cp "$T/mail" "$T/box/mail/1"
}
# Letters in the mailbox, and letters at the server.
state_fetched=$(printf '%s' "$state_released" | sed '$d')"
  "'echo "$(ls "$T/box/mail" | wc -l)$(cat "$T/s/ledger" 2>/dev/null | grep -c " 250\$")"'
fit_fetched() {
  [ "$1" != 00 ] && { [ "${1#?}" = 1 ] || ! grep -q '^sent ' "$THEN/h/a/journal" 2>/dev/null; } &&
    CM_HOME=$THEN/h cm-fetch -n "$THEN/h/a" > /dev/null 2>&1  # a torn line is told, and no trouble
}

# -- the nine oracles

# kept ANSWER: somebody has sent the message, and heard that; '': nothing
kept() { perl -Itests/tools -Mposted -e 'posted::keep(@ARGV)' "$T/posted" "$from" "$to" "$1" < "$T/mail"; }

# sink N: what came there is again what it was, or nothing
sink() { rm -rf "$T/s/ledger" "$T/s/cut" "$T/s/mail/"*; [ "$1" = 0 ] || cp -r "$T/came/." "$T/s"; }

# nine WHAT STATE: what they find. Whom the cut has robbed of an answer may have a copy all the same.
nine() {
  from=a@example.org to=b@example.net sinks='' DOUBTS=1
  CHANGED=$T/mail; export CHANGED DOUBTS  # programs that put no field of theirs on top
  case $1 in
    deleted|redirected) unset CHANGED ;;
    delivered) mkdir -p "$T/peer" && ln -sfn "$THEN/h/mail/b@example.net" "$T/peer/mail"; sinks=$T/peer ;;
    released) sinks=$T/s ;;
    fetched) sinks=$T/s from='' to=joe@example.net; unset CHANGED DOUBTS ;;
  esac
  case $1:$2 in
    *:1|dismissed:*|released:*|fetched:0*) kept 250 ;;
    fetched:*)
      # The next run goes on where this one was cut off; it says itself what is in doubt.
      kept 451
      cp "$T/mail" "$T/box/mail/1"
      (H=$THEN/h CM_HOME=$THEN/h; fetched)
      cp "$T/err" "$THEN/h/err"
      [ -e "$T/box/mail/1" ] || kept 250 ;;
    *) kept '' ;;
  esac
  # shellcheck disable=SC2086 # none, or one
  perl -Itests/tools -Mposted -e 'print posted::judge(@ARGV)' "$THEN/h" "$T/posted" $sinks
}
mkdir "$T/posted" "$T/came"

# -- the cuts

# fresh WHAT: a home in which it can be done
fresh() {
  rm -rf "$H" "$SHOTS" "$T/out" "$T/ended" "$T/mx"
  mkdir -p "$H/ports/mx/control" "$T/mx" "$SHOTS"
  (cd "$H/ports/mx/control" && echo "smtp 127.0.0.1 $UPSTREAM" > upstream && echo me.example.net > me &&
    echo '*@example.net' > recipients && echo store > quarantine)
  case $1 in stored|released|dismissed|delivered|fetched) "prepare_$1";; esac
  rm -f "$T/ended"
  echo > "$NOW/other"
  sync -f "$H"
}

# cut_off WHAT WAY: it is done once, and every call of it is a cut
cut_off() {
  fresh "$1"
  case $1 in stored) p=cm-filter-store;; released|dismissed) p=cm-quarantine;; delivered) p=cm-maildir;; fetched) p=cm-fetch;; *) p=cm-smtpd;; esac
  eval "STATE=\$state_$1"
  HOW=$2; export STATE HOW
  "$1" "$BUILD/tests/atcall" -p $p "run:$PWD/tests/tools/snapshot" 0
  sh tests/tools/snapshot end end
  umount "$NOW"
}

# judged WHAT: at which calls what is there is not what may be there
judged() {
  sort -u -k 2 "$SHOTS/points" > "$T/points"
  rm -rf "$T/came/"*
  for f in ledger mail; do [ ! -e "$T/s/$f" ] || cp -r "$T/s/$f" "$T/came"; done
  while read -r call image state <&8; do
    cp --sparse=always "$SHOTS/$image" "$T/copy"
    mount -o "loop$options" "$T/copy" "$THEN" || { echo "$call: unable to mount"; continue; }
    sink "${state#"${state%?}"}"
    found=
    case $1 in released|fetched) ;; *) found=$(nine "$1" "$state");; esac
    "fit_$1" "$state" || echo "$call:$state"
    case $1 in released|fetched) found=$(nine "$1" "$state");; esac
    [ ! "$found" ] || echo "$call:$state: $found"
    umount "$THEN"
  done 8< "$T/points"
}

# over FILESYSTEM SIZE OPTIONS WAY...: on a new one, all of them, in these ways
over() {
  fs=$1 size=$2 options=$3; shift 3
  ! command -v "mkfs.$fs" > /dev/null || for how in "$@"; do
    for what in $those; do
      rm -f "$DISK"
      mounted "$size" && "mkfs.$fs" -q "$LOOP" > /dev/null && mount "$LOOP" "$NOW" || { report 1 "$fs can be mounted"; return; }
      (cut_off $what "$how")
      wrong=$(judged $what 2>&1)
      losetup -d "$LOOP"
      cuts=$((cuts + $(grep -c . "$SHOTS/points"))) disks=$((disks + $(grep -c . "$T/points")))
      same '' "row 80: $fs, $how: a message is $what, at each of $(grep -c . "$SHOTS/points") calls" echo "$wrong"
      ok "row 80: $fs, $how: and it was $what at last" sh -c "tail -n 1 '$SHOTS/points' | grep '[1-9]\$' || { cat '$T/out' '$T/err'; false; }"
    done
  done
}

cuts=0 disks=0 each='stored released deleted redirected dismissed delivered fetched'
those=$each
over ext4 8M '' alone other ${POWER_ALL:+all}
[ "$POWER_ALL" ] || those='stored deleted'
over xfs 300M ,nouuid other ${POWER_ALL:+alone all}
[ ! "$POWER_ALL" ] || over btrfs 256M '' alone other all
ok "row 80: $cuts losses of power, $disks different disks" [ "$cuts" -gt 500 ]

done_testing
