#!/bin/sh
# A mailbox of cm-fetch whose IMAP server does what no good one does.
. "$(dirname "$0")/imap.sh"
FETCHED='open list fetch:2 close'

# bad PATTERN NAME RULE...: what is said of letter 2, or before
bad() {
  pattern=$1 name=$2; shift 2
  faulty "$@"
  [ ! "${LIMIT:-}" ] || control timeoutremote "$LIMIT"
  # shellcheck disable=SC2086
  like "$pattern" "$name" letters $FETCHED
  ok '... and nothing is kept of it' not test -e "$A/2"
  same '' '... nor deleted' gone
  end_fault
}
# good PATTERN NAME RULE...: that is no fault
good() {
  pattern=$1 name=$2; shift 2
  faulty "$@"
  # shellcheck disable=SC2086
  like "$pattern" "$name" letters $FETCHED
  end_fault
}
end_fault() { kill "$PID"; wait "$PID" 2>/dev/null; rm -f "$A/2"; }

# Row 88: hostile -----------------------------------------------------------------------

ROW='row 88'
bad '^fetch 2 -1 sends a letter that is too large' 'a literal of 4 GiB' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {4294967295}\r\nx,stall'
bad '^fetch 2 -1 sent what is no answer' 'one of more digits than there are numbers' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {99999999999999999999}\r\nx,stall'
bad '^fetch 2 -1 sent what is no answer' 'one of fewer than none' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {-1}\r\nx,stall'
bad '^fetch 2 -1 closed the connection' 'a literal that is cut short' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {500}\r\nSubject: x\r\n\r\nx\r\n)\r\n%t OK\r\n,drop'
LIMIT=1
bad '^fetch 2 -1 did not answer in time' 'one that does not come to its end' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {500}\r\nSubject: x\r\n\r\nx\r\n)\r\n%t OK\r\n,stall'
bad '^fetch 2 -1 did not answer in time' 'silence' 'FETCH=stall'
bad '^open -1 did not answer in time' 'silence from the beginning' 'GREETING=stall'
LIMIT=
bad '^fetch 2 -1 sent what is no answer' 'one that is longer than it says' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {5}\r\nSubject: x\r\n\r\nx\r\n)\r\n%t OK\r\n'
bad '^fetch 2 -1 answered what was not asked' 'the tag of another command' 'FETCH=say:A99 OK\r\n'
bad '^fetch 2 -1 answered what was not asked' '... of one before' 'FETCH=say:A1 OK\r\n'
bad '^fetch 2 -1 sent what is no answer' '... of nobody' 'FETCH=say:tag1 OK\r\n'
bad '^open -1 answered what was not asked\|^open -1 spoke without' 'an answer before its command' 'GREETING=say:* OK\r\nA1 OK evil\r\n'
bad '^open -1 spoke without being asked' 'a request for more before that' 'GREETING=say:* OK\r\n+ more\r\n'
bad '^fetch 2 -1 waits for more' 'a request for more where there is none' 'FETCH=say:+ more\r\n'
bad '^fetch 2 -1 sent another letter' 'the UID of another letter' 'FETCH=say:* 2 FETCH (UID 3 BODY[] {3}\r\nabc)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent another letter' '... behind the text' 'FETCH=say:* 2 FETCH (BODY[] {3}\r\nabc UID 3)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent another letter' 'no UID at all' 'FETCH=say:* 2 FETCH (BODY[] {3}\r\nabc)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent what is no answer' 'two UIDs' 'FETCH=say:* 2 FETCH (UID 2 UID 3 BODY[] {3}\r\nabc)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent two letters for one' 'two texts' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {3}\r\nabc BODY[] {3}\r\ndef)\r\n%t OK\r\n'
bad '^list -1 sent a letter that nobody asked for' 'a text that nobody asked for' 'LIST=say:* 2 FETCH (UID 2 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n%t OK\r\n'
bad '^fetch 2 0 has nothing in a letter' 'NIL for a text' 'FETCH=say:* 2 FETCH (UID 2 BODY[] NIL)\r\n%t OK\r\n'
bad '^fetch 2 0 has nothing in a letter' 'an empty text' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {0}\r\n)\r\n%t OK\r\n'
bad '^fetch 2 0 has nothing in a letter' '... in quotes' 'FETCH=say:* 2 FETCH (UID 2 BODY[] "")\r\n%t OK\r\n'
bad '^fetch 2 0 has a letter no more' 'OK, and no text' 'FETCH=say:%t OK done\r\n'
bad '^fetch 2 0 does not give a letter: \[SERVERBUG\] no?way' 'NO' 'FETCH=say:%t NO [SERVERBUG] no\x1bway\r\n'
bad '^fetch 2 0 does not give a letter' 'BAD' 'FETCH=say:%t BAD what\r\n'
bad '^fetch 2 -1 says too much' '1,000,000 lines that nobody asked for' 'FETCH=many:1000000:* OK x\r\n,usual'
bad '^list -1 has too many letters' '1,000,000 letters' 'LIST=many:1000000:* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n,usual'
bad '^list -1 says too much' '... of which only flags are said' 'LIST=many:1000000:* 1 FETCH (UID 1 FLAGS ())\r\n,usual'
bad '^fetch 2 -1 says goodbye: so long' 'BYE' 'FETCH=say:* BYE so long\r\n'
bad '^open -1 says goodbye: \[UNAVAILABLE\] full' 'BYE for a greeting' 'GREETING=say:* BYE [UNAVAILABLE] full\r\n'
bad '^open -1 sent what is no greeting' 'another greeting' 'GREETING=say:220 me ESMTP\r\n'
bad '^fetch 2 -1 sent an endless line' '1,000,000 parentheses' 'FETCH=say:* 2 FETCH (UID 2 X ,many:1000000:(,say:\r\n,stall'
bad '^fetch 2 -1 nests too deeply' '... of which fewer stand in a line' 'FETCH=say:* 2 FETCH (UID 2 X ,many:60000:(,say:\r\n,stall'
bad '^fetch 2 -1 sent an endless answer' 'an answer of lines without end' 'FETCH=say:* X ,many:10000:{1}\r\nx ,stall'
bad '^fetch 2 -1 sent too much that nobody asked for' 'a long literal that nobody asked for' 'FETCH=say:* X {100000}\r\n,many:100000:x,say:\r\n,stall'
bad '^fetch 2 -1 sent an endless line' 'a line without an end' 'FETCH=many:3000000:x,stall'
bad '^fetch 2 -1 sent half a word' 'a quote without an end' 'FETCH=say:* 2 FETCH (UID 2 BODY[] "abc)\r\n,stall'
bad '^fetch 2 -1 sent half an answer\|^fetch 2 -1 sent what is no answer' 'a list without an end' 'FETCH=say:* 2 FETCH (UID 2 \r\n%t OK\r\n'
bad '^fetch 2 -1 sent what is no answer' 'a literal without a number' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {}\r\n)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent what is no answer' '... and one with more behind it' 'FETCH=say:* 2 FETCH (UID 2 BODY[] {3}x\r\nabc)\r\n%t OK\r\n'
bad '^fetch 2 -1 sent what is no answer' 'an empty line' 'FETCH=say:\r\n'
bad '^open -1 does not say what it can do' 'a server that does not say what it can do' 'CAPABILITY=say:%t OK\r\n'

