#!/bin/sh
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"
unset CM_DEADLINE CM_FIELDS CM_ENVELOPE CM_AUTH SENDER TCPREMOTEIP
CM_HOME=$T; export CM_HOME
nameserver <<'END'
_dmarc.reject.example TXT v=DMARC1; p=reject; rua=mailto:x@reject.example
_dmarc.quarantine.example TXT v=DMARC1; p=quarantine
_dmarc.none.example TXT v=DMARC1; p=none
_dmarc.strict.example TXT v=DMARC1; p=reject; adkim=s; aspf=s
_dmarc.halfstrict.example TXT v=DMARC1; p=reject; adkim=s; aspf=r
_dmarc.test.example TXT v=DMARC1; p=reject; t=y
_dmarc.testq.example TXT v=DMARC1;p=quarantine;t=y
_dmarc.tree.example TXT v=DMARC1; p=none; sp=quarantine; np=reject
real.tree.example A 127.0.0.2
_dmarc.own.tree.example TXT v=DMARC1; p=reject; sp=none
own.tree.example A 127.0.0.2
low.own.tree.example A 127.0.0.2
_dmarc.nosp.example TXT v=DMARC1; p=reject
_dmarc.npsp.example TXT v=DMARC1; p=none; sp=reject
_dmarc.nponly.example TXT v=DMARC1; p=reject; np=none
there.nponly.example A 127.0.0.2
faulty.nponly.example A !servfail
_dmarc.old.example TXT v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; fo=1; unknown=1; sp
_dmarc.two.example TXT v=DMARC1; p=reject
_dmarc.two.example TXT v=DMARC1; p=none
_dmarc.more.example TXT v=spf1 -all
_dmarc.more.example TXT v=DMARC1; p=reject
_dmarc.version.example TXT v=DMARC2; p=reject
_dmarc.case.example TXT v=dmarc1; p=reject
_dmarc.late.example TXT p=reject; v=DMARC1
_dmarc.latex.example TXT x; v=DMARC1; p=reject
_dmarc.blanks.example TXT   v = DMARC1 ; p = Reject ;
_dmarc.nop.example TXT v=DMARC1
_dmarc.noprua.example TXT v=DMARC1; rua=mailto:a@b.example
_dmarc.badp.example TXT v=DMARC1; p=refuse
_dmarc.badsp.example TXT v=DMARC1; p=reject; sp=x
_dmarc.badsprua.example TXT v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example
_dmarc.xn--bcher-kva.example TXT v=DMARC1; p=reject
_dmarc.xn--wgv71a119e.example TXT v=DMARC1; p=reject
_dmarc.xn--d1abbgf6aiiy.example TXT v=DMARC1; p=reject
_dmarc.xn--strae-oqa.example TXT v=DMARC1; p=reject
_dmarc.xn--ls8h.example TXT v=DMARC1; p=reject
_dmarc.fault.example TXT !servfail
_dmarc.silent.example TXT !timeout
_dmarc.top TXT !servfail
_dmarc.own.top TXT v=DMARC1; p=reject
_dmarc.strict.top TXT v=DMARC1; p=reject; adkim=s; aspf=s
# RFC 9989, appendix B.4
_dmarc.example.com TXT v=DMARC1; p=reject
_dmarc.signing.example.com TXT v=DMARC1; p=none
_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y
_dmarc.giant.bank.example TXT v=DMARC1; p=quarantine
# section 4.10.2
_dmarc.mail.walk.test TXT v=DMARC1; p=reject
_dmarc.walk.test TXT v=DMARC1; p=reject
_dmarc.mail.cut.test TXT v=DMARC1; p=reject; psd=n
_dmarc.cut.test TXT v=DMARC1; p=none
_dmarc.registry TXT v=DMARC1; p=reject; psd=y; np=quarantine
real.registry A 127.0.0.2
sub.real.registry A 127.0.0.2
END
echo mx.example.net > control/authserv-id
CM_FIELDS=$T/fields; export CM_FIELDS

