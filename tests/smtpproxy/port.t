#!/bin/sh
# A whole port in a jail: cm-jail port before tcpserver. Everything works as without it, and
# what a stage without jail= must not be able to do is refused to cm-smtpd itself.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
if sanitized; then report 0 'a port in a jail # SKIP a sanitizer looks into files and processes of its own'; done_testing; exit; fi

start_faultsink s
home h smtp 127.0.0.1 "$PORT"
TEXT='From: a@example.org\r\n\r\nHello\r\n'
C=$W/port/control
mkdir "$W/control" "$W/control/jail" "$W/state" "$T/outside"
echo secret > "$T/outside/file"; echo other > "$T/outside/other"
# As it comes, but that the test and the programs are somewhere else.
BUILT=$(dirname "$(command -v cm-smtpd)")
{ cm-jail port | sed 's,/var/tmp /tmp,/var/tmp,'; echo "run $BUILT ${BUILT%/*}/tests"; echo 'write spool'; } > "$W/control/jail/mine"
mkdir "$W/log" "$W/store" "$W/spool"
echo "$W/spool" > "$C/spool"
mkdir "$T/wrap"
printf '#!/bin/sh\nexec cm-jail mine %s "$@"\n' "$(command -v tcpserver)" > "$T/wrap/tcpserver"
chmod 755 "$T/wrap/tcpserver"
PATH=$T/wrap:$PATH
pipeline() { printf '%s\n' "$@" > "$C/pipeline"; }
front h
FRONT=$PORT
# told NAME WANT: what the client hears at the end of a message
told() { { echo reply; echo 'line EHLO x'; echo reply; ${3:-letter}; printf 'line QUIT\neof\n'; } | client "$FRONT" > "$T/said"; same "$2" "$1" sh -c "sed -n '/^354/{n;s/ .*//;p}' '$T/said'"; }
large() { letter | sed "s/^send .*/send Subject: large\\\\r\\\\n\\\\r\\\\n\nmany 700 $(printf %04000d 0)\\\\r\\\\n/"; }

told 'a message without filters' 250
pipeline 'f check jail=own : cm-filter-fields' 'e check jail=external : true' 'g check : grep -q Hello' '' 'r rewrite : cat'
told 'stages in jails and in none' 250
pipeline 'g check : true' '' 'r rewrite : cat'
told 'a large message, on the disk' 250 large
ok 'has arrived, in all three forms' [ "$(wc -l < "$T/s/ledger")" = 3 ]
echo store > "$C/quarantine"
pipeline 'q check 1=accept/redirect : false'
told 'the store' 250
ok 'has it' sh -c 'ls "$1"/store/*/*.eml "$1"/store/*.eml 2>/dev/null | grep -q .' - "$W"
pipeline 'h check time=1 : sleep 30'
told 'a stage that hangs is ended' 451
like '^broken .* no answer within 1 s' 'because of its time' cat "$W/err"

# What a stage in no jail tries; it has the descriptors and the rights of nobody else
background sleep 600
VICTIM=$PID
cat > "$W/spool/tries" <<S
#!/bin/sh
for c in $(tr '\n' ' ' < "$(dirname "$0")/../tools/probes"); do
  "${BUILT%/*}/tests/probe" \$c $VICTIM "$T/outside" 1 > /dev/null 2>&1
  case \$? in 1|159) echo "\$c refused" ;; *) echo "\$c works" ;; esac
done > "$W/spool/tried"
exit 0
S
chmod 755 "$W/spool/tries"
pipeline "t check : sh $W/spool/tries"
told 'a stage that tries all' 250
ok 'has tried them' [ "$(grep -c refused "$W/spool/tried")" -ge 40 ]
same '' 'and none of them works' grep works "$W/spool/tried"
ok 'who was to be harmed is well' kill -0 "$VICTIM"
same 'secret other' 'so are the files of others' sh -c 'echo $(cat "$1"/*)' - "$T/outside"
done_testing
