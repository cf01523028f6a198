#!/bin/sh
# cm-local where mail is delivered: by hand, as qmail-local calls it, and by the real dot-forward,
# procmail, maildrop and Postfix. Debian 12 has no qmail, so what qmail-local does with a line of
# .qmail and an exit code, qmail-local(8), stands here in a function; there is no more of it.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

BUILD=$(cd "${BUILD:-build}" && pwd)
here=$(cd "$(dirname "$0")/.." && pwd)
export SENDER=a@example.org RECIPIENT=joe@example.net
# suite DIR: a home with a pipeline whose verdict is the number in the subject; the deciding word of the body is edited
suite() {
  W=$1
  mkdir -p "$W/control" "$W/user"
  cat > "$W/control/pipeline" <<'!'
given   check   : grep -q .

number  check   : ./number
!
  cat > "$W/number" <<'!'
#!/bin/sh
code=$(sed -n 's/^Subject: \([0-9]*\).*/\1/p')
[ "$code" != 77 ] || kill -9 $$
echo "5.7.1 as the subject says"
exit "${code:-0}"
!
  sed -i "s,\./number,$W/number," "$W/control/pipeline"
  chmod 755 "$W/number" "$W"
  echo store > "$W/control/quarantine"
}
suite "$T/home"
export CM_HOME=$W
mail() { printf 'From: a@example.org\nSubject: %s\n\nFrom here on, .\n.\nHello\n' "$1"; }
at() { (cd "$W/user" && "$@"); }
rows() { columns "$@"; }
boxed() { cat "$W/user/$1"/new/*; }
fresh() { rm -rf "$W/user" "$W/log" "$W/store"; mkdir "$W/user"; }
# judged CODE VERDICT [OPTION...]: what a message of this verdict gives
judged() {
  want=$1; shift
  mail "$1" > "$T/message"; shift
  at cm-local "$@" control/pipeline < "$T/message" > "$T/said" 2>&1
  code=$?
  [ "$code" = "$want" ] || differ "$want" "$code $(cat "$T/said")"
  [ "$code" = "$want" ]
}
P=control/pipeline

# -- qmail-command(8), a code each

ok 'accept: the next line of .qmail' judged 0 0
same '' 'nothing is said' cat "$T/said"
same 'a@example.org joe@example.net accept/deliver LOCAL goes on' 'the mail log has a row' columns sender recipients verdict protocol reply
ok 'whitelisted: the same' judged 0 99
ok 'junk: the same, there is no way to mark it' judged 0 10
ok 'reject/deliver: the same' judged 0 20
ok 'reject/delete: a bounce' judged 100 100
same '5.7.1 as the subject says' 'that says why' cat "$T/said"
ok 'defer: later' judged 111 111
ok 'a broken filter: later' judged 111 77
like '^4\.' 'and a word to the log of the caller' cat "$T/said"
fresh
ok 'accept/delete: nobody gets it' judged 99 50
like ' accept/delete .*a@example.org' 'and that is on record' cat "$W/log/ledger"
ok 'accept/redirect: into the store' judged 99 40
same 1 'which has it' sh -c "cat $W/store/*.eml | grep -c '^Subject: 40'"
ok 'reject/redirect: the same, and a bounce' judged 100 30
same 2 'the store has it, too' sh -c "ls $W/store/*.eml | wc -l"
ok 'reject/redirect, and nobody is told' judged 99 30 -n
ok 'reject/delete, and nobody is told' judged 99 100 -n
same 2 'but the ledger' sh -c "wc -l < $W/log/ledger"

# -- where nothing can be put down nothing is done

fresh; : > "$W/log"
ok 'no ledger: later' judged 111 50
rm "$W/log"; : > "$W/store"
ok 'no store: later' judged 111 40
rm "$W/store"; mv "$W/control/quarantine" "$W/q"
ok 'no quarantine: later' judged 111 40
mv "$W/q" "$W/control/quarantine"

# -- elsewhere

fresh
ok 'junk into a maildir' judged 99 10 -j ./Junk/
same 'Return-Path: <a@example.org>
Delivered-To: joe@example.net
X-CleanMail-Result: accept/deliver, junk; number; 5.7.1 as the subject says
From: a@example.org
Subject: [SPAM] 10

From here on, .
.
Hello' 'marked, as the pipeline left it' sh -c "cat $W/user/Junk/new/* | grep -v MessageID"
same '600 700' 'for its owner alone' sh -c "stat -c %a $W/user/Junk/new/* $W/user/Junk | tr '\n' ' ' | sed 's/ $//'"
same '' 'nothing stays in tmp' ls "$W/user/Junk/tmp"
like '^./Junk/new/' 'the mail log says where' column upstream
ok 'redirected mail into another' judged 99 40 -q "$W/user/.Held/"
ok 'and what is accepted into a third' judged 99 0 -d ./Maildir/ -j ./Junk/
same '1 1 1' 'one each' sh -c "for d in Junk .Held Maildir; do ls $W/user/\$d/new | wc -l; done | tr '\n' ' ' | sed 's/ $//'"
RPLINE='Return-Path: <b@example.org>
' DTLINE='Delivered-To: joe-list@example.net
' && export RPLINE DTLINE
fresh
ok 'with the fields of qmail-local' judged 99 0 -d ./Maildir/
same 'Return-Path: <b@example.org> Delivered-To: joe-list@example.net' 'on top' sh -c "head -n 2 $W/user/Maildir/new/* | tr '\n' ' ' | sed 's/ $//'"
unset RPLINE DTLINE
: > "$W/user/file"
ok 'a maildir that cannot be one: later' judged 111 0 -d ./file/
ok 'nor in a place that is not there' judged 111 0 -d ./none/Maildir/
ok 'and it stays a file' test -f "$W/user/file"
! sanitized && strace -o "$T/trace" -e trace=exit_group true 2> /dev/null && {
  mail 0 > "$T/message"
  (cd "$W/user" && strace -o "$T/trace" -e trace=fsync,fdatasync,link,linkat,rename,renameat,renameat2,exit_group \
    cm-local -d ./Sure/ $P < "$T/message" > /dev/null 2>&1)
  like '^fsync fsync [a-z]* fsync exit_group$' 'the message, and its directory, are on the disk before the exit' \
    sh -c "sed 's/(.*//; /^[-+]/d' $T/trace | tail -n 5 | tr '\n' ' ' | sed 's/ $//'"
}

