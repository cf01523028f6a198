#!/bin/sh
# tests/base/owfat.c leaves none of the functions out that the suite calls.
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh

calls() {
  git ls-files '*.c' '*.h' | grep -v '^tests/\|^bench/' |
    xargs grep -ohE '\<((stralloc|buffer|byte|case|cdb|errmsg|fmt|scan|str)_[a-z0-9_]+|carp|carpsys|die|diesys)\(' | sort -u
}
missing() { calls | while read -r call; do grep -qF "$call" tests/base/owfat.c || echo "$call"; done; }

ok 'there are calls to look for' sh -c "grep -q stralloc_cats base/*.c"
same '' 'every function of libowfat that is called has its assertion' missing

done_testing
