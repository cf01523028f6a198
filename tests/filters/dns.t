#!/bin/sh
# The DNS as filters/dns.h sees it, through tests/tools/ask.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"

ask() { "$BUILD/tests/ask" "$@"; }
sorted() { ask "$@" | tr ' ' '\n' | { read -r first; printf '%s' "$first"; sort | sed 's/^/ /' | tr -d '\n'; }; }

nameserver <<'END'
a.example A 192.0.2.1
a.example A 192.0.2.2
a.example AAAA 2001:db8::1
a.example MX 10 MX1.a.example.
a.example MX 20 .
a.example MX 30 odd\x00name.example
1.2.0.192.in-addr.arpa PTR Host.Example.
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.example
text.example TXT v=spf1 \|-all
text.example TXT x
back\x5cslash.example A 192.0.2.3
high\xff.example A 192.0.2.4
alias.example CNAME a.example
astray.example CNAME nowhere.example
silent.example * !timeout
fail.example * !servfail
refused.example * !refused
formerr.example * !formerr
noedns.example A !noedns
noedns.example A 192.0.2.5
cut.example A !truncate
cut.example A 192.0.2.6
notcp.example A !notcp
short.example A !short
short.example A 192.0.2.7
short.example TXT !short
short.example TXT abcdef
garbage.example A !garbage
overlong.example TXT !overlong
loop.example MX !loop
wrongid.example A !wrongid
slow.example A !slow:0.3
slow.example A 192.0.2.8
many.example A !many:1000
more.example A !many:1001
END
awk 'BEGIN { printf "long.example TXT "; for (i = 0; i < 20000; i++) printf "ab"; print "" }' >> "$T/zones"

same 'found [192.0.2.1] [192.0.2.2]' 'addresses' ask A a.example
same 'found [2001:db8::1]' 'addresses of IPv6' ask AAAA a.example
same 'found [10 mx1.a.example] [20 ]' 'mail exchangers in lower case; the root is empty; odd names are left out' ask MX a.example
same 'found [host.example]' 'the name of an address' ask PTR 1.2.0.192.in-addr.arpa
same 'found [v=spf1 -all] [x]' 'the strings of a text are joined, texts are not' ask TXT text.example
same 'found [40000 bytes]' 'a long text comes by TCP' ask TXT long.example
same 1 'once' grep -c 'long.example tcp' "$T/queries"
same 'found [192.0.2.1] [192.0.2.2]' 'case and a dot at the end do not matter' ask A A.Example.
same 'found [192.0.2.1] [192.0.2.2]' 'an alias is followed' ask A alias.example
same nodata 'a name without records of the type' ask PTR a.example
same nodata 'a name above others' ask A 2.0.192.in-addr.arpa
same nxdomain 'a name that is not there' ask A none.example
same nxdomain 'an alias that leads nowhere' ask A astray.example
same 'found [192.0.2.3]' 'a backslash is a byte like others' ask A 'back\slash.example'
same 'found [192.0.2.4]' 'and so is one above 127' ask A "$(printf 'high\377.example')"
: > "$T/queries"
l63=$(printf %063d 0)
same "$(for i in 1 2 3 4 5 6; do echo nxdomain; done)" 'what can be no name is none' \
  ask A '' . a..b .a "x$l63.example" "$l63.$l63.$l63.$l63"
same '' 'and not asked for' cat "$T/queries"
same 'nxdomain
nxdomain' 'the longest label and name' ask A "$l63.example" "$l63.$l63.$l63.${l63%00}"

same temporary 'SERVFAIL is a temporary failure' ask A fail.example
same temporary 'REFUSED, too' ask A refused.example
same temporary 'FORMERR, too' ask A formerr.example
same 'found [192.0.2.5]' 'a server that knows no EDNS is asked without' ask A noedns.example
same 'found [192.0.2.6]' 'a cut answer is asked for by TCP' ask A cut.example
same temporary 'no answer by TCP then is a failure' ask A notcp.example
same temporary 'a damaged answer is a temporary failure' ask A garbage.example
same temporary 'one that ends too early, too' ask A short.example
same temporary 'in a text, too' ask TXT short.example
same temporary 'or a string that is longer than its record' ask TXT overlong.example
same temporary 'and a name that points to itself' ask MX loop.example
same 'found 1000 records' 'many records' ask A many.example
same temporary 'too many are a failure' ask A more.example