# -- to an address

cat > "$T/queue" <<'!'
#!/bin/sh
cat > "$QUEUED.message"; tr '\0' '\n' <&1 > "$QUEUED.envelope"
exit "$(cat "$QUEUED.code" 2>/dev/null || echo 0)"
!
chmod 755 "$T/queue"
QUEUED=$T/q; export QUEUED
echo "$T/queue" > "$W/control/queue"
fresh
DTLINE='Delivered-To: joe@example.net
' && export DTLINE
ok 'junk to an address' judged 99 10 -j junk@example.com
same 'Fa@example.org Tjunk@example.com  ' 'with the envelope' sh -c "tr '\n' ' ' < $T/q.envelope"
like '^Delivered-To: joe@example.net' 'and what stops a circle' head -n 1 "$T/q.message"
like '^Subject: .SPAM. 10' 'marked' cat "$T/q.message"
ok '... sent by another' sh -c "cd $W/user && NEWSENDER=owner@example.net cm-local -j junk@example.com $P < $T/message; [ \$? = 99 ]"
like '^Fowner@example.net' 'as NEWSENDER says' cat "$T/q.envelope"
echo 31 > "$T/q.code"; ok 'a queue that refuses: later' judged 111 10 -j junk@example.com
echo 53 > "$T/q.code"; ok 'a queue that cannot: later' judged 111 10 -j junk@example.com
rm "$T/q.code"
printf '#!/bin/sh\ncat > "$QUEUED.message"; kill -9 $$\n' > "$T/dies"; chmod 755 "$T/dies"
echo "$T/dies" > "$W/control/queue"; ok 'a queue that dies: later' judged 111 10 -j junk@example.com
like '^indoubt .* with the whole message in its hands' 'and nobody knows what it has done' cat "$T/said"
echo "$T/queue" > "$W/control/queue"
echo nowhere > "$W/control/quarantine"
ok 'a quarantine that is no place: later' judged 111 40
like 'neither -q nor control/quarantine' 'and why' cat "$T/said"
echo store > "$W/control/quarantine"
echo "$T/nothing" > "$W/control/queue"; ok 'no queue: later' judged 111 10 -j junk@example.com
like 'unable to forward the message by ' 'and why' cat "$T/said"
rm "$W/control/queue"; ok 'nor is there one where qmail has it' judged 111 10 -j junk@example.com
unset DTLINE

