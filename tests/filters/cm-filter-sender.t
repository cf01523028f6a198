#!/bin/sh
. "$(dirname "$0")/../tap.sh"
mkdir "$T/home" "$T/home/lists" "$T/port" "$T/port/lists" && cd "$T/port" || exit 111
CM_HOME=$T/home; export CM_HOME
unset SENDER

list() { cm-list "lists/$1.cdb" make; }
# mail FIELD...: a message with these fields
mail() { printf '%s\r\n' "$@" 'Subject: x' '' 'From: enemy@body.example'; }
# sender VERDICT... : of the mail on standard input
sender() { cm-filter-sender lists/all.cdb "$@"; }

list all <<'E'
evil@example.com
@bad.example      accept/delete
spam.example      junk our own words
quiet.example     accept/redirect 5.7.9 listed by a friend
later.example     defer
known.example     deliver
friend@good.example whitelisted
<>                reject/deliver no bounces here
*@pattern.example reject/redirect
E

mail 'From: joe@example.org' > plain
verdict 0 '' 'a sender that is not listed passes' sender < plain
mail 'From: Evil <evil@example.com>' > evil
verdict 100 '5.7.1 sender evil@example.com is on the list' 'the From field is looked up' sender < evil
mail 'From: joe@example.org' 'Sender: x@bad.example' > mail
verdict 50 '5.7.1 sender x@bad.example is on the list' 'and Sender' sender < mail
mail 'FROM : joe@example.org' 'reply-to: x@sub.spam.example' > mail
verdict 10 '5.7.1 our own words' 'and Reply-To, and an entry may have its own reason' sender < mail
verdict 40 '5.7.9 listed by a friend' 'with its own status code' env SENDER=x@quiet.example cm-filter-sender lists/all.cdb < plain
verdict 111 '4.7.1 sender x@later.example is on the list' 'an entry may defer' \
  env SENDER=x@later.example cm-filter-sender lists/all.cdb < plain
verdict 100 '5.7.1 sender Evil@Example.COM is on the list' 'the sender of the envelope is looked up' \
  env SENDER=Evil@Example.COM cm-filter-sender lists/all.cdb < plain
verdict 20 '5.7.1 no bounces here' 'the empty one too' env SENDER= cm-filter-sender lists/all.cdb < plain
verdict 30 '5.7.1 sender who@pattern.example is on the list' 'patterns too' \
  env SENDER=who@pattern.example cm-filter-sender lists/all.cdb < plain
mail 'To: evil@example.com' 'Subject: evil@example.com' 'X-From: evil@example.com' > mail
verdict 0 '' 'no other field is' sender < mail
mail > mail
verdict 0 '' 'a message without these fields passes' sender < mail

# several findings
mail 'From: friend@good.example' > friend
verdict 99 '2.0.0 sender friend@good.example is on the list' 'a whitelisted sender is whitelisted' sender < friend
mail 'From: friend@good.example' 'Reply-To: x@spam.example, y@bad.example, evil@example.com' > mail
verdict 50 '5.7.1 sender y@bad.example is on the list' 'the highest rank wins, and over a whitelisting' sender < mail
mail 'From: friend@good.example' 'Reply-To: x@known.example' > mail
verdict 0 '2.0.0 sender x@known.example is on the list' 'whitelisted is the answer only if nothing else is' sender < mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'a bad envelope beats a whitelisted From' \
  env SENDER=evil@example.com cm-filter-sender lists/all.cdb < friend

# what can be read in two ways
mail 'From: "friend@good.example" <joe@example.org>' > mail
verdict 0 '' 'a display name whitelists nobody' sender < mail
mail 'From: friend@good.example <joe@example.org>' > mail
verdict 0 '' 'nor does a field that breaks the grammar' sender < mail
mail 'From: friend@good.example' 'From: joe@example.org' > mail
verdict 0 '' 'nor do two From fields' sender < mail
mail 'From: "evil@example.com" <joe@example.org>' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'but a listed address there is found' sender < mail
mail 'From: joe@example.org' 'From: evil@example.com' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'and in a second From field' sender < mail
mail 'From: =?utf-8?q?evil=40example=2Ecom?= <joe@example.org>' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'and in an encoded word' sender < mail
mail 'From: Joe' ' (hello) <@hop.example:evil (x)' ' @example .com>' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'folds, comments and routes do not hide it' sender < mail
mail 'From: Us: joe@example.org, "Evil, Mr" <evil@example.com>;' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'nor does a group' sender < mail
mail 'From: "x <evil@example.com>' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'nor a quote that never ends' sender < mail
printf 'From: evil@example.com' > mail
verdict 100 '5.7.1 sender evil@example.com is on the list' 'nor a message that is one line' sender < mail
{ printf 'From: '; for i in $(seq 2001); do printf 'a@x%s.example,' "$i"; done; printf '\n\n'; } > mail
verdict 100 '5.6.0 too many senders' 'nor a crowd' sender < mail
{ printf 'From: '; head -c 100000 /dev/zero | tr '\0' x; printf '@sub.bad.bad.spam.example\n\n'; } > mail
verdict 10 '5.7.1 our own words' 'nor a long local part' sender < mail

