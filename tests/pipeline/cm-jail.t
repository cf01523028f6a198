#!/bin/sh
# cm-jail: what each profile leaves to a program, and what it takes
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh

for p in cm-jail cm-filter-fields cm-filter-sender cm-list; do command -v $p > /dev/null || exit 111; done
BUILT=${BUILD:-$PWD/build}
cp -r tests/mail "$T/mails"
cd "$T" || exit 111
mkdir home home/control home/control/jail home/lists home/state home/store home/bin there there/empty
export CM_HOME="$T/home"
printf 'From: a@example.org\n\nx\n' > message
jail() { cm-jail "$@" < message; }

# Profiles as files

like '^read control lists' 'a profile that comes with the suite can be read' cm-jail own
profile() { cat > "home/control/jail/$1"; }
all='own look state scanner network external port fetch'
for p in $all; do cm-jail $p > saved; cp saved home/control/jail/copy-$p; verdict 0 '' "$p is a file that reads" jail copy-$p cm-filter-fields; done
echo 'memory 64m' | profile mine
same 'memory 64m' 'a file of the site is one' cm-jail mine
echo 'landlock 99' | profile own
like 'landlock 99' 'and stands before one of ours' cm-jail own
verdict 111 'cm-jail: Landlock of this kernel is older than profile wants: own: Function not implemented' \
  'a level that the kernel lacks is an error' jail own cm-filter-fields
rm home/control/jail/own
bad() { want=$1 name=$2; shift 2; printf '%b\n' "$1" | profile bad; verdict 111 "cm-jail: control/jail/bad:$want" "$name" jail bad cm-filter-fields; }
bad '2: not a line of a profile (cm-jail(5) lists them): files /' 'an unknown line names itself' '# x\nfiles /'
bad '1: not a line of a profile (cm-jail(5) lists them): read' 'a line without words' 'read'
bad '1: not a number: much' 'a number that is none' 'memory much'
bad '1: not a number: 0' 'nothing at all is no limit' 'cpu 0'
bad '1: a socket is local, tcp or udp, not raw' 'another kind of socket' 'socket local raw'
bad '1: not a port: 65536' 'a port that is none' 'connect 65536'
bad '1: more than 16 ports: 17' 'too many ports' 'connect 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17'
bad '1: processes are none, any or a number, not many' 'processes' 'processes many'
bad '1: calls are any or server, or the line is left out, not few' 'calls' 'calls few'
bad '1: one word too many behind memory' 'a word too many' 'memory 1m 2m'
verdict 111 'cm-jail: control/jail/no: there is no such profile' 'no such profile' jail no cm-filter-fields
verdict 111 'cm-jail: control/jail/../x: there is no such profile' 'a name is no path' jail ../x cm-filter-fields
verdict 111 'cm-jail: there is no such profile: no' 'nor to be read' cm-jail no
verdict 111 'cm-jail: usage: cm-jail PROFILE [PROGRAM [ARGUMENTS]]' 'a wrong call' cm-jail
verdict 111 'cm-jail: unable to find no-such: No such file or directory' 'no such program' jail own no-such
echo 'directory nowhere' | profile lost
verdict 111 'cm-jail: unable to use directory nowhere: No such file or directory' 'a directory that is missing' jail lost cm-filter-fields

# What it leaves

verdict 0 '' 'a stage of ours works' jail own cm-filter-fields
printf 'From: a\nFrom: b\n\n' > two
verdict 100 '5.6.0 more than one From field' 'with its verdict and its reason' cm-jail own cm-filter-fields < two
echo a@example.org | cm-list home/lists/enemies.cdb make reject/delete
sender() { SENDER=a@example.org jail "$@" cm-filter-sender lists/enemies.cdb | cut -c -5; }
same '5.7.1' 'lists of the suite can be read' sender own
mkdir site site/lists
mv home/lists/enemies.cdb site/lists
at_port() { cd site && SENDER=a@example.org cm-jail own cm-filter-sender lists/enemies.cdb < ../message | cut -c -5; }
same '5.7.1' 'and those of the port' at_port
mv site/lists/enemies.cdb there
same 'cm-filter-sender: unable to read '"$T/there/enemies.cdb: Permission denied" 'but no others' \
  sh -c "SENDER=a@example.org cm-jail own cm-filter-sender $T/there/enemies.cdb < message 2>&1"
