#!/bin/sh
# One session: what is taken, what is handed on, and what is heard. The server is a
# real Dovecot.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot
tools=$(dirname "$0")/../tools

start_dovecot d
printf 'From: a@x\nSubject: one\n\nhello\n.dot\n..\n' | mail u 1.a
printf 'From: a@x\nSubject: two\n\nhello\n\n' | mail u 2.a
{ printf 'Subject: large\n\n'; head -c 300000 /dev/zero | tr '\0' x | fold -w 70; } | mail u 3.a
port p
IN='USER u' PASS='PASS p'

# The session

like '^+OK CleanMail POP3 proxy ready <.*@.*>$' 'the greeting has what APOP needs' talk QUIT
like '^+OK' 'QUIT is answered' heard 2 QUIT
like '^-ERR' 'no mailbox without a login' heard 2 STAT QUIT
like '^-ERR say USER' 'PASS before USER is refused' heard 2 "$PASS" QUIT
like '^-ERR \[AUTH\]' 'a wrong password is refused, with the words of the server' heard 3 "$IN" 'PASS wrong' QUIT
same '+OK 3 308668' 'a mailbox is opened by USER and PASS' heard 4 "$IN" "$PASS" STAT QUIT
same '+OK 3 308668' 'by AUTH PLAIN, and an initial response' heard 3 'AUTH PLAIN AHUAcA==' STAT QUIT
same '+OK 3 308668' 'by AUTH PLAIN, asked for' heard 4 'AUTH PLAIN' AHUAcA== STAT QUIT
same '+OK 3 308668' 'by AUTH LOGIN' heard 5 'auth login' dQ== cA== STAT QUIT
like '^-ERR that is no base64' 'what is no base64 is refused' heard 3 'AUTH PLAIN' 'A===' QUIT
like '^-ERR as you wish' 'a client may think better of it' heard 3 'AUTH PLAIN' '*' QUIT
like '^-ERR' 'a mechanism that nobody knows is refused' heard 2 'AUTH FOO' QUIT
like '^-ERR you are' 'nobody logs in twice' heard 4 "$IN" "$PASS" "$IN" QUIT
ROW='row 98'
for c in FOO 'RETR' 'RETR x' 'RETR 0' 'RETR 1 2' 'TOP 1' 'STAT 1' 'DELE -1' 'XTND XMIT' "$(printf 'NOOP\rDELE 1')"; do
  like '^-ERR \(unknown\|malformed\) command$' "$c is refused, and not handed on" heard 4 "$IN" "$PASS" "$c" QUIT
done
ROW=
like '^-ERR too many errors' 'too many errors end the session' talk $(head -c 90 /dev/zero | sed 's/\x0/FOO /g')
like '^-ERR the command is too long' 'so does an endless command' talk "USER $(head -c 9000 /dev/zero | tr '\0' u)"

# with the secret of the greeting: by curl and by Python, as they do it
serve_pop
for how in APOP PLAIN LOGIN CRAM-MD5; do
  option=$how; [ $how != APOP ] || option=+APOP
  like '^Subject: one' "curl logs in by $how, and reads" timeout 20 curl -s --login-options "AUTH=$option" "pop3://u:p@127.0.0.1:$PORT/1"
done
python() { timeout 20 python3 - "$PORT" "$@"; }
letters() { python <<'!'
import poplib, sys
p = poplib.POP3('127.0.0.1', int(sys.argv[1]), timeout=10)
p.apop('u', 'p')
print(p.stat(), len(p.list()[1]), len(p.uidl()[1]), [len(p.retr(n)[1]) for n in (1, 2, 3)], p.top(1, 1)[1][-1])
p.quit()
!
}
same "(3, 308668) 3 3 [6, 5, 4288] b'hello'" "Python's poplib reads" letters

# CAPA

capa() { talk CAPA QUIT | sed -n '3,/^\./p'; }
same 'TOP
UIDL
USER
SASL PLAIN LOGIN CRAM-MD5
AUTH-RESP-CODE
RESP-CODES
PIPELINING
.' 'CAPA offers what we can carry and the server has' capa
inner() { talk "$IN" "$PASS" CAPA QUIT | sed -n '5,/^\./p' | grep -c 'USER\|SASL'; }
same 0 'and no login to who is logged in' inner

# The same as without us

everything() { "$@" "$IN" "$PASS" STAT LIST UIDL 'LIST 2' 'UIDL 3' 'RETR 1' 'RETR 2' 'TOP 1 1' 'TOP 3 5' 'RETR 3' \
  'RETR 4' 'LIST 4' 'DELE 1' STAT LIST 'RETR 1' 'DELE 1' NOOP RSET STAT LIST QUIT | sed 1d | cksum; }