# the reason is one printable line
printf 'From: "a\001\033[2J b\303\244"@bad.example\n\n' > mail
verdict 50 '5.7.1 sender a??[2J b??@bad.example is on the list' 'what does not print is not printed' sender < mail
{ printf 'From: '; head -c 900 /dev/zero | tr '\0' x; printf '@bad.example\n\n'; } > mail
short() { sender < mail > out; code=$?; wc -c < out; return $code; }
verdict 50 285 'a long address is cut in the reason' short

# verdicts of entries without one
list bare <<'E'
evil@example.com
also@example.com junk
E
verdict 100 '5.7.1 sender evil@example.com is on the list' 'an entry without a verdict refuses' \
  cm-filter-sender lists/bare.cdb < evil
verdict 99 '2.0.0 sender evil@example.com is on the list' 'or means what the second argument says' \
  cm-filter-sender lists/bare.cdb whitelisted < evil
verdict 10 '5.7.1 sender also@example.com is on the list' 'which is not for those that have one' \
  env SENDER=also@example.com cm-filter-sender lists/bare.cdb whitelisted < plain

# a list made by others
cdb -c -m lists/tiny.cdb <<'E'
# comment
joe@example.org  reject/delete  first
joe@example.org  junk second
@bad.example
*@pattern.example accept/delete a pattern
E
tiny() { SENDER=$1 cm-filter-sender lists/tiny.cdb < /dev/null; }
verdict 100 '5.7.1 first' "a list of cdb(1) is read, the first of two entries counts" tiny joe@example.org
verdict 100 '5.7.1 sender x@bad.example is on the list' 'its empty values too' tiny x@bad.example
verdict 50 '5.7.1 a pattern' 'and its patterns' tiny who@pattern.example
verdict 0 '' 'and what is not in it is not' tiny who@example.org
cdb -d -m lists/all.cdb | cdb -c -m lists/tiny.cdb
verdict 30 '5.7.1 sender who@pattern.example is on the list' 'a dump made a list again keeps its patterns' tiny who@pattern.example
{ cdb -d -m lists/all.cdb; echo '?new@more.example'; } | cdb -c -m lists/tiny.cdb
verdict 100 '5.7.1 sender anew@more.example is on the list' 'and may have got new ones' tiny anew@more.example
echo 'x.example spam' | cdb -c -m lists/tiny.cdb
verdict 111 'cm-filter-sender: unable to use lists/tiny.cdb: no verdict: x.example' 'an entry with no verdict is not "not listed"' tiny a@x.example

# where the list is
echo evil@example.com accept/delete | cm-list "$T/home/lists/suite.cdb" make
verdict 50 '5.7.1 sender evil@example.com is on the list' "a list may be the suite's" cm-filter-sender lists/suite.cdb < evil
echo evil@example.com junk | list suite
verdict 10 '5.7.1 sender evil@example.com is on the list' "the port's own goes before" cm-filter-sender lists/suite.cdb < evil
verdict 111 'cm-filter-sender: unable to read lists/none.cdb: No such file or directory' \
  'a missing list is not an empty one' cm-filter-sender lists/none.cdb < evil
for what in empty short zeros text; do
  case $what in
    empty) : ;;
    short) head -c 3000 lists/all.cdb | head -c -1 ;;
    zeros) head -c 5000 /dev/zero ;;
    text) seq 3000 ;;
  esac > "lists/$what.cdb"
done
head -c -1 lists/all.cdb > lists/short.cdb
for what in empty short zeros text; do
  verdict 111 "cm-filter-sender: unable to read lists/$what.cdb: not a list, or damaged" \
    "nor is a file that is no list ($what)" cm-filter-sender "lists/$what.cdb" < evil
