#!/bin/sh
# service/packages.sh, with a package system of our own in front of the real one
. "$(dirname "$0")/../tap.sh"

mkdir "$T/bin" "$T/peers"
# command NAME: a command of that name that does what standard input says
command_() { { echo '#!/bin/sh'; cat; } > "$T/bin/$1"; chmod +x "$T/bin/$1"; }

command_ id <<'!'
echo 1000
!
command_ sudo <<'!'
[ "$1 $2" = '-n true' ] && exit $(cat "$0.code"); shift; echo "sudo $*"
!
command_ apt-get <<'!'
echo apt-get must not run
!
# Everything is installed but what is named in $T/bin/gone.
command_ dpkg-query <<!
echo "\$#" >> "$T/asked"
shift 3
for p; do grep -qxF "\$p" "$T/bin/gone" || printf 'installed %s ' "\$p"; done
!
: > "$T/bin/gone"; echo 1 > "$T/bin/sudo.code"

packages() { PATH="$T/bin:$PATH" PEERS=$T/peers sh "$(dirname "$0")/../../service/packages.sh" "$@"; }

verdict 0 '' 'nothing is said where nothing is missing' packages build run demo test
same 1 'and the package system is asked once' sh -c "wc -l < $T/asked"

printf 'tinycdb\nperl\n' > "$T/bin/gone"
verdict 111 'these Debian packages are missing; as root:
apt-get install -y -qq --no-install-recommends --no-remove tinycdb' \
  'without root the one command is printed' packages build run
verdict 0 '' 'only the kinds asked for count' packages build

echo 0 > "$T/bin/sudo.code"
verdict 0 'sudo sh service/packages.sh run test' 'sudo is taken where it asks nothing' packages run test

for p in $(sed -n 's/^unpack *//p' "$(dirname "$0")/../../packages"); do : > "$T/peers/.$p"; done
verdict 0 '' 'what is unpacked is not unpacked again' packages unpack

twice() { sed 's/#.*//' "$(dirname "$0")/../../packages" | awk 'NF { print $2 }' | sort | uniq -d; }
same '' 'no package is listed twice' twice

done_testing