good '^fetch 2 1 plain' 'the UID may stand behind the text' 'FETCH=say:* 2 FETCH (BODY[] {3}\r\nabc UID 2)\r\n%t OK\r\n'
good '^fetch 2 1 plain' 'a text may stand in quotes' 'FETCH=say:* 2 FETCH (UID 2 BODY[] "a\\"bc")\r\n%t OK\r\n'
good '^fetch 2 1 dotted' 'others may be said beside it' 'FETCH=say:* 9 EXISTS\r\n* OK {5}\r\n* LIST (\\\\x) "/" {3}\r\na)b\r\n* 1 FETCH (FLAGS (\\\\Seen odd[flag))\r\n* XYZ ((1 "(" {2}\r\n)) 3) BODY[1.2 (TO)]<0>) x\r\n,usual'
good '^close 1' 'the size of the list need not be right' SIZES=100000
# Letter 2 is of 51 bytes.
limited() { faulty; control databytes "$1"; like "^fetch 2 $2" "$3" letters $FETCHED; rm "$A/control/databytes"; end_fault; }
limited 51 '1 dotted' 'a letter may be as large as control/databytes'
limited 50 '0 has a letter that is too large' '... and no larger'
FETCHED='open list ahead:1,2,3 fetch:1 fetch:2 fetch:3 close'
good '^close 1' 'answers may come before those to other commands' 'FETCH=usual'
ROW=

# Row 88: TLS -----------------------------------------------------------------------------