same 'hello' 'a program of the system finds its libraries' sh -c 'echo hello | cm-jail external cat'
same 'Permission denied' 'but no other file' sh -c 'cm-jail external cat /etc/passwd 2>&1 | sed "s/.*: //"'
same "$T/home/there" 'external is in a directory of its own' sh -c "mkdir home/there; printf 'directory there\n' > home/control/jail/there; cm-jail external > all; cat home/control/jail/there >> all; mv all home/control/jail/there; cm-jail there pwd"
same / 'or, where make setup has made none, in one that has nothing of ours' cm-jail external pwd
mkdir home/empty
same "$T/home/empty" 'empty, that is' cm-jail external pwd
same 0077 'what it makes is its own' cm-jail external sh -c umask
printf '#!/bin/sh\necho "script: $1"\n' > script; chmod 755 script
same 'script: a b' 'a script by a relative name' sh -c 'cm-jail external ./script "a b"'
names() { env -i PATH="$PATH" CM_HOME="$CM_HOME" SECRET=x LD_PRELOAD= SENDER=s TCPX=1 MORE=m cm-jail "$1" env | sed 's/=.*//; /^PWD$/d' | sort | tr '\n' ' '; }
same 'CM_HOME PATH SENDER TCPX ' 'the environment is that of cm-stage(7)' names external
{ cm-jail external; echo 'environment MORE'; } | profile more
same 'CM_HOME MORE PATH SENDER TCPX ' 'and what the profile names' names more
same '0 1 2 3 ' 'no descriptor but the first four is open' sh -c 'cm-jail external perl -e "for (0..20) { open my \$f, q(>&=), \$_ and print qq(\$_ ) }" < message 3> three 5< message 9< message'
printf 's@example.org\na@example.net\n' > envelope
same 's@example.org' 'the envelope can be read' sh -c 'CM_ENVELOPE=$PWD/envelope cm-jail external sh -c "head -n 1 \$CM_ENVELOPE"'
same 'X-A: b' 'so can fields' sh -c 'echo X-A: b > fields; CM_FIELDS=$PWD/fields cm-jail external sh -c "cat \$CM_FIELDS"'
same '64' 'a limit' sh -c 'cm-jail external sh -c "ulimit -n"'
same '16' 'and one that is lower stays' sh -c 'ulimit -n 16; cm-jail external sh -c "ulimit -n"'
echo 'processes 5' | cat - home/control/jail/more | sed '/processes 64/d' > home/control/jail/five
same 5 'processes can be counted' cm-jail five bash -c 'ulimit -u'
# Root has no such limit: another account then, whose two stages fork at the same time.
other() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"; else "$@"; fi; }
forks='$| = 1; my $n = 0; while ($n < 200) { my $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print "$n\n"; sleep 1; kill 9, 0'
if ! other unshare -U true 2>/dev/null; then report 0 'row 59: processes # SKIP there are no spaces of users here'
else
  chmod 711 "$T"; chmod -R a+rX home
  (other sh -c 'exec setsid cm-jail external perl -e "$1"' - "$forks" > forked & other sh -c 'exec setsid cm-jail external perl -e "$1"' - "$forks" > forked.2; wait) 2> /dev/null
  same '63 63' 'row 59: each fork bomb has its own limit, and none of the other'"'"'s' sh -c 'echo $(cat forked forked.2)'
fi

# What it takes, with the profile as it is but for the libraries of the probe

if sanitized; then
  report 0 'what it takes # SKIP a sanitizer looks into files and processes of its own'
  done_testing
  exit
