#!/bin/sh
# cm-queue in qmail-queue's place, before a program that writes down what it gets.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/queue.sh"

# A message that passes

same 0 'a message is queued' queue
same '1 0 0' 'once' fate
same '' 'nothing is said' cat "$T/err"
same 'Fa@example.org Tb@example.net Tc@example.net  ' 'its envelope is what it was' for_whom
same "$(cat "$T/message")" 'so is all below our fields' sh -c "cat $W/got/*.message | tail -n 4"
like '^X-CleanMail-Result: accept/deliver$' 'the verdict is on top' got
like '^X-CleanMail-MessageID: [0-9]' 'and the id' got
like "^Received: by .* (CleanMail, invoked by uid $(id -u))\$" 'and whose process it was' got
row() { cut -d , -f 3,4,8-13,14,18,19 < "$W/log/mail.csv" | tail -n 1; }
same 'queue,QUEUE,a@example.org,b@example.net c@example.net,a@example.org,hello,,41,accept/deliver,exit code 0,exit code 0' 'the mail log has a row' row

fresh
printf 'Subject: x\n\na\r\nb\r\0\377\nend' > "$T/message"
queue > /dev/null
same "$(od -c "$T/message")" 'every byte stays what it is, a CR before a LF too, and a last line without an end' \
  sh -c "cat $W/got/*.message | sed 1,/uid/d | tail -n +2 | od -c"
fresh
: > "$T/message"
same 0 'an empty message is one, as with qmail-queue' queue
like '^Received: by ' 'and has our field' got
fresh
{ printf 'Subject: large\n\n'; head -c 3000000 /dev/urandom; } > "$T/message"
same 0 'a large message' queue
ok 'is the same behind it' sh -c "sed 1,/uid/d $W/got/*.message | tail -n +2 | cmp - $T/message"
fresh
printf 'From: a@example.org\nSubject: hello\n\nbody\n' > "$T/message"
same 0 'a message from a pipe' sh -c "{ printf 'Subject: x\n\n'; sleep 0.1; echo body; } | cm-queue 1< $T/envelope; echo \$?"
like '^body$' 'however slowly' got

# What the verdicts do: the exit code, what descriptor 6 hears, and what became of it

# decides VERDICT CODE WORDS FATE
decides() {
  judge "$1"
  fresh
  same "$2" "$1: exit code $2" queue
  same "$4" "$1: queued, stored, deleted: $4" fate
  fresh
  like "^$3" "$1, and the caller listens: $3" told
  same "$4" "$1: the same" fate
}
decides accept/deliver 0 '0 $' '1 0 0'
decides junk 0 '0 $' '1 0 0'
decides reject/deliver 31 '82 D5\.7\.1 .* ([0-9a-f.]*)$' '1 0 0'
decides reject/redirect 31 '82 D5\.7\.1 ' '0 1 0'
decides accept/redirect 0 '0 $' '0 1 0'
decides reject/delete 31 '82 D5\.7\.1 ' '0 0 0'
decides accept/delete 0 '0 $' '0 0 1'
decides defer 71 '82 Z4\.7\.1 ' '0 0 0'
judge junk; fresh; queue > /dev/null
like '^Subject: \[SPAM\] hello$' 'junk is marked' got
fresh
{ echo '#!/bin/sh'; echo 'echo "5.7.9 not in this house"; exit 100'; } > "$W/bin/no"; chmod 755 "$W/bin/no"
echo "no check : $W/bin/no" > "$C/pipeline"
like '^82 D5\.7\.9 not in this house (' 'the reason of a stage is told' told
mkdir "$C/reply"; echo '5.7.9 go away' > "$C/reply/no"
like '^82 D5\.7\.9 go away (' 'or what control/reply says' told
same 'exit code 82: 5.7.9 go away' 'and the mail log has it' sh -c "tail -n 1 $W/log/mail.csv | cut -d , -f 18 | sed 's/ (.*//'"
queue > /dev/null
same 'exit code 31: 5.7.9 go away' 'and of one who did not listen, too' sh -c "tail -n 1 $W/log/mail.csv | cut -d , -f 18 | sed 's/ (.*//'"
echo 'no check : false' > "$C/pipeline"
fresh
same 71 'a stage that is broken defers' queue
echo 'cut rewrite : sed s/body/changed/' > "$C/pipeline"
fresh
same 0 'a rewriter' queue
like '^changed$' 'changes the message' got
same 0 'and nothing in it gets a CR' sh -c "grep -c '$(printf '\r')' $W/got/*.message"

