#!/bin/sh
# cm-quarantine: what it lists, shows, releases and deletes.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

start_faultsink s 'RCPT TO:<gone@=say:550 5.1.1 no such user\r\n' \
  'RCPT TO:<later@=say:451 4.2.1 not now\r\n' 'MAIL FROM:<refuse@=say:550 5.7.1 no\r\n' \
  'RCPT TO:<slow@=stall'
SINK=$PORT
start_faultsink elsewhere
OTHER=$PORT
H=$T/h
P=$H/ports/mx
mkdir -p "$P/control"
echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
echo '*@example.net' > "$P/control/recipients"
echo store > "$P/control/quarantine"
echo me.example.net > "$P/control/me"
echo 'all check 0=accept/redirect : echo 5.7.1 because' > "$P/control/pipeline"
export CM_HOME="$H"
q() { cm-quarantine "$@"; }

# store SENDER RECIPIENTS SUBJECT: through cm-smtpd; its id
store() {
  { printf 'EHLO x\r\nMAIL FROM:<%s>\r\n' "$1"
    for r in $2; do printf 'RCPT TO:<%s>\r\n' "$r"; done
    printf 'DATA\r\nFrom: z\r\nSubject: %b\r\n\r\n..dot\r\nESC \033[31m \303\244 \377\ttab\r\n.\r\nQUIT\r\n' "$3"; } |
    (cd "$P" && TCPREMOTEIP=192.0.2.1 PROTO=TCP cm-smtpd 2>> "$T/err") |
    sed -n 's/^250 2.0.0 message accepted (\(.*\)).*/\1/p'
}
echo 'queue true' > "$P/control/upstream"
A=$(store a@example.org b@example.net '=?utf-8?q?h=C3=A4?= \033]0;x\007')
B=$(store '' 'b@example.net c@example.net' two)
C=$(store a@example.com 'gone@example.net later@example.net b@example.net' three)
D=$(store refuse@example.org b@example.net four)
echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
sent() { cat "$T/s/ledger" 2>/dev/null | wc -l; }

# list

row() { q list "$@" | cut -f3-; }
same "stored	$(wc -c < "$H/store/$A.eml")	mx	all	a@example.org	b@example.net	hä ?]0;x?" \
  'a row tells all, and nothing in it acts' row "id=$A"
column_of() { n=$1; shift; q list "$@" | cut -f"$n" | tr '\n' ' '; }
same "$A $B $C $D " 'the oldest is first' column_of 2
same "$B " 'by recipient, any of them' column_of 2 'to=C@*'
same "$A " 'by sender' column_of 2 'from=*@example.org' 'subject=h*'
same "$B " 'the empty sender, too' column_of 2 from=
same '' 'by stage' column_of 2 'stage=x*'
same "$A $B $C $D " 'since a day' column_of 2 "since=$(date -u +%Y-%m-%d)"
same '' 'until a year' column_of 2 until=2025
same "$A $B $C $D " 'until this year' column_of 2 "until=$(date -u +%Y)"
verdict 100 'cm-quarantine: not a filter: form=x' 'what is no filter is told' q list form=x
terminal() { script -qec 'cm-quarantine list' /dev/null < /dev/null | tr -d '\r'; }
like '^time  *id  *state  *size  port  stage  from  *to  *subject$' 'on a terminal the columns have names' terminal
like "^....-..-..T..:..:..Z  *$B  stored  *[0-9]*  mx  *all  *b@example.net,c@example.net  *two\$" 'and are aligned' terminal

# show, envelope, export, check

like '^ESC \\x1b\[31m ä \\xff	tab$' 'show: no control of a message reaches the terminal' q show "$A"
like '^\.dot$' 'show: nothing else is changed' q show "$A"
like '^recipient c@example.net$' 'envelope' q envelope "$B"
exported() { q export "$A" | cmp - "$H/store/$A.eml"; }
same '' 'export: byte by byte' exported
same '4 messages' 'check: all is as it was stored' q check
verdict 111 'cm-quarantine: not an id: ../../../../etc/passwd' 'a path is no id' q show ../../../../etc/passwd
verdict 111 "cm-quarantine: not an id: ../store/$A" 'nor is half a one' q export "../store/$A"
verdict 111 'cm-quarantine: 1769903999.998877.1f3a.0.9be2c510: there is no such message' 'one that is not there' \
  q envelope 1769903999.998877.1f3a.0.9be2c510

# release

