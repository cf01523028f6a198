#!/bin/sh
# cm-fetch with mailboxes behind IMAP: between a real Dovecot and mail servers, and with a
# server of mailboxes that goes wrong.
. "$(dirname "$0")/fetch.sh"
need_dovecot

I=$(free_port)
with_imap() {
  start_dovecot "$1" 'protocols = pop3 imap' 'service imap-login {' 'chroot =' 'inet_listener imap {' "port = $I" '}' 'inet_listener imaps {' 'port = 0' '}' '}' "$2" \
    "$3" "$4" "$5"
  within 20 nc -z 127.0.0.1 "$I"
}
# imap_account NAME: joe's folder at Dovecot; sets $A
imap_account() {
  A=$T/$1/a
  mkdir -p "$A/control"
  : > "$A/control/pipeline"
  set_control server "imap 127.0.0.1 $I tls=no" user joe recipient joe@example.net me connector.example.net interval 1
  (umask 077 && echo p > "$A/control/password")
}
# another LINE...: a second client, logged in, in INBOX
another() { { printf '. LOGIN joe p\r\n. SELECT INBOX\r\n'; printf '. %s\r\n' "$@" 'LOGOUT'; } | timeout 20 nc 127.0.0.1 "$I" | tr -d '\r'; }
# mails N...: letters into joe's mailbox, which Dovecot has noticed
mails() {
  for i in "$@"; do put "$i"; done
  within 20 noticed "$(letters)"
}
noticed() { another NOOP | grep -q "^\* $1 EXISTS"; }
with_imap provider
imap_account one
behind

# A round -------------------------------------------------------------------------------

mails 1 2 3
same 0 'letters are fetched' fetch
same 0 'in silence' sh -c "cat '$A/out' '$A/err' | wc -c"
same 'letter 1 letter 2 letter 3 ' 'and handed over, each once' delivered
same 0 'and deleted' letters
same '' 'and forgotten' states
like ',IMAP,.*,s1@example.org,joe@example.net,.*,letter 1,.*250 2.0.0' 'the mail log has a row for each' cat "${A%/*}/log/mail.csv"
same 0 'an empty folder is no trouble' fetch
mails 4
same 0 'what would happen' fetch -n
like '^[0-9]* [0-9]* would be fetched$' 'is said' cat "$A/out"
same 1 'and does not happen' letters
echo wrong > "$A/control/password"
same 77 'a wrong password has an exit code of its own' fetch
like 'the mailbox does not let us in: refuses the password: .*Authentication failed' 'and is told' cat "$A/err"
echo p > "$A/control/password"
set_control passwordcommand 'sh command'
printf 'echo x >> "%s/ran"\n[ "$(wc -l < "%s/ran")" = 2 ] && echo p || echo old\n' "$A" "$A" > "$A/command"
same 0 'a token that has run out is asked for anew' fetch
same 2 'once' sh -c "wc -l < '$A/ran'"
rm "$A/control/passwordcommand"
same 0 'and with it letters go' letters

