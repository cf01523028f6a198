#!/bin/sh
# cm-filter-spf: who may send mail for a domain, RFC 7208.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"
tools=$(cd "$(dirname "$0")/../tools" && pwd)

ip=192.0.2.10 ip6=2001:db8::10
nameserver <<'END'
pass.example TXT v=spf1 ip4:192.0.2.10 -all
fail.example TXT v=spf1 -all
soft.example TXT v=spf1 ~all
neutral.example TXT v=spf1 ?all
other.example TXT something else
other.example TXT v=spf10 -all
twice.example TXT v=spf1 -all
twice.example TXT v=spf1 +all
silent.example * !timeout
broken.example * !servfail
upper.example TXT V=SPF1 IP4:192.0.2.10 -ALL
joined.example TXT v=spf1 ip4:192.0.\|2.10 -all
# networks
net.example TXT v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all
host.example A 192.0.2.10
host.example AAAA 2001:db8::10
near.example A 192.0.2.11
near.example AAAA 2001:db8::11
a.example TXT v=spf1 a:host.example -all
abits.example TXT v=spf1 a:near.example/24//64 -all
self.example TXT v=spf1 a -all
self.example A 192.0.2.10
mx.example TXT v=spf1 mx -all
mx.example MX 10 near.example
mx.example MX 20 host.example
manymx.example TXT v=spf1 mx -all
noaddress.example TXT v=spf1 a/0 -all
# the client's name
10.2.0.192.in-addr.arpa PTR forged.example
10.2.0.192.in-addr.arpa PTR out.mail.example
forged.example A 192.0.2.99
out.mail.example A 192.0.2.10
ptr.example TXT v=spf1 ptr:mail.example -all
notptr.example TXT v=spf1 ptr:ail.example ptr:forged.example -all
proven.example TXT v=spf1 exists:%{p}.ok.example -all
out.mail.example.ok.example A 127.0.0.1
# other domains
inc.example TXT v=spf1 include:pass.example -all
incfail.example TXT v=spf1 include:fail.example include:soft.example ~all
incnone.example TXT v=spf1 include:other.example -all
incbroken.example TXT v=spf1 include:syntax.example -all
inctemp.example TXT v=spf1 include:broken.example -all
incexp.example TXT v=spf1 include:incexp2.example -all exp=outer.example
incexp2.example TXT v=spf1 redirect=exp.example
outer.example TXT outer
incself.example TXT v=spf1 include:soft.example a -all
incself.example A 192.0.2.10
redir.example TXT v=spf1 redirect=pass.example
redirall.example TXT v=spf1 ?all redirect=fail.example
redirnone.example TXT v=spf1 redirect=other.example
loop.example TXT v=spf1 include:loop.example -all
# limits
ten.example TXT v=spf1 a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:host.example -all
eleven.example TXT v=spf1 a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:near.example a:host.example -all
void2.example TXT v=spf1 a:no1.example a:no2.example ip4:192.0.2.10 -all
void3.example TXT v=spf1 a:no1.example a:no2.example a:no3.example ip4:192.0.2.10 -all
badnames.example TXT v=spf1 a:a..b.example a:a..c.example a:a..d.example ip4:192.0.2.10 -all
15.2.0.192.in-addr.arpa PTR !timeout
ptrtime.example TXT v=spf1 ptr -all
# macros
mac.example TXT v=spf1 exists:%{l}.%{o}.%{d}.%{ir}.%{v}.%{h2}.t.example -all
joe.mac.example.mac.example.10.2.0.192.in-addr.mail.example.t.example A 127.0.0.1
mac6.example TXT v=spf1 exists:%{i}.t.example -all
2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.t.example A 127.0.0.1
nobody.example TXT v=spf1 exists:%{l}.t.example -all
postmaster.t.example A 127.0.0.1
split.example TXT v=spf1 exists:%{l1r-}.%{s2r}.t.example -all
big.example TXT v=spf1 exists:%{s}%{s}%{s} -all
ptrs.example TXT v=spf1 ptr:mail.example -all
l40.example TXT v=spf1 exists:x.%{l}.%{l}.%{l}.%{l}.%{l}.%{l}.%{l}.t.example -all
space.example TXT v=spf1 exists:a%_b%-c%%d.t.example -all
a\x20b%20c%d.t.example A 127.0.0.1
dot.example TXT v=spf1 a:host.example. redirect=fail.example.
# other letters
xn--bcher-kva.example TXT v=spf1 exists:%{d}.t.example -all
xn--bcher-kva.example.t.example A 127.0.0.1
anybody.example TXT v=spf1 exists:%{l}.wild.example -all
anybody2.example TXT v=spf1 redirect=%{s}.wild.example
*.wild.example A 127.0.0.1
*.wild.example TXT v=spf1 +all
# explanations
letters.example TXT v=spf1 -all exp=%{d}.why.example
letters.example.why.example TXT %{c} %{r} %{v} %{h} 100%%
exp.example TXT v=spf1 -all exp=why.exp.example
why.exp.example TXT %{i} is not ours; see http://exp.example/?s=%{S}
expodd.example TXT v=spf1 -all exp=why.expodd.example
why.expodd.example TXT a\x0d\x0aX-Evil: yes\x1b[1m
exputf.example TXT v=spf1 -all exp=why.exputf.example
why.exputf.example TXT \xc3\xa9
explong.example TXT v=spf1 -all exp=why.explong.example
exptwo.example TXT v=spf1 -all exp=why.exptwo.example
why.exptwo.example TXT one
why.exptwo.example TXT two
expnone.example TXT v=spf1 -all exp=nowhere.example
helo.example TXT v=spf1 -all
goodhelo.example TXT v=spf1 ip4:192.0.2.10 -all
END
for i in 1 2 3 4 5 6 7 8 9 10 11; do echo "manymx.example MX $i near.example"; done >> "$T/zones"
l=$(printf %040d 7)
echo "$l.$l.$l.$l.$l.t.example A 127.0.0.1" >> "$T/zones"
for i in 1 2 3 4 5 6 7 8 9 10; do echo "13.2.0.192.in-addr.arpa PTR h$i.mail.example"; done >> "$T/zones"
echo '13.2.0.192.in-addr.arpa PTR h11.mail.example
h11.mail.example A 192.0.2.13
14.2.0.192.in-addr.arpa PTR h1.mail.example
14.2.0.192.in-addr.arpa PTR h12.mail.example
h12.mail.example A 192.0.2.14' >> "$T/zones"
awk 'BEGIN { printf "why.explong.example TXT "; for (i = 0; i < 2000; i++) printf "x"; print "" }' >> "$T/zones"
n=0; while read -r bad; do echo "bad$((n += 1)).example TXT $bad"; done >> "$T/zones" <<'END'
v=spf1 foo -all
v=spf1 -all:x
v=spf1 -all/8
v=spf1 all.
v=spf1 include -all
v=spf1 include: -all
v=spf1 include:pass.example/24 -all
v=spf1 a: -all
v=spf1 a:host -all
v=spf1 a:host.123 -all
v=spf1 a:host.-x -all
v=spf1 a:host..example. a:x.example:25 -all
v=spf1 a/33 -all
v=spf1 a//129 -all
v=spf1 a/024 -all
v=spf1 a/ -all
v=spf1 a/99999999999999999999 -all
v=spf1 ip4 -all
v=spf1 ip4:192.0.2 -all
v=spf1 ip4:192.0.2.1/33 -all
v=spf1 ip4:192.0.2.1//24 -all
v=spf1 ip4:2001:db8::1 -all
v=spf1 ip6:192.0.2.1 -all
v=spf1 ip6:2001:db8::1/129 -all
v=spf1 exists -all
v=spf1 exists:%{x}.example -all
v=spf1 exists:%{c}.example -all
v=spf1 exists:%{d0}.example -all
v=spf1 exists:%{d}x -all
v=spf1 exists:%{d -all
v=spf1 exists:%{d:}.example -all
v=spf1 exists:% -all
v=spf1 redirect= -all
v=spf1 redirect=pass.example redirect=pass.example
v=spf1 exp=pass.example exp=pass.example
v=spf1 exp= -all
v=spf1 1x=y -all
v=spf1 =y -all
v=spf1 x=%y -all
v=spf1 -exp=pass.example -all
v=spf1 redirect:pass.example
v=spf1 a\x09-all
v=spf1 a:\x80.example -all
v=spf1 a:x.example\x00 -all
v=spf1 - -all
END
bads=$n; n=0
echo me.example > control/me

# spf SENDER [ARG...]: with the client $ip
spf() { s=$1; shift; env TCPREMOTEIP="$ip" CM_HELO="${helo-out.mail.example}" SENDER="$s" cm-filter-spf time=5 "$@" < /dev/null; }
# result SENDER: what the field says
result() { spf "$@" | sed -n 's/.*spf=\([a-z]*\).*/\1/p'; }
field() { spf "$@" | sed 1d; }

# results and verdicts
verdict 0 '2.0.0 SPF pass: 192.0.2.10 may send mail of pass.example
Authentication-Results: me.example;
	spf=pass smtp.mailfrom=joe@pass.example' 'who may passes' spf joe@pass.example
verdict 100 '5.7.23 SPF fail: 192.0.2.10 may not send mail of fail.example
Authentication-Results: me.example;
	spf=fail smtp.mailfrom=joe@fail.example' 'who may not is refused' spf joe@fail.example
verdict 10 '5.7.23 SPF softfail: 192.0.2.10 should not send mail of soft.example
Authentication-Results: me.example;
	spf=softfail smtp.mailfrom=joe@soft.example' 'who should not is junk' spf joe@soft.example
verdict 0 '2.0.0 SPF neutral: 192.0.2.10, nothing is said on mail of neutral.example
Authentication-Results: me.example;
	spf=neutral smtp.mailfrom=joe@neutral.example' 'no opinion passes' spf joe@neutral.example
verdict 0 '2.0.0 SPF none: 192.0.2.10, nothing is said on mail of other.example; no policy: other.example
Authentication-Results: me.example;
	spf=none reason="no policy" smtp.mailfrom=joe@other.example' 'no policy passes' spf joe@other.example
verdict 0 '2.0.0 SPF permerror: 192.0.2.10, no result for bad1.example; broken policy: foo
Authentication-Results: me.example;
	spf=permerror reason="broken policy" smtp.mailfrom=joe@bad1.example' 'a broken policy passes' spf joe@bad1.example
verdict 111 'SPF temperror: 192.0.2.10, no result for broken.example; no answer from the DNS: broken.example
Authentication-Results: me.example;
	spf=temperror reason="no answer from the DNS"
	smtp.mailfrom=joe@broken.example' 'without an answer nothing is decided' spf joe@broken.example
verdict 111 'SPF temperror: 192.0.2.10, no result for silent.example; no answer from the DNS: silent.example
Authentication-Results: me.example;
	spf=temperror reason="no answer from the DNS"
	smtp.mailfrom=joe@silent.example' 'nor with silence, within its time' spf joe@silent.example time=1
same none 'a domain that is not there has no policy' result joe@nowhere.example
same permerror 'two policies are none' result joe@twice.example
same pass 'letters match in both cases' result joe@UPPER.example
same pass 'the strings of a record are joined' result joe@joined.example

code() { spf "$@" > /dev/null 2>&1; echo $?; }
same 40 'each result can have another verdict (fail)' code joe@fail.example fail=accept/redirect
same 100 'softfail' code joe@soft.example softfail=reject/delete
same 10 'none' code joe@other.example none=junk
same 10 'neutral' code joe@neutral.example neutral=junk
same 99 'pass' code joe@pass.example pass=whitelisted
same 10 'permerror' code joe@bad1.example permerror=junk
same 0 'temperror' code joe@broken.example temperror=deliver
like '^4.7.24 SPF temperror' 'which may also be said to defer' spf joe@broken.example temperror=defer
like '^4.7.23 SPF fail' 'so may others' spf joe@fail.example fail=defer

# mechanisms
same pass 'a network of ip4' result joe@net.example
same pass 'a' result joe@a.example
same pass 'a of networks' result joe@abits.example
same pass 'a of the domain itself' result joe@self.example
same pass 'mx' result joe@mx.example
same fail 'a without addresses matches nobody' result joe@noaddress.example
same pass 'ptr' result joe@ptr.example
same fail 'not by a name that does not lead back, nor by half a label' result joe@notptr.example
ip=$ip6
same pass 'a network of ip6' result joe@net.example
same pass 'a with AAAA' result joe@a.example
same pass 'a of networks of ip6' result joe@abits.example
same pass 'mx with AAAA' result joe@mx.example
same fail 'ip4 is no ip6' result joe@pass.example
same pass 'the nibbles of an address' result joe@mac6.example
ip=::ffff:192.0.2.10
same pass 'a mapped address is one of IPv4' result joe@pass.example
ip=192.0.2.12
same fail 'a is not for others' result joe@a.example
same fail 'nor is mx' result joe@mx.example
same pass 'but for their network' result joe@abits.example
ip=192.0.2.13
same fail 'of the names of a client the first ten count' result joe@ptrs.example
ip=192.0.2.14
same pass 'also behind one that is not there' result joe@ptrs.example
ip=192.0.2.15
same temperror 'no name within the time is no result' result joe@ptrtime.example time=1
ip=192.0.2.16
same fail 'a network ends where its bits say' result joe@net.example
ip=192.0.2.10
same pass 'include' result joe@inc.example
same pass 'behind it the domain is what it was' result joe@incself.example
same softfail 'include of what does not pass is no match' result joe@incfail.example
same permerror 'include of what has no policy' result joe@incnone.example
same permerror 'include of a broken policy' result joe@incbroken.example
same temperror 'include without an answer' result joe@inctemp.example
same pass 'redirect' result joe@redir.example
same neutral 'redirect is nothing beside all' result joe@redirall.example
same permerror 'redirect to what has no policy' result joe@redirnone.example
same permerror 'a loop ends' result joe@loop.example
for i in $(seq "$bads"); do
  same permerror "a broken policy ($(sed -n "s/^bad$i.example TXT //p" "$T/zones"))" result "joe@bad$i.example"
done

# limits
ROW='row 65'
same pass 'ten terms may ask' result joe@ten.example
same permerror 'eleven may not' result joe@eleven.example
same pass 'two names that are not there' result joe@void2.example
same permerror 'three are too many' result joe@void3.example
same pass 'what can be no name is not asked for, and does not count' result joe@badnames.example
same permerror 'eleven mail exchangers are too many' result joe@manymx.example
: > "$T/queries"; result joe@loop.example > /dev/null
same 12 'a loop asks no more than that and for the client' sh -c "wc -l < $T/queries"

# macros
ROW='row 70'
same pass 'macros' result joe@mac.example
same fail 'of another sender' result jane@mac.example
same fail 'split, turned and cut' result a-b@split.example
same pass 'the name of the client, proven' result joe@proven.example
long=$(head -c 3000 /dev/zero | tr '\0' x)
same fail 'a name that cannot be is not there' result "$long@big.example"
like '^permerror$\|^fail$' 'what grows without end ends' result "$(printf '%3000s' | tr ' ' .)@split.example"

same pass 'a name that is too long loses labels on the left' result "$l@l40.example"
same pass 'blanks and percent signs in a name' result joe@space.example
same pass 'a dot at its end is none of it' result joe@dot.example

ROW=
# other letters, RFC 8616
same 'Authentication-Results: me.example;
	spf=pass smtp.mailfrom=joe@xn--bcher-kva.example' 'a domain in UTF-8 is that of the DNS' field joe@Bücher.example
same pass 'a local part in ASCII' result joe@anybody.example
same fail 'no term matches with one that is not' result jö@anybody.example
same neutral 'nor does a redirect' result jö@anybody2.example
same pass 'unless it does not name it' result jö@pass.example
helo=bücher.example
same 'Authentication-Results: me.example;
	spf=pass smtp.helo=xn--bcher-kva.example' 'a client may call itself so, too' field ''
helo=out.mail.example

# explanations
like '; its owner says: 192.0.2.10 me.example in-addr out.mail.example 100%$' 'the letters of explanations' spf joe@letters.example
like '; its owner says: 192.0.2.10 is not ours; see http://exp.example/?s=a%26b%40exp.example$' 'an explanation is repeated' spf 'a&b@exp.example'
not_said() { spf "$1" | head -n 1 | grep -c 'owner says'; }
same 0 'not one with controls' not_said joe@expodd.example
same 0 'not one outside ASCII' not_said joe@exputf.example
same 0 'not one of two' not_said joe@exptwo.example
like '; its owner says: outer$' 'not that of a policy that is included' spf joe@incexp.example
same 0 'not one that is not there' not_said joe@expnone.example
same 100 'and the result stays' code joe@expnone.example
size() { spf "$1" | head -n 1 | wc -c; }
ok 'a long one is cut' test "$(size joe@explong.example)" -lt 400

# identities
helo=pass.example
same 'Authentication-Results: me.example;
	spf=pass smtp.helo=pass.example' 'without a sender, what the client calls itself' field ''
helo=fail.example
verdict 100 '5.7.23 SPF fail: 192.0.2.10 may not send mail of fail.example
Authentication-Results: me.example;
	spf=fail smtp.helo=fail.example' 'which it may not' spf ''
verdict 100 '5.7.23 SPF fail: 192.0.2.10 may not send mail of fail.example
Authentication-Results: me.example;
	spf=none reason="no policy" smtp.mailfrom=joe@other.example;
	spf=fail smtp.helo=fail.example' 'nor with a sender that says nothing' spf joe@other.example
same 0 'unless that is not asked for' code joe@other.example helo=no
same 0 'but where the sender passes' code joe@pass.example
helo=soft.example
same 0 'a softer result of it does not count beside a sender' code joe@other.example
for helo in '' '[192.0.2.10]' localhost "JUMPIN' JUPITER" 'a..b'; do
  same none "what is no domain has no policy ($helo)" result ''
done
helo=out.mail.example
for s in joe @ joe@ joe@localhost 'joe@[192.0.2.10]' 'joe@a..b' "joe@$long.example" '<>'; do
  same none "a sender without a domain has none ($(printf %.20s "$s"))" result "$s"
done
same fail 'the last @ counts' result 'a@pass.example@fail.example'
same pass 'a sender without a name is the postmaster' result @nobody.example
like 'smtp.mailfrom="a\\"b?c@fail.example"' 'odd senders are written harmlessly' field "$(printf 'a"b\001c@fail.example')"

# who is not checked
echo '192.0.2.0/30
192.0.2.8/30' > control/trusted
verdict 0 '2.0.0 the client is trusted' 'a trusted client is not checked' spf joe@fail.example
echo 192.0.2.11 > control/trusted
same 100 'others are' code joe@fail.example
echo x > control/trusted
verdict 111 'cm-filter-spf: unable to use control/trusted, line 1: not a network, write ADDRESS or ADDRESS/BITS: x' 'a line that is no network is an error' spf joe@fail.example
rm control/trusted
auth() { CM_AUTH=joe spf joe@fail.example; }
verdict 0 '2.0.0 the client has authenticated itself' 'nor one that has authenticated itself' auth

same 'Authentication-Results: me.example;
	spf=fail smtp.mailfrom=joe@fail.example
Received-SPF: fail
	client-ip="192.0.2.10";
	envelope-from="joe@fail.example";
	helo="out.mail.example";
	identity="mailfrom";
	receiver="me.example";
	mechanism="-all";' 'a Received-SPF field where it is asked for' field joe@fail.example received
echo other.example > control/authserv-id
like '^Authentication-Results: other.example;' 'the id can be another' field joe@fail.example
rm control/authserv-id

# trouble of our own
like '^cm-filter-spf: usage: ' 'an unknown word is an error' spf joe@fail.example foo
for word in foo fail fail=x time=x time=0 foo=junk; do same 111 "so is $word" code joe@fail.example "$word"; done
ip=
verdict 111 'cm-filter-spf: no client: TCPREMOTEIP is not set to an address' 'no client is an error' spf joe@fail.example
ip=192.0.2.10
echo x > control/resolvers.new; mv control/resolvers control/resolvers.old; mv control/resolvers.new control/resolvers
verdict 111 'cm-filter-spf: control/resolvers: not an address: x' 'resolvers that are none are an error' spf joe@fail.example
echo 127.0.0.1:1 > control/resolvers
same temperror 'resolvers that do not answer are none' result joe@fail.example
same 111 'and no verdict' code joe@fail.example
mv control/resolvers.old control/resolvers
soon() { begun=$(date +%s); CM_DEADLINE=$((begun + 2)) spf joe@silent.example time=60 > /dev/null; test $(($(date +%s) - begun)) -lt 40; }
ok 'no answer is waited for beyond the deadline' soon

# confinement
calls() { strace -f -qq -o "$T/calls" env TCPREMOTEIP=$ip SENDER=joe@fail.example cm-filter-spf > /dev/null < /dev/null; sed -n '/PR_SET_SECCOMP\|seccomp(/,$p' "$T/calls"; }
calls > "$T/after"
case $(nm "$(command -v cm-filter-spf)" 2>/dev/null | grep -c __asan) in
  0) same 'begin
end' 'a confined process can do nothing else' "$BUILD/tests/confined"
     ok 'and is before it asks' grep -q 'sendto\|connect' "$T/after"
     same '' 'it opens nothing from then on' grep 'open\|exec\|clone\|fork' "$T/after" ;;
  *) echo "ok $((n += 1)) # skip confinement: built with a sanitizer" ;;
