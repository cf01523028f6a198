#!/bin/sh
# With learners of our own, then with a real spamd and its sa-learn, and with
# bogofilter: trained here, and then asked by cm-filter-command.
. "$(dirname "$0")/../daemons.sh"

tool() { { echo '#!/bin/sh'; cat; } > "$1"; chmod +x "$1"; }
tool keeps <<'E2'
n=$(ls learned 2>/dev/null | wc -l); mkdir -p learned; cat > "learned/$1$((n + 1))"
E2
tool fails <<'E2'
cat > /dev/null; exit ${1:-74}
E2
tool refuses <<'E2'
! grep -q bad
E2
learned() { ls learned 2>/dev/null | wc -l; }
empty() { rm -rf learned; }
K="$T/keeps spam"

printf 'Subject: one\n\nbody\n' > one
verdict 0 'learned 1 as spam' 'a message is learned' cm-learn spam -c "$K" one
ok 'as it is' cmp one learned/spam1
empty
{ printf 'From joe Mon Jan  1 00:00:00 2026\nSubject: one\n\nbody\n>From here\n>>From there\n> From\nFrom is no separator\n\n'
  printf 'From ann Mon Jan  1 00:00:00 2026\nSubject: two\n\nlast'; } > mbox
verdict 0 'learned 2 as ham' 'so is each of an mbox' cm-learn ham -c "$T/keeps ham" mbox
printf 'Subject: one\n\nbody\nFrom here\n>From there\n> From\nFrom is no separator\n\n' > want
ok 'without what an mbox adds' cmp want learned/ham1
ok 'to its end' sh -c 'printf "Subject: two\n\nlast" | cmp - learned/ham2'
empty
mkdir -p maildir/new maildir/cur maildir/tmp flat
cp one maildir/new/1; cp one maildir/cur/2:2,S; cp one maildir/tmp/3; cp one maildir/.hidden
verdict 0 'learned 2 as spam' 'a maildir is read' cm-learn spam -c "$K" maildir
cp one flat/1.eml; echo x > flat/1.env; cp mbox flat/box; mkdir flat/deeper; cp one flat/deeper/x
verdict 0 'learned 4 as spam' 'a directory of messages, too' sh -c 'rm -r flat/deeper; exec cm-learn spam -c "$0" flat one' "$K"
mkdir knots; cp one knots/one; cp one knots/two; ln -s . knots/again; ln -s self knots/self
# The C libraries have not the same words for it.
knots() { cm-learn spam -c "$K" knots 2>&1 | sed 's/Too many levels of symbolic links/Symbolic link loop/'; }
same 'cm-learn: knots: Symbolic link loop
learned 2 as spam, failed 1' 'what cannot be read does not keep the others from it, and nothing is read twice' knots
empty
mkfifo flat/pipe
verdict 0 'learned 3 as spam' 'what is no file is not waited for' timeout 20 cm-learn spam -c "$K" flat
empty
verdict 0 'learned 1 as spam' 'several learn each message' cm-learn spam -c "$K" -c "$K" one
same 2 'all of it' learned
empty

# trouble
verdict 111 "cm-learn: one: $T/fails exited 74
learned 0 as spam, failed 1" 'a failure is told with the file' cm-learn spam -c "$T/fails" one
printf 'From x\nSubject: bad\n\n\nFrom x\nSubject: good\n\nx\n' > two
verdict 111 "cm-learn: two, message 1: $T/refuses exited 1
learned 1 as spam, failed 1" 'and with the message; the next is learned' cm-learn spam -c "$T/refuses" two
verdict 111 'cm-learn: one: unable to run ./none
learned 0 as spam, failed 1' 'a command that is not there is an error' cm-learn spam -c ./none one
verdict 111 'cm-learn: nofile: No such file or directory
learned 1 as spam, failed 1' 'so is a file that is not there' cm-learn spam -c "$K" nofile one
for i in $(seq 30); do printf 'From x\nSubject: %s\n\n\n' "$i"; done > thirty
sh -c 'cm-learn spam -c "$0/fails" thirty' "$T" > out 2>&1
same 'learned 0 as spam, failed 10' 'after ten failures in a row it gives up' tail -n 1 out
head -c 600000 /dev/zero | tr '\0' x > big; : > nothing
verdict 0 'cm-learn: big: too large to learn from
cm-learn: nothing: empty
learned 0 as spam, skipped 2' 'large and empty ones are not learned' cm-learn spam -c "$T/fails" big nothing
tool dies <<'E2'
kill -9 $$
E2
verdict 111 "cm-learn: one: $T/dies was ended by signal 9
learned 0 as spam, failed 1" 'a crash is a failure' cm-learn spam -c "$T/dies" one
usage='cm-learn: usage: cm-learn spam|ham|forget [-c COMMAND] FILE... | -t | check|expire [-c COMMAND] [BAYES]'
for call in '' spam 'spam -c' 'spam -c x' eggs '-t x' 'check a b'; do
  verdict 100 "$usage" "wrong calls are told: $call" cm-learn $call
