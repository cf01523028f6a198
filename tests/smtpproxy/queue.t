#!/bin/sh
# A program in qmail-queue's place behind cm-smtpd: each of its exit codes is an answer
# for the client, and what it says on descriptor 6 (notqmail) is one, too.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"

home h queue ./queue
say() { message 'Subject: hello' '' text; }

# program LINE...: a script of these lines
program() {
  { echo '#!/bin/sh'; printf '%s\n' "$@"; } > "$W/port/queue"
  chmod 755 "$W/port/queue"
}

# ends CODE WANT: a program that ends with CODE is answered so
ends() {
  program 'cat > /dev/null' "exit $1"
  like "^$2 " "exit code $1: $2" say
}

# qmail-queue(8)
ends 0 '250 2.0.0'
ends 11 '554 5.1.3'
ends 115 '554 5.1.3'
ends 31 '554 5.3.0'
ends 51 '451 4.3.0'
ends 52 '451 4.3.0'
ends 53 '451 4.3.0'
ends 54 '451 4.3.0'
ends 55 '451 4.3.0'
ends 56 '451 4.3.0'
ends 61 '451 4.3.0'
ends 66 '451 4.3.0'
ends 71 '451 4.3.0'
ends 72 '451 4.4.1'
ends 73 '451 4.4.1'
ends 74 '451 4.4.2'
ends 81 '451 4.3.0'
ends 91 '451 4.3.0'
ends 120 '451 4.3.0'
for code in 12 30 32 40; do ends $code '554 5.3.0'; done
for code in 1 10 41 100 111 255; do ends $code '451 4.3.0'; done
ends 53 '451 4.3.0'
like ' could not write the message (' 'the client is told why' say
same 'exit code 53: 4.3.0 the mail system behind this one could not write the message' 'so is the mail log' column upstream

# Descriptor 6

program 'printf "D5.7.1 no such thing here" >&6' 'exit 82'
like '^554 5.7.1 no such thing here (' 'D and a text: refused with it' say
program 'printf "Zcome back later" >&6' 'exit 82'
like '^451 4.7.1 come back later (' 'Z and a text: deferred with it, and with a status code' say
program 'printf "D4.2.2 full" >&6' 'exit 82'
like '^554 5.7.1 full (' 'a status code of the wrong class is none' say
program 'printf "Dfirst\r\n250 second\n" >&6' 'exit 82'
like '^554 5.7.1 first (' 'one line of it' say
same 0 'and no other' sh -c "grep -c second '$W/err' || :"
program 'printf "D\033[31m\001\377" >&6' 'exit 82'
like '^554 5.7.1 ?\[31m?? (' 'only what prints' say
program 'head -c 5000 /dev/zero | tr "\0" x > "$CM_HOME/long"; { printf D; cat "$CM_HOME/long"; } >&6' 'exit 82'
like '^554 5.7.1 xxxxxx' 'a text without end is taken' say
ok 'and cut off' sh -c '[ ${#1} -le 512 ]' sh "$(say)"
program 'head -c 100000000 /dev/zero >&6' 'echo $? > "$CM_HOME/filled"' 'exit 82'
like '^451 4.3.0 ' 'a program that would fill our memory' say
same 1 'cannot' cat "$W/filled"
for text in '' D X5.0.0 '5.0.0 no'; do
  program "printf '%s' '$text' >&6" 'exit 82'
  like '^451 4.3.0 ' "82 with '$text' on descriptor 6 is trouble" say
done
program 'printf "D5.7.1 no" >&6' 'exit 31'
like '^554 5.3.0 ' 'with another exit code what it said does not count' say
program 'printf "D5.7.1 no" >&6' 'exit 0'
like '^250 2.0.0 ' 'nor with success' say
program 'ls -l /proc/self/fd | sed -n "s/.* \([0-9]*\) -> .*/\1/p" | grep -vx 3 > "$CM_HOME/open"'
say > /dev/null
same '0
1
2
6' 'no other descriptor of ours is open in it' cat "$W/open"

# What is in a file on the disk cannot be in memory.
echo "$T/spool" > "$W/port/control/spool"
mkdir "$T/spool"
program 'readlink /proc/self/fd/0 | sed "s/ .*//; s,/[0-9#]*\$,," > "$CM_HOME/file"' 'exec wc -c > "$CM_HOME/size"'
say > /dev/null
same /memfd:message 'a small message is a file in memory' cat "$W/file"
long() { message 'Subject: hello' '' "$(perl -e 'print join "\r\n", ("x" x 70) x 42000')"; }
like '^250 2.0.0 ' 'a large one' long
same "$T/spool" 'is one on the disk, that has no name' cat "$W/file"
ok 'all of it' sh -c "[ $(cat "$W/size") -gt 2982000 ]"

done_testing