# from ADDRESS: a message
from() { printf 'From: %s\r\nTo: x@example.net\r\n\r\nhello\r\n' "$1" > "$T/mail"; }
# results SPF DOMAIN DKIM DOMAIN: what the stages before have found
results() { printf 'Authentication-Results: mx.example.net; spf=%s smtp.mailfrom=%s\nAuthentication-Results: mx.example.net;\n\tdkim=%s header.d=%s header.s=x\n' "$1" "x@$2" "$3" "$4" > "$T/fields"; }
# dmarc [ARGUMENT...]: exit code, reason and field on one line
dmarc() {
  cm-filter-dmarc "$@" < "$T/mail" > "$T/report"; code=$?
  echo "$code $(sed '2,$d' "$T/report"); $(sed 1d "$T/report" | tr -d '\n' | tr '\t' ' ' | sed 's/^Auth[^;]*; *//')"
}
# is WANT NAME [ARGUMENT...]
is() { want=$1; name=$2; shift 2; same "$want" "$name" dmarc "$@"; }
# asked: the names that were asked
asked() { sed 's/^TXT //' "$T/queries" | sort | tr '\n' ' '; }
PASS() { echo "0 2.0.0 dmarc pass $1; dmarc=pass header.from=$1 policy.dmarc=$2"; }
REJECT() { echo "100 5.7.26 dmarc fail $1: its policy is reject; dmarc=fail header.from=$1 policy.dmarc=reject"; }
QUARANTINE() { echo "10 5.7.26 dmarc fail $1: its policy is quarantine; dmarc=fail header.from=$1 policy.dmarc=quarantine"; }
FAIL() { echo "0 2.0.0 dmarc fail $1; dmarc=fail header.from=$1 policy.dmarc=none"; }
NONE() { echo "0 2.0.0 dmarc none $1; dmarc=none header.from=$1"; }
TEMP() { echo "111 dmarc temperror $1: no answer about its policy or its mail; dmarc=temperror header.from=$1"; }

# Policies

results fail evil.example none ''
for d in reject quarantine none; do from "Joe <joe@$d.example>"; dmarc > "$T/$d"; done
same "$(REJECT reject.example)" 'reject refuses' cat "$T/reject"
same "$(QUARANTINE quarantine.example)" 'quarantine marks' cat "$T/quarantine"
same "$(FAIL none.example)" 'none does nothing' cat "$T/none"
from joe@nothing.example; is "$(NONE nothing.example)" 'no policy, no fault'
from joe@test.example; is "$(QUARANTINE test.example)" 't=y: one step below reject'
from joe@testq.example; is "$(FAIL testq.example)" 'and below quarantine'
from joe@tree.example; is "$(FAIL tree.example)" 'p= is for the domain'
from joe@real.tree.example; is "$(QUARANTINE real.tree.example)" 'sp= for those below that there are'
from joe@unreal.tree.example; is "$(REJECT unreal.tree.example)" 'np= for those that there are not'
from joe@own.tree.example; is "$(REJECT own.tree.example)" 'an own record goes before'
from joe@low.own.tree.example; is "$(QUARANTINE low.own.tree.example)" 'but below it that of the organization counts'
from joe@a.nosp.example; is "$(REJECT a.nosp.example)" 'without sp= and np= p= is for all'
from joe@a.npsp.example; is "$(REJECT a.npsp.example)" 'without np= sp= is for all below'
from joe@there.nponly.example; is "$(REJECT there.nponly.example)" 'np= is not for a domain that there is'
from joe@nowhere.nponly.example; is "$(FAIL nowhere.nponly.example)" 'and is for one that there is not'
from joe@faulty.nponly.example; is "$(TEMP faulty.nponly.example)" 'if that cannot be known there is no verdict'
from joe@old.example; is "$(REJECT old.example)" 'pct, rf and ri are ignored, and what breaks the grammar'
from joe@two.example; is "$(NONE two.example)" 'two records are none'
from joe@more.example; is "$(REJECT more.example)" 'other texts do not count'
for d in version case late latex; do from joe@$d.example; is "$(NONE $d.example)" "v=DMARC1 comes first: $d"; done
from joe@blanks.example; is "$(REJECT blanks.example)" 'blanks may be in it'
from joe@nop.example; is "$(NONE nop.example)" 'a record without p= and rua= is none'
from joe@noprua.example; is "$(FAIL noprua.example)" 'with rua= it is p=none'
from joe@badp.example; is "$(NONE badp.example)" 'so is one with another p='
from joe@badsp.example; is "$(NONE badsp.example)" 'or another sp='
from joe@badsprua.example; is "$(FAIL badsprua.example)" 'with rua= p=none'
from joe@fault.example; is "$(TEMP fault.example)" 'a name server in trouble is no verdict'
from joe@sub.fault.example; is "$(TEMP sub.fault.example)" 'nor is one on the way'
before=$(date +%s)
from joe@silent.example
late() { CM_DEADLINE=$((before + 3)); export CM_DEADLINE; dmarc; }
same "$(TEMP silent.example)" 'nor is silence' late
ok 'which is not waited for longer than there is time' test $(($(date +%s) - before)) -lt 20