done
verdict 111 'cm-filter-sender: unable to read lists: not a list, or damaged' 'nor a directory' cm-filter-sender lists < evil
cp lists/all.cdb lists/bad.cdb
printf '\377\377\377\377' | dd of=lists/bad.cdb bs=1 seek=2052 conv=notrunc 2>/dev/null
verdict 111 'cm-filter-sender: unable to read lists/bad.cdb: damaged' 'nor is an entry that is damaged' \
  cm-filter-sender lists/bad.cdb < evil

# limits and wrong calls
{ printf 'From: joe@example.org\nX: '; head -c 1100000 /dev/zero | tr '\0' x; } > mail
verdict 100 '5.3.4 header too large' 'an endless header is refused' sender < mail
verdict 111 'cm-filter-sender: usage: cm-filter-sender LIST [VERDICT]' 'a call without a list is an error' cm-filter-sender < evil
verdict 111 'cm-filter-sender: not a verdict: spam' 'a verdict that is none is an error' sender spam < evil
verdict 111 'cm-filter-sender: unable to read message: Is a directory' 'read trouble is no verdict' sender < /tmp
piped() { cat evil | sender; }
verdict 100 '5.7.1 sender evil@example.com is on the list' 'the message may come through a pipe' piped

# conditions
mkdir -p control; echo mx.example.net > control/authserv-id
list when <<'L'
spf.example     +spf whitelisted
dkim.example    +dkim whitelisted
dmarc.example   +dmarc whitelisted
net.example     +ip=192.0.2.0/24 +ip=2001:db8::/32 whitelisted
both.example    +spf +dkim whitelisted
netdkim.example +dkim +ip=192.0.2.0/24 whitelisted
@fall.example   +dkim whitelisted
fall.example    reject/delete forged
*@*.star.example +dkim whitelisted
*@x.star.example junk
bad.example     +dkim reject/delete
<>              +spf whitelisted
L
# auth RESULT...: what earlier stages declared
auth() { for r; do printf 'Authentication-Results: mx.example.net;\n\t%s\n' "$r"; done > fields; }
# when WANT NAME ADDRESS: the code for mail from this address
code() { printf 'From: %s\r\n\r\n' "$1" | SENDER='' CM_FIELDS=fields cm-filter-sender lists/when.cdb > out 2>&1; echo $?; }
when() { same "$1" "$2" code "$3"; }
auth 'spf=pass smtp.mailfrom=x@spf.example' 'dkim=pass header.d=dkim.example header.s=s' 'dmarc=pass header.from=dmarc.example'
when 99 '+spf: the verified sender is whitelisted' x@spf.example
same '2.0.0 sender x@spf.example is on the list' 'with its reason' cat out
when 99 'case does not matter' X@SPF.example
when 0 'one below is another domain' x@mail.spf.example
when 99 '+dkim: a signature of the domain' x@dkim.example
when 99 'speaks for those below' x@mail.dkim.example
when 99 '+dmarc: a pass of the domain in From' x@dmarc.example
when 0 'is not for those below' x@a.dmarc.example
auth 'spf=pass smtp.helo=spf.example' 'dkim=pass header.d=evil.example header.s=s' 'dmarc=pass header.from=evil.example'
for d in spf dkim dmarc; do when 0 "+$d: a forged sender is not whitelisted" x@$d.example; done
auth 'dkim=pass header.d=m.example' 'dkim=pass header.d=xdkim.example' 'dkim=pass header.d=a.dkim.example'
when 0 'domains that end alike or stand below do not speak for it' x@dkim.example
auth 'spf=softfail smtp.mailfrom=x@spf.example' 'dkim=fail header.d=dkim.example; dkim=policy header.d=dkim.example' 'dmarc=fail header.from=dmarc.example'
for d in spf dkim dmarc; do when 0 "+$d: nothing but pass is pass" x@$d.example; done
echo 'Authentication-Results: mx.example.org; dkim=pass header.d=dkim.example' > fields
when 0 'results of others do not count' x@dkim.example
: > fields
when 0 'where nobody looked no condition holds' x@dkim.example
unlooked() { SENDER=x@dkim.example cm-filter-sender lists/when.cdb < plain; echo $?; }
same 0 'nor without $CM_FIELDS' unlooked
{ printf 'Authentication-Results: mx.example.net; dkim=pass header.d=dkim.example\r\n'; cat plain; } > mail
claimed() { SENDER=x@dkim.example cm-filter-sender lists/when.cdb < mail; echo $?; }
same 0 'what came with the message is no result' claimed
missing() { CM_FIELDS=gone SENDER=x@dkim.example cm-filter-sender lists/when.cdb < plain; }
verdict 111 'cm-filter-sender: unable to read what the stages before declared: No such file or directory' 'fields that are gone are no answer' missing
for ip in 192.0.2.200 2001:db8::5 ::ffff:192.0.2.1; do
  export TCPREMOTEIP=$ip; when 99 "+ip: a client in one of the networks ($ip)" x@net.example