behind 'RCPT#2=say:550 5.1.1 no such user\r\n'
mails 1 2 3
same 1 'a refused letter' fetch
same 'letter 1 letter 3 ' 'does not stop the others' delivered
same 1 'and stays' letters
same 'refused 1 ' 'is known as refused' states
same 0 'and is not tried again' fetch
rm -f "$D/mail/joe/"*/* "$A/journal"

# What stays -------------------------------------------------------------------------------

behind
set_control keep 5
mails 1 2 3
same 0 'where letters are kept they are fetched' fetch
same 3 'and stay' letters
same 0 'the next run' fetch
same 'letter 1 letter 2 letter 3 ' 'sends none again' delivered
rm "$D/mail/joe/dovecot"*
sleep 1.1  # UIDVALIDITY is a time of day
same 0 'row 89: with another UIDVALIDITY' fetch
same 'letter 1 letter 2 letter 3 ' 'row 89: ... none is sent again either' delivered
like '^known .* the mailbox has a new name' 'row 89: ... as the log says' cat "$A/err"
same 3 'row 89: ... and none deleted' letters
rm "$A/control/keep"
same 0 'when they need not be kept' fetch
same 0 'they go' letters
same 'letter 1 letter 2 letter 3 ' 'and are not sent again' delivered

# Others in the same folder ---------------------------------------------------------------------

behind
mails 1 2 3
another 'STORE 2 +FLAGS (\Deleted)' > /dev/null
same 0 'row 90: another client has deleted a letter' fetch
same 'letter 1 letter 3 ' 'row 90: which is not fetched' delivered
same 1 'row 90: ... and not expunged' letters
another EXPUNGE > /dev/null
behind
set_control moveto Trash
another 'CREATE Trash' > /dev/null
mails 1
same 0 'letters can be moved' fetch
same 0 '... out of the folder' letters
same 1 '... into another' sh -c "find '$D/mail/joe/.Trash/new' '$D/mail/joe/.Trash/cur' -type f | wc -l"
rm "$A/control/moveto"

# Staying ------------------------------------------------------------------------------------

behind
set_control interval 60 loglevel 2
background sh -c 'CM_HOME="$1" exec cm-fetch -s "$2" > "$2/out" 2> "$2/stays"' fetch "${A%/*}" "$A"
STAYS=$PID
got() { [ "$(delivered)" = "$1" ]; }
put 1
ok 'who stays hears of a letter' within 20 got 'letter 1 '
ok '... and deletes it' within 20 sh -c "[ \$(find '$D/mail/joe/new' '$D/mail/joe/cur' -type f | wc -l) = 0 ]"
put 2
ok '... and of the next, long before the interval is over' within 20 got 'letter 1 letter 2 '
same 99 'row 90: another run has to wait' fetch
kill "$STAYS"
wait "$STAYS"
same 0 'told to end it ends in peace' echo $?
same '' '... and has nothing to tell' grep ^trouble "$A/stays"
set_control interval 1
background sh -c 'CM_HOME="$1" exec cm-fetch -s "$2" > "$2/out" 2> "$2/stays"' fetch "${A%/*}" "$A"
STAYS=$PID
put 3
ok 'begun anew it goes on' within 20 got 'letter 1 letter 2 letter 3 '
# Dovecot's process for this session, as its log names it
kill -9 "$(sed -n 's/.*imap-login: .*Login: user=<joe>.* mpid=\([0-9]*\).*/\1/p' "$D/log" | tail -n 1)"
ok 'it hears that the mailbox is lost' within 20 grep -q "^trouble .* the mailbox is lost: closed the connection" "$A/stays"
put 4
ok 'and goes on when that is back' within 20 got 'letter 1 letter 2 letter 3 letter 4 '
kill "$STAYS"; wait "$STAYS"
rm -f "$A/control/interval" "$A/control/loglevel"; set_control interval 1

# A server that can do less, or goes wrong ---------------------------------------------------------