# Alignment

from joe@reject.example
results pass reject.example none ''; is "$(PASS reject.example reject)" 'SPF of the domain'
results fail evil.example pass reject.example; is "$(PASS reject.example reject)" 'DKIM of the domain'
results pass evil.example pass evil.example; is "$(REJECT reject.example)" 'those of another do not count'
results pass mail.reject.example none ''; is "$(PASS reject.example reject)" 'SPF of a domain below'
results fail x.example pass a.b.c.reject.example; is "$(PASS reject.example reject)" 'DKIM too'
results softfail reject.example neutral reject.example; is "$(REJECT reject.example)" 'only pass is pass'
results fail reject.example fail reject.example; is "$(REJECT reject.example)" 'fail is not'
results fail reject.example policy reject.example; is "$(REJECT reject.example)" 'nor is policy'
results pass REJECT.Example. none ''; is "$(PASS reject.example reject)" 'case and a dot do not matter'
from joe@sub.reject.example
results pass reject.example none ''; is "$(PASS sub.reject.example reject)" 'a domain above is of the same organization'
results pass example none ''; is "$(REJECT sub.reject.example)" 'but not one above that'
results pass otherreject.example none ''; is "$(REJECT sub.reject.example)" 'nor one that only ends so'
from joe@strict.example
results pass mail.strict.example pass mail.strict.example; is "$(REJECT strict.example)" 'strict: a domain below is another'
results pass strict.example none ''; is "$(PASS strict.example reject)" 'the same is not'
from joe@halfstrict.example
results none x pass mail.halfstrict.example; is "$(REJECT halfstrict.example)" 'adkim= is for DKIM'
results pass mail.halfstrict.example none ''; is "$(PASS halfstrict.example reject)" 'and aspf= for SPF'
from joe@none.example
results pass none.example none ''; is "$(PASS none.example none)" 'a policy of none can pass, too'

# What is not known