FETCHED='open'
# unsafe PATTERN NAME RULE...: TLS is asked for, and cannot be had
unsafe() {
  pattern=$1 name=$2; shift 2
  TLS=must; faulty "$@"; TLS=
  like "$pattern" "row 88: $name" letters open
  same '' "row 88: ... and no password is said" grep -i 'AUTHENTICATE\|LOGIN\|AHUAcA' "$F/heard"
  end_fault
}
unsafe '^open -1 lets us in before there is TLS' 'PREAUTH where TLS is required' 'GREETING=say:* PREAUTH welcome\r\n'
unsafe '^open -1 offers no STARTTLS' 'STARTTLS is not offered'
unsafe '^open -1 refuses STARTTLS' '... or refused' 'CAPABILITIES=IMAP4rev1 STARTTLS' 'STARTTLS=say:%t NO\r\n'
unsafe '^open -1 speaks in plain behind STARTTLS' 'bytes behind the answer to STARTTLS' 'CAPABILITIES=IMAP4rev1 STARTTLS AUTH=PLAIN' \
  'STARTTLS=say:%t OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n'
unsafe '^open -1 ' 'no handshake' 'CAPABILITIES=IMAP4rev1 STARTTLS AUTH=PLAIN' 'STARTTLS=say:%t OK go\r\n,drop'
unsafe '^open -1 ' 'something else in its place' 'CAPABILITIES=IMAP4rev1 STARTTLS AUTH=PLAIN' 'STARTTLS=say:%t OK go\r\n,read,say:* OK really\r\n,drop'
faulty 'CAPABILITIES=IMAP4rev1 STARTTLS LOGINDISABLED'
like '^open -1 lets nobody log in in clear: write tls=must' 'LOGINDISABLED is told' letters open
same '' '... and no password is said' grep LOGIN "$F/heard"
end_fault

# Row 86: it leaves -------------------------------------------------------------------------

ROW='row 86'
FETCHED='open list fetch:2'
for state in GREETING CAPABILITY AUTHENTICATE SELECT; do
  bad '^open -1 closed the connection' "it leaves at $state" "$state=drop"
done
bad '^list -1 closed the connection' 'it leaves at the list' LIST=drop
bad '^list -1 closed the connection' '... within the list' LIST=cut:60
bad '^fetch 2 -1 closed the connection' '... at the letter' FETCH=drop
FETCHED='open list fetch:1 delete:1 close'
bad '^close -1 closed the connection' '... at STORE' STORE=drop
good '^close -1 closed the connection' '... at EXPUNGE' EXPUNGE=drop
good '^close 1' 'at LOGOUT all is done' LOGOUT=drop
ROW=
faulty FETCH=cut:+
cut() {
  for i in $(seq 1 120); do letters open list fetch:2 | sed -n 's/^fetch 2 \(-\{0,1\}[0-9]\).*/\1/p'; rm -f "$A/2"; done | uniq -c | tr -s ' \n' ' '
}
# "* 2 FETCH (UID 2 BODY[] {51}", the text, ")", each with CRLF: 84 bytes; the answer is not waited for
same ' 83 -1 37 1 ' 'row 86: it leaves at each byte of the letter: whole or none' cut
end_fault

# Row 89: numbers -----------------------------------------------------------------------------

ROW='row 89'
FETCHED='open list fetch:2 close'
bad '^list -1 numbers its letters anew meanwhile' 'another UIDVALIDITY meanwhile' 'LIST=say:* OK [UIDVALIDITY 8] new\r\n,usual'
bad '^open -1 has no UIDVALIDITY' 'no UIDVALIDITY' 'SELECT=say:* 3 EXISTS\r\n%t OK\r\n'
bad '^open -1 numbers its folder in an odd way' 'one that is none' 'SELECT=say:* 3 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n%t OK\r\n'
bad '^open -1 numbers its folder in an odd way' 'one that is too large' 'SELECT=say:* 3 EXISTS\r\n* OK [UIDVALIDITY 4294967296] x\r\n%t OK\r\n'
bad '^list -1 gives two letters one UID' 'one UID for two letters' 'LIST=say:* 1 FETCH (UID 2 RFC822.SIZE 5 FLAGS ())\r\n* 2 FETCH (UID 2 RFC822.SIZE 6 FLAGS ())\r\n%t OK\r\n'
bad '^list -1 lists a letter without its UID' 'a letter without a UID' 'LIST=say:* 1 FETCH (RFC822.SIZE 5 FLAGS ())\r\n%t OK\r\n'
bad '^list -1 sent what is no answer' 'UID 0' 'LIST=say:* 1 FETCH (UID 0 RFC822.SIZE 5 FLAGS ())\r\n%t OK\r\n'
bad '^list -1 sent what is no answer' 'a UID that is too large' 'LIST=say:* 1 FETCH (UID 4294967296 RFC822.SIZE 5 FLAGS ())\r\n%t OK\r\n'
bad '^list -1 gives no list: never' 'no list' 'LIST=say:%t NO never\r\n'
good '^fetch 2 1 dotted' 'other places for the same UIDs' 'FETCH=say:* 1 EXPUNGE\r\n,usual'
good '^list 1' 'an empty folder is not asked for its letters' 'SELECT=say:* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n%t OK\r\n' 'LIST=say:%t BAD\r\n'
ROW=

