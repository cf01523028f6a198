#!/bin/sh
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111
exec < /dev/null

make() { cm-list l.cdb make "$@"; }
show() { cm-list l.cdb show "$@"; }

cat > text <<'E'
# a comment

  # another
Evil@Example.COM
@bad.example      reject/delete
  spam.example.	 junk 	our own  words  
<> reject/deliver
*@Pattern.example accept/delete
E
shown='evil@example.com
@bad.example reject/delete
spam.example junk 	our own  words
<> reject/deliver
*@pattern.example accept/delete'

verdict 0 '' 'a list is made of text' make < text
same "$shown" 'and shown as text, in its order, keys in lower case' show
same_again() { show | cm-list again.cdb make && cmp l.cdb again.cdb; }
verdict 0 '' 'what is shown makes the same list' same_again
tr -d '\r' < text | sed 's/$/\r/' > crlf
ok 'lines may end in CRLF' sh -c 'cm-list again.cdb make < crlf && cmp l.cdb again.cdb'
same '@bad.example reject/delete' 'one entry can be shown' show '@BAD.example'
verdict 100 'cm-list: no such entry: x@bad.example' 'an entry that is not there is an error' show x@bad.example
same '@bad.example reject/delete' 'what decides about an address can be found' cm-list l.cdb find x@bad.example
same '*@pattern.example accept/delete' 'be it a pattern' cm-list l.cdb find x@pattern.example
same '<> reject/deliver' 'or the empty sender' cm-list l.cdb find ''
verdict 100 'cm-list: no such entry: x@y.example' 'or nothing' cm-list l.cdb find x@y.example

defaults() { make accept/delete < text && show; }
same "$(echo "$shown" | sed '1s/$/ accept\/delete/')" 'lines without a verdict get the one of the command' defaults

# change
verdict 0 '' 'an entry can be added' cm-list l.cdb add New@X.example junk two words
same 'new@x.example junk two words' 'and is there' show new@x.example
verdict 0 '' 'again with another verdict' cm-list l.cdb add new@x.example
same 'new@x.example' 'which takes its place' show new@x.example
same 6 'and nothing is there twice' sh -c 'cm-list l.cdb show | wc -l'
verdict 0 '' 'a pattern can be added' cm-list l.cdb add 'late?@*' junk
same 'late?@* junk' 'and is asked' cm-list l.cdb find later@where.example
verdict 0 '' 'an entry can be removed' cm-list l.cdb remove NEW@x.example
verdict 100 'cm-list: no such entry: new@x.example' 'and is gone' show new@x.example
verdict 100 'cm-list: no such entry: new@x.example' 'once' cm-list l.cdb remove new@x.example
verdict 0 '' 'a pattern can be removed' cm-list l.cdb remove 'late?@*'
verdict 100 'cm-list: no such entry: later@where.example' 'and is not asked any more' cm-list l.cdb find later@where.example
verdict 100 'cm-list: no such entry: x' 'nothing is removed from no list' cm-list fresh.cdb remove x
verdict 0 '' 'adding makes a list where there is none' cm-list fresh.cdb add a@b.example
same 'a@b.example' 'of one entry' cm-list fresh.cdb show
verdict 0 '' 'the last entry can be removed' cm-list fresh.cdb remove a@b.example
same '' 'and leaves an empty list' cm-list fresh.cdb show

# the last line counts
verdict 0 'cm-list: lines that replace an earlier one with the same key: 2' 'keys may come twice' make <<'E'
a.example junk first
b.example
A.example junk second
a.example junk third
E
same 'a.example junk third
b.example' 'and the last line counts' show

# wrong text changes nothing
refuse() { verdict 100 "cm-list: $1" "$2" make; }
cp l.cdb before
refuse 'line 2: not a verdict' 'a word that is no verdict is an error' <<'E'
a.example
b.example spam
E
refuse 'line 1: not an address, a domain or a pattern' 'and a key that is none' <<'E'
<joe@example.org>
E
refuse 'line 3: not an address, a domain or a pattern' 'and one that is reserved' <<'E'
# one

