#!/bin/sh
# The layers of the source: base knows no program, and a foreign library has one door.
cd "$(dirname "$0")/.." || exit 111
. tests/tap.sh

sources() { git ls-files '*.c' '*.h' | grep -v '^tests/\|^bench/'; }

# Words that base/ includes in quotes must be base/'s own headers.
strangers() {
  for h in $(sed -n 's/^#include "\(.*\)"/\1/p' base/*.c base/*.h); do
    [ -f "base/$h" ] || echo "$h"
  done
}

# door HEADER FILE: FILE is the only source that may include HEADER
door() { sources | xargs grep -lE "#include <$1" | grep -vxF "$2"; }

manless() {
  for c in */cm-*.c; do
    p=$(basename "$c" .c)
    ls man/"$p".[1-8] >/dev/null 2>&1 || echo "$p"
  done
}

testless() {
  for c in */cm-*.c; do
    p=$(basename "$c" .c)
    [ -f "tests/$(dirname "$c")/$p.t" ] || echo "$p"
  done
}

# The files at the top are these and no others: what a test leaves there is not ours.
top='.gitignore CHANGES INSTALL LICENSE Makefile README conf-cc conf-home packages'

banned='\<(system|popen|strcpy|strcat|sprintf|gets|strtok|atoi|tmpnam|mktemp|access)\('

same '' 'base includes only base' strangers
same '' 'no folder reaches into another' sh -c "git ls-files '*.c' '*.h' | grep -v '^tests/' | xargs grep -n '#include \".*/'"
same '' 'CDB has one door for reading and one for making' door 'cdb(_make)?\.h' base/list.c
same '' 'libowfat has one door' door '(stralloc|buffer|scan|fmt|errmsg|str|case|byte)\.h' base/owfat.h
same '' 'libmagic has one door' door 'magic\.h' engines/magic.c
same '' 'libarchive has one door' door 'archive(_entry)?\.h' engines/archive.c
same '' 'zlib has one door' door 'zlib\.h' engines/inflate.c
same '' 'libclamav has one door' door 'clamav\.h' engines/clam.c
same '' 'c-ares has one door' door 'ares' filters/dns.c
same '' 'OpenSSL has one door for sessions and one for certificates' door 'openssl/' 'engines/tls.c
engines/certs.c'
same '' 'nettle has one door' door '(nettle|gmp)' filters/crypto.c
same '' 'filters of system calls have one door' sh -c "git ls-files '*.c' '*.h' | xargs grep -lE 'PR_SET_SECCOMP|linux/(seccomp|filter|bpf)' | grep -vx base/seccomp.c"
same '' 'Landlock has one door' sh -c "git ls-files '*.c' '*.h' | grep -v ^tests/ | xargs grep -liE 'sys_landlock|linux/landlock'"
same "$top" 'nothing lies at the top that does not belong there' sh -c "git ls-files | grep -v / | tr '\\n' ' ' | sed 's/ $//'"
same '' 'every program has a man page' manless
same '' 'every program has a test' testless
same '' 'no banned function is called' sh -c "git ls-files '*.c' | grep -v '^bench/' | xargs grep -nE '$banned'"
same '' 'no comment stands for unfinished work' sh -c "git ls-files '*.[ch]' | xargs grep -nE '\<(TO''DO|FIX''ME|X''XX)\>'"

done_testing