# Row 90: deleting ------------------------------------------------------------------------------

FETCHED='open list delete:1 delete:3 close'
# after PATTERN HEARD NAME RULE...: what the server heard between the list and LOGOUT
after() {
  pattern=$1 lines=$2 name=$3; shift 3
  faulty "$@"
  # shellcheck disable=SC2086
  like "$pattern" "row 90: $name" letters $FETCHED
  same "$lines" 'row 90: ... by these commands' sh -c "sed '1,/1:\*/d; s/^A[0-9]* //; /^LOGOUT/,\$d' '$F/heard'"
  end_fault
}
after '^close 1' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1,3' 'letters are expunged by their UIDs'
after '^close 1' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)' 'without UIDPLUS they are marked' 'CAPABILITIES=IMAP4rev1 AUTH=PLAIN'
after '^close 1' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1,3' 'IMAP4rev2 has that built in' 'CAPABILITIES=IMAP4rev1 IMAP4rev2 AUTH=PLAIN'
after '^close -1 does not delete: \[NOPERM\]' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)' 'what may not be marked is not expunged' 'STORE=say:%t NO [NOPERM] no\r\n'
after '^close -1 does not delete' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1,3' 'what was not expunged is told' 'EXPUNGE=say:%t NO\r\n'
after '^delete 0 lets nothing be deleted' '' 'a folder that is read only' 'SELECT=say:* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n%t OK [READ-ONLY] x\r\n'
after '^close 1' 'UID STORE 1,3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1,3' 'one that was read only for a while' 'LIST=say:* OK [READ-ONLY] x\r\n* OK [READ-WRITE] x\r\n,usual'
FETCHED='open list delete:1 delete:2 delete:3 idle:1 delete:1 close'
after '^idle 0' 'UID STORE 1:3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1:3
IDLE
DONE
UID STORE 1 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1' 'before waiting they go, too'
mv "$T/fault/control" "$T/kept"
FETCHED='open list delete:1 delete:3 close'
moving() {
  account fault 'imap 127.0.0.1 1'
  control moveto 'Old "stuff"'
  after "$@"
  rm "$T/fault/control/moveto"
}
moving '^close 1' 'UID MOVE 1,3 "Old \"stuff\""' 'they are moved'
moving '^close 1' 'UID COPY 1,3 "Old \"stuff\""
UID STORE 1,3 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 1,3' 'without MOVE they are copied first' 'CAPABILITIES=IMAP4rev1 UIDPLUS AUTH=PLAIN'
moving '^close -1 does not delete: \[TRYCREATE\]' 'UID COPY 1,3 "Old \"stuff\""' 'and kept where that fails' 'CAPABILITIES=IMAP4rev1 UIDPLUS AUTH=PLAIN' 'COPY=say:%t NO [TRYCREATE] no\r\n'

# Waiting ----------------------------------------------------------------------------------------

FETCHED='open list idle:9 close'
good '^idle 1' 'a letter ends IDLE' 'IDLE=usual,say:* 4 EXISTS\r\n'
good '^idle 1' 'where there is no IDLE the server is asked in the end' 'CAPABILITIES=IMAP4rev1 AUTH=PLAIN' 'LIST=usual,say:* 4 EXISTS\r\n'
good '^idle -1 closed the connection' 'it leaves meanwhile' 'IDLE=usual,drop'
good '^idle -1 says goodbye: \[INUSE\] x' '... and says so' 'IDLE=usual,say:* BYE [INUSE] x\r\n'
good '^idle -1 spoke without being asked' 'IDLE does not end by itself' 'IDLE=usual,say:%t OK\r\n'
FETCHED='open list idle:1 idle:1 close'
after '^idle 0' 'IDLE
DONE
IDLE
DONE' 'IDLE begins anew each time'
after '^idle 0' 'IDLE
NOOP
IDLE
NOOP' 'a server that refuses it is asked' 'IDLE=say:%t NO\r\n'