done
verdict 100 "$usage" 'so is a command without words' cm-learn spam -c ' ' one

# control/learn
empty
verdict 111 'cm-learn: nobody learns spam: control/learn has no line for it' 'without control/learn nobody learns' cm-learn spam one
printf '# who learns\nspam %s\nspam   %s again\nham %s\n' "$K" "$K" "$T/keeps ham" > home/control/learn
verdict 0 'learned 1 as spam' 'control/learn says who does' cm-learn spam one
same 2 'all that it names' learned
verdict 0 'learned 1 as ham' 'for each kind' cm-learn ham one
verdict 111 'cm-learn: nobody learns forget: control/learn has no line for it' 'that it names' cm-learn forget one
empty

# the terminal
ok 'there is progress on a terminal' sh -c 'script -qec "cm-learn spam -c \"$0\" mbox" /dev/null | grep -q "learned 1"' "$K"
empty

# the traps
verdict 0 '' 'without a spool there is nothing to do' cm-learn -t
printf 'joe@example.org\nbait@example.net\n' > envelope
echo bait@example.net > control/traps
caught() { CM_ENVELOPE=$T/envelope cm-filter-trap < one > /dev/null 2>&1 3>&-; }
caught; caught
waiting() { ls home/state/trap/new | wc -l; }
same 2 'trapped mail waits' waiting
printf 'spam %s\n' "$T/fails" > home/control/learn
cm-learn -t > out 2>&1
same 'learned 0 as spam, failed 2' 'what is not learned' tail -n 1 out
same 2 'stays' waiting
touch -d '8 days ago' home/state/trap/new/*
: > home/state/trap/tmp/old; touch -d '2 days ago' home/state/trap/tmp/old; : > home/state/trap/tmp/young
cm-learn -t > out 2>&1
same 0 'for a week' waiting
same young 'and what was left half is cleaned away' ls home/state/trap/tmp
caught; caught
printf 'spam %s\n' "$K" > home/control/learn
verdict 0 'learned 2 as spam' 'what is learned' cm-learn -t
same 0 'is gone' waiting
verdict 0 '' 'and then there is nothing to do' cm-learn -t
caught
flock home/state/trap/new sh -c 'cm-learn -t > out 2>&1'
same 'cm-learn: another one is at work' 'two do not learn the same' cat out
same 1 'and nothing is lost' waiting
rm -rf home/state; empty

# SpamAssassin
if command -v spamd >/dev/null; then
  chmod 777 "$T"
  start_spamd 'use_bayes 1' 'bayes_auto_learn 0' "bayes_path $T/bayes" 'bayes_file_mode 0777' \
    'body BAYES_99 eval:check_bayes("0.99", "1.00")'
  for kind in spam ham forget; do echo "$kind spamc -x -U $T/socket -L $kind"; done > home/control/learn
  sa="sa-learn --siteconfigpath=$T/site --configpath=$T/site"
  check() { cm-learn check -c "$sa" "$T/bayes"; }
  letter() { printf 'From: %s@example.org\nSubject: %s\nMessage-ID: <%s@example.org>\n\n%s\n' "$1" "$2" "$1.$2" "$3"; }
  letter joe 1 'cheap pills and watches' > spam1; letter ann 1 'minutes of the meeting' > ham1
  verdict 0 'learned 1 as spam' 'a real spamd learns spam' cm-learn spam spam1
  verdict 0 'learned 1 as ham' 'and ham' cm-learn ham ham1
  like '^spam 1 learned: Bayes is inactive below 200$' 'and a check shows it' check
  like '^ham 1 learned: Bayes is inactive below 200$' 'of both' check
  verdict 0 'learned 1 as forget' 'it forgets' cm-learn forget spam1
  like '^spam 0 learned' 'indeed' check
  check > out; echo $? >> out
  same 1 'a check that finds something says so by its code' tail -n 1 out
  for i in $(seq 200); do printf 'From x\n'; letter joe "$i" "cheap pills and watches $i"; echo; done > spambox
  for i in $(seq 200); do printf 'From x\n'; letter ann "$i" "minutes of the meeting $i"; echo; done > hambox
  same 'learned 200 as spam' 'an mbox of 200' cm-learn spam spambox
  same 'learned 200 as ham' 'for each' cm-learn ham hambox
  check 2>/dev/null > out; code=$?
  same '0' 'and Bayes is active' echo $code
  same 'spam 200 learned' 'with 200 of each' sed -n 1p out
  : > bayes_toks.expire1234
  like '^bayes_toks.expire1234: left by an expiry that has failed; remove it$' 'a stale file is told' check
  rm bayes_toks.expire1234
  ok 'an expiry can be asked for' cm-learn expire -c "$sa" "$T/bayes"
  verdict 111 'cm-learn: unable to run ./none: No such file or directory' 'no sa-learn is an error' cm-learn check -c ./none
  verdict 111 "cm-learn: false has failed" 'one that fails, too' cm-learn check -c false
  tool mute <<'E2'
echo hello
E2
  verdict 111 'cm-learn: no figure in what it says: nspam' 'and one that says nothing' cm-learn check -c "$T/mute"
  tool many <<'E2'
for i in 'nspam 500' 'nham 500' 'ntokens 150001'; do set -- $i; echo "0.000          0     $2          0  non-token data: $1"; done
E2
  verdict 1 'spam 500 learned
ham 500 learned
tokens 150001 of 150000: cm-learn expire is due' 'too many words are told' env HOME="$T" cm-learn check -c "$T/many"
fi

# rspamd
if command -v rspamc >/dev/null; then
  echo 'rspamd_config:register_symbol{ name = "NOTHING", callback = function() end }' > rules.lua
  # What it has learned before it keeps in one place for all, unless told otherwise.
  with_words() {
    start_rspamd "worker \"controller\" { bind_socket = \"$T/var/control mode=0666\"; count = 1; }" \
      'classifier "bayes" { backend = "sqlite3"; tokenizer { name = "osb"; }' "cache { path = \"$T/var/learned\"; }" \
      "statfile { symbol = \"BAYES_HAM\"; path = \"$T/var/ham\"; spam = false; }" \
      "statfile { symbol = \"BAYES_SPAM\"; path = \"$T/var/spam\"; spam = true; } }"
    within 60 rspamc -h "$T/var/control" stat
  }
  knows() { [ "$(rspamc -h "$T/var/control" stat | grep -c '^Statfile: BAYES_')" = 2 ]; }
  # Its processes lock each other out of databases that they make, and a process then does without
  # them for good; not of those that are there when it starts.
  with_words
  kill "$RSPAMD"; wait "$RSPAMD"; rm -f var/control var/socket
  with_words
  ok 'a real rspamd has its words' within 60 knows
  echo "spam rspamc -h $T/var/control learn_spam" > home/control/learn
  printf 'Subject: pills\n\nbuy watches and cheap pills, all of them for a song\n' > letter
  verdict 0 'learned 1 as spam' 'and learns' cm-learn spam letter
  kill -9 $RSPAMD $(pgrep -P $RSPAMD)
  fails() { cm-learn spam letter 2>&1 | tail -n 1; }
  gone() { [ "$(fails)" = 'learned 0 as spam, failed 1' ]; }
  ok 'and one that is not there has not learned' within 10 gone
fi

# bogofilter: a Bayes filter without Perl, in three lines
if command -v bogofilter >/dev/null; then
  mkdir words
  # The lines that come with the suite, with the words here
  ours() { sed -n "s,^#\($1 .*bogofilter -d \)[^ ]*,\1$T/words,p" "$top/control/$2"; }
  { ours spam learn; ours ham learn; } > home/control/learn
  for i in 1 2 3 4 5; do
    printf 'From: joe@example.org\nSubject: cheap pills\n\nbuy cheap watches and pills number %s\n' "$i" > "s$i"
    printf 'From: ann@example.org\nSubject: meeting\n\nthe minutes of our meeting are attached %s\n' "$i" > "h$i"
  done
  verdict 0 'learned 5 as spam' 'bogofilter learns spam' cm-learn spam s1 s2 s3 s4 s5
  verdict 0 'learned 5 as ham' 'and ham' cm-learn ham h1 h2 h3 h4 h5
  ours bayes pipeline > bayes
  printf 'From: bob@example.org\nSubject: pills\n\ncheap pills, buy watches\n' > new
  asked() { cm-explain bayes < new 2> log | sed -n 's/^stage	bayes	1	\([^	]*\)	.*	\(.[^	]*\)$/\1: \2/p' | cut -c 1-30; }
  like '^accept/deliver/junk: 5.7.1 S' 'and then it knows new spam, in a pipeline' asked
  printf 'From: bob@example.org\nSubject: minutes\n\nthe minutes of the meeting\n' > new
  like '^accept/deliver: 2.0.0 H' 'from new ham' asked
  printf 'From: bob@example.org\nSubject: else\n\nentirely other subjects\n' > new
  like '^accept/deliver: 2.0.0 U' 'and is not sure of the rest' asked
  rm -rf words
  same 'broken: unknown exit code 3' 'without its words it gives no verdict' asked
fi

done_testing