from joe@reject.example
results temperror reject.example none ''; is "$(TEMP reject.example | sed 's/=reject.example$/&/')" 'SPF without an answer might have passed'
results temperror evil.example temperror mail.reject.example; is "$(TEMP reject.example)" 'DKIM too'
results temperror evil.test temperror evil.test; is "$(REJECT reject.example)" 'not if it is of another'
results temperror evil.test pass reject.example; is "$(PASS reject.example reject)" 'a pass is enough'
results pass sub.fault.example none ''; is "$(TEMP reject.example)" 'an organization that is not known'
from joe@own.top
results pass own.top none ''; is "$(PASS own.top reject)" 'a policy of its own is enough for its own name'
results pass mail.own.top none ''; is "$(TEMP own.top)" 'but not for what may be of its organization'
results pass evil.test none ''; is "$(REJECT own.top)" 'which others are not'
from joe@sub.own.top; is "$(TEMP sub.own.top)" 'nor for those below it'
from joe@strict.top; results pass mail.strict.top none ''; is "$(REJECT strict.top)" 'strict alignment needs no organization'
from joe@reject.example
UNDECIDED='111 dmarc fail reject.example: no result of SPF and DKIM before this stage; dmarc=fail header.from=reject.example policy.dmarc=reject'
: > "$T/fields"; is "$UNDECIDED" 'nobody looked: no verdict'
echo 'Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=x@evil.example' > "$T/fields"; is "$UNDECIDED" 'nobody looked for DKIM'
echo 'Authentication-Results: mx.example.net; dkim=none' > "$T/fields"; is "$UNDECIDED" 'nor SPF'
echo 'Authentication-Results: mx.example.net; dkim=pass header.d=reject.example' > "$T/fields"
is "$(PASS reject.example reject)" 'what passed is enough'
alone() { unset CM_FIELDS; dmarc; }
same "$UNDECIDED" 'without $CM_FIELDS nobody looked' alone
from joe@none.example; : > "$T/fields"; is "$(FAIL none.example)" 'where the policy is none it does not matter'
from joe@reject.example
echo 'Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=reject.example; dkim=pass header.d=reject.example' > "$T/fields"
is "$UNDECIDED" 'results of others do not count'
results pass evil.example none ''; sed -i 's/^From/Authentication-Results: mx.example.net; dkim=pass header.d=reject.example\r\n&/' "$T/mail"
is "$(REJECT reject.example)" 'nor do those that came with the message'
from joe@reject.example
echo 'Authentication-Results: mx.example.net; spf=pass smtp.helo=reject.example; dkim=none' > "$T/fields"
is "$(REJECT reject.example)" 'SPF of HELO is not that of the sender'
SENDER=joe@reject.example; export SENDER; is "$(REJECT reject.example)" 'as long as there is one'
SENDER=; is "$(PASS reject.example reject)" 'but that of a bounce'
unset SENDER

# Walks: what RFC 9989 has in 4.10 and B.4

from joe@example.com; results pass example.com none ''; is "$(PASS example.com reject)" 'B.4.1: SPF'
results fail x.example pass signing.example.com; is "$(PASS example.com reject)" 'B.4.1: DKIM of a domain with a record of its own'
from joe@a.b.c.d.e.f.g.h.i.j.k.example.com
: > "$T/ns/queries"
results pass example.com none ''; is "$(PASS a.b.c.d.e.f.g.h.i.j.k.example.com reject)" 'B.4.2: a deep domain'
same '_dmarc.a.b.c.d.e.f.g.h.i.j.k.example.com _dmarc.com _dmarc.com _dmarc.example.com _dmarc.example.com _dmarc.g.h.i.j.k.example.com _dmarc.h.i.j.k.example.com _dmarc.i.j.k.example.com _dmarc.j.k.example.com _dmarc.k.example.com ' 'eight questions for it, two for the other' asked
results fail x.example pass signing.example.com; is "$(PASS a.b.c.d.e.f.g.h.i.j.k.example.com reject)" 'B.4.2: DKIM'
from joe@giant.bank.example; results pass mail.giant.bank.example none ''
is "$(PASS giant.bank.example quarantine)" 'B.4.3: below a public suffix'
results fail x.example pass mail.mega.bank.example; is "$(QUARANTINE giant.bank.example)" 'B.4.3: its other domains are others'
from joe@mail.mega.bank.example; results pass mega.bank.example none ''
is "$(PASS mail.mega.bank.example reject)" "B.4.3: a suffix's policy, and the domain one below it is the organization"
results pass giant.bank.example none ''; is "$(REJECT mail.mega.bank.example)" 'B.4.3: the others there are none of it'
from joe@bank.example; results pass bank.example none ''; is "$(PASS bank.example reject)" 'a public suffix may send mail itself'
results pass giant.bank.example none ''; is "$(REJECT bank.example)" 'but not those below it'
from joe@a.mail.walk.test; results pass walk.test none ''; is "$(PASS a.mail.walk.test reject)" '4.10.2: the record with the fewest labels'
from joe@a.mail.cut.test; results pass b.mail.cut.test none ''; is "$(PASS a.mail.cut.test reject)" '4.10.2: psd=n is the organization'
results pass cut.test none ''; is "$(REJECT a.mail.cut.test)" '4.10.2: and what is above it is another'
from joe@sub.real.registry; results pass real.registry none ''; is "$(PASS sub.real.registry reject)" '4.10.2: psd=y at the top'
results pass other.registry none ''; is "$(REJECT sub.real.registry)" 'is no organization'
from joe@unreal.registry; is "$(QUARANTINE unreal.registry)" 'its np= is for domains that there are not'
from joe@a.b.c.d.e.f.g.real.registry; : > "$T/ns/queries"; results fail x.example none ''; dmarc > /dev/null
same 8 'nine labels are eight questions' sh -c "grep -c TXT $T/queries"
from joe@a.b.c.d.e.f.real.registry; : > "$T/ns/queries"; dmarc > /dev/null
same 8 'eight labels too' sh -c "grep -c TXT $T/queries"