:patterns x
E
printf 'a.example junk \033[2J\n' > odd
refuse 'line 1: a control character' 'and a control character' < odd
{ printf 'a.example junk '; head -c 4000 /dev/zero | tr '\0' x; } > odd
refuse 'line 1: too long' 'and a line without end' < odd
head -c 1001 /dev/zero | tr '\0' x > odd
refuse 'line 1: not an address, a domain or a pattern' 'and a key without end' < odd
verdict 100 'cm-list: not a verdict: spam' 'and a verdict of the command that is none' make spam < text
verdict 100 'cm-list: unable to add entry: not a verdict' 'one of an entry too' cm-list l.cdb add x spam
ok 'and then nothing is changed' cmp l.cdb before
# Conditions
cm-list c.cdb make whitelisted 2> /dev/null <<'L'
a.example +dkim
b.example +SPF  +ip=192.0.2.0/24 +ip=2001:db8::/32   junk  our words
c.example +dmarc
c.example +dmarc reject/delete
*.d.example +dkim
d.example
L
same 'a.example +dkim whitelisted
b.example +SPF  +ip=192.0.2.0/24 +ip=2001:db8::/32   junk  our words
c.example +dmarc reject/delete
*.d.example +dkim whitelisted
d.example whitelisted' 'an entry may have conditions, and gets its verdict behind them' cm-list c.cdb show
same 'a.example +dkim whitelisted' 'such an entry is found' cm-list c.cdb find x@a.example
ok 'an entry with a condition may be added' cm-list c.cdb add sub.a.example +ip=::1 deliver and why
same 'sub.a.example +ip=::1 deliver and why
a.example +dkim whitelisted' 'where it does not hold the next one counts, and both are shown' cm-list c.cdb find x@sub.a.example
for c in + +dns +spf=1 +ip +ip= +ip=host +ip=192.0.2.0/33 +ip=192.0.2.1/ ; do
  verdict 100 'cm-list: unable to add entry: not a condition' "$c is none" cm-list c.cdb add e.example $c junk
done
verdict 100 'cm-list: unable to add entry: not a verdict' 'a verdict comes behind the conditions' cm-list c.cdb add e.example +spf good
printf 'ok.example\nx.example +spam junk\n' > badtext
verdict 100 'cm-list: line 2: not a condition' 'a condition that is none is named by its line' sh -c 'cm-list c.cdb make < badtext'
same 'a.example +dkim whitelisted' 'and changes nothing' cm-list c.cdb show a.example

usage='cm-list: usage: cm-list [-r | -a] LIST make [VERDICT] | add KEY [+CONDITION...] [VERDICT [REASON...]] | remove KEY | show [KEY] | find ADDRESS'
for call in '' l.cdb 'l.cdb shw' 'l.cdb add' 'l.cdb remove' 'l.cdb remove a b' 'l.cdb make a b' 'l.cdb show a b' 'l.cdb find'; do
  verdict 100 "$usage" "a wrong call is an error: $call" cm-list $call
done

# trouble
verdict 111 'cm-list: unable to read none.cdb: No such file or directory' 'no list cannot be shown' cm-list none.cdb show
head -c 2100 /dev/zero > zero.cdb
verdict 111 'cm-list: unable to read zero.cdb: not a list, or damaged' 'nor can what is none' cm-list zero.cdb show
verdict 111 'cm-list: unable to read zero.cdb: not a list, or damaged' 'nor be added to' cm-list zero.cdb add x
cp l.cdb damaged.cdb
printf '\377\377\377\377' | dd of=damaged.cdb bs=1 seek=2052 conv=notrunc 2>/dev/null
cp damaged.cdb same.cdb
verdict 111 'cm-list: unable to read damaged.cdb: damaged' 'a damaged list cannot be shown' cm-list damaged.cdb show
verdict 111 'cm-list: unable to read damaged.cdb: damaged' 'nor be added to' cm-list damaged.cdb add x
ok 'and stays as it is' cmp damaged.cdb same.cdb
verdict 111 'cm-list: unable to lock the directory of no/l.cdb: No such file or directory' 'a list needs a directory' \
  cm-list no/l.cdb make
verdict 111 'cm-list: unable to read text: Is a directory' 'what cannot be read makes no list' make < .
full() { (ulimit -f 1; trap '' XFSZ; seq 1000 | cm-list l.cdb make); }
verdict 111 'cm-list: unable to write l.cdb: File too large' 'what cannot be written neither' full
ok 'and leaves the old one' cmp l.cdb before
ok 'and nothing else' test ! -e .l.cdb.new
# a disk that is full at one write: the new list is whole, or the old one stays
seq 3000 > many; cm-list good.cdb make < many
brim() {
  n=0 failed=0
  while n=$((n + 1)); [ $n -lt 100 ]; do
    strace -qq -o trace -e trace=write -e "inject=write:error=ENOSPC:when=$n" cm-list l.cdb make < many 2>/dev/null
    code=$?
    grep -q ENOSPC trace || break
    if [ $code = 111 ]; then cmp -s l.cdb before && failed=$((failed + 1)); else echo "code $code at write $n"; fi
  done
  [ $failed -gt 10 ] || echo "$failed writes"
}
same '' 'on a full disk the new list is whole or the old one stays' brim
cp before l.cdb
same 111 'a list is not shown to a full disk' sh -c 'cm-list good.cdb show >/dev/full 2>/dev/null; echo $?'
echo stale > .l.cdb.new
verdict 0 '' 'what a crash has left is no obstacle' cm-list l.cdb add a.example junk third
ok 'and gone' test ! -e .l.cdb.new
mkdir .l.cdb.new
verdict 111 'cm-list: unable to create .l.cdb.new: Is a directory' 'what cannot be removed is' cm-list l.cdb add x
rmdir .l.cdb.new
chmod 640 l.cdb; cm-list l.cdb add c.example
same 640 'the mode of a list stays' stat -c %a l.cdb