done
for ip in 192.0.3.1 2001:db9::5 '' name; do
  export TCPREMOTEIP=$ip; when 0 "+ip: one in none ($ip)" x@net.example
done
unset TCPREMOTEIP; when 0 '+ip: no client' x@net.example
auth 'spf=pass smtp.mailfrom=x@both.example' 'dkim=pass header.d=netdkim.example'
when 0 'of two conditions both have to hold' x@both.example
auth 'spf=pass smtp.mailfrom=x@both.example; dkim=pass header.d=both.example' 'dkim=pass header.d=netdkim.example'
when 99 'and then it counts' x@both.example
when 0 'a network is one of them' x@netdkim.example
export TCPREMOTEIP=192.0.2.7; when 99 'as here' x@netdkim.example; unset TCPREMOTEIP
when 100 'where the conditions do not hold the next entry counts' x@fall.example
same '5.7.1 forged' 'with its reason' cat out
auth 'dkim=pass header.d=fall.example' 'dkim=pass header.d=star.example'
when 99 'where they hold they go before' x@fall.example
when 99 'patterns may have conditions' x@x.star.example
: > fields; when 10 'and the next one counts too' x@x.star.example
auth 'spf=pass smtp.mailfrom=x@spf.example'
two() { printf 'From: x@spf.example, y@fall.example\r\n\r\n' | CM_FIELDS=fields cm-filter-sender lists/when.cdb > out; echo $?; }
same 100 'a bad one beats a verified friend' two
when 0 'nobody verifies a bounce' '<>'
echo 'x.example +dns whitelisted' | cdb -c -m lists/odd.cdb
odd() { SENDER=a@x.example cm-filter-sender lists/odd.cdb < plain; }
verdict 111 'cm-filter-sender: unable to use lists/odd.cdb: no verdict: x.example' 'a condition that is none is no "does not hold"' odd

# what it costs
awk 'BEGIN { for (i = 0; i < 1000000; i++) print "u" i "@d" i % 5000 ".example" }' | list million
for i in 0 1 2 3 4 5 6 7 8 9; do echo "u$i@d$i.example"; done | list ten
mail 'From: x@y.example' > same
# calls LIST: the system calls of one run. The sender has four keys; the patterns have one.
calls() { ASAN_OPTIONS=detect_leaks=0 SENDER=x@y.example strace -qq -o "$T/calls" cm-filter-sender "lists/$1.cdb" < same; wc -l < "$T/calls"; }
ten=$(calls ten)
ok "the calls of a run can be counted ($ten)" test "$ten" -gt 4
most=$(calls million)
# A read of the table for each key, which of ten entries are mostly empty and not read at all.
ok "a look-up in a million entries makes hardly more system calls than one in ten ($most)" \
  test "$most" -le "$((ten + 5))"
cp "$T/calls" "$T/million"
verdict 100 '5.7.1 sender u999999@d4999.example is on the list' 'and finds its entry' \
  env SENDER=u999999@d4999.example cm-filter-sender lists/million.cdb < plain
# What the system calls of a process return, added up.
bytes() { awk '/^open.*million.cdb/ { on = 1 } on && /^p*read64*\([1-9]/ { n += $NF } END { print n }' "$T/million"; }
ok "what finds nothing reads little more than the pointers to the tables ($(bytes) bytes)" test "$(bytes)" -lt 2500
# A sanitizer wants more than any such limit.
small() { (sanitized || ulimit -v 30000; SENDER=$1 cm-filter-sender lists/million.cdb < same); }
verdict 0 '' 'nor wants the address space for it' small x@y.example
# The C libraries name ENOMEM differently.
unmapped() { small u999999@d4999.example 2>&1 | sed 's/Cannot allocate/Out of/'; }
sanitized || same 'cm-filter-sender: unable to read lists/million.cdb: Out of memory' 'what cannot be mapped is no "not listed"' unmapped
same 0 'and maps no part of the list' grep -c '^mmap.*MAP_SHARED' "$T/million"
calls ten > /dev/null
[ "$INSHORT" ] || same 1 'a small message is read by one read' grep -c '^read(0,' "$T/calls"

done_testing