# -- for callers that have sysexits.h

fresh
ok 'delivered' judged 0 0 -s -d ./Maildir/
ok 'deleted' judged 0 50 -s -d ./Maildir/
ok 'refused' judged 77 100 -s -d ./Maildir/
ok 'deferred' judged 75 111 -s -d ./Maildir/
ok 'broken' judged 75 77 -s -d ./Maildir/
ok 'not deliverable' judged 75 0 -s -d ./file/x/
same 1 'one was delivered' sh -c "ls $W/user/Maildir/new | wc -l"

# -- called wrongly, set up wrongly: later

ok 'without a pipeline' sh -c 'cm-local < /dev/null 2> /dev/null; [ $? = 111 ]'
ok 'with two' sh -c 'cm-local a b < /dev/null 2> /dev/null; [ $? = 111 ]'
ok 'to nowhere' judged 111 0 -d Maildir
ok 'with sysexits, behind what is wrong' judged 75 0 -d Maildir -s
ok 'to above' judged 111 0 -d ./../
ok 'with sysexits, and nothing to deliver to' judged 75 0 -s
like '^cm-local: usage' 'a usage line' cat "$T/said"
ok 'a pipeline that is not there' sh -c "cd $W/user && cm-local control/nothing < $T/message > $T/said 2>&1; [ \$? = 111 ]"
like 'unable to use control/nothing: there is no such file' 'and why' cat "$T/said"
ok 'an empty message' sh -c "cd $W/user && cm-local $P < /dev/null > /dev/null 2>&1; [ \$? = 111 ]"

# -- told to end while the message has not come

fresh
mkfifo "$T/slow"
mute "$T/slow"; SLOW=$PID
ended() { ! child_of_ours "$PID" || { hears_of_it cm-local && kill "$PID"; ! :; }; }
# stopped TEXT: so much of it has come
stopped() {
  (cd "$W/user" && exec cm-local -d ./Maildir/ $P < "$T/slow" > "$T/said" 2>&1) & PID=$!
  printf "$1" > "$T/slow"
  within 20 ended
  wait "$PID"; same 111 "told to end when it has read ${1:-nothing}: later" echo $?
  like 'was told to end' '... and why' cat "$T/said"
}
stopped ''
stopped 'Subject: half'
stopped 'Subject: half\n\nof it\n'
kill $SLOW; wait $SLOW 2> /dev/null
ok 'nothing is delivered then' [ ! -e "$W/user/Maildir" ]

# -- who sent it

fresh
printf '#!/bin/sh\necho "$SENDER|$TCPREMOTEIP|$CM_HELO|$(tr "\\n" " " < $CM_ENVELOPE)|$(sed -n 1p)" > %s/facts\n' "$T" > "$W/facts"
chmod 755 "$W/facts"
echo "facts check : $W/facts" > "$W/control/facts"
echo '* 1' > "$W/control/hops"
facts() { rm -f "$T/facts"; at "$@" cm-local control/facts > "$T/said" 2>&1; cat "$T/facts"; }
received='Received: from client.example.org (client.example.org [192.0.2.7]) by mx.example.net; Thu, 1 Jan 2026 00:00:00 +0000'
{ echo 'From b@example.org Thu Jan  1 00:00:00 2026'; echo "$received"; mail 0; } > "$T/mbox"
same "a@example.org|192.0.2.7|client.example.org|a@example.org joe@example.net |$received" \
  'the line of an mbox is none of the message; the client is that of control/hops' facts env < "$T/mbox"
same "b@example.org|192.0.2.7|client.example.org|b@example.org joe@example.net |$received" \
  'and says who sent it, if nothing else does' facts env -u SENDER < "$T/mbox"