# wrong CODE NAME RULE...: cm-fetch with faultimap; what has gone was delivered
wrong() {
  code=$1 name=$2; shift 2
  F=$(mktemp -d "$T/fault.XXXXXX")
  : > "$F/gone"
  background "$top/tests/tools/faultimap" "$F" "$@"; FAULT=$PID
  within 10 test -s "$F/port"
  set_control server "imap 127.0.0.1 $(cat "$F/port") tls=no" timeoutremote 2
  rm -f "$A/journal"
  behind
  same "$code" "$name" fetch
  same '' '... nothing has gone that was not delivered' undelivered
}
undelivered() {
  for i in $(cat "$F/gone"); do grep -qs "^Subject: letter $i" "$S"/mail/* || echo "$i"; done
}
end() { kill "$FAULT"; wait "$FAULT" 2>/dev/null; }

wrong 0 'a server without UIDPLUS' CAPABILITIES='IMAP4rev1 AUTH=PLAIN'
same '' 'row 90: ... expunges nothing' cat "$F/gone"
same 0 'row 90: ... and what is marked' fetch
same 'letter 1 letter 2 letter 3 ' 'row 90: ... is not sent again' delivered
same 3 'row 90: ... nor fetched' grep -c 'BODY.PEEK' "$F/heard"
end
ROW='row 86'
for rule in LIST=drop LIST=cut:60 FETCH=drop FETCH=cut:20 FETCH=cut:70 FETCH=cut:83 FETCH=cut:90 STORE=drop EXPUNGE=drop; do
  wrong 111 "it leaves: $rule" "$rule"
  end
done
wrong 0 'it leaves: LOGOUT' LOGOUT=drop
same 'letter 1 letter 2 letter 3 ' '... and all is done' delivered
end
ROW='row 88'
for rule in '* %u FETCH (UID %u BODY[] {4294967295}\r\nx' '* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n%t OK\r\n' '%t9 OK\r\n' '* BYE\r\n' \
  '* %u FETCH (UID %u BODY[] {500}\r\nSubject: x\r\n\r\nx\r\n)\r\n%t OK\r\n'; do
  wrong 111 "it says $rule" "FETCH=say:$rule,drop"
  same '' '... and nothing is delivered' delivered
  end
done
for rule in '* %u FETCH (UID %u BODY[] NIL)\r\n%t OK\r\n' '* %u FETCH (UID %u BODY[] {0}\r\n)\r\n%t OK\r\n' '%t OK\r\n' '%t NO\r\n'; do
  wrong 111 "it says $rule" "FETCH=say:$rule"
  same '' '... and nothing is delivered' delivered
  same '' '... and nothing has gone' cat "$F/gone"
  end
done

# RFC822.SIZE is what the server says, not what comes --------------------------------------
ROW='row 89'
LINES=20000  # of letter 2: more than comes at once
# halves: letters that were delivered otherwise than they stand in the mailbox
halves() {
  for f in "$S"/mail/*; do
    k=$(sed -n 's/^Subject: letter \([0-9]\).*/\1/p' "$f")
    { printf '%s\r\n' 'From: a@example.org' "Subject: letter $k" '' ".text $k"
      [ "$k" != 2 ] || yes "$(printf 'a line\r')" | head -n $LINES; } > "$T/whole"
    sed '1,/^X-CleanMail-MessageID/d' "$f" | cmp -s - "$T/whole" || echo "$k"
  done
}
all_whole() {
  same 'letter 1 letter 2 letter 3 ' '... and all are delivered' delivered
  same '' '... whole' halves
  same '1 2 3 ' '... and go' sh -c "sort '$F/gone' | tr '\n' ' '"
}
set_control databytes 0
for size in =0 =1 -40 =200 1000000 =2000000 =4294967295 =999999999999999999; do
  wrong 0 "RFC822.SIZE is wrong: $size" LINES=$LINES "SIZES=$size"
  all_whole
  end
done
for size in =-1 =99999999999999999999 =x '={1}'; do
  wrong 111 "RFC822.SIZE is none: $size" "SIZES=$size"
  same '' '... and nothing is delivered' delivered
  same '' '... and nothing has gone' cat "$F/gone"
  end
done
wrong 0 'a letter is listed without its size' 'LIST=say:* 1 FETCH (UID 1 RFC822.SIZE 50 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n* 3 FETCH (UID 3 RFC822.SIZE 50 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n%t OK\r\n'
same 'letter 1 letter 2 letter 3 ' '... and is delivered with the others, each once' delivered
same '1 2 3 ' '... and they go' sh -c "sort '$F/gone' | tr '\n' ' '"
end
set_control databytes 1000
wrong 0 'a letter is larger than it says, and than control/databytes' LINES=$LINES SIZES==60
same 'letter 1 letter 3 ' '... and the others are delivered' delivered
same '' '... whole' halves
same 2 '... and go, but it stays' sh -c "wc -l < '$F/gone'"
same 'large 1 ' '... is known as large' states
like 'larger than control/databytes' '... which the log says' cat "$A/err"
: > "$F/heard"
same 0 'the next run' fetch
same '' '... does not fetch it again' grep 'BODY.PEEK' "$F/heard"
same '' '... nor says it again' cat "$A/err"
rm "$A/control/databytes"
same 0 'when it may be larger' fetch
all_whole
end
set_control databytes 1000
wrong 0 'letters that are smaller than they say' LINES=$LINES SIZES==5000
same '' '... are not fetched where that is too large' grep 'BODY.PEEK' "$F/heard"
same '' '... nor deleted' cat "$F/gone"
same 'large 3 ' '... and are known as large' states
rm "$A/control/databytes"
same 0 'when they may be larger' fetch
all_whole
end
ROW=

done_testing
