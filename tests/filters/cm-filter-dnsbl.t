#!/bin/sh
# cm-filter-dnsbl: hosts and domains on lists in the DNS, RFC 5782.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"

ip=9.8.7.6 helo=mx.example from=joe@example.org
# good ZONE: its test points
good() { printf '2.0.0.127.%s A 127.0.0.2\n' "$1"; }
goodrhs() { printf 'test.%s A 127.0.0.2\n' "$1"; }
{
  for z in bl.example bl2.example bl3.example codes.example quiet.example notext.example evil.example \
    white.example slow.example both.example; do good "$z"; done
  for z in rhs.example dbl.example; do goodrhs "$z"; done
  cat <<'END'
6.7.8.9.bl.example A 127.0.0.2
6.7.8.9.bl.example TXT Listed, see http://bl.example/9.8.7.6
5.7.8.9.bl.example A 127.0.0.4
6.7.8.9.bl2.example A 127.0.0.3
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.0.0.1.0.0.2.bl.example A 127.0.0.2
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.0.0.1.0.0.2.six.example A 127.0.0.2
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.0.0.1.0.0.2.sixall.example A 127.0.0.2
6.7.8.9.six.example A 127.0.0.2
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.six.example A 127.0.0.2
2.0.0.127.sixall.example A 127.0.0.2
*.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.sixall.example A 127.0.0.2
6.7.8.9.codes.example A 127.0.0.10
5.7.8.9.codes.example A 127.0.0.12
4.7.8.9.codes.example A 127.0.1.3
6.7.8.9.evil.example A 127.0.0.2
6.7.8.9.evil.example TXT \x1b[31mred\x0d\x0aX-Evil: yes
6.7.8.9.slow.example A !slow:0.7
6.7.8.9.slow.example A 127.0.0.2
# what is no listing
6.7.8.9.quota.example A 127.255.255.254
6.7.8.9.outside.example A 192.0.2.1
6.7.8.9.both.example A 127.0.0.2
6.7.8.9.both.example A 127.255.255.252
6.7.8.9.one.example A 127.0.0.1
6.7.8.9.text.example TXT not an address
*.all.example A 127.0.0.2
6.7.8.9.lapsed.example A 127.0.0.2
2.0.0.127.mute.example A !timeout
6.7.8.9.mute.example A 127.0.0.2
2.0.0.127.hurt.example A 127.0.0.2
1.0.0.127.hurt.example A !servfail
6.7.8.9.hurt.example A 127.0.0.2
2.0.0.127.pointquota.example A 127.255.255.254
6.7.8.9.pointquota.example A 127.0.0.2
*.dead.example * !timeout
*.fail.example * !servfail
# hosts that are good
6.7.8.9.white.example A 127.0.5.1
1.1.1.9.white.example A 127.0.5.1
# domains
example.org.rhs.example A 127.0.0.2
spam.example.dbl.example A 127.0.1.2
mx.example.dbl.example A 127.0.1.2
*.rhsall.example A 127.0.0.2
END
} > "$T/list"
export CM_HOME="$T"
nameserver < "$T/list"

printf 'From: Joe <joe@example.org>\r\nSubject: x\r\n\r\nbody\r\n' > plain
# bl ARG...: with the client $ip and the message $mail
mail=plain
bl() { env TCPREMOTEIP="$ip" CM_HELO="$helo" SENDER="$from" cm-filter-dnsbl time=5 "$@" < "$mail" 2> err; }
code() { bl "$@" > /dev/null; echo $?; }
asked() { sed 's/ tcp$//' "$T/queries" | sort -u; }

# listed or not
verdict 100 '5.7.1 9.8.7.6 is listed by bl.example: Listed, see http://bl.example/9.8.7.6
X-CleanMail-Score: 1' 'a client that is listed is refused, with the text' bl bl.example
ip=9.8.7.1
verdict 0 '2.0.0 listed by none' 'one that is not passes' bl bl.example bl2.example
ip=9.8.7.5
verdict 100 '5.7.1 9.8.7.5 is listed by bl.example
X-CleanMail-Score: 1' 'a listing without a text' bl bl.example
ip=2001:ff::1
verdict 100 '5.7.1 2001:ff::1 is listed by bl.example
X-CleanMail-Score: 1' 'an address of IPv6 by its nibbles' bl bl.example
verdict 100 '5.7.1 2001:ff::1 is listed by six.example
X-CleanMail-Score: 1' 'a list of such addresses alone has their test points' bl six.example
same 111 'also to fail them' code sixall.example
ip=::ffff:9.8.7.6
same 111 'which count for nobody else' code six.example
same 100 'a mapped one is of IPv4' code bl.example
ip=9.8.7.6
verdict 100 '5.7.1 9.8.7.6 is listed by evil.example: ?[31mred
X-CleanMail-Score: 1' 'what a list says is made harmless' bl evil.example
awk 'BEGIN { printf "6.7.8.9.bl3.example TXT "; for (i = 0; i < 3000; i++) printf "x"; print "\n6.7.8.9.bl3.example A 127.0.0.2" }' >> "$T/zones"
size() { bl bl3.example | head -n 1 | wc -c; }
ok 'and short' test "$(size)" -lt 200
verdict 10 '5.7.1 9.8.7.6 is listed by bl2.example
X-CleanMail-Score: 1' 'another verdict' bl verdict=junk bl2.example

# answers
same 100 'a code within a range' code codes.example=127.0.0.2-11
ip=9.8.7.5
same 0 'one above it' code codes.example=127.0.0.2-11
same 100 'several ranges' code codes.example=127.0.0.2-11,127.0.0.12
ip=9.8.7.4
same 0 'a code that is not of those that count without any' code codes.example
same 100 'ranges in every place' code codes.example=127.0.0-1.3
ip=9.8.7.6
same 111 '127.255.255.254 is trouble, not a listing' code quota.example
same 111 'also where codes seem to allow it' code quota.example=127.0-255.0-255.0-255
same 111 'an answer outside 127 is trouble' code outside.example
same 111 'also where codes seem to allow it' code outside.example=0-255.0-255.0-255.0-255
same 111 'trouble in one of two answers is trouble' code both.example
same 0 '127.0.0.1 is no listing' code one.example
same 0 'a text alone is none' code text.example
like 'no answer to believe from quota.example' 'trouble is said to the log' sh -c 'cat err; :' "$(code quota.example)"

# test points
verdict 111 'no answer to believe from all.example' 'a list that lists everybody is not believed' bl all.example
verdict 111 'no answer to believe from lapsed.example' 'nor one that does not list its test point' bl lapsed.example
verdict 111 'no answer to believe from hurt.example' 'nor one that does not answer for it' bl hurt.example
verdict 111 'no answer to believe from pointquota.example' 'nor one in trouble there' bl pointquota.example
verdict 111 'no answer to believe from mute.example' 'nor one that is silent there' bl time=1 mute.example
same 100 'unless that is not asked for' code tests=no lapsed.example
same 111 'which is so for the lists behind it' code lapsed.example tests=no bl.example threshold=2
same 100 'until it is asked for again' code tests=no lapsed.example tests=yes bl.example
ip=9.8.7.1; code quiet.example > /dev/null
same 'A 1.7.8.9.quiet.example' 'they are asked for only where something is listed' sh -c "grep quiet.example $T/queries"
ip=9.8.7.6

# several lists
verdict 100 '5.7.1 9.8.7.6 is listed by bl.example: Listed, see http://bl.example/9.8.7.6; 9.8.7.6 is listed by bl2.example
X-CleanMail-Score: 2' 'lists add up' bl threshold=2 bl.example bl2.example
verdict 0 '2.0.0 9.8.7.6 is listed by bl2.example
X-CleanMail-Score: 1' 'one is not enough for a threshold of two' bl threshold=2 bl2.example one.example
same 100 'unless it weighs two' code threshold=2 'bl2.example*2' one.example
same 0 'a good word weighs against it' code threshold=2 'bl2.example*2' 'white.example=127.0.5.1*-1'
same 100 'not one from a list that has none' code threshold=2 'bl2.example*2' 'one.example*-1'
same 100 'lists that fail do not keep others from listing' code fail.example bl.example all.example
verdict 111 'no answer to believe from fail.example' 'but nobody is cleared while one that could decide has not answered' \
  bl fail.example one.example
same 0 'which one that weighs less could not' code threshold=2 fail.example one.example
same 111 'unless with another' code threshold=2 fail.example bl2.example
same 0 'nor one that would speak for the message' code 'fail.example*-1' one.example
verdict 111 'no answer to believe from fail.example, all.example' 'they are all named' bl fail.example all.example
same 111 'and a good one does not make up for it' code fail.example 'one.example*-1'
impatient() { timeout 20 env TCPREMOTEIP=$ip cm-filter-dnsbl time=30 dead.example bl.example < plain > got 2>&1; echo $?; }
same 100 'a listing does not wait for the dead' impatient
same 100 'when time is over, what is known counts' code time=3 threshold=2 dead.example bl.example bl2.example
verdict 111 'no answer to believe from dead.example' 'nothing known is no verdict' bl time=1 dead.example
slow=$(for i in $(seq 20); do echo slow.example; done)
same 100 'lists are asked side by side' code time=10 $slow threshold=20
soon() { CM_DEADLINE=$(($(date +%s) + 2)) timeout 20 env TCPREMOTEIP=$ip cm-filter-dnsbl time=30 dead.example < plain 2>&1; echo $?; }
like '^111$' 'no answer is waited for beyond the deadline' soon

# good hosts
echo me.example > control/me
verdict 99 '2.0.0 9.8.7.6 is listed by white.example
Authentication-Results: me.example;
	dnswl=pass dns.zone=white.example policy.ip=127.0.5.1' 'a good host is whitelisted' bl white:white.example
same 99 'whatever others say' code bl.example white:white.example
same 100 'not by another code' code bl.example white:white.example=127.0.5.2
same 100 'not by a list that whitelists everybody' code bl.example white:all.example
same 100 'nor by one that does not answer' code time=3 bl.example white:dead.example
ip=9.1.1.2
printf 'Received: from x (x [9.1.1.1]) by y\n\n' > forged
mail=forged
same 0 'nor for a host that a field names' code hops=all white:white.example one.example
same 0 'whose weight does not count either' code hops=all 'white.example=127.0.5.1*-1' one.example
mail=plain

# hops
ip=9.0.0.4
cat > chain <<'END'
Received: from c (c [9.0.0.3]) by us
Received: from pc (pc [192.168.0.1]) by a
Received: from a (a [9.8.7.6]) by b
From: joe@example.org

body
END
mail=chain
hops() { : > "$T/queries"; code "$@" one.example > /dev/null; asked | sed -n 's/^A \(.*\)\.one\.example$/\1/p' | tr '\n' ' '; }
same '3.0.0.9 4.0.0.9 ' 'all hops but the first are asked about' hops
same '3.0.0.9 4.0.0.9 6.7.8.9 ' 'or all' hops hops=all
same '4.0.0.9 ' 'or the last' hops hops=last-only
same 100 'a hop that is listed' code hops=all bl.example
same 0 'unless it is the first' code bl.example
echo 9.0.0.0/28 > control/trusted
same '6.7.8.9 ' 'networks that are trusted are not asked about' hops
echo 9.0.0.300 > control/trusted
same 111 'a network that is none is an error' code bl.example
rm control/trusted
mail=plain ip=192.168.0.1
: > "$T/queries"
verdict 0 '2.0.0 nothing to ask about' 'without a public address there is nothing to ask' bl bl.example
same '' 'and nothing is' asked
for ip in 127.0.0.2 10.1.1.1 ::1 fe80::1 100.64.0.1; do code bl.example > /dev/null; done
same '' 'private addresses are never asked about' asked
ip=x
like '111$' 'a client that is no address is an error' code bl.example
ip=

# domains
verdict 100 '5.7.1 example.org is listed by rhs.example
X-CleanMail-Score: 1' 'the domain of the sender' bl sender:rhs.example
from=
same 0 'who may have none' code sender:rhs.example
verdict 100 '5.7.1 example.org is listed by rhs.example
X-CleanMail-Score: 1' 'the domain in From' bl from:rhs.example
same 100 'which may be one of several' code rhs:rhs.example
printf 'From: "joe@spam.example" <joe@good.example>\n\n' > mail
mail=mail
same 100 'and be hidden in a name' code from:dbl.example
verdict 100 '5.7.1 mx.example is listed by dbl.example
X-CleanMail-Score: 1' 'what the client calls itself' bl helo:dbl.example
same 0 'is no domain of From' code from:rhs.example
: > "$T/queries"
from='joe@[9.8.7.6]' helo=9.8.7.6; code rhs:rhs.example > /dev/null
from=joe@localhost helo=localhost; code rhs:rhs.example > /dev/null
from="joe@$(printf %0300d 0).example" helo='a..b'; code rhs:rhs.example > /dev/null
same 'A good.example.rhs.example
A spam.example.rhs.example' 'what is no domain is not asked about' asked
from=joe@example.org helo=mx.example mail=plain
verdict 111 'no answer to believe from rhsall.example' 'a list of all domains is not believed' bl rhs:rhsall.example

# configuration
ip=9.8.7.6
same 111 'without zones it is called wrongly' code
echo '# zones
threshold=2
bl.example
bl2.example' > control/dnsbl
same 100 'the control file says which' code
same 0 'if the arguments do not' code one.example
for word in nodot 'bl.example=' 'bl.example=127.0.0' 'bl.example=127.0.0.300' 'bl.example=127.0.0.9-3' 'bl.example=127.0.0.2;3' \
  'bl.example*' 'bl.example*x' 'bl.example*1001' 'white:bl.example*2' 'a..example' 'x:bl.example=127.0.0.2-' hops=none \
  threshold=x threshold=0 time=0 verdict=no; do
  same 111 "a word that is none is an error ($word)" code bl.example "$word"
done
like 'more than 32 zones' 'and too many zones' sh -c 'cat err; :' "$(code $(seq -f '%g.example' 33))"
{ printf 'From: joe@example.org\nX: '; head -c 1100000 /dev/zero | tr '\0' x; } > mail
mail=mail
verdict 100 '5.3.4 header too large' 'an endless header is refused' bl one.example
mail=/tmp
same 111 'read trouble is no verdict' code one.example
mail=plain
echo 127.0.0.1:1 > control/resolvers
same 111 'resolvers that do not answer are no verdict' code one.example

# a real name server
helo=mx.example from=joe@example.org mail=plain ip=9.8.7.6
rm control/dnsbl
if realserver <<'END'
6.7.8.9.bl A 127.0.0.2
6.7.8.9.bl TXT "Listed, see http://bl.example/"
2.0.0.127.bl A 127.0.0.2
*.all A 127.0.0.2
example.org.rhs A 127.0.0.2
test.rhs A 127.0.0.2
6.7.8.9.white A 127.0.5.1
2.0.0.127.white A 127.0.0.2
END
then
  verdict 100 '5.7.1 9.8.7.6 is listed by bl.example: Listed, see http://bl.example/
X-CleanMail-Score: 1' 'nsd: a client that is listed' bl bl.example
  same 111 'nsd: a list that lists everybody' code all.example
  same 100 'nsd: a domain that is listed' code rhs:rhs.example
  same 99 'nsd: a good host' code bl.example white:white.example
  ip=9.8.7.5
  same 0 'nsd: a client that is not listed' code bl.example rhs:bl.example
else
  echo "ok $((n += 1)) # skip a real name server: nsd does not run"
fi
done_testing