# two at once
adds() { for i in 0 1 2 3 4 5 6 7 8 9; do cm-list l.cdb add "$1$i.example" & done; wait; }
adds a & adds b; wait
same 23 'of many that add at once none is lost' sh -c 'cm-list l.cdb show | wc -l'
cp l.cdb before
flock . sh -c 'echo > locked; exec sleep 60' & lock=$!
within 20 test -e locked
same 'a0.example' 'a reader does not wait for a writer' timeout 20 cm-list l.cdb show a0.example
kill $lock $(pgrep -P $lock); rm locked
wait

# kill -9 at every system call from the first that changes something; over short reads there are
# very many
if [ ! "$INSHORT" ]; then
ASAN_OPTIONS=detect_leaks=0; export ASAN_OPTIONS
strace -qq -o calls cm-list l.cdb add killed.example
sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' calls | sort | uniq -c > counts
cp l.cdb after
bad=0 kills=0
while read -r count call; do
  case $call in exit_group|execve|arch_prctl) continue;; esac
  i=1
  while [ $i -le "$count" ]; do
    cp before l.cdb
    strace -qq -o /dev/null -e "inject=$call:signal=KILL:when=$i" cm-list l.cdb add killed.example 2>/dev/null
    kills=$((kills + 1))
    cmp -s l.cdb before || cmp -s l.cdb after || bad=$((bad + 1))
    cm-list l.cdb add killed.example && cmp -s l.cdb after || bad=$((bad + 1))
    i=$((i + 1))
  done
done < counts
ok "kill -9 at every system call can be tried ($kills)" test $kills -gt 20
same 0 'and leaves the old list or the new one, and no obstacle' echo $bad
same 'fsync rename fsync' 'the list is synced before it has its name, and its directory afterwards' \
  sh -c "sed -n 's/^\(fsync\|rename\)[a-z]*(.*/\1/p' calls | xargs"
fi

# cdb(1) reads it
cm-list l.cdb make < text 2>/dev/null
same 'reject/delete' 'cdb -q finds an entry' cdb -q l.cdb @bad.example
same 'accept/delete' 'and a pattern' cdb -q l.cdb '*@pattern.example'
same "$shown" 'cdb -d shows all of them' sh -c 'cdb -d -m l.cdb | sed "/^:patterns/d; /^$/d; s/ $//"'
like 'number of records: 6' 'cdb -s counts them' cdb -s l.cdb
printf 'a.example junk one\na.example junk two\n@b.example\n' | cdb -c -m tiny.cdb
same 'a.example junk one
a.example junk two
@b.example' 'a list of cdb -c is shown' cm-list tiny.cdb show
changed() { cm-list tiny.cdb add c.example && cm-list tiny.cdb show; }
same 'a.example junk one
@b.example
c.example' 'and can be changed, the entry that counted stays' changed

# large
awk 'BEGIN { for (i = 0; i < 200000; i++) print "u" i "@d" i % 500 ".example"; print "*@p.example" }' > large
{ cat large; echo u7@d7.example junk; } > again
verdict 0 'cm-list: lines that replace an earlier one with the same key: 1' 'a key may come twice far apart' make < again
same 'u7@d7.example junk' 'and the last line counts' cm-list l.cdb find u7@d7.example
verdict 0 '' 'a large list says nothing where nobody looks' make < large
like 'line 1' 'where somebody looks it counts' \
  sh -c "script -qec 'cm-list l.cdb make < large' /dev/null | tr -s '\r\n' '  ' | sed 's/ $//'"
same 200001 'and is complete' sh -c 'cm-list l.cdb show | wc -l'
same u199999@d499.example 'to its last entry' cm-list l.cdb find u199999@d499.example

done_testing