# Redirected to an address

echo quarantine@example.net > "$C/quarantine"
judge accept/redirect; fresh
same 0 'redirect to an address' queue
same '1 0 0' 'is one message' fate
same 'Fa@example.org Tquarantine@example.net  ' 'for that address' for_whom
same 'X-CleanMail-Sender: <a@example.org>
X-CleanMail-Recipient: <b@example.net>
X-CleanMail-Recipient: <c@example.net>' 'that says whom it was for, with the line ends of a file' sh -c "cat $W/got/*.message | head -n 3"
judge reject/redirect; fresh
same 31 'reject/redirect to an address' queue
same '1 0 0' 'is refused behind it' fate
for code in 31 11 82 71 1; do
  fresh; echo $code > "$W/code"; printf 'Dno' > "$W/words"
  got=$(queue)
  ok "a quarantine that says $code is trouble of ours, and no refusal: $got" [ "$got" = 71 -o "$got" = 1 ]
done
rm "$C/quarantine"; fresh
same 55 'redirect without a control/quarantine' queue
same '0 0 0' 'does nothing' fate
echo store > "$C/quarantine"; fresh
mkdir "$W/log"; : > "$W/store"
same 53 'a store that cannot be written' queue
same '0 0 0' 'nothing is there' fate
rm "$W/store"; judge accept/delete; fresh; mkdir -p "$W/log/ledger"
same 53 'a ledger that cannot be written: nothing is acknowledged' queue

# The real queue's answers

judge accept/deliver
for code in 0 11 12 31 40 51 52 53 54 61 66 71 74 81 91 99 100 111 115 120 255; do
  fresh; echo $code > "$W/code"
  same $code "the real queue ends with $code, and so do we" queue
done
fresh; echo 82 > "$W/code"; printf 'D5.7.1 no such thing' > "$W/words"
same '82 D5.7.1 no such thing' 'what it says on 6 is handed on' told
same 31 'to one who does not listen it is a refusal' queue
printf 'Zcome back' > "$W/words"
same '82 Zcome back' 'Z, too' told
same 71 'and that is for now' queue
printf 'what?' > "$W/words"
same '82 what?' 'words of another kind are handed on' told
same 71 'and mean for now' queue
: > "$W/words"
same '82 ' 'so is nothing at all' told
judge reject/deliver; fresh
for code in 51 71 81 111; do
  echo $code > "$W/code"
  same $code "reject/deliver, and the real queue says $code: try again" queue
done
for code in 11 31; do
  echo $code > "$W/code"
  same 31 "reject/deliver, and the real queue refuses with $code: refused" queue
done

# Descriptor 6 of somebody else

judge reject/delete; fresh
: > "$T/log6"
same 31 'a file with a name is not for us' sh -c "cm-queue < $T/message 1< $T/envelope 6>> $T/log6; echo \$?"
same '' 'and stays as it is' cat "$T/log6"
same 31 'nor is one that can only be read' sh -c "true | { cm-queue 6<&0 < $T/message 1< $T/envelope; echo \$?; }"

# Whoever wanted to hear it may be gone.
{ until [ -e "$T/closed" ]; do sleep 0.05; done
  cm-queue < "$T/message" 1< "$T/envelope" 2> "$T/err" 6>&3; echo $? > "$T/code"; } 3>&1 | { exec < /dev/null; : > "$T/closed"; }
same 31 'nor one that nobody reads any more' cat "$T/code"

# Envelopes

