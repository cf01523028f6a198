#!/bin/sh
# cm-fetch behind IMAP, killed before each system call that anybody else could notice: no letter
# is lost, and what comes twice the log has named.
. "$(dirname "$0")/fetch.sh"
"$BUILD/tests/atcall" -o "$T/none" list 0 true
[ $? != 77 ] || { echo '1..0 # SKIP no tool for this processor'; exit 0; }
CALLS=write,writev,sendmsg,sendto,sendfile,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,unlink,exit_group

account one 'smtp 127.0.0.1 1'
behind

# fresh: three letters in a mailbox, and nothing known of them
fresh() {
  F=$(mktemp -d "$T/fault.XXXXXX")
  : > "$F/gone"
  "$top/tests/tools/faultimap" "$F" & FAULT=$!
  PIDS="$FAULT $PIDS"
  until [ -s "$F/port" ]; do sleep 0.02; done
  set_control server "imap 127.0.0.1 $(cat "$F/port") tls=no"
  rm -f "$A"/journal* "$S/mail/"* "$S/ledger"
}
end() { kill "$FAULT"; wait "$FAULT" 2>/dev/null; rm -rf "$F"; }
lost() { for i in $(cat "$F/gone"); do grep -qs "^Subject: letter $i" "$S"/mail/* || echo "letter $i"; done; }

# at N: a run that is killed at its call N, and a whole one behind it
at() {
  fresh
  CM_HOME=${A%/*} timeout 60 "$BUILD/tests/atcall" -p cm-fetch -c "$CALLS" -o "$T/done" kill "$1" cm-fetch "$A" > "$A/out" 2> "$A/err"
  [ ! -s "$T/done" ] || echo "$1" >> "$T/killed"
  [ ! "$(lost)" ] || echo "killed at $1: lost $(lost)"
  code=$(fetch)
  [ "$code" = 0 ] || echo "killed at $1: code $code $(cat "$A/err")"
  [ "$(sort "$F/gone" | tr '\n' ' ')" = '1 2 3 ' ] || echo "killed at $1: gone: $(cat "$F/gone")"
  [ "$(delivered | tr ' ' '\n' | grep '[0-9]' | sort -u | wc -l)" = 3 ] || echo "killed at $1: delivered: $(delivered)"
  ! grep -q ^indoubt "$A/err" || echo >> "$T/doubts"
  twice=$(($(delivered | wc -w) / 2 - 3))
  [ "$twice" -le "$(grep -c ^indoubt "$A/err")" ] || echo "killed at $1: $twice came twice: $(cat "$A/err")"
  end
}

fresh
CM_HOME=${A%/*} "$BUILD/tests/atcall" -p cm-fetch -c "$CALLS" -o "$T/calls" list 0 cm-fetch "$A"
same 'letter 1 letter 2 letter 3 ' 'a run without faults' delivered
end
count=$(wc -l < "$T/calls")
ok 'it makes some calls' test "$count" -gt 20
every() { i=1; while [ $i -le "$count" ]; do at $i; i=$((i + 1)); done; }
same '' 'row 86: killed at each of these, no letter is lost, and none comes twice without a word' every
ok '... as it was, but for some' test "$(wc -l < "$T/killed")" -gt $((count - 5))
ok '... and some in the midst of handing over' test -s "$T/doubts"
done_testing