# Logging in --------------------------------------------------------------------------------------

# login MECHANISM PATTERN HEARD NAME RULE...
login() {
  mechanism=$1 pattern=$2 lines=$3 name=$4; shift 4
  faulty "$@"
  control auth "$mechanism"
  like "$pattern" "$name" letters open close
  same "$(echo "$lines" | sed "s/BEARER\$/$(base64 "n,a=u,\\1host=127.0.0.1\\1port=$(cat "$F/port")\\1auth=Bearer p\\1\\1")/")" '... by these lines' sh -c "sed '/CAPABILITY/d; s/^A[0-9]* //; /^SELECT\|^LOGOUT\|^closed/,\$d' '$F/heard'"
  rm "$A/control/auth"
  end_fault
}
base64() { printf "$1" | openssl base64 -A; }
PLAIN=$(base64 '\0u\0p')
TOKEN=$(base64 'user=u\1auth=Bearer p\1\1')
login plain '^open 1' "AUTHENTICATE PLAIN $PLAIN" 'PLAIN with what it says first'
login plain '^open 1' "AUTHENTICATE PLAIN
$PLAIN" '... and where that has to be asked for' 'CAPABILITIES=IMAP4rev1 AUTH=PLAIN'
login login '^open 1' "AUTHENTICATE LOGIN
$(base64 u)
$(base64 p)" 'LOGIN as a mechanism'
login '' '^open 1' 'LOGIN "u" "p"' 'LOGIN as a command' CAPABILITIES=IMAP4rev1
login xoauth2 '^open 1' "AUTHENTICATE XOAUTH2 $TOKEN" 'XOAUTH2'
login xoauth2 '^open 1' "AUTHENTICATE XOAUTH2
$TOKEN" '... in two steps' 'CAPABILITIES=IMAP4rev1 AUTH=XOAUTH2'
login xoauth2 '^open 0 refuses the password: \[AUTHENTICATIONFAILED\] no' "AUTHENTICATE XOAUTH2 $TOKEN
" '... refused' 'AUTHENTICATE=say:+ eyJ9\r\n' 'TEXT=say:A2 NO [AUTHENTICATIONFAILED] no\r\n'
login oauthbearer '^open 0 refuses the password' "AUTHENTICATE OAUTHBEARER BEARER
AQ==" 'OAUTHBEARER, refused' 'AUTHENTICATE=say:+ eyJ9\r\n' 'TEXT=say:A2 NO\r\n'
login plain '^open -1 lets nobody in now: \[UNAVAILABLE\]' "AUTHENTICATE PLAIN $PLAIN" 'now is not never' 'AUTHENTICATE=say:%t NO [UNAVAILABLE] later\r\n'
login plain '^open -1 lets us in behind an error' "AUTHENTICATE PLAIN $PLAIN
*" 'an error that is none' 'AUTHENTICATE=say:+ more\r\n' 'TEXT=say:A2 OK\r\n'
faulty
letters open close > "$T/out"
same 'A1 CAPABILITY
A2 AUTHENTICATE PLAIN AHUAcA==
A3 CAPABILITY
A4 SELECT "INBOX"
A5 LOGOUT
closed' 'what the server can do is asked before and behind logging in' heard
end_fault
faulty 'GREETING=say:* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n' 'AUTHENTICATE=say:%t OK [CAPABILITY IMAP4rev1 UIDPLUS] x\r\n'
letters open close > "$T/out"
same 0 '... unless it says so itself' sh -c "grep -c CAPABILITY '$F/heard'; true"
end_fault
faulty CAPABILITIES=IMAP4rev1
printf 'p"\\\303\274\n' > "$A/control/password"
like '^open 1' 'a password of 8 bits is a literal' letters open close
like '^A2 LOGIN "u" {5}$' '... behind the name' heard
like '^p"..\{1,3\}$' '... as it is' heard
end_fault
faulty CAPABILITIES=IMAP4rev1
printf '%s\n' 'p\"q' > "$A/control/password"
like '^open 1' 'one with a quote and a backslash' letters open close
like '^A2 LOGIN "u" "p\\\\\\"q"$' '... has each behind a backslash' heard
end_fault

done_testing