judge accept/deliver
# envelope_is CODE NAME ITEM...: and nothing is queued where it is not 0
envelope_is() {
  want=$1 what=$2; shift 2
  envelope "$@"; fresh
  same "$want" "$what" queue
  [ "$want" = 0 ] || same '0 0 0' 'and nothing is queued' fate
}
envelope_is 0 'a bounce' F Tb@example.net
same 'F Tb@example.net  ' 'has an empty sender' for_whom
envelope_is 0 'a double bounce' 'F#@[]' Tb@example.net
envelope_is 91 'an envelope without a recipient' Fa@example.org
envelope_is 91 'without a sender' Tb@example.net
envelope_is 91 'with two' Fa@example.org Fb@example.org Tb@example.net
envelope_is 91 'with an item that is none' Fa@example.org Xb@example.net
envelope_is 91 'a line end in a recipient' Fa@example.org "$(printf 'Tb@example.net\nc@example.net')"
envelope_is 91 'in a sender' "$(printf 'Fa@example.org\nb@example.net')" Tb@example.net
envelope_is 91 'a DEL in one' Fa@example.org "$(printf 'Tb\177@example.net')"
envelope_is 91 'with nothing where the sender should be' '' Fa@example.org Tb@example.net
envelope_is 11 'an address that is too long' Fa@example.org "T$(printf '%01003d' 0)"
like ',refused,' 'the mail log has a row of that' cat "$W/log/mail.csv"
envelope_is 0 'one that is just not' Fa@example.org "T$(printf '%01002d' 0)"
: > "$T/envelope"; fresh
same 54 'no envelope at all' queue
same 'delete, client disconnected' 'the mail log says so' sh -c "grep -o 'delete, client disconnected' $W/log/mail.csv"
printf 'Fa@example.org\0Tb@example.net\0' > "$T/envelope"; fresh
same 54 'an envelope that ends before its end' queue
same '0 0 0' 'nothing is queued' fate
printf 'Fa@example.org\0Tb@exam' > "$T/envelope"; fresh
same 54 'in mid address' queue
printf 'Fa@example.org\0Tb@example.net\0\0Tc@example.net\0' > "$T/envelope"; fresh
same 0 'what stands behind its end' queue
same 'Fa@example.org Tb@example.net  ' 'does not count' for_whom
perl -e 'print "Fa\@b\0", map("Trecipient$_\@example.net\0", 1 .. 100000), "\0"' > "$T/envelope"; fresh
same 0 'a hundred thousand recipients' queue
ok 'are all there' sh -c "cat $W/got/*.envelope | cmp - $T/envelope"
perl -e 'print "Fa\@b\0", map("Trecipient$_\@example.net\0", 1 .. 900000), "\0"' > "$T/envelope"; fresh
same 51 'above 16 MiB' queue
same '0 0 0' 'nothing is queued' fate
like 'the envelope is larger than 16 MiB' 'and the log says why' cat "$T/err"
rm "$T/envelope"; mkdir "$T/envelope"; fresh
same 54 'an envelope that cannot be read' queue
rmdir "$T/envelope"
envelope Fa@example.org Tb@example.net
same 54 'a message that cannot be read' sh -c "cm-queue < / 1< $T/envelope 2> /dev/null; echo \$?"
same 54 'no message' sh -c "cm-queue <&- 1< $T/envelope 2> /dev/null; echo \$?"
same 54 'no envelope' sh -c "cm-queue < $T/message >&- 2> /dev/null; echo \$?"
same 0 'no descriptor 2' sh -c "cm-queue < $T/message 1< $T/envelope 2>&-; echo \$?"

# Limits

fresh; echo 40 > "$C/databytes"
same 31 'a message above control/databytes' queue
same '0 0 0' 'is queued by nobody' fate
like '^82 D5\.3\.4 the message is too large' 'and that is told' told
like 'reject/delete, too large' 'and logged' cat "$W/log/mail.csv"
envelope_is 91 'its envelope is read all the same' Fa@example.org
envelope Fa@example.org Tb@example.net
same 31 'and the message to its end' sh -c "{ head -c 300000 /dev/zero && : > $T/written; } | cm-queue 1< $T/envelope; echo \$?"
ok 'so that whoever writes it can do so' [ -e "$T/written" ]
same 31 'and no more of it is kept' sh -c "head -c 300000 /dev/zero | prlimit --fsize=100000 cm-queue 1< $T/envelope; echo \$?"
echo 41 > "$C/databytes"; fresh
same 0 'one of that size is not' queue
echo 0 > "$C/databytes"
same 0 '0 is no limit' queue
rm "$C/databytes"
{ perl -e 'print "X: y\n" x 300000'; echo; echo body; } > "$T/long"; fresh
same 31 'a header above 1 MiB' sh -c "cm-queue < $T/long 1< $T/envelope 2>/dev/null; echo \$?"
: > "$C/localpipeline"
same 31 'also where there is no filter that would say so' sh -c "cm-queue < $T/long 1< $T/envelope 2>/dev/null; echo \$?"
same '0 0 0' 'is queued by nobody' fate
rm "$C/localpipeline"

# Which pipeline

