#!/bin/sh
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111

# tool NAME: a program of that name that does what standard input says
tool() { { echo '#!/bin/sh'; cat; } > "$1"; chmod +x "$1"; }
# gone PID: it has ended, reaped or not
gone() { not grep -q '^State:.[^Z]' "/proc/$1/status"; }
check() { cm-filter-command "$@" 3>&-; }
# rewrite COMMAND...: what comes on descriptor 1, then "report:", then descriptor 3
rewrite() {
  cm-filter-command "$@" 3> report > new; code=$?
  cat new; echo report:; cat report; return $code
}

printf 'Subject: x\r\n\r\nbody\r\n' > message
exec < /dev/null

tool says <<'E'
code=$1; shift; [ $# = 0 ] || printf '%s\n' "$@"; exit $code
E

# the plain case: the program itself
tool whoami <<'E'
echo "$$ $* $FACT"; cat; exit 30
E
plain() { FACT=set sh -c 'echo $$ >pid; exec cm-filter-command ./whoami a "b c"' < message; }
want=$(printf 'PID a b c set\nSubject: x\r\n\r\nbody\r')
plained() { plain > out; code=$?; sed "s/^$(cat pid) /PID /" out; return $code; }
verdict 30 "$want" 'without maps and names the program takes our place' plained
verdict 111 'cm-filter-command: unable to run ./nosuch: No such file or directory' \
  'a program that is not there is no verdict' check ./nosuch
verdict 111 'cm-filter-command: unable to run ./nosuch: No such file or directory' \
  'with maps neither' check 1=reject/delete 127=reject/delete ./nosuch
verdict 111 'cm-filter-command: unable to run ./message: Permission denied' \
  'nor is a file that is no program' check 1=junk ./message
printf 'exit 1\n' > noshell; chmod +x noshell
verdict 111 'cm-filter-command: unable to run ./noshell: Exec format error' \
  'a script without #! is not given to a shell' check 1=junk ./noshell

# exit codes
verdict 100 '5.7.1 found Eicar' 'a mapped code is its verdict' check 1=reject/delete ./says 1 'found Eicar'
verdict 0 '' 'a code may be mapped to nothing' check 1=deliver ./says 1
verdict 10 '5.7.1 spam' 'several codes may be mapped' check 1=reject/delete 255=junk ./says 255 spam
verdict 50 '5.7.1 b' 'the last map of a code counts' check 1=junk 1=accept/delete ./says 1 b
verdict 99 '2.0.0 known' 'a code may whitelist' check 1=whitelisted ./says 1 known
verdict 111 '4.7.1 come later' 'a code may defer' check 75=defer ./says 75 'come later'
verdict 20 '5.7.1 no' 'a code that is a verdict needs no map' check 1=junk ./says 20 no
verdict 40 '5.7.1 says exited 40' 'a silent program is named' check 1=junk ./says 40
verdict 0 '' 'silence without a finding stays silence' check 1=junk ./says 0
verdict 0 '2.0.0 clean' 'a word without a finding is a reason too' check 1=junk ./says 0 clean
verdict 5 'cm-filter-command: says exited 5' 'a code that means nothing is passed on' check 1=junk ./says 5 x
verdict 111 'cm-filter-command: says exited 111' 'an unmapped 111 with chatter does not defer' \
  check 1=junk ./says 111 'cannot open database'
verdict 111 '4.3.0 busy' 'unless it says so' check 1=junk ./says 111 '4.3.0 busy'
verdict 111 'cm-filter-command: not an exit code: 256=junk' 'a code above 255 is an error' check 256=junk ./says 1
verdict 111 'cm-filter-command: not a verdict: 1=spam' 'a map to nothing is an error' check 1=spam ./says 1
verdict 111 'cm-filter-command: not a verdict: 1=' 'and an empty one' check 1= ./says 1
verdict 111 'cm-filter-command: usage: cm-filter-command [CODE=VERDICT...] PROGRAM [ARG...]' \
  'a call without a program is an error' check 1=junk
tool a=b <<'E'
exit 30
E
verdict 30 '' 'a program may have = in its name' check ./a=b

# signals
tool dies <<'E'
echo chatter; kill -SEGV $$
E
verdict 111 'cm-filter-command: ./dies was ended by signal 11' 'a crash is no verdict' \
  check 0=junk 11=junk 139=junk ./dies

# chatter
verdict 100 '5.7.1 first' 'the first line that says something is the reason' \
  check 1=reject/delete ./says 1 '' '  ' '  first' second
verdict 100 '5.1.2 own' 'a status code of its own is kept' check 1=reject/delete ./says 1 '5.1.2 own'
verdict 111 '4.7.1 own' 'unless it belongs to another verdict' check 1=defer ./says 1 '5.1.2 own'
verdict 100 '5.7.1 own' 'or to a deferral' check 1=reject/delete ./says 1 '4.1.2 own'
verdict 100 '5.7.1 5.7. no code' 'half a code is none' check 1=reject/delete ./says 1 '5.7. no code'
verdict 100 '5.7.1 a b?[31mc?' 'what does not print is not printed' \
  check 1=reject/delete ./says 1 "$(printf 'a\tb\033[31mc\177')"
tool floods <<'E'
head -c 2000000 /dev/zero | tr '\0' x; exit 1
E
flood() { check 1=reject/delete ./floods > out; code=$?; wc -c < out; return $code; }
verdict 100 401 'endless chatter is read and cut' flood
tool leaves <<'E'
echo found; sleep 100 & echo $! > left; exit 1
E
verdict 100 '5.7.1 found' 'a process left behind is not waited for' timeout 60 sh -c 'exec cm-filter-command 1=reject/delete ./leaves 3>&-'
ok 'and is ended' within 10 gone "$(cat left)"
tool pours <<'E'
yes found &
for i in $(seq 1000); do
  [ "$(sed -n 's/^wchar: //p' /proc/$!/io)" -gt 100000 ] && break; sleep 0.01
done
exit 1
E
verdict 100 '5.7.1 found' 'nor one that never stops talking' timeout 60 sh -c 'exec cm-filter-command 1=reject/delete ./pours 3>&-'

# names of files
tool copies <<'E'
cat "$1"; echo "$0 $# $2"; exit 1
E
verdict 100 "5.7.1 Subject: x" '$IN$ is the message' check 1=reject/delete ./copies '$IN$' < message
verdict 100 "5.7.1 Subject: x" 'from its beginning, wherever descriptor 0 stands' \
  sh -c 'head -c 3 >/dev/null; exec cm-filter-command 1=reject/delete ./copies "\$IN\$" 3>&-' < message
piped() { cat message | check 1=reject/delete "$@"; }
verdict 100 "5.7.1 Subject: x" 'if it comes through a pipe too' piped ./copies '$IN$'
tool twice <<'E'
echo $(wc -c < "$1") $(wc -c < "$2"); exit 1
E
verdict 100 '5.7.1 20 20' 'it can be opened again and again' piped ./twice '$IN$' '$IN$'
tool lists <<'E'
printf '%s,' "$@"; exit 1
E
named() { check 1=junk ./lists "$@" | sed 's|/proc/[0-9]*/fd/|FD|g'; }
same '5.7.1 --in=FD0:FD2:/dev/null,$IN,$INN$,$$,a b,,FD0FD0,' 'names are put in wherever they stand, and nothing else is changed' \
  named '--in=$IN$:$ERR$:$OUT$' '$IN' '$INN$' '$$' 'a b' '' '$IN$$IN$'
same '5.7.1 $(id),`id`,;id,*,' 'there is no shell' named '$(id)' '`id`' ';id' '*'
tool complains <<'E'
echo trouble > "$1"; exit 30
E
complains() { check ./complains '$ERR$' 2>&1 >/dev/null; }
verdict 30 trouble '$ERR$ is the log' complains
tool writes <<'E'
cat "$1" > "$2"; echo added >> "$2"; echo chatter; exit ${3:-0}
E
verdict 0 '2.0.0 chatter' 'a check that writes a message writes it for nobody' check ./writes '$IN$' '$OUT$' < message
ok 'no file is left behind' sh -c '! ls | grep -vxE "says|whoami|pid|out|noshell|message|a=b|dies|floods|leaves|left|pours|copies|twice|lists|complains|writes"'

# rewriters
new() { rewrite "$@" 2>err < message; code=$?; cat err; return $code; }
msg=$(printf 'Subject: x\r\n\r\nbody\r')
verdict 0 "$msg
added
report:
chatter" '$OUT$ is the new message, and what is said goes to the log' new ./writes '$IN$' '$OUT$'
verdict 10 "$msg
added
report:
5.7.1 writes exited 7
chatter" 'a rewriter reports on descriptor 3' new 7=junk ./writes '$IN$' '$OUT$' 7
tool upper <<'E'
tr a-z A-Z
echo 5.7.1 own >&3 && exit 20
exit ${1:-0}
E
verdict 0 "SUBJECT: X$(printf '\r\n\r\nBODY\r')
report:
./upper: 3: 3: Bad file descriptor" 'without $OUT$ descriptor 1 is, and 3 is not the program'"'"'s' new 1=junk ./upper
verdict 20 "SUBJECT: X$(printf '\r\n\r\nBODY\r')
report:
5.7.1 own" 'a program in our place has descriptor 3' new ./upper
verdict 111 "chatter
report:
cm-filter-command: ./dies was ended by signal 11" 'a rewriter that crashes reports nothing' new 1=junk ./dies

# what goes on and what does not
tool facts <<'E'
echo "$SENDER $CM_ID"; exit 1
E
verdict 10 '5.7.1 a@b 42' 'the environment is passed on' \
  env SENDER=a@b CM_ID=42 sh -c 'exec cm-filter-command 1=junk ./facts 3>&-'
tool stays <<'E'
echo $$ > stays.pid; exec sleep 100
E
background cm-filter-command 1=junk ./stays 3>&-
ok 'a program runs' within 10 test -s stays.pid
kill -9 $PID
ok 'and dies with us' within 10 gone "$(cat stays.pid)"

done_testing