sed -i '1s/b@example.org/MAILER-DAEMON/' "$T/mbox"
like '^|192' 'MAILER-DAEMON is nobody' facts env -u SENDER < "$T/mbox"
like '^|192' '... in the environment as well' facts env SENDER=MAILER-DAEMON < "$T/mbox"
like '|a@example.org info@example.net |' 'for whom it was before aliases' facts env ORIGINAL_RECIPIENT=info@example.net < "$T/mbox"
like '|a@example.org joe@example.net |' '... where that is not empty' facts env ORIGINAL_RECIPIENT= < "$T/mbox"
like '|a@example.org joe-x@example.com |' 'qmail' facts env -u RECIPIENT LOCAL=joe-x HOST=example.com < "$T/mbox"
like '|a@example.org joe |' 'or a user alone' facts env -u RECIPIENT LOGNAME=joe < "$T/mbox"
like '|a@example.org b@example.net c@example.com |' 'or several, a line each' facts env "RECIPIENTS=b@example.net

c@example.com" < "$T/mbox"
like '|a@example.org joe@example.net |' '... if there are any' facts env RECIPIENTS= < "$T/mbox"
like '^a_x@example.org|.*|a_x@example.org joe@example.net |' 'nothing makes lines of its own' facts env "SENDER=a
x@example.org" < "$T/mbox"

# What the page shows for others is run below: places are ours.
mkdir "$T/steps"
perl "$here/tools/steps" "$here/../man/cm-local.8" "$T/steps" > "$T/all"
shown() { sed "s,/home/joe/cleanmail,$W,; s,/home/joe,$W/user,; s,\"\$HOME/cleanmail\",\"$W\",; s,/var/cleanmail/bin:/usr/bin:/bin,$PATH,; s,/Maildir/\.Junk,/Junk," "$T/steps/$1"; }

# -- qmail-local: lines in their order; 99 ends, 100 bounces, 111 defers

local_() {
  while read -r line; do
    case $line in
      \|*) (cd "$W/user" && sh -c "${line#|}" < "$T/message" > "$T/said" 2>&1)
        case $? in 0) ;; 99) echo end; return;; 64|65|70|76|77|78|100|112) echo bounce; return;; *) echo later; return;; esac ;;
      ./*/) echo "into $line" ;;
    esac
  done
}
deliver() { mail "$1" > "$T/message"; printf '%s\n' "|cm-local -j ./Junk/ -q ./Held/ $P" ./Maildir/ | local_; }
fresh
for c in '0 into ./Maildir/' '10 end' '40 end' '50 end' '100 bounce' '111 later' '77 later' '20 into ./Maildir/'; do
  same "${c#* }" "a .qmail with two lines, verdict ${c%% *}" deliver "${c%% *}"
done
same '1 1' 'junk and what was held are where they belong' sh -c "cd $W/user; echo \$(ls Junk/new | wc -l) \$(ls Held/new | wc -l)"

# -- killed, or refused something by the system, at each call that counts

# Those by which it leaves something behind, or says something.
CALLS=openat,open,write,writev,fsync,fdatasync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,copy_file_range,sendfile,splice,ftruncate,exit_group
"$BUILD/tests/atcall" list 0 true > /dev/null 2>&1
if [ $? = 77 ]; then report 0 'every call # SKIP atcall is for x86_64'
elif sanitized; then report 0 'every call # SKIP a sanitizer makes calls of its own'
elif [ "$INSHORT" ]; then report 0 'every call # SKIP there are very many over short reads'
else
  # once ACTION N: 0: it was done; the answer is in $code. memory: the Nth allocation fails
  once() {
    fresh; : > "$T/done"
    mail "$subject" > "$T/message"
    if [ "$1" = memory ]; then set -- env "TCPFAIL=cm-local:$2:$T/done" "$BUILD/failing/cm-local"
    else set -- "$BUILD/tests/atcall" -p cm-local -c $CALLS -o "$T/done" "$1" "$2" cm-local; fi
    (cd "$W/user" && timeout 60 "$@" -d ./Maildir/ $P < "$T/message" > /dev/null 2>&1)
    code=$?
    [ -s "$T/done" ]
  }
  whole() { [ "$(cat "$W/user/Maildir/new/"* 2> /dev/null | grep -c '^Hello')" = 1 ]; }
  none() { [ ! "$(find "$W/user" -type f)" ]; }
  stored() { [ "$(cat "$W"/store/*.eml 2> /dev/null | grep -c '^Hello')" = 1 ]; }
  noted() { grep -q '^.*accept/delete' "$W/log/ledger"; }
  # every ACTION SUBJECT SAFE: what is wrong
  every() {
    subject=$2 i=1
    while once "$1" $i; do
      case $1/$code in
        kill/137|*/99|*/111) ;;
        *) echo "call $i: exit $code" ;;
      esac
      [ $code != 99 ] || $3 || echo "call $i, $(cat "$T/done"): acknowledged and lost"
      [ $code != 111 ] || [ $3 != whole ] || none || echo "call $i, $(cat "$T/done"): not acknowledged, and there"
      i=$((i + 1))
    done
    [ $i -gt 15 ] || echo "only $i calls"
  }
  for action in kill ENOSPC EIO; do
    same '' "delivered: $action at each call: done is on the disk, and otherwise it is later" every $action 0 whole
  done
  same '' 'delivered: no memory at each place that wants some' every memory 0 whole
  same '' 'redirected: the same' every memory 40 stored
  same '' 'redirected: killed at each call' every kill 40 stored
  same '' 'ENOSPC at each' every ENOSPC 40 stored
  same '' 'deleted: ENOSPC at each call' every ENOSPC 50 noted