echo 'all check 0=reject/delete : true' > "$C/pipeline"
echo 'relay check 0=defer : true' > "$C/relaypipeline"
: > "$C/localpipeline"
fresh
same 0 'mail of this machine: control/localpipeline' queue
same 0 'also where somebody set RELAYCLIENT' queue env RELAYCLIENT=
same 31 'of a client: control/pipeline' queue env TCPREMOTEIP=192.0.2.7
same 31 'of one by TCP6' queue env PROTO=TCP6 TCP6REMOTEIP=2001:db8::7
same 71 'of a client that may relay: control/relaypipeline' queue env TCPREMOTEIP=192.0.2.7 RELAYCLIENT=
rm "$C/relaypipeline"
same 31 'without that file: control/pipeline' queue env TCPREMOTEIP=192.0.2.7 RELAYCLIENT=
rm "$C/localpipeline"
same 31 'and without the other' queue
echo 'nonsense' > "$C/localpipeline"
same 55 'a broken one is not as if it were absent' queue
like 'control/localpipeline' 'and is named' cat "$T/err"
ln -sf localpipeline "$C/localpipeline"
same 55 'nor is one that cannot be opened' queue
rm "$C/localpipeline" "$C/pipeline"
same 55 'no pipeline at all' queue
: > "$C/pipeline"

# What stages hear

cat > "$W/bin/facts" <<'!!'
#!/bin/sh
echo "$SENDER|$CM_HELO|$TCPREMOTEIP|$TCPREMOTEHOST|$CM_PROTO|$CM_AUTH|$(tr '\n' ' ' < "$CM_ENVELOPE")|$SECRET" > "$CM_HOME/facts"
!!
chmod 755 "$W/bin/facts"
echo "facts check : $W/bin/facts" > "$C/pipeline"
facts() { queue env SECRET=x TCPREMOTEIP=192.0.2.7 TCPREMOTEHOST=client.example.org > /dev/null; cat "$W/facts"; }
{ printf 'Received: from unknown (HELO mail.example.org) (192.0.2.7)\n  by mx.example.net with SMTP; 1 Jan 2026 00:00:00 -0000\n'; cat "$T/message"; } > "$T/received"
mv "$T/received" "$T/message"
same 'a@example.org|mail.example.org|192.0.2.7|client.example.org|QUEUE||a@example.org b@example.net |' 'who the client is, and what it called itself to qmail-smtpd' facts
sed -i 's/(192.0.2.7)/(192.0.2.8)/' "$T/message"
same 'a@example.org||192.0.2.7|client.example.org|QUEUE||a@example.org b@example.net |' 'but what another did is nothing' facts
: > "$C/pipeline"

# Where it works

fresh
same 0 'another directory, by an argument' sh -c "cp -r $W/ports/queue $W/ports/other; cm-queue $W/ports/other < $T/message 1< $T/envelope; echo \$?"
like ',other,QUEUE,' 'is another port' cat "$W/log/mail.csv"
same 0 'the working directory does not matter' sh -c "cd /; cm-queue < $T/message 1< $T/envelope; echo \$?"
same 61 'a directory that is not there' sh -c "cm-queue $W/ports/none < $T/message 1< $T/envelope 2>/dev/null; echo \$?"
same 61 'a home that is not there' queue env CM_HOME="$T/nowhere"
same 81 'a wrong call' sh -c "cm-queue a b < $T/message 1< $T/envelope 2>/dev/null; echo \$?"
chmod 777 "$C"
same 55 'a control that anybody can write to' queue
chmod 755 "$C"
PATH_=$PATH
mkdir "$W/bin2"; for p in cm-queue cm-pipeline; do cp "$(command -v $p)" "$W/bin/"; done
echo 'wanted check 0=reject/delete : true' > "$C/pipeline"
same 31 'programs of the suite are found below its home, whatever PATH the caller has' env PATH=/usr/bin:/bin sh -c "$W/bin/cm-queue < $T/message 1< $T/envelope; echo \$?"
rm "$W/bin/cm-queue" "$W/bin/cm-pipeline"
: > "$C/pipeline"

# control/queue

echo "$W/bin/none" > "$C/queue"
same 120 'a real queue that is missing' queue
like 'trouble .*none: No such file' 'the log names it' cat "$T/err"
echo "$T/message" > "$C/queue"
same 120 'one that is no program' queue
echo 'record' > "$C/queue"; fresh
same 0 'one of the directories in PATH' queue env PATH="$W/bin:$PATH"
echo "$W/bin/args one two" > "$C/queue"
printf '#!/bin/sh\necho "$@" > "$CM_HOME/args"\n' > "$W/bin/args"; chmod 755 "$W/bin/args"
queue > /dev/null
same 'one two' 'its arguments' cat "$W/args"
ln -s "$(command -v cm-queue)" "$W/bin/qmail-queue"
echo "$W/bin/qmail-queue" > "$C/queue"
same 81 'one that is cm-queue itself' queue
like 'leads back to cm-queue' 'ends, and says so' cat "$T/err"
echo "$W/bin/record" > "$C/queue"
cp -r "$W/ports/queue" "$W/ports/behind"
echo "$(command -v cm-queue) $W/ports/behind" > "$C/queue"; fresh
same 0 'one cm-queue behind another' queue
same '1 0 0' 'is none' fate
same 1 'and the fields of the first are not there twice' sh -c "cat $W/got/*.message | grep -c ^X-CleanMail-Result"
echo "$W/bin/record" > "$C/queue"