verdict 0 "$A: 250 2.0.0 message taken" 'a message is released' q release "$A"
same 1 'the server has got it' sent
same '' 'byte by byte' cmp "$T/s/mail/1.1" "$H/store/$A.eml"
like '^1 <a@example.org> <b@example.net> .* clean 250$' 'with its envelope' cat "$T/s/ledger"
verdict 0 "$A: it was released before" 'once' q release "$A"
same 1 'the server has not heard of it again' sent
same "$A " 'its state is released' column_of 2 state=released
like " $A mx accept/redirect [0-9]* all <a@example.org> <b@example.net> released from the store: 250 2.0.0 message taken" \
  'the ledger tells of it' cat "$H/log/ledger"
verdict 0 "$A: 250 2.0.0 message taken" 'another address may have it, too' q release "$A" x@example.net
verdict 0 "$A: it was released before" 'and that once' q release "$A" x@example.net
same 2 'which makes two' sent
verdict 0 "$B: 250 2.0.0 message taken" 'a bounce is released to all its recipients' q release "$B"
like '^[0-9]* <> <b@example.net>,<c@example.net> ' 'with the empty sender' cat "$T/s/ledger"
verdict 111 "cm-quarantine: $C: released in part
gone@example.net: 550 5.1.1 no such user
later@example.net: 451 4.2.1 not now" 'who is refused is named' q release "$C"
same "$C " 'its state is partly' column_of 2 state=partly
verdict 111 "cm-quarantine: $C: not released: 451 4.2.1 not now
gone@example.net: 550 5.1.1 no such user
later@example.net: 451 4.2.1 not now" 'again: only those that are left are tried' q release "$C"
same 4 'and nobody gets it twice' sent
verdict 111 "cm-quarantine: $D: not released: 550 5.7.1 no" 'a refused sender' q release "$D"
same "$D " 'is not released' column_of 2 "id=$D" state=stored

# In doubt

start_faultsink t 'DOT#1@1=drop' 'DOT@2=say:552 5.2.2 full\r\n' 'DOT@3=say:354 what\r\n'
echo "smtp 127.0.0.1 $PORT" > "$P/control/upstream"
E=$D
verdict 111 "cm-quarantine: $E: in doubt, the server closed the connection; -f releases it all the same" \
  'the connection ends behind the message' q release "$E" e@example.net
verdict 111 "cm-quarantine: $E: in doubt, it may have been released already; -f releases it all the same" \
  'what is in doubt is not sent again' q release "$E" e@example.net
like ' <e@example.net> in doubt of release: the server closed the connection' 'the ledger tells of it' cat "$H/log/ledger"
verdict 111 "cm-quarantine: $E: not released: 552 5.2.2 full" 'except with -f; a refusal ends the doubt' \
  q -f release "$E" e@example.net
verdict 111 "cm-quarantine: $E: in doubt, 354 what; -f releases it all the same" 'no answer at all is doubt' q release "$E"
same "$E " 'its state is indoubt' column_of 2 state=indoubt
verdict 0 "$E: 250 2.0.0 message taken" '-f sends it' q -f release "$E"
verdict 0 "$E: it was released before" 'and that is it' q -f release "$E"

# Routes

echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
R=$(echo 'queue true' > "$P/control/upstream"; store a@example.org 'b@example.net d@example.net c@example.net' routes)
echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
echo "d@example.net smtp 127.0.0.1 $OTHER" | cm-list -r "$P/control/routes" make
verdict 0 "$R: 250 2.0.0 message taken" 'each recipient gets it by its own route' q release "$R"
like '<b@example.net>,<c@example.net>' 'those of the upstream together' tail -n 1 "$T/s/ledger"
like ' <d@example.net> ' 'the others from their server' tail -n 1 "$T/elsewhere/ledger"
R=$(rm "$P/control/routes"; echo 'queue true' > "$P/control/upstream"; store a@example.org 'b@example.net e@example.net' down)
echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
echo "e@example.net smtp 127.0.0.1 1" | cm-list -r "$P/control/routes" make
verdict 111 "cm-quarantine: $R: released in part
e@example.net: the server does not accept a connection" 'one way is closed' q release "$R"
verdict 111 "cm-quarantine: $R: not released: the server does not accept a connection" 'then again only that one' q release "$R"
echo broken > "$P/control/routes"
verdict 111 "cm-quarantine: $R: not released: control/routes: damaged, or not made by cm-list -r" 'routes that are broken' q release "$R"
rm "$P/control/routes"
printf '#!/bin/sh\necho "D5.7.1 not here" >&6\nexit 82\n' > "$T/no"
chmod 755 "$T/no"
echo "queue $T/no" > "$P/control/upstream"
verdict 111 "cm-quarantine: $R: not released: the program: 5.7.1 not here" 'what a program says on descriptor 6' q release "$R"

