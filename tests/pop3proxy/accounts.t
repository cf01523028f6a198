#!/bin/sh
# control/accounts: each account's mailbox is at its own server.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot

start_dovecot one; ONE=$DOVECOT
start_dovecot two; TWO=$DOVECOT
# At the first server each mailbox has one message, at the second two.
for u in ann joe ann@example.net bob@example.net x@sub.example.org y@p7.example u; do
  D=$T/one; printf 'Subject: 1\n\n1\n' | mail "$u" 1.a
  D=$T/two; for i in 1 2; do printf 'Subject: 2\n\n2\n' | mail "$u" $i.a; done
done
port p
rm "$W/port/control/upstream"
accounts() { cm-list -a "$W/port/control/accounts" make; }
accounts <<E
ann               pop3 127.0.0.1 $ONE
ann@example.net   pop3 127.0.0.1 $ONE tls=no
@example.net      pop3 127.0.0.1 $TWO
example.org       pop3 127.0.0.1 $TWO
*@p?.example      pop3 127.0.0.1 $ONE
shut              pop3 127.0.0.1 $(free_port)
E

stat_() { talk "USER $1" 'PASS p' STAT QUIT | sed -n 4p; }
at() { like "^+OK $1 " "$3" stat_ "$2"; }
at 1 ann 'a name without a domain is at the first server'
at 1 ANN 'in whatever case'
at 1 ann@example.net 'an address is at the first server'
at 2 bob@example.net 'another one of its domain is at the second server'
at 2 x@sub.example.org 'and so is who is below a domain'
at 1 y@p7.example 'patterns count'
plain() { printf '\0%s\0p' "$1" | base64; }
like '^+OK 2 ' 'AUTH PLAIN asks the list' heard 3 "AUTH PLAIN $(plain bob@example.net)" STAT QUIT
like '^-ERR' 'APOP does not' heard 2 'APOP ann 00' QUIT
same '+OK CleanMail POP3 proxy ready' 'and the greeting has no secret of one server' heard 1 QUIT
like '^-ERR \[SYS/TEMP\] the server of this mailbox cannot' 'a server that is down is told' heard 2 'USER shut' QUIT

# Who is not in it

calls() { (cd "$W/port" && printf '%s\r\n' "USER $1" 'PASS p' QUIT | CM_HOME=$W strace -f -e trace=connect -o "$T/calls" cm-pop3d 2>> "$W/err" | tr -d '\r' | sed -n 2p); }
for u in joe joe@example.com "joe%127.0.0.1:$ONE" 'ann%127.0.0.1' ''; do
  like '^-ERR' "who is not in the list is refused: $u" calls "$u"
  same '' 'and nobody is connected to' grep connect "$T/calls"
done
control servers "pop3 127.0.0.1 $TWO"
at 2 ann%127.0.0.1 'a name that carries a listed server is there'
rm "$W/port/control/servers"
control upstream "pop3 127.0.0.1 $TWO"
at 2 joe 'the others are at control/upstream, where there is that'
at 1 ann 'and those in the list are not'

# One after the other

changed() { talk 'USER ann' "USER $1" 'PASS p' STAT QUIT | sed -n 5p; }
like '^+OK 2 ' 'a second USER goes to its own server' changed bob@example.net
like '^+OK 1 ' 'which may be the same' changed ann@example.net
shut() { talk 'USER ann' 'USER shut' QUIT | sed -n 3p; }
like '^-ERR' 'or none' shut

# What is broken

said() { cm-list -a "$W/list" "$@" 2>&1; }
like 'line 1: write pop3 HOST PORT' 'cm-list names the line that is wrong' sh -c "echo 'ann smtp 127.0.0.1 25' | cm-list -a $W/list make 2>&1"
ok 'an account can be added' said add ann pop3 127.0.0.1 110
same 'ann pop3 127.0.0.1 110' 'and found' said find ann
like 'write pop3 HOST PORT' 'one without a server cannot' said add joe
echo 'ann pop3 127.0.0.1 110' > "$W/port/control/accounts"
like '^-ERR \[SYS/TEMP\] this server is not set up' 'a text in the place of the list is told' heard 1 QUIT
like 'control/accounts: damaged, or not made by cm-list -a' 'and in the log what to do' cat "$W/err"
echo 'ann whitelisted' | cm-list "$W/port/control/accounts" make
like '^-ERR \[SYS/TEMP\]' 'an entry that names no server is told, and control/upstream not asked' heard 2 'USER ann' QUIT
like 'control/accounts: write pop3 HOST PORT' 'in the log, too' cat "$W/err"
perl -e 'open F, "+<", $ARGV[0]; seek F, 2048 + 4, 0; print F "\xff\xff\xff\x7f"' "$W/port/control/accounts"
like '^-ERR \[SYS/TEMP\]' 'a damaged one is not taken for an empty one' heard 2 'USER ann' QUIT

done_testing