# Set-user-ID

# works: can a program here be what it is to be?
works() {
  [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null && chmod 755 "$T" && cp "$(command -v id)" "$T/id" &&
    chown 901 "$T/id" && chmod 4755 "$T/id" && [ "$(setpriv --reuid 65534 --clear-groups "$T/id" -u)" = 901 ]
}
if works; then
  chmod 644 "$T/message" "$T/envelope"
  S=$T/s; mkdir -p "$S/bin" "$S/ports/queue/control" "$S/got"
  chown 901 "$S" "$S/got"
  printf '#!/bin/sh\n{ id -u; id -ru; id -G; env; } > "%s/got/who"\ncat > %s/got/message\n' "$S" "$S" > "$S/bin/record"
  printf '#!/bin/sh\n{ id -u; id -ru; cat "$CM_ENVELOPE"; } > "%s/got/stage"\n' "$S" > "$S/bin/stage"
  chmod 755 "$S/bin/record" "$S/bin/stage"
  echo "$S/bin/record" > "$S/ports/queue/control/queue"
  echo "stage check : $S/bin/stage" > "$S/ports/queue/control/pipeline"
  # Its home is built in: here it stands where the built one has it.
  home=$(head -n 1 "$(dirname "$0")/../../conf-home")
  mkdir -p "$T/above/tmp" "$T/above/$(basename "$home")"
  chmod 1777 "$T/above/tmp"
  for p in cm-queue cm-pipeline; do cp "$(command -v $p)" "$S/bin/"; done
  cp "$S/bin/cm-queue" "$S/bin/root"
  chown 901:902 "$S/bin/cm-queue"; chmod 6711 "$S/bin/cm-queue"; chmod 4711 "$S/bin/root"
  # suid ACCOUNT PROGRAM [ARGUMENT]: its exit code
  suid() {
    unshare -m sh -c '
      mount --bind "$1/above" "$(dirname "$2")" && mount --bind "$1/s" "$2" || exit 1
      T=$1 home=$2 id=$3 program=$4; shift 4
      setpriv --reuid "$id" --regid "$id" --init-groups env -i CM_HOME=/nowhere PATH=/nowhere LD_PRELOAD=x EVIL=y \
        TCPREMOTEIP=192.0.2.7 RELAYCLIENT= "$home/bin/$program" "$@" < "$T/message" 1< "$T/envelope" 2> "$T/err"
      echo $? >&2' sh "$T" "$home" "$@" 2>&1
  }
  same 0 'set-user-ID, called by another account' suid 65534 cm-queue
  same '901
901' 'its stages are its own account' sh -c "head -n 2 $S/got/stage"
  same 'a@example.org
b@example.net' 'and read the envelope' sh -c "tail -n +3 $S/got/stage"
  same '901
901' 'so is the real queue' sh -c "head -n 2 $S/got/who"
  same '' 'of the environment nothing is left that matters' sh -c "grep 'EVIL\|LD_\|nowhere' $S/got/who"
  same 'RELAYCLIENT=
TCPREMOTEIP=192.0.2.7' 'but for what says who the client is' sh -c "grep '^RELAY\|^TCP' $S/got/who | sort"
  like 'invoked by uid 65534' 'whose process it was is in the message' cat "$S/got/message"
  ok 'its log is its own' sh -c "[ $(stat -c %u "$S/log/mail.csv") = 901 ]"
  same 0 'called by root' suid 0 cm-queue
  same 902 'nothing of root is left, no group either' sh -c "sed -n 3p $S/got/who"
  rm "$S/got/message"
  same 81 'it takes no directory from others' suid 65534 cm-queue "$home/ports/queue"
  like 'takes no directory' 'and says so' cat "$T/err"
  same 55 'set-user-ID root it does not work' suid 65534 root
  like 'become its own account' 'and says so' cat "$T/err"
  ok 'then nothing is queued' [ ! -e "$S/got/message" ]
fi

done_testing