same "$(everything direct)" 'a session gives what it gives without us, byte for byte' everything talk
same '' 'in random orders, in lock step and pipelined, too' \
  timeout 120 perl "$tools/popcompare" 40 "$DOVECOT" "$PORT"

# Nothing is deleted but by who says QUIT

printf 'Subject: x\n\nx\n' | mail gone 1.a
talk 'USER gone' "$PASS" 'DELE 1' > "$T/heard"
like '^+OK 1 ' 'a client that goes away deletes nothing' heard 4 'USER gone' "$PASS" STAT QUIT
talk 'USER gone' "$PASS" 'DELE 1' QUIT > "$T/heard"
like '^+OK 0 ' 'one that says QUIT does' heard 4 'USER gone' "$PASS" STAT QUIT

# The server in the user's name

port carried
rm "$W/port/control/upstream"
control servers "pop3 127.0.0.1 $DOVECOT"
same '+OK CleanMail POP3 proxy ready' 'a proxy for several servers promises no APOP' heard 1 QUIT
for user in "u%127.0.0.1" "u#127.0.0.1" "u%127.0.0.1:$DOVECOT" "u%[127.0.0.1]:$DOVECOT"; do
  same '+OK 3 308668' "the user $user has a mailbox" heard 4 "USER $user" "$PASS" STAT QUIT
done
printf 'Subject: x\n\nx\n' | mail v@example.net 1.a
like '^+OK 1 ' 'a user may have a domain' heard 4 'USER v@example.net%127.0.0.1' "$PASS" STAT QUIT
plain() { printf '\0%s\0p' "$1" | base64; }
same '+OK 3 308668' 'AUTH PLAIN says the server, too' heard 3 "AUTH PLAIN $(plain 'u%127.0.0.1')" STAT QUIT
login() { printf %s "$1" | base64; }
same '+OK 3 308668' 'and AUTH LOGIN' heard 5 'AUTH LOGIN' "$(login 'u%127.0.0.1')" cA== STAT QUIT
like '^-ERR' 'but not AUTH CRAM-MD5' heard 2 'AUTH CRAM-MD5' QUIT
like '^-ERR' 'and not APOP' heard 2 'APOP u 00' QUIT
other=$(free_port)
calls() { (cd "$W/port" && printf '%s\r\n' "USER $1" "$PASS" QUIT | CM_HOME=$W strace -f -e trace=connect -o "$T/calls" cm-pop3d 2>> "$W/err" | tr -d '\r' | sed -n 2p); }
ROW='row 97'
for user in u "u@127.0.0.1:22" "u%127.0.0.1:22" "u%127.0.0.1:$other" 'u@169.254.169.254' 'u%169.254.169.254' 'u%169.254.169.254:80' 'u%[::1]' 'u%pop.unlisted.example' 'u%localhost' 'u%' '%127.0.0.1'; do
  like '^-ERR' "the user $user is refused" calls "$user"
  same '' "and nobody is connected to: $user" grep connect "$T/calls"
done
ROW=

# What is not set up

port broken
control upstream 'pop3 127.0.0.1'
like '^-ERR \[SYS/TEMP\] this server is not set up' 'a malformed upstream is told' heard 1 QUIT
like 'control/upstream: write pop3 HOST PORT' 'and in the log what to do' cat "$W/err"
control upstream "pop3 127.0.0.1 $other"
like '^-ERR \[SYS/TEMP\] the server of this mailbox' 'a server that is down is told' heard 1 QUIT
rm "$W/port/control/upstream"
like '^-ERR \[SYS/TEMP\]' 'a port without a server is none' heard 1 QUIT
port nothing
rm "$W/port/control/pipeline"
like '^-ERR \[SYS/TEMP\]' 'a port without a pipeline is none' heard 1 QUIT

# A client that says nothing

port silent
control timeoutpop3d 1
mkfifo "$T/nobody"
silence() { (cd "$W/port" && CM_HOME=$W timeout 60 cm-pop3d 0<> "$T/nobody" 2>> "$W/err" | tr -d '\r' | tail -n 1); }
same '-ERR too slow; goodbye' 'a silent client is told, and the session ends' silence

# The log

port logged
control loglevel 1
talk "$IN" "$PASS" 'AUTH PLAIN AHUAcA==' STAT QUIT > "$T/heard"
like '^client .* < USER u$' 'level 1 is the transcript' cat "$W/err"
same '' 'without the password' grep -i 'PASS p\|AHUA' "$W/err"

done_testing
