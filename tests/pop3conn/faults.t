#!/bin/sh
# cm-fetch where a server, the other one, or the disk goes wrong.
. "$(dirname "$0")/fetch.sh"

put() { printf '%s\n' "Return-Path: <s$1@example.org>" "Subject: letter $1" '' "Hello $1" > "$B/mail/$1"; }

# box [RULE...]: a new popbox is the account's server, and has the letters 1, 2 and 3; the
# journal is new; sets $B, its directory
boxes=0
box() {
  boxes=$((boxes + 1))
  popbox box$boxes "$@"
  rm -f "$A/journal"* "$S"/mail/* "$S/ledger"
  for i in 1 2 3; do put $i; done
}
inside() { find "$B/mail" -type f | wc -l; }
taken() { cat "$S/ledger" 2> /dev/null | grep -c ' 250$'; }
# shown RULE: in one line
shown() { printf '%s' "$1" | tr '\\' '/'; }

# safe: each of the letters is in the mailbox, or the mail server has acknowledged it; prints
# those of which that is not so
safe() {
  for i in 1 2 3; do
    [ -e "$B/mail/$i" ] || grep -q "<s$i@example.org>.* 250\$" "$S/ledger" 2> /dev/null || echo "$i is lost"
  done
}

account one 'smtp 127.0.0.1 1'
behind
set_control timeoutremote 3 timeoutconnect 3

# A mailbox that is lost ---------------------------------------------------------------
# What was taken before it was lost is not sent again when it is back.
ROW='row 86'

# lost RULE: a run with this rule, and one when the server is well again; $R: exit codes, how
# many letters are left and were taken
lost() {
  box "$1"
  R="$(fetch) $(safe)"
  old=$B
  boxes=$((boxes + 1))
  mkdir "$T/box$boxes"; cp -r "$old/mail" "$T/box$boxes/mail"
  popbox box$boxes
  R="$R$(fetch) $(safe)$(inside) $(taken)"
}
for state in CONNECT CAPA USER PASS LIST UIDL RETR RETR#3 DELE DELE#3 QUIT; do
  lost "$state=drop"
  same '111 0 0 3' "the server is lost at $state: nothing is lost, and nothing comes twice" echo "$R"
done
wrong=
for k in 1 3 4 5 10 50 80 91 92 93 94 95; do
  lost "RETR#2=cut:$k"
  [ "$R" = '111 0 0 3' ] || wrong="$wrong $k: $R;"
done
same '' 'nor is it within a letter, at whatever byte' echo "$wrong"
box 'RETR#2=stall'
same 111 'a server that says nothing more is left' fetch
same '' 'and nothing is lost' safe

# A server that refuses to delete, also where the answer comes behind the next commands.
for capa in '' 'CAPA=say:-ERR\r\n'; do
  box 'DELE#2@1=say:-ERR no\r\n' ${capa:+"$capa"}
  fetch > /dev/null
  same '1 3' "a letter that may not be deleted stays${capa:+ (without PIPELINING)}" sh -c "echo \$(ls '$B/mail' | wc -l) $(taken)"
  same 0 '... until it may' fetch
  same '0 3' '... and is not sent again' sh -c "echo \$(ls '$B/mail' | wc -l) \$(grep -c ' 250\$' '$S/ledger')"
done

# A mail server that goes wrong ----------------------------------------------------------
ROW='row 87'

# server RULE CODE INDOUBT TAKEN LEFT: with this rule, and then a well one
server() {
  box
  behind "$1"
  R="$(fetch) $(grep -c ^indoubt "$A/err") $(taken) $(inside)$(safe)"
  same "$2 $3 $4 $5" "$(shown "$1"): exit code, in doubt, taken, still in the mailbox" echo "$R"
}
server CONNECT=drop 111 0 0 3
server 'CONNECT=say:554 5.3.2 no\r\n' 111 0 0 3
server 'EHLO=drop' 111 0 0 3
server 'MAIL=say:451 4.3.0 later\r\n' 111 0 0 3
server 'MAIL#2=say:550 5.7.1 not from you\r\n' 1 0 2 1
server 'RCPT#2=say:450 4.2.0 later\r\n' 111 0 1 2
server 'RCPT=drop' 111 0 0 3
server 'DATA#2=say:451 4.3.0 later\r\n' 111 0 1 2
server 'DATA#2=say:554 5.5.0 no\r\n' 1 0 2 1
server 'DATA#2=say:250 2.0.0 well\r\n' 111 0 1 2
# Byte by byte it is lost before the whole letter has gone out, and nothing is in doubt.
server 'TEXT+20#2=drop' 111 "$([ "$INSHORT" ] && echo 0 || echo 1)" 1 2
server 'DOT#2=say:550 5.7.1 no\r\n' 1 0 2 1
server 'DOT#2=say:354 what\r\n' 111 1 1 2
server 'DOT#2=drop' 111 1 1 2
server 'DOT#2=stall' 111 1 1 2
server 'DOT#2=say:25' 111 1 1 2
server 'MAIL#2=say:250 2.1.0 well\r\n250 2.1.5 well\r\n250 2.0.0 taken\r\n250 2.0.0 taken\r\n' 111 0 1 2
server 'DOT#2=say:421 4.3.2 going down\r\n' 111 0 1 2

# Lists that are not what they must be -----------------------------------------------------
ROW='row 89'

behind
# twice RULE: two runs with this rule; $R: as above
twice() { box "$@"; R="$(fetch) $(fetch) $(inside) $(taken)"; }
twice 'UIDL=say:-ERR what\r\n'
same '0 0 0 3' 'without UIDL letters are known by their text' echo "$R"
behind 'RCPT#2=say:550 5.1.1 nobody\r\n'
twice 'UIDL=say:-ERR what\r\n'
same '1 0 1 2' 'also those that were refused: they do not go out again' echo "$R"
behind
twice 'UIDL=say:+OK\r\n1 a\r\n3 c\r\n.\r\n'
same '0 0 0 3' 'and so are those of which it says none' echo "$R"
twice 'UIDL=say:+OK\r\n1 a\r\n2 a\r\n3 a\r\n.\r\n'
same '0 0 0 3' 'and those that share one' echo "$R"
twice "UIDL=say:+OK\r\n1 $(head -c 100 /dev/zero | tr '\0' x)\\r\\n2 b\\r\\n3 \\xe4\\r\\n.\\r\\n"
same '0 0 0 3' 'or whose name is too long' echo "$R"
long() { head -c "$1" /dev/zero | tr '\0' x; }
box "UIDL=say:+OK\\r\\n1 $(long 70)\\r\\n2 $(long 71)\\r\\n3 c d\\r\\n3 e\\r\\n3 f\\r\\n.\\r\\n"
fetch > /dev/null
names() { awk '/^sent/ { print length($6) }' "$A/journal" | sort -n | tr '\n' ' '; }
same '35 35 70 ' 'a name is one word, of 70 bytes at most; others, and two for a letter, are none' names
twice 'UIDL@1=say:+OK\r\n1 1\r\n2 2\r\n3 3\r\n4 4\r\n.\r\n'
same '0 0 0 3' 'one that is new behind LIST is no trouble' echo "$R"
twice 'LIST@1=say:+OK\r\n1 1\r\n2 99999\r\n3 0\r\n.\r\n'
same '0 0 0 3' 'nor is a size that is wrong' echo "$R"
for list in '+OK\r\n2 5\r\n1 5\r\n.\r\n' '+OK\r\n1 5\r\n1 5\r\n.\r\n' '+OK\r\n0 5\r\n.\r\n' '+OK\r\nx\r\n.\r\n' '-ERR no\r\n'; do
  box "LIST=say:$list"
  same 111 "a list that is none ends the run: $(shown "$list")" fetch
  same 3 '... and nothing is deleted' inside
done
# A letter that was sent, and kept; then the server gives its name to another one.
box
set_control keep 1
fetch > /dev/null
same 3 'letters that are to be kept are' inside
fetch > /dev/null
same 3 'and not sent again' taken
put 2x; mv "$B/mail/2x" "$B/mail/2"
rm "$A/control/keep"
same 0 'when they may go' fetch
same 0 'they do' inside
same 4 'but one of that name with another text is new, and is sent' taken
like 'another letter of this name' 'and the log says so' cat "$A/err"
box
set_control keep 1
fetch > /dev/null
for i in 1 2 3; do mv "$B/mail/$i" "$B/mail/new$i"; done
same 0 'where all have new names' fetch
same 3 'none is sent again' taken
rm "$A/control/keep"
fetch > /dev/null
same 0 'and they go' inside
same 3 'without another one' taken

# Servers that want no good ----------------------------------------------------------------
ROW='row 88'
# room KILOBYTES: a command that leaves so much memory, but to a sanitizer
room() { sanitized || echo "ulimit -v $1;"; }

# LINE that comes in the place of an answer, without an end where it says so
for rule in 'CONNECT=many:x' 'CAPA=many:X\r\n' 'LIST=many:1 1\r\n' 'UIDL=many:1 x\r\n' 'LIST=many:x' 'RETR=say:what\r\n' 'RETR=say:+ \r\n' \
  'USER=say:+OK\r\n+OK\r\n' 'CAPA=say:+OK\r\n.\r\n+OK\r\n+OK\r\n'; do
  box "$rule"
  same 111 "$(shown "$rule"): the run ends" sh -c "$(room 200000) CM_HOME='${A%/*}' timeout 60 cm-fetch '$A' 2> '$A/err'; echo \$?"
  same 3 '... and nothing is deleted' inside
done
box 'RETR#2=say:-ERR no such message\r\n'
same 111 'a letter that the server does not give' fetch
same 1 'stays, and the others go' inside
box 'RETR#2=say:+OK\r\n.\r\n'
same 111 'an empty letter' fetch
same 1 'stays, and the others go' inside
box 'RETR#2@1=many:+OK\r\nx\r\n'
set_control databytes 100000
same 111 'a letter without an end ends the run' fetch
same '' 'and nothing is lost' safe
same 0 'the next run passes over it' fetch
same 1 'and the others go' inside
same 2 'that are two' taken
small='LIST@1=say:+OK\r\n1 60\r\n2 60\r\n3 60\r\n.\r\n'
box "$small" 'LIST@2=say:+OK\r\n1 60\r\n.\r\n' 'LIST@3=say:+OK\r\n1 60\r\n.\r\n'
perl -e 'print "Subject: large\n\n", "x" x 70, "\n" x 3000' > "$B/mail/2"
set_control databytes 1000
same 0 'a letter that is larger than LIST says' fetch
same 1 'stays, and the others go' inside
same 'large 1 ' 'is known as large' states
like 'larger than control/databytes' 'which the log says' cat "$A/err"
same 0 'another run' fetch
same '' 'has nothing to tell' cat "$A/err"
same 0 'and does not fetch it again' sh -c "grep -c '^2 RETR' '$B/heard'; true"
rm "$A/control/databytes"
same 0 'until it may be larger' fetch
same 0 'then it goes' inside
box
perl -e 'print "Subject: large\n\n", "x" x 70, "\n" x 3000' > "$B/mail/2"
set_control databytes 1000
same 0 'a letter that is too large stays' fetch
same 1 'and the others go' inside
like 'larger than control/databytes' 'which the log says' cat "$A/err"
fetch > /dev/null
same 0 'once' sh -c "grep -c larger '$A/err'; true"
rm "$A/control/databytes"
same 0 'and when it may be larger it goes' fetch
same 0 'too' inside

box
set_control databytes "$(sed 's/$/\r/' "$B/mail/1" | wc -c)"
same 0 'letters that are as large as they may be' fetch
same 0 'go' inside
rm "$A/control/databytes"

# TLS ---------------------------------------------------------------------------------------
ROW='row 91'
for tls in '' tls=must tls=verify; do
  box
  set_control server "pop3 127.0.0.1 $(cat "$B/port") $tls"
  same 111 "${tls:-without a word}: a server without STLS is not spoken to" fetch
  same 0 '... and hears no name and no password' sh -c "grep -c 'USER\|PASS\|AUTH' '$B/heard'; true"
done
box 'STLS=say:+OK\r\n+OK joe\r\n'
set_control server "pop3 127.0.0.1 $(cat "$B/port") tls=must"
same 111 'nor is one that goes on in clear behind it' fetch
same 0 '... which hears neither' sh -c "grep -c 'USER\|PASS\|AUTH' '$B/heard'; true"
box
set_control server "pop3s 127.0.0.1 $(cat "$B/port")"
same 111 'nor one that speaks no TLS at all' fetch
same 0 '... which hears neither' sh -c "grep -c 'USER\|PASS\|AUTH' '$B/heard'; true"
set_control server 'pop3 127.0.0.1 1 tls=no'
same 111 'a closed port is tried again' fetch

# Two at once -------------------------------------------------------------------------------
ROW='row 90'
box 'RETR=stall'
set_control timeoutremote 30
background sh -c "CM_HOME='${A%/*}' exec cm-fetch '$A' 2> '$T/first'"
first=$PID
within 10 grep -q RETR "$B/heard"
same 99 'two runs of an account: the second ends' fetch
kill "$first"
within 10 not child_of_ours "$first"
same '' 'and nothing is lost' safe
set_control timeoutremote 3

# Letters as nobody should write them ---------------------------------------------------------
ROW='row 91a'
behind
# odd NAME TEXT: alone in the mailbox; delivered as it is, in lines of CRLF
odd() {
  box; rm -f "$B/mail/"*
  printf "$2" > "$B/mail/1"
  same 0 "$1: is fetched" fetch
  same 0 "$1: and gone" inside
  sed -n '/^X-CleanMail-MessageID/,$p' "$S/mail/"* | sed 1d > "$T/got"
  printf "$2" | sed 's/\r*$/\r/' > "$T/want"
}
as_it_was() { ok "$1" cmp "$T/want" "$T/got"; }
odd 'no To' 'From: a\nSubject: x\n\nHello\n'; as_it_was 'no To: as it was'
odd 'no From' 'To: a\nSubject: x\n\nHello\n'; as_it_was 'no From: as it was'
odd 'no body' 'Subject: x\n\n'; as_it_was 'no body: as it was'
odd 'an 8-bit header' 'Subject: \344\n\n\344\n'; as_it_was 'an 8-bit header: as it was'
odd 'long lines' "Subject: x\n\n$(head -c 5000 /dev/zero | tr '\0' x)\n"; as_it_was 'long lines: as they were'
odd 'no header' '\nHello\n'
like 'Hello' 'no header: delivered' cat "$T/got"
odd 'no header and no empty line' 'Hello there\nyou\n'
like 'Hello there' 'no header and no empty line: delivered' cat "$S/mail/"*
odd 'a From_ line' 'From joe Mon Jan  1 00:00:00 2026\nSubject: x\n\nHello\n'
like '^Subject: x' 'a From_ line: the header is whole' sh -c "sed '/^\r*\$/q' '$S/mail/'*"
like '^X-CM-Fetch: ' '... with our field in it' sh -c "sed '/^\r*\$/q' '$S/mail/'*"
for sender in '' '<>' '<a b@example.org>' 'nobody' '<a@example.org>\r\nX: y'; do
  box; rm -f "$B/mail/"*
  behind
  printf "Return-Path: $sender\nSubject: x\n\nHello\n" > "$B/mail/1"
  same 0 "Return-Path: $(shown "$sender"): is fetched" fetch
  same 0 "... and gone" inside
done
like 'FROM:<a@example.org>' 'a sender ends where its line ends' cat "$S/commands"
box; rm -f "$B/mail/"*; : > "$B/mail/1"
same 111 '0 bytes: a letter without any stays' fetch
same 1 '... where it is' inside
behind
box; rm -f "$B/mail/"*
perl -e 'print "Subject: x\n\n"; print "x" x 72, "\n" for 1 .. 700000' > "$B/mail/1"
set_control timeoutremote 60
same 0 '50 MB: is fetched in little memory' sh -c "$(room 60000) CM_HOME='${A%/*}' timeout 60 cm-fetch '$A' 2> '$A/err'; echo \$?"
same 0 '... and gone' inside
same 1 '... and taken' taken
set_control timeoutremote 3

# The journal -----------------------------------------------------------------------------------
ROW='row 91b'
behind
# Before: all three are sent, and kept.
kept() { rm -f "$A/control/keep"; box; set_control keep 1; fetch > /dev/null; }
kept
sed -i '3s/^./X/' "$A/journal"
same 0 'a damaged line' fetch
like 'lines of the journal were damaged' 'is said' cat "$A/err"
same 'sent 3 ' 'what it told is known again' states
ok 'the file is kept' [ -e "$A/journal.bad" ]
kept
truncate -s -10 "$A/journal"
same 0 'a line that is cut short' fetch
same 'sent 3 ' 'what it told is known again' states
kept
head -c 300 /dev/urandom >> "$A/journal"
same 0 'garbage at the end' fetch
same 3 'does no harm' taken
same 'sent 3 ' 'to what stands before it' states
for file in '' 'nonsense' 'cm-fetch 2 x y z' "$(printf 'cm-fetch 1 %032d %032d %016d' 0 0 0)"; do
  kept
  printf '%s\n' "$file" > "$A/journal"
  [ "$file" ] || : > "$A/journal"
  same 111 "a first line \"$file\" ends the run" fetch
  like 'move the file away' '... and the log says what to do' cat "$A/err"
  same 3 '... and nothing is sent again' taken
  same 3 '... and nothing deleted' inside
done
kept
set_control user jim
same 111 'the journal of another mailbox ends the run' fetch
same 3 'and nothing is sent again' taken
set_control user joe
kept
rm "$A/journal"; mkdir "$A/journal"
same 111 'a directory in its place ends the run' fetch
rmdir "$A/journal"; ln -s /etc/passwd "$A/journal"
same 111 'and so does a link' fetch
rm "$A/journal" "$A/control/keep"
ROW=

rm -f "$A/control/keep"
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=64k none "$T/small" 2> /dev/null; then
  box
  cp -r "$A/control" "$T/small/control"
  full=$A; A=$T/small
  rm -f "$A/journal"
  dd if=/dev/zero of="$A/fill" bs=1k 2> /dev/null
  same 111 'row 91b: where there is no room for a journal nothing is fetched' sh -c "CM_HOME='${full%/*}' timeout 60 cm-fetch '$A' 2> '$T/full'; echo \$?"
  same 3 'row 91b: and nothing is deleted' inside
  same '' 'row 91b: nor sent' sh -c "cat '$S/ledger' 2> /dev/null"
  umount "$T/small"
  A=$full
else
  echo "ok $((n += 1)) - row 91b: no room # SKIP only root can make a small file system"
fi

# A disk that does not keep what it was given: at the beginning of the journal, and of its name; when the
# letters are about to go out; when they have gone.
ROW='row 91b'
behind
"${BUILD:-build}/tests/atcall" list 0 true > /dev/null 2>&1
if [ $? = 77 ]; then report 0 'a disk that fails # SKIP atcall is for x86_64'
else
  # unsafe N: a run where the Nth fsync fails; $R: exit code, taken, still in the mailbox
  unsafe() {
    box
    CM_HOME=${A%/*} timeout 60 "${BUILD:-build}/tests/atcall" -p cm-fetch -c fsync -o "$T/unsafe" EIO "$1" cm-fetch "$A" 2> "$A/err"
    R="$? $(taken) $(inside)"
  }
  box
  fetch > /dev/null  # so that the mail log has begun
  for failing in 1 2 3; do
    unsafe $failing
    same '111 0 3' "fsync fails, number $failing: no letter goes out" echo "$R"
  done
  unsafe 4
  same '111 3 3' 'the one behind that: they are with the mail server, and none is deleted' echo "$R"
  like 'unable to write the journal' '... which the log says' cat "$A/err"
fi
ROW=

# Each system call --------------------------------------------------------------------------------

CANARY=canary-$$; export CANARY
box; rm -f "$B/mail/"*
rm -rf "$T/every"; mkdir -p "$T/every/a"; cp -r "$A/control" "$T/every/a/control"
echo "$CANARY" > "$T/every/a/control/password"
# every NAME OPTION...: tests/tools/everyletter with nothing to say
every() {
  name=$1; shift
  [ ! "$INSHORT" ] || { report 0 "$name # SKIP there are very many over short reads"; return; }
  rm -f "$B/mail/"* "$S/ledger" "$T/every/a/"journal*
  said=$(perl tests/tools/everyletter "$@" 2>&1); code=$?
  [ $code = 77 ] && { echo "ok $((n += 1)) - $name # SKIP atcall is for x86_64"; return; }
  report $code "$name"
  printf '%s\n' "$said" | sed 's/^#* */# /'
}
sanitized && step=10 || step=1
every 'row 81: kill -9 at each system call: each letter is in the mailbox or taken, and twice only in doubt' \
  -n 2 -s $step "$T/every" "$B" "$S" kill
calls=write,fsync,openat,open,renameat,rename,unlinkat,linkat,flock,getrandom,fstat,pread64,writev,sendfile,memfd_create
every 'row 91b: EIO at each call: the same' -n 2 -s $step -c $calls "$T/every" "$B" "$S" EIO
every 'row 91b: ENOSPC at each call: the same' -n 2 -s $step -c $calls "$T/every" "$B" "$S" ENOSPC

done_testing