# From

results pass evil.example none ''
printf 'From: a@reject.example\r\nFrom: a@evil.example\r\n\r\n' > "$T/mail"
like '^100 5.7.26 dmarc fail reject.example' 'of two From fields the strictest policy counts' dmarc
printf 'garbage\r\nFrom: a@reject.example\r\n\r\n' > "$T/mail"; is "$(REJECT reject.example)" 'behind a line that is no field it counts, too'
printf 'From: a@evil.example\r\n>From x\r\nX: y\r\nfrom :\r\n\ta@reject.example\r\n\r\n' > "$T/mail"
like '^100 5.7.26 dmarc fail reject.example' 'beside another, and folded' dmarc
for body in '\r\nFrom: a@reject.example\r\n' 'garbage\r\n\r\nFrom: a@reject.example\r\n' 'garbage\r\nFrom a@reject.example\r\nFrom' '\r'; do
  printf "From: a@evil.example\r\n$body" > "$T/mail"; is "$(NONE evil.example)" 'but what is no such line does not'
done
printf 'From : a@reject.example\r\n\r\n' > "$T/mail"; is "$(REJECT reject.example)" 'on the first line, with a blank before its colon, it is none of an mbox'
from 'a@evil.example, b@none.example, c@reject.example'
is '100 5.7.26 dmarc fail reject.example: its policy is reject; dmarc=none header.from=evil.example; dmarc=fail header.from=none.example policy.dmarc=none; dmarc=fail header.from=reject.example policy.dmarc=reject' 'and of several addresses'
from 'a@a.example, b@b.example, c@c.example, d@d.example, d@D.example'
like '^0 2.0.0 dmarc none a.example; ' 'four domains are looked at' dmarc
from 'a@a.example, b@b.example, c@c.example, d@d.example, e@reject.example'
like '^10 5.6.0 dmarc permerror: too many domains in From; dmarc=permerror reason="too many domains in From"; ' 'five are an error' dmarc
from 'a@reject.example, b@b.example, c@c.example, d@d.example, e@e.example'
like '^100 5.7.26 dmarc fail' 'and hide nothing' dmarc
from 'a@evil.example <b@reject.example>'
like '^100 5.7.26 dmarc fail reject.example' 'in a field that breaks the grammar each address counts' dmarc
from '"a@reject.example" <b@evil.example>'; is "$(NONE evil.example)" 'a display name is no address'
from 'undisclosed:;'; is '0 2.0.0 dmarc none; dmarc=none' 'nobody is the author'
printf 'To: x\r\n\r\n' > "$T/mail"; is '0 2.0.0 dmarc none; dmarc=none' 'no From at all'
from 'a@[127.0.0.1]'; is '0 2.0.0 dmarc none; dmarc=none' 'an address literal has no policy'
from 'a@REJECT.example.'; is "$(REJECT reject.example)" 'case and a dot do not matter'

# In a pipeline, with what it needs before it
cat > control/pipeline <<'END'
spf   check on-error=deliver : cm-filter-spf fail=deliver softfail=deliver
dkim  check on-error=deliver : cm-filter-dkim

