#!/bin/sh
# make install and make setup, without leaving the test's directory; install.t is the real thing
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh

home=$(head -n 1 conf-home)
run() { make -s ${BUILD:+BUILD="$BUILD"} DESTDIR="$T/root" "$@"; }
in_home() { (cd "$T/root$home" && "$@"); }

ok 'make install' run install
programs() { for c in */cm-*.c; do basename "$c" .c; done | sort; }
same "$(programs)" 'installs every program' in_home ls bin
same '' 'for everybody to run' in_home find bin -type f ! -perm 755
pages() { ls man | sort; }
same "$(pages)" 'and every page' in_home sh -c 'ls man/man? | grep "^cm-" | sort'
same 'attach dnsbl enemies friends learn limits pipeline traps unlimited ' 'and examples, but nothing that a site has to say itself' \
  in_home sh -c 'ls control | tr "\n" " "'
ok 'where man looks for it' in_home test -f man/man8/cm-config.8 -a -f man/man5/cm-control.5
echo mine > "$T/root$home/control/attach"
rm "$T/root$home/control/friends"
run install
same mine 'a control file that is there stays' in_home cat control/attach
ok 'a first virus signature comes' in_home test -s lists/signatures/eicar.ndb
ok 'one that is missing comes' in_home test -s control/friends
same '' 'nothing is put anywhere else' sh -c "cd $T/root && find . -type f ! -path '.$home/*'"

# needs DIR: is a package asked for before what goes below DIR is built?
needs() { make -n ${BUILD:+BUILD="$BUILD"} DESTDIR="$1" install | grep -c 'packages.sh build run'; }
same 1 'what is missing of the packages comes first' needs ''
same 0 'but not for one who makes a package' needs "$T/root"

# Before another home is built in
again() { object=${BUILD:-build}/plain/base/control.o; run -n -W conf-home "${object#"$PWD/"}" | grep -c 'control.c'; }
same 1 'who changes conf-home has programs made anew' again

ok 'make setup' run setup
ok 'again' run setup
same '755 control 555 empty 755 lists 700 log 755 ports 755 run 700 state 700 store ' 'makes what programs write to' \
  in_home sh -c 'stat -c "%a %n" control empty lists log ports run state store | tr "\n" " "'

# With accounts, in front of the real commands
mkdir "$T/bin"
for c in getent groupadd useradd chown; do
  printf '#!/bin/sh\necho %s "$@" >> "%s/did"\n[ %s != getent ] || [ -e "%s/there" ]\n' $c "$T" $c "$T" > "$T/bin/$c"
done
printf '#!/bin/sh\necho ${ID:-0}\n' > "$T/bin/id"
chmod +x "$T/bin"/*
setup() { : > "$T/did"; PATH="$T/bin:$PATH" DESTDIR='' sh service/setup.sh "$T/home"; }
ok 'as root' setup
same 'useradd --system --gid cms --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin cms
useradd --system --gid cml --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin cml
useradd --system --gid cmv --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin cmv
useradd --system --gid cmt --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin cmt' \
  'it makes accounts without shell or home' grep useradd "$T/did"
same "cms:cms $T/home/log
cms:cms $T/home/store
cms:cms $T/home/state
cmv:cmv $T/home/run" 'and gives them only what they write to' sed -n 's/^chown \(cm.*\)/\1/p' "$T/did"
: > "$T/there"
setup
same '' 'accounts that are there stay' grep add "$T/did"
ID=1000; export ID
verdict 111 'setup makes accounts: run it as root' 'nobody else may' setup

done_testing