same timeout 'no answer' ask A silent.example deadline 300
same timeout 'an answer to another question is none' ask A wrongid.example deadline 300
same "$(printf 'timeout\nfound [192.0.2.1] [192.0.2.2]\nfound [192.0.2.8]\ntemporary\nnxdomain')" \
  'questions side by side have their own fates' \
  ask A silent.example a.example slow.example fail.example none.example deadline 3000
names=$(for i in $(seq 150); do echo "n$i.slow.example"; done)
echo '*.slow.example A !slow:0.3
*.slow.example A 192.0.2.9' >> "$T/zones"
sum() { ask A $names deadline 20000 | sort | uniq -c | sed 's/^ *//'; }
same '150 found [192.0.2.9]' '150 slow ones take hardly longer than one' sum

# which servers
good=$(cat control/resolvers)
printf '# a comment\n\n127.0.0.2:1\n%s\n' "$good" > control/resolvers
same 'found [192.0.2.1] [192.0.2.2]' 'the next resolver is asked where one refuses' ask A a.example
echo 127.0.0.1:1 > control/resolvers
same temporary 'nobody there is a temporary failure' ask A a.example
for bad in x 127.0.0.1: 127.0.0.1:0 127.0.0.1:65536 127.0.0.1:x '[::1' ::1:99999 '[127.0.0.1' 'nameserver 1.2.3.4'; do
  echo "$bad" > control/resolvers
  same "control/resolvers: not an address: $bad" "a line that is no address is an error ($bad)" ask A a.example
done
for good in '::1' '[::1]:5353' '127.0.0.1' '[::1]'; do
  echo "$good" > control/resolvers
  like '^\(timeout\|temporary\|nxdomain\|found.*\)$' "a line that is one is none ($good)" ask A a.example deadline 50
done
rm control/resolvers; mkdir control/resolvers
same 'unable to read control/resolvers' 'nor is a file that cannot be read' ask A a.example
rmdir control/resolvers
# calls: what a run opens when it has no resolvers of its own
calls() { ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=open,openat -o "$T/calls" "$BUILD/tests/ask" A a..b > /dev/null; grep -o '/etc/[^"]*' "$T/calls" | grep -v ld.so; }
same /etc/resolv.conf 'without control/resolvers the system says which' calls

# a real name server
long=$(awk 'BEGIN { for (i = 0; i < 20; i++) { printf "\""; for (j = 0; j < 255; j++) printf "x"; printf "\" " } }')
if realserver <<END
a A 192.0.2.1
a A 192.0.2.2
a AAAA 2001:db8::1
a MX 10 MX.a
text TXT "v=spf1 " "-all"
alias CNAME a
below.none TXT "x"
*.wild A 127.0.0.2
long TXT ( $long )
END
then
  same 'found [192.0.2.1] [192.0.2.2]' 'nsd: addresses' sorted A a.example
  same 'found [2001:db8::1]' 'nsd: addresses of IPv6' ask AAAA a.example
  same 'found [10 mx.a.example]' 'nsd: a mail exchanger' ask MX a.example
  same 'found [v=spf1 -all]' 'nsd: a text of two strings' ask TXT text.example
  same 'found [192.0.2.1] [192.0.2.2]' 'nsd: an alias' sorted A alias.example
  same 'found [5100 bytes]' 'nsd: a long text, by TCP' ask TXT long.example
  same 'nodata
nodata
nxdomain
found [127.0.0.2]
temporary' 'nsd: what there is not, and what it does not know' \
    ask A text.example none.example nowhere.example x.y.wild.example a.test
else
  echo "ok $((n += 1)) # skip a real name server: nsd does not run"
fi
done_testing