# A mailbox, as cm-config makes one

mkdir -p "$H/ports/joe"
cp -r "$P" "$H/ports/joe/account"
P=$H/ports/joe/account
J=$(echo 'queue true' > "$P/control/upstream"; store a@example.org b@example.net joe)
echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
same joe 'a mailbox has the name that it was given' sh -c "cm-quarantine list id=$J | cut -f5"
verdict 0 "$J: 250 2.0.0 message taken" 'and its mail is released to its own upstream' q release "$J"
verdict 0 "$J: 250 2.0.0 message taken" '... with -p, too' q -p "$H/ports/joe" release "$J" x@example.net
q delete "$J"
P=$H/ports/mx

# Other upstreams

echo 'smtp 127.0.0.1 1' > "$P/control/upstream"
F=$(echo 'queue true' > "$P/control/upstream"; store a@example.org b@example.net six)
echo 'smtp 127.0.0.1 1' > "$P/control/upstream"
verdict 111 "cm-quarantine: $F: not released: the server does not accept a connection" 'nobody listens' q release "$F"
rm "$P/control/upstream"
verdict 111 "cm-quarantine: $F: not released: control/upstream: there is no such file, or nothing in it" \
  'there is no upstream' q release "$F"
echo 'queue false' > "$P/control/upstream"
verdict 111 "cm-quarantine: $F: not released: the program ended with 1" 'a program that fails' q release "$F"
printf '#!/bin/sh\nexit 31\n' > "$T/no"
chmod 755 "$T/no"
echo "queue $T/no" > "$P/control/upstream"
verdict 111 "cm-quarantine: $F: not released: the program ended with 31" 'a program that refuses' q release "$F"
printf '#!/bin/sh\nkill -9 $$\n' > "$T/no"
like "$F: in doubt, the program" 'a program that crashes leaves doubt' q release "$F"
mkdir "$T/other" "$T/other/control" "$T/boxes"
echo "queue cm-maildir $T/boxes" > "$T/other/control/upstream"
verdict 0 "$F: the program ended with 0" '-p: another port, whose upstream is a program' q -f -p "$T/other" release "$F"
same 1 'which has it' sh -c "ls '$T'/boxes/b@example.net/new | wc -l"
same 0 'its lines end as in a file' sh -c "cat '$T'/boxes/b@example.net/new/* | tr -dc '\\r' | wc -c"
verdict 111 "cm-quarantine: unable to enter $T/nowhere: No such file or directory" 'a port that is none' \
  q -p "$T/nowhere" release "$F"
verdict 100 'cm-quarantine: not an address: ' 'nothing is no address: nobody would have it' q release "$B" ''
verdict 100 'cm-quarantine: not an address: x>
RSET' 'an address that would be a command' q release "$F" "x>
RSET"

# Two at once

echo "smtp 127.0.0.1 $SINK" > "$P/control/upstream"
background cm-quarantine release "$B" slow@example.net > /dev/null
busy() { [ "$(column_of 3 "id=$B")" = 'releasing ' ]; }
ok 'while a process is at it, its state says so' within 20 busy
verdict 111 "cm-quarantine: $B: not released: another process releases it" 'a second one does nothing' q release "$B" d@example.net
verdict 111 "cm-quarantine: $B: a process releases it" 'and nobody deletes it' q delete "$B"
kill -9 "$PID"
wait "$PID" 2>/dev/null
verdict 0 "$B: 250 2.0.0 message taken" 'its death ends that' q release "$B" d@example.net

# Damage

printf X | dd of="$H/store/$C.eml" bs=1 seek=3 conv=notrunc 2>/dev/null
verdict 111 "cm-quarantine: $C: the message is not the one that was stored
7 messages" 'check: a message that was changed' q check
verdict 111 "cm-quarantine: $C: the message is not the one that was stored" 'is not released' q release "$C" y@example.net
verdict 111 "cm-quarantine: $C: the message is not the one that was stored" 'nor exported' q export "$C"
sed -i '$d' "$H/store/$C.env"
verdict 111 "cm-quarantine: $C: its envelope is damaged" 'an envelope without its end' q envelope "$C"
like "	$C	damaged	" 'is listed as damaged' q list

# delete, sweep