esac

# the suite of openspf.org, which is not ours
if [ -r "${OPENSPF:-}" ]; then
  same '203 of 203 pass' 'the test suite of openspf.org' "$tools/openspf" "$OPENSPF"
else
  echo "ok $((n += 1)) # skip the test suite of openspf.org: OPENSPF does not name rfc7208-tests.yml"
fi

# a second opinion: libspf2's, on policies as people write them
opinions='pass fail soft neutral other net host a mx redir bare a2 near bits selfmx mxof inc2 incdeep incsoft redirdeep minus exists exists2 upper2 exp2'
cat >> "$T/zones" <<'END'
bare.example TXT v=spf1 ip4:192.0.2.10
a2.example TXT v=spf1 ?a:host.example a:near.example ~all
bits.example TXT v=spf1 a:near.example/28 -all
selfmx.example TXT v=spf1 a mx -all
selfmx.example A 192.0.2.10
selfmx.example MX 10 near.example
mxof.example TXT v=spf1 mx:mx.example ip4:192.0.2.96/29 -all
inc2.example TXT v=spf1 include:pass.example include:a.example -all
incdeep.example TXT v=spf1 include:inc2.example include:mx.example ~all
incsoft.example TXT v=spf1 include:soft.example include:fail.example ip4:192.0.2.12 -all
redirdeep.example TXT v=spf1 ip4:192.0.2.12 redirect=redir.example
minus.example TXT v=spf1 -ip4:192.0.2.10 ip4:192.0.2.0/24 -all
exists.example TXT v=spf1 exists:%{i}.ok.example -all
192.0.2.10.ok.example A 127.0.0.1
exists2.example TXT v=spf1 exists:%{ir}.%{l}.%{d}.ok.example ~all
12.2.0.192.joe.exists2.example.ok.example A 127.0.0.1
upper2.example TXT v=spf1 IP4:192.0.2.10 A:Host.Example -ALL
exp2.example TXT v=spf1 ip4:192.0.2.10 -all exp=why.example
why.example TXT no
END
cc=$(command -v gcc || command -v clang)
if [ -e /usr/include/spf2/spf.h ] && $cc -w -o "$T/spf2" "$(dirname "$tools")/filters/spf2.c" -lspf2 2> "$T/cc"; then
  grep -E "^($(echo $opinions why | tr ' ' '|')|.*[.]ok)[.]example " "$T/zones" > "$T/common"
  for ip in 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.99 2001:db8::10 2001:db8:1::1; do
    for name in $opinions; do echo "$ip $name.example $(result "joe@$name.example" helo=no)"; done
  done > "$T/ours"
  cut -d ' ' -f 1,2 "$T/ours" | "$T/spf2" "$T/common" > "$T/theirs"
  ok "there is something to compare ($(wc -l < "$T/ours"))" test "$(sort -u "$T/ours" | wc -l)" -gt 100
  same '' 'libspf2 says the same of each' diff "$T/ours" "$T/theirs"
else
  echo "ok $((n += 1)) # skip the second opinion: no libspf2"
fi
done_testing
