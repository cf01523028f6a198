#!/bin/sh
# Row 98 of the fault matrix, as far as it wants servers that no good one would be and clients
# that delete what they have read; filters.t has the rest, and cm-pop3d.t has row 97.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
tools=$(dirname "$0")/../tools
DOVECOT=1  # there is none
port p
ROW='row 98'

printf '#!/bin/sh\nexit 0\n' > "$W/port/judge"
chmod 755 "$W/port/judge"
echo 'judge check : ./judge' > "$T/filters"
filters() { cp "$T/filters" "$W/port/control/pipeline"; }
bare() { : > "$W/port/control/pipeline"; }

# fault FAULT...: such a server behind us, and nothing remembered
fault() {
  rm -f "$T/fault"
  background "$tools/faultpop" "$@" > "$T/fault"
  within 10 test -s "$T/fault"
  echo "pop3 127.0.0.1 $(head -n 1 "$T/fault")" > "$W/port/control/upstream"
  rm -rf "$W/state" "$T/uidls"
}
ends() { talk 'USER f' 'PASS p' "$@" QUIT | tail -n 1; }
raw() { (cd "$W/port" && printf '%s\r\n' 'USER f' 'PASS p' "$@" QUIT | CM_HOME=$W timeout 60 cm-pop3d 2>> "$W/err"); }
looks_whole() { raw "$@" | perl -e 'local $/; $_ = <STDIN>; print /\r\n\.\r\n/ ? "whole" : "not whole"'; }

# Lost within a message

for bytes in 6 20 58 59 60 61; do
  fault cut $bytes
  filters
  like '^-ERR \[SYS/TEMP\]' "a server that is lost behind $bytes bytes of a message is told" ends 'RETR 1'
  bare
  same 'not whole' "and without filters no final dot is made up: $bytes" looks_whole 'RETR 1'
done
fault cut 62
same whole 'one that is lost behind all of it is none of our business' looks_whole 'RETR 1'

# What do clients make of that? They delete all that they have read.

serve_pop
printf '%s\n' 'set no syslog' 'set no bouncemail' "poll localhost protocol pop3 port $PORT" \
  "user f password p fetchall sslproto '' mda 'cat >> $T/mail'" > "$T/fetchmailrc"
printf '%s\n' 'account a' 'host localhost' "port $PORT" 'user f' 'auth user' 'password p' 'keep off' "uidls_file $T/uidls" \
  'tls off' "delivery mbox $T/mail" > "$T/mpoprc"
chmod 600 "$T/fetchmailrc" "$T/mpoprc"
fetchmail_() { FETCHMAILHOME=$T timeout 60 fetchmail -f "$T/fetchmailrc" -s --nodetach; }
mpop_() { timeout 60 mpop -C "$T/mpoprc" -Q a; }
poplib_() { timeout 60 python3 -c 'import poplib, sys
p = poplib.POP3("localhost", int(sys.argv[1]), timeout=30); p.user("f"); p.pass_("p")
p.retr(1); p.dele(1); p.quit()' "$PORT"; }
deletes() { same "$1" "$client $2" grep DELE "$T/fault"; }
for client in fetchmail mpop poplib; do
  for how in filters bare; do
    fault cut 40
    $how
    ${client}_ > "$T/said" 2>&1
    deletes '' "deletes no message of which it has read a half, $how"
  done
  fault good
  ${client}_ > "$T/said" 2>&1
  deletes DELE 'deletes one that it has read'
done

# A filter that fails behind +OK, and one that takes as long as it may

filters
control keepalive 1
printf '#!/bin/sh\nsleep 2\nexit 77\n' > "$W/port/judge"
for client in fetchmail mpop poplib; do
  fault good
  ${client}_ > "$T/said" 2>&1
  deletes '' 'deletes no message that failed behind +OK'
done
printf '#!/bin/sh\nsleep 2\n' > "$W/port/judge"
for client in fetchmail mpop poplib; do
  fault good
  ${client}_ > "$T/said" 2>&1
  deletes DELE 'is patient with a filter that is slow, and reads its message'
done
printf '#!/bin/sh\nsleep 30\n' > "$W/port/judge"
control deadline 3
fault good
like '^X-CleanMail-Wait: 1$' 'a filter without an end keeps the client waiting, and is ended' ends 'RETR 1'
same 'not whole' 'and no final dot is made up' looks_whole 'RETR 1'
rm "$W/port/control/keepalive" "$W/port/control/deadline"
printf '#!/bin/sh\nexit 0\n' > "$W/port/judge"

# What is no answer, or has no end

fault junk
like '^-ERR \[SYS/TEMP\]' 'a server that says what is no answer is told' ends 'RETR 1'
fault early
like '^-ERR \[SYS/TEMP\]' 'and one that speaks before it is asked' ends STAT
control databytes 10000
for what in endless line; do
  fault $what
  like '^-ERR' "a message without an end is none: $what" ends 'RETR 1'
  same 'not whole' "and never looks whole: $what" looks_whole 'RETR 1' 'TOP 1 0'
done
rm "$W/port/control/databytes"
fault lists
like '^-ERR' 'nor is a list without an end one' ends STAT
fault offers
like '^-ERR' 'nor are offers without an end' ends CAPA
fault changed
subjects() { for k in 1 2; do talk 'USER f' 'PASS p' 'RETR 1' QUIT | grep Subject; done; }
same 'Subject: x1
Subject: x2' 'another message of the same UIDL is judged for itself' subjects

# Sizes are what the server says, not what comes
ROW='row 89'

for sizes in '50 50' '0 0' '1 1' '5 100000' '100000 5' '5000000000 4999999999' '99999999999999999999 99999999999999999999' '-1 -1' 'x y'; do
  # shellcheck disable=SC2086 # two words
  fault sizes $sizes
  bare
  same whole "the server says $sizes: a message is read whole" looks_whole 'RETR 1'
  filters
  same whole '... judged as well' looks_whole 'RETR 1'
  size=$(raw 'RETR 1' | sed '1,/^+OK [^l]*octets/d; /^\.\r$/,$d' | wc -c)
  like "^1 $size\$" '... and LIST has the size of what was read' talk 'USER f' 'PASS p' LIST QUIT
done
# all A B: what STAT says, the message once judged; its size is $size then
all() {
  fault sizes "$@"
  filters
  talk 'USER f' 'PASS p' 'RETR 1' QUIT > /dev/null
  size=$(talk 'USER f' 'PASS p' 'LIST 1' QUIT | sed -n 's/^+OK 1 //p')
  talk 'USER f' 'PASS p' STAT QUIT | sed -n 's/^+OK 1 \([0-9]*\)$/\1/p' > "$T/stat"
}
all 5000000000 50
same $((5000000000 - 50 + size)) 'of a large mailbox STAT has all digits' cat "$T/stat"
all 10 50000
same "$size" 'and where LIST has more than all nothing is below zero' cat "$T/stat"
ROW=

done_testing