verdict 0 '' 'delete' q delete "$A"
same '' 'nothing is left of it' sh -c "ls '$H/store' | grep '$A'"
like " $A mx accept/redirect .* deleted from the store: 5.7.1 because" 'the ledger tells of it' cat "$H/log/ledger"
verdict 111 "cm-quarantine: $A: there is no such message" 'and not twice' q delete "$A"
rest() { q list | cut -f2 | q delete - && q list; }
size=$(wc -c < "$H/store/$C.eml")
same '' 'all that are on standard input, the damaged one, too' rest
like " $C - - $size - <>  deleted from the store: not known, its envelope is damaged or lost" 'which the ledger tells' \
  cat "$H/log/ledger"
# Without its envelope a message is nobody's, and in nobody's way, whatever was deleted before it
store a@example.org b@example.net x > /dev/null
E_=$(q list | cut -f2)
mv "$H/store/$E_.env" "$T/env"
cp "$H/store/$E_.eml" "$H/store/1669903999.998877.1f3a.0.9be2c510.eml"
verdict 0 '' 'one that has lost its envelope can be deleted' q delete 1669903999.998877.1f3a.0.9be2c510
mv "$T/env" "$H/store/$E_.env"
verdict 0 "$E_: 250 2.0.0 message taken" 'and the others are as they were' q release "$E_" x@example.net
# As many as there may be: what was done to one holds nothing open
few() { (ulimit -n 20; seq 40 | sed "s/.*/$E_/" | cm-quarantine release - 2>&1 | sort -u); }
same "$E_: 250 2.0.0 message taken
$E_: it was released before" 'many may be released at once' few
many() {
  for i in $(seq -w 40); do
    cp "$H/store/$E_.eml" "$H/store/16699039$i.998877.1f3a.0.9be2c510.eml"
    : > "$H/store/16699039$i.998877.1f3a.0.9be2c510.rel"
  done
  q list | cut -f2 | (ulimit -n 20; q delete -)
  q list
}
same '' 'and deleted, also those that were released' many
echo x > "$H/store/1669903999.998877.1f3a.0.9be2c510.env"
verdict 0 '0 messages of 0 bytes; 0 expired, 1 files of dead processes' 'sweep: what a dead process left' q sweep
echo 'queue true' > "$P/control/upstream"
store a@example.org b@example.net x > /dev/null
mkdir -p "$H/control"
echo 1 > "$H/control/storefiles"
cd "$H" || exit 111
store a@example.org b@example.net x > /dev/null
same 1 'a full store takes no message' sh -c "ls '$H'/store/*.eml | wc -l"
echo 0 > "$H/control/storeage"
verdict 0 '1 messages of 0 bytes; 0 expired, 0 files of dead processes' 'sweep keeps what is within the limits' \
  sh -c "cm-quarantine sweep | sed 's/of [0-9]* bytes/of 0 bytes/'"
verdict 0 '1 messages of 0 bytes; 0 expired, 0 files of dead processes' '-s: another store has no limits but those given' \
  sh -c "cm-quarantine -s store sweep | sed 's/of [0-9]* bytes/of 0 bytes/'"
verdict 0 '0 messages of 0 bytes; 1 expired, 0 files of dead processes' 'which hold' q -s store sweep size=1

# Called wrongly

for call in '' 'show' 'release' 'list -x' 'nonsense' '-q list' 'delete' 'check x' 'release a b c'; do
  wrong() { cm-quarantine $call 2>/dev/null; echo $?; }
  same 100 "called wrongly: $call" wrong
done
verdict 100 'cm-quarantine: not a limit: x=1' 'a limit that is none' q sweep x=1
verdict 111 'cm-quarantine: unable to open /nowhere: No such file or directory' 'no store' q -s /nowhere list

# As root it works as the owner

if [ "$(id -u)" = 0 ]; then
  store a@example.org b@example.net x > /dev/null
  mkdir "$T/more"
  cp "$(command -v cm-maildir)" "$T/"  # the owner may be kept from where it is built
  echo "queue $T/cm-maildir $T/more" > "$P/control/upstream"
  chmod 755 "$T" "$H" "$H/ports" "$P" "$P/control"
  chmod 644 "$P"/control/*
  chmod 777 "$T/more"
  chown -R nobody "$H/store" "$H/log"
  I=$(q list | cut -f2)
  like "^$I: the program ended with 0" 'root releases' q release "$I"
  same 'nobody' 'as the owner of the store' stat -c %U "$H/store/$I.rel"
fi

done_testing