dmarc check : cm-filter-dmarc
END
echo 'reject.example TXT v=spf1 ip4:192.0.2.1 -all' >> "$T/zones"
piped() { CM_FIELDS='' SENDER=joe@reject.example TCPREMOTEIP=$1 CM_HELO=x.example cm-pipeline control/pipeline < "$T/mail" > "$T/report"; echo $?; }
from joe@reject.example
same 0 'the real sender passes' piped 192.0.2.1
like 'dmarc=pass header.from=reject.example' 'and it is declared' cat "$T/report"
same 100 'a forged one does not' piped 192.0.2.2
same '5.7.26 dmarc fail reject.example: its policy is reject' 'and hears why' head -n 1 "$T/report"
{ echo 'Authentication-Results: mx.example.net; dmarc=pass; spf=pass smtp.mailfrom=reject.example; dkim=pass header.d=reject.example'; cat "$T/mail"; } > one; mv one "$T/mail"
same 100 'whatever he says himself' piped 192.0.2.2

# Names in other letters
: > "$T/fields"; results fail evil.example none ''
while read -r name ascii; do
  from "x@$name"; is "$(REJECT "$ascii")" "$name is $ascii"
done <<'END'
bücher.example xn--bcher-kva.example
BÜCHER.Example xn--bcher-kva.example
日本語。example xn--wgv71a119e.example
президент.example xn--d1abbgf6aiiy.example
Президент.example xn--d1abbgf6aiiy.example
straße.example xn--strae-oqa.example
💩.example xn--ls8h.example
reject.example reject.example
ReJect．example reject.example
END
while read -r name; do
  from "x@$(printf "$name")"; is "$(REJECT reject.example)" "a name with what nobody sees ($name)"
done <<'END'
rej\302\255ect.example
reject\342\200\213.example
\342\200\256reject.example
reject.exam\342\201\240ple
reject.example\357\273\277
rej\357\270\217ect.example
END
results pass bücher.example none ''; from x@xn--bcher-kva.example
is "$(PASS xn--bcher-kva.example reject)" 'SPF may say either'
from "$(printf 'x@b\374cher.example')"; like '^0 2.0.0 dmarc none' 'what is no UTF-8 is another name' dmarc
from "x@$(printf 'ü%.0s' $(seq 70)).example"; is '0 2.0.0 dmarc none; dmarc=none' 'what is too long is none'

# Arguments, calls

from joe@reject.example
is "$(REJECT reject.example | sed 's/^100/40/')" 'a verdict by argument' reject=accept/redirect
is "$(REJECT reject.example | sed 's/^100 5/111 4/')" 'to defer has its status code' reject=defer
from joe@quarantine.example; is "$(QUARANTINE quarantine.example | sed 's/^10/40/')" 'quarantine too' reject=junk quarantine=accept/redirect
from joe@fault.example; is '0 2.0.0 dmarc temperror fault.example: no answer about its policy or its mail; dmarc=temperror header.from=fault.example' 'and no answer' temperror=deliver
from joe@reject.example
verdict 111 'cm-filter-dmarc: not RESULT=VERDICT: p=junk' 'a result that is none' cm-filter-dmarc p=junk < "$T/mail"
verdict 0 '2.0.0 the client has authenticated itself' 'our own users are not strangers' env CM_AUTH=joe cm-filter-dmarc < "$T/mail"
echo 192.0.2.0/24 > control/trusted
verdict 0 '2.0.0 the client is trusted' 'nor are those who hand on mail to us' env TCPREMOTEIP=192.0.2.1 cm-filter-dmarc < "$T/mail"
export TCPREMOTEIP=192.0.3.1; is "$(REJECT reject.example)" 'others are'; unset TCPREMOTEIP
verdict 111 'cm-filter-dmarc: unable to read what the stages before declared: No such file or directory' 'fields that are gone' \
  env CM_FIELDS="$T/gone" cm-filter-dmarc < "$T/mail"
verdict 111 'cm-filter-dmarc: unable to read message: Is a directory' 'read trouble is no verdict' cm-filter-dmarc < /tmp
{ printf 'X: '; head -c 1100000 /dev/zero | tr '\0' x; } > big
verdict 100 '5.3.4 header too large' 'an endless header is refused' cm-filter-dmarc < big

done_testing