fi

# -- dot-forward

if command -v dot-forward > /dev/null; then
  forward() {
    mail "$1" > "$T/message"
    (cd "$W/user" && USER=joe HOST=example.net UFLINE='From a@example.org Thu Jan  1 00:00:00 2026
' RPLINE='Return-Path: <a@example.org>
' DTLINE='Delivered-To: joe@example.net
' dot-forward .forward < "$T/message" > "$T/said" 2>&1)
    echo $?
  }
  fresh
  shown examples.1 | tr '\n' ' ' > "$W/user/.forward"; echo >> "$W/user/.forward"
  same 99 'dot-forward: done, the rest of .qmail does not count' forward 0
  same 'Return-Path: <a@example.org>
Delivered-To: joe@example.net' 'with the fields that it puts before, once, and no line of an mbox' \
    sh -c "grep -v X-Clean $W/user/Maildir/new/* | sed '/^From:/,\$d'"
  same 100 'refused' forward 100
  same 111 'later' forward 111
  same 99 'deleted' forward 50
fi

# -- procmail

if command -v procmail > /dev/null; then
  { printf 'MAILDIR=%s\nSHELL=/bin/sh\n' "$W/user"; shown examples.2; } > "$T/rc"
  procmailed() { mail "$1" | (cd "$W/user" && procmail -p -m "$T/rc" > "$T/said" 2>&1); echo $?; }
  fresh
  same 0 'procmail: delivered' procmailed 0
  same 0 'junk' procmailed 10
  same 77 'refused' procmailed 100
  same 75 'later' procmailed 111
  same '1 1' 'each is where it belongs' sh -c "cd $W/user; echo \$(ls Maildir/new | wc -l) \$(ls Junk/new | wc -l)"
fi

# -- maildrop

if command -v maildrop > /dev/null; then
  shown examples.3 > "$T/filter"
  chmod 600 "$T/filter"
  maildropped() { mail "$1" | (cd "$W/user" && maildrop -f a@example.org "$T/filter" > "$T/said" 2>&1); echo $?; }
  fresh
  (cd "$W/user" && mkdir -p Maildir/tmp Maildir/new Maildir/cur)
  same 0 'maildrop: delivered' maildropped 0
  same 0 'junk' maildropped 10
  same 77 'refused' maildropped 100
  same 75 'later' maildropped 111
  same 75 'a broken filter' maildropped 77
  same '1 1' 'each is where it belongs' sh -c "cd $W/user; echo \$(ls Maildir/new | wc -l) \$(ls Junk/new | wc -l)"
fi
done_testing