fi
background sleep 600
VICTIM=$PID
serve cat
reset() { rm -rf there; mkdir there there/empty; echo a > there/file; echo b > there/other; }
# refused RUN NAME: 1 or SIGSYS
refused() {
  got=$("$@" 2>&1 < /dev/null); code=$?
  [ $code = 1 ] || [ $code = 159 ] || { echo "$got ($code)"; return 1; }
}
# probe NAME COMMAND...: everything, but for the words of $allowed
probe() {
  what=$1; shift
  reset
  for c in $("$BUILT/tests/probe"); do
    case " $allowed " in
      *" $c "*) continue ;;
      *) ok "$what: $c is refused" refused "$@" "$BUILT/tests/probe" "$c" $VICTIM "$T/there" "$PORT" ;;
    esac
  done
  ok "$what: nothing has changed" sh -c 'test "$(cat there/file there/other)" = "a
b" -a "$(ls there | tr "\n" " ")" = "empty file other "'
}
for p in $all; do { cm-jail $p; printf 'run /usr/lib /lib /lib64\nread /etc/ld.so.cache\n'; } > home/control/jail/wide-$p; done
allowed=
probe own cm-jail wide-own
# Who signals all is told that it has, even where that is nobody.
allowed='make_process signal_all'
probe look cm-jail wide-look
allowed='change_mode change_mode_at change_owner change_times change_attribute'
probe state cm-jail wide-state
allowed='socket_local socket_tcp socket_tcp6'
probe scanner cm-jail wide-scanner
allowed='socket_tcp socket_tcp6 socket_udp'
probe network cm-jail wide-network
allowed='make_process run_shell signal_all'
probe external cm-jail wide-external
sed -i 's, /tmp,,' home/control/jail/wide-port home/control/jail/wide-fetch
# Whom root lets measure may read what others were started with, on some kernels.
allowed="$([ "$(id -u)" != 0 ] || echo read_environment) wait_for_others connect_anywhere"
allowed="$allowed read_system list_processes make_process run_shell signal_all socket_local socket_tcp socket_tcp6 socket_udp"
allowed="$allowed change_mode change_mode_at change_owner change_times change_attribute too_much_memory too_many_files"
probe port cm-jail wide-port
probe fetch cm-jail wide-fetch
# Our own programs that confine themselves: the calls that confined.c lists
same 'begin
end' 'as the stages that ask the DNS nothing else can be done' "$BUILT/tests/confined"
same 'begin
end' 'nor as cm-tlsd' "$BUILT/tests/confined" open
same 'begin
end' 'nor as cm-look' "$BUILT/tests/confined" alone
same 'begin
end' 'nor as a scanner of cm-virusd' "$BUILT/tests/confined" "$T/there"

ok 'the process that was to be harmed has come to none' kill -0 $VICTIM

# Where the kernel has less of Landlock, more is refused by the filter of calls
files='read_system read_file list_root list_processes read_environment take_descriptor read_memory write_memory read_device
open_terminal write_file append_file make_file make_nameless make_directory make_symlink make_link make_fifo remove_file
remove_directory rename_file '
try() { for c in $2; do ok "level $1: $c is refused" refused "$BUILT/tests/jailed" $1 wide-$3 "$BUILT/tests/probe" "$c" $VICTIM "$T/there" "$PORT"; done; }
reset
try 0 'truncate_file change_mode change_owner signal_it signal_all signal_by_pidfd signal_by_owner trace copy_memory limit_it
make_process socket_local socket_tcp socket_udp make_device mount_something new_user wait_for_others' own
reset
try 1 "$files truncate_file" own
try 2 "$files truncate_file" own
try 3 "$files truncate_file socket_tcp" own
try 5 "$files truncate_file connect_anywhere signal_it signal_all" external
try 4 'connect_anywhere' scanner
reached() { "$BUILT/tests/jailed" $1 wide-scanner "$BUILT/tests/probe" connect_anywhere $VICTIM "$T/there" "$PORT"; }
ok 'below level 4 no port is refused to who may connect' reached 3

done_testing
