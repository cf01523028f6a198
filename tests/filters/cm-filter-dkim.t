#!/bin/sh
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"
SIGN=$(cd "$(dirname "$0")/../tools" && pwd)/dkimsign
unset CM_DEADLINE CM_FIELDS CM_ENVELOPE
CM_HOME=$T; export CM_HOME

# Keys: openssl makes and signs, dkimpy has the canonical forms.
# rsakey NAME BITS
rsakey() {
  openssl genrsa -traditional -out "$T/$1.pem" "$2" 2>/dev/null
  openssl rsa -in "$T/$1.pem" -pubout 2>/dev/null | sed '/^-/d' | tr -d '\n' > "$T/$1.pub"
}
rsakey rsa 2048; rsakey other 1024; rsakey weak 1016
openssl rsa -in "$T/rsa.pem" -RSAPublicKey_out -outform DER 2>/dev/null | base64 -w0 > "$T/bare.pub"
head -c 32 /dev/urandom | base64 > "$T/ed.key"
/usr/bin/python3 -c 'import sys,base64,nacl.signing
print(base64.b64encode(bytes(nacl.signing.SigningKey(base64.b64decode(sys.stdin.read())).verify_key)).decode(), end="")' < "$T/ed.key" > "$T/ed.pub"
R=$(cat "$T/rsa.pub"); ED=$(cat "$T/ed.pub")
nameserver <<END
s._domainkey.example.org TXT v=DKIM1; k=rsa; p=$R
bare._domainkey.example.org TXT p=$(cat "$T/bare.pub")
other._domainkey.example.org TXT v=DKIM1; p=$(cat "$T/other.pub")
weak._domainkey.example.org TXT v=DKIM1; p=$(cat "$T/weak.pub")
ed._domainkey.example.org TXT v=DKIM1; k=ed25519; p=$ED
edshort._domainkey.example.org TXT v=DKIM1; k=ed25519; p=AAAA
many._domainkey.example.org TXT v=spf1 -all
many._domainkey.example.org TXT v=DKIM1; p=$(cat "$T/other.pub")
many._domainkey.example.org TXT v=DKIM1; p=$R
folded._domainkey.example.org TXT v=DKIM1 ; p = \\|$(echo "$R" | cut -c1-100) \\|  $(echo "$R" | cut -c101-) ;
revoked._domainkey.example.org TXT v=DKIM1; p=
nop._domainkey.example.org TXT v=DKIM1; k=rsa
junk._domainkey.example.org TXT v=DKIM1; p=!!!!
notder._domainkey.example.org TXT v=DKIM1; p=AAAA
text._domainkey.example.org TXT hello
late._domainkey.example.org TXT p=$R; v=DKIM1
dkim2._domainkey.example.org TXT v=DKIM2; p=$R
sha1._domainkey.example.org TXT v=DKIM1; h=sha1; p=$R
both._domainkey.example.org TXT v=DKIM1; h=sha1:sha256; n=notes; x=unknown; p=$R
chat._domainkey.example.org TXT v=DKIM1; s=chat; p=$R
mail._domainkey.example.org TXT v=DKIM1; s=chat:email; p=$R
kind._domainkey.example.org TXT v=DKIM1; k=dsa; p=$R
strict._domainkey.example.org TXT v=DKIM1; t=s; p=$R
test._domainkey.example.org TXT v=DKIM1; t=y:s; p=$R
testother._domainkey.example.org TXT v=DKIM1; t=y; p=$(cat "$T/other.pub")
alias._domainkey.example.org CNAME s._domainkey.example.org
empty._domainkey.example.org A 127.0.0.2
silent._domainkey.example.org TXT !timeout
broken._domainkey.example.org TXT !servfail
lone._domainkey.example.org TXT !garbage
brisbane._domainkey.example.com TXT v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB
brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
test._domainkey.football.example.com TXT v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
s._domainkey.xn--bcher-kva.example TXT v=DKIM1; p=$R
END
/usr/bin/python3 - >> "$T/zones" <<'END'
# RSA keys of random numbers: nobody can sign with them, but everybody can ask us to try.
import base64, random
def number(bits):
    data = (random.getrandbits(bits) | 1 << bits - 1 | 1).to_bytes(bits // 8 + 1, 'big')
    return b'\x02' + length(data) + data
def length(data):
    return len(data).to_bytes(1, 'big') if len(data) < 128 else b'\x82' + len(data).to_bytes(2, 'big')
for exponent in 64, 72, 2048:
    key = number(2048) + number(exponent)
    print('e%d._domainkey.example.org TXT p=%s' % (exponent, base64.b64encode(b'\x30' + length(key) + key).decode()))
END
echo mx.example.net > control/authserv-id
crlf() { sed 's/$/\r/'; }
crlf > mail <<'END'
From: Joe <joe@example.org>
To: Ann <ann@example.net>
Subject: hello
 there
Date: Mon, 1 Jan 2024 00:00:00 +0000

Hello,

this is it.
END

# sign KEY SELECTOR TAG=VALUE...: sign the message on standard input as example.org
sign() {
  key=$T/$1; selector=$2; shift 2
  case " $* " in *' h='*) ;; *) set -- "$@" h=from:to:subject:date ;; esac
  case " $* " in *' d='*) ;; *) set -- d=example.org "$@" ;; esac
  case " $* " in *' v='*) ;; *) set -- v=1 "$@" ;; esac
  "$SIGN" "$key" "s=$selector" "$@"
}
rsa() { sign rsa.pem "$@" a=rsa-sha256; }

# result [ARGUMENT...]: what is declared about the message on standard input, on
# one line and without b=
result() {
  cm-filter-dkim "$@" > "$T/report"; code=$?
  sed '1d; s/header.b=[^;]*//' "$T/report" | tr -d '\n' | tr '\t' ' ' | sed 's/  */ /g; s/^Auth[^;]*; *//; s/ *; */; /g; s/ $//'
  echo
  return $code
}

# is RESULT NAME COMMAND...: the message that the command makes of ./mail has this result
is() {
  want=$1; name=$2; shift 2
  "$@" < mail > signed || echo "# cannot sign: $*"
  same "$want" "$name" result < signed
}

OK='dkim=pass header.d=example.org header.s=s header.a=rsa-sha256'
# by SELECTOR: that of another key
by() { echo "$OK" | sed "s/header.s=s/header.s=$1/"; }
# bad RESULT REASON SELECTOR
bad() { echo "dkim=$1 reason=\"$2\" header.d=example.org header.s=$3 header.a=rsa-sha256"; }

# Signatures that are good

same 'dkim=none' 'a message without a signature' result < mail
same '2.0.0 dkim none' 'has a reason' head -n 1 "$T/report"
same '' 'and costs no question' cat "$T/queries"
is "$OK" 'an RSA signature passes' rsa s
same '2.0.0 dkim pass example.org' 'and says whose' head -n 1 "$T/report"
b=$(tr -d '\r\n\t ' < signed | sed 's/.*;b=\(........\).*/\1/')
like "header.b=\"*$b" 'and which' cat "$T/report"
is 'dkim=pass header.d=example.org header.s=ed header.a=ed25519-sha256' 'an Ed25519 signature passes' \
  sign ed.key ed a=ed25519-sha256
for c in simple/simple simple/relaxed relaxed/simple relaxed/relaxed relaxed simple; do
  is "$OK" "canonicalization $c" rsa s c=$c
done
is "$(by bare)" 'a key that is a bare RSAPublicKey' rsa bare
is "$(by other)" 'a key of 1024 bits' sign other.pem other a=rsa-sha256
is "$(by many)" 'of several records one that fits' rsa many
is "$(by folded)" 'a record in pieces and with blanks' rsa folded
is "$(by both)" 'a key with tags that we do not know' rsa both
is "$(by mail)" 'a key for mail among others' rsa mail
is "$(by alias)" 'a key behind an alias' rsa alias
is "$(by test)" 'a key in test mode' rsa test
is "$(by strict)" 'a key that is not for subdomains' rsa strict
is 'dkim=pass header.d=example.org header.i=joe@sub.example.org header.s=s header.a=rsa-sha256' 'i= below d=' \
  rsa s i=joe@sub.example.org
is "$OK" 'tags in any order, with folds, unknown ones, z= and q=' \
  rsa s "h=$(printf 'From :\n\tTo\n : Subject : date')" z=From:x q=dns/foo:dns/txt xy=1
is "$OK" 'fields listed once more than they are there' rsa s h=from:from:subject:subject:to:reply-to
is 'dkim=pass header.d=Example.ORG header.s=S header.a=RSA-sha256' 'case does not matter' \
  "$SIGN" "$T/rsa.pem" v=1 a=RSA-sha256 d=Example.ORG s=S h=FROM:Subject c=Relaxed/SIMPLE
is 'dkim=pass header.d=xn--bcher-kva.example header.s=s header.a=rsa-sha256' 'd= in UTF-8 is declared as the DNS has it' \
  rsa s d=bücher.example
is "$OK" 'a time that is not over' rsa s t=1500000000 x=99999999999999999999999999

# The example of RFC 8463, A.3
crlf > mail8463 <<'END'
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
END
FB='header.d=football.example.com header.i=@football.example.com'
same "dkim=pass $FB header.s=brisbane header.a=ed25519-sha256; dkim=pass $FB header.s=test header.a=rsa-sha256" \
  'the example of RFC 8463, both signatures' result < mail8463

# The example of RFC 6376, A.2, with the key of C.
crlf > mail6376 <<'END'
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
END
same 'dkim=pass header.d=example.com header.i=joe@football.example.com header.s=brisbane header.a=rsa-sha256' \
  'the example of RFC 6376' result < mail6376

# Another signer
/usr/bin/dkimsign --hcanon relaxed --bcanon simple s example.org "$T/rsa.pem" < mail > signed
like '^	dkim=pass header.d=example.org header.i=@example.org header.s=s' 'what dkimpy itself signs' cm-filter-dkim < signed

# Canonical forms: dkimpy's are the measure

for c in simple/simple relaxed/relaxed; do
  for body in '' '\r\n' '\r\n\r\n' 'x' 'x\r\n' 'x\r\n\r\n\r\n' ' \r\n' '\t \r\n\r\n' 'x  \t y \r\n z\r\n' '\r\n\r\nx' \
    'x \r\n\r\n \r\n' 'a\r\n\r\nb\r\n' '\303\244 \377\r\n' '.\r\n..\r\n' 'x\ry\r\n'; do
    { grep -v '^.$' mail | sed '/^Hello/,$d'; printf "\\r\\n$body"; } > one
    rsa s c=$c < one > signed
    same "$OK" "a body $(printf '%s' "$body" | tr '\\\\' /), $c" result < signed
  done
done
{ printf 'FROM: Joe\t \t<joe@example.org>  \r\nSubject:\r\n \tx\r\n\t y \303\244\r\nTo:\r\nDate:   a\t\r\n\r\nx'; } > one
rsa s c=relaxed < one > signed
same "$OK" 'fields with blanks, tabs, folds and bytes above 127, relaxed' result < signed
sed 's/^FROM:/from :/; s/\t/ /g' signed > other
same "$OK" 'another number of blanks, and before the colon, is the same' result < other
rsa s c=simple < one > signed
same "$OK" 'and simple' result < signed
sed 's/\t/ /g' signed > other
same "$(bad fail 'signature does not verify' s)" 'another number of blanks is another field' result < other
tr -d '\r' < mail > one; rsa s c=relaxed/relaxed < mail > signed; tr -d '\r' < signed > other
same "$OK" 'a message whose lines end in LF has the form that was sent' result < other
rsa s c=simple/simple < one > other
same "$OK" 'simple too' result < other
{ sed '/^\r$/q' mail; i=0; while [ $i -lt 3000 ]; do printf 'line %s of a body  that is larger \t than what is read at once \r\n\r\n' $i; i=$((i + 1)); done; } > one
for c in simple/simple relaxed/relaxed; do
  rsa s c=$c < one > signed
  same "$OK" "a body of 200 KB, $c" result < signed
  same "$OK" "from a pipe, $c" sh -c 'cat signed | cm-filter-dkim | sed "1,2d; s/ *header.b.*//" | tr "\n\t" "  " | sed "s/  */ /g; s/^ //; s/ $//"'
done

{ sed '/^\r$/q' mail; yes 'a long body' | head -c 30000000 | crlf; } > one
rsa s < one > signed
bounded() { (ulimit -v 40000; cm-filter-dkim < "$1" 2>&1) | head -n 1; }
if [ "$(bounded mail)" = '2.0.0 dkim none' ]; then
  same '2.0.0 dkim pass example.org' 'a body of 30 MB needs no more memory than a small one' bounded signed
else report 0 'memory is not bounded # SKIP under a sanitizer'; fi
rm -f one signed

# What was changed

rsa s c=relaxed/relaxed < mail > signed
sed 's/this is it/this was it/' signed > other
same "$(bad fail 'body has changed' s)" 'another body' result < other
same '2.0.0 dkim fail example.org: body has changed' 'is a reason' head -n 1 "$T/report"
sed 's/^Subject: hello/Subject: hallo/' signed > other
same "$(bad fail 'signature does not verify' s)" 'another subject' result < other
{ echo 'Subject: more'; cat signed; } > other
same "$OK" 'a field on top of one that is signed is another' result < other
rsa s h=from:from:subject:subject < mail > other
{ printf 'Subject: more\r\n'; cat other; } > signed
same "$(bad fail 'signature does not verify' s)" 'unless its name is listed once more' result < signed
sed 's/a=rsa-sha256/a=ed25519-sha256/' other > signed
same "$(bad permerror 'the key is of another kind' s | sed s/rsa-/ed25519-/)" 'another algorithm' result < signed
is "$(bad fail 'signature does not verify' other)" 'the key of somebody else' rsa other

# l=

{ cat mail; printf 'a list footer\r\n'; } > one
rsa s l=23 < mail > signed
same "$OK" 'l= that is all of the body' result < signed
printf 'a list footer\r\n' >> signed
same "$(bad policy 'body goes on behind what is signed' s)" 'more than l= is policy' result < signed
is "$(bad policy 'body goes on behind what is signed' s)" 'l=0 too' rsa s l=0
is "$(bad fail 'body is shorter than l= says' s)" 'less than l= fails' rsa s l=24
is "$(bad neutral 'l= is no number' s)" 'l= that is no number' rsa s l=1k
is "$(bad fail 'body is shorter than l= says' s)" 'a huge l=' rsa s l=9999999999999999999999999999999999999999999999

# Signatures that are none

is "$(bad neutral 'unknown version' s)" 'another version' rsa s v=2
is "$(bad neutral 'unknown algorithm' s | sed s/rsa-sha256/rsa-sha512/)" 'an unknown algorithm' sign rsa.pem s a=rsa-sha512
is "$(bad fail 'rsa-sha1 does not count any more' s | sed s/sha256/sha1/)" 'rsa-sha1 fails' sign rsa.pem s a=rsa-sha1
is "$(bad fail 'key below 1024 bits' weak)" 'so does a key below 1024 bits' sign weak.pem weak a=rsa-sha256
is "$(bad neutral 'unknown canonicalization' s)" 'an unknown canonicalization' rsa s c=relaxed/nofws h=from bh=eA==
is "$(bad neutral 'unknown query method' s)" 'an unknown query method' rsa s q=dns/foo
is "$(bad permerror 'From is not signed' s)" 'From must be signed' rsa s h=to:subject:xfrom
is "$(bad permerror 'i= is not in the domain d=' s | sed 's/ header.s/ header.i=joe@example.com header.s/')" \
  'i= elsewhere' rsa s i=joe@example.com
is "$(bad permerror 'i= is not in the domain d=' s | sed 's/ header.s/ header.i=joe@notexample.org header.s/')" \
  'i= in a domain that only ends so' rsa s i=joe@notexample.org
is "$(bad permerror 'i= is not in the domain d=' s | sed 's/ header.s/ header.i=example.org header.s/')" \
  'i= without an @' rsa s i=example.org
is "$(bad permerror 'the key is not for subdomains' strict | sed 's/ header.s/ header.i=joe@sub.example.org header.s/')" \
  'i= below d= where the key forbids it' rsa strict i=joe@sub.example.org
is "$(bad fail expired s)" 'an expired one' rsa s t=1500000000 x=1500000001
is "$(bad fail 'signed in the future' s)" 'one of the future' rsa s t=9999999999
is "$(bad neutral 't= or x= makes no sense' s)" 'x= before t=' rsa s t=1500000000 x=1400000000
is "$(bad neutral 't= or x= makes no sense' s)" 'a time that is none' rsa s t=now
is "$(bad neutral 'd= or s= is no name' s | sed 's/example.org/a..b/')" 'a domain that is none' rsa s d=a..b
is "$(bad neutral 'd= or s= is no name' s | sed 's/=example.org/="a b"/')" 'with a blank in it' rsa s 'd=a b'
is "$(bad neutral 'b= or bh= is no base64' s)" 'bh= that is no base64' rsa s 'bh=a!b'
is "$(bad fail 'body has changed' s)" 'a hash of another length' rsa s bh=aaaa
i=0; h=from; while [ $i -lt 256 ]; do h=$h:a; i=$((i + 1)); done
is "$(bad neutral 'h= lists too many fields' s)" 'too many fields' rsa s h=$h
rsa s c=relaxed < mail > signed
for t in v a d s h bh; do
  tr '\r' '\001' < signed | sed "1s/\\([: ]\\)$t=[^;]*;/\\1/" | tr '\001' '\r' > other
  like 'dkim=neutral reason="\(a tag is missing\|unknown version\)"' "without $t=" result < other
done
sed '1s/v=1;/v=1; v=1;/' signed > other
like 'dkim=neutral reason="not a list of tags"' 'a tag that is there twice' result < other
printf 'DKIM-Signature: hello\r\nFrom: x\r\n\r\n' > other
same 'dkim=neutral reason="not a list of tags"' 'a text that is no signature' result < other
printf 'DKIM-Signature:\r\nFrom: x\r\n\r\n' > other
same 'dkim=neutral reason="a tag is missing"' 'an empty one' result < other
{ printf 'DKIM-Signature: v=1; a=rsa-sha256; d=\033[2J"; s=\\; h=from; bh=YQ==; b=YQ==\r\nFrom: x\r\n\r\n'; } > other
same 'dkim=neutral reason="not a list of tags" header.s="\\" header.a=rsa-sha256' 'what does not print is not printed' result < other

# Keys that are none

for k in nxdomain:'no key' empty:'no key' revoked:'key revoked' nop:'not a DKIM key' junk:'the key cannot be read' \
  notder:'the key cannot be read' text:'not a DKIM key' late:'not a DKIM key' dkim2:'not a DKIM key' \
  sha1:'the key is not for sha256' chat:'the key is not for mail' kind:'the key is of another kind' \
  ed:'the key is of another kind'; do
  is "$(bad permerror "${k#*:}" "${k%%:*}")" "key: ${k%%:*}" rsa "${k%%:*}"
done
is "$(bad permerror 'the key cannot be read' edshort | sed s/rsa-/ed25519-/)" 'an Ed25519 key that is short' \
  sign ed.key edshort a=ed25519-sha256
is "$(bad fail 'signature does not verify' e64)" 'an exponent of 64 bits is tried' rsa e64
is "$(bad permerror 'the key cannot be read' e72)" 'one of 72 is work that nobody needs' rsa e72
is "$(bad permerror 'the key cannot be read' e2048)" 'nor one as long as the key' rsa e2048
is "$(bad neutral 'not verified, key in test mode' testother)" 'a failure in test mode is no failure' rsa testother

# No answer

rsa broken < mail > signed
code() { cm-filter-dkim "$@" < signed > "$T/report"; echo $?; }
same 111 'a name server in trouble is no verdict' code
same 'dkim temperror example.org: no answer about the key' 'for on-error to decide' head -n 1 "$T/report"
same 0 'unless the arguments have one' code temperror=deliver
like 'dkim=temperror reason="no answer about the key" header.d=example.org' 'which is declared' cat "$T/report"
same 111 'to defer is one' code temperror=defer
same '4.7.5 dkim temperror example.org: no answer about the key' 'with a status code' head -n 1 "$T/report"
rsa lone < mail > signed
same 111 'an answer of garbage is none' code
rsa silent < mail > signed
slow() { CM_DEADLINE=$(($(date +%s) + 3)) cm-filter-dkim < signed > "$T/report"; echo $?; }
before=$(date +%s)
same 111 'nor is silence' slow
ok 'and it is not waited for longer than there is time' test $(($(date +%s) - before)) -lt 20
rsa s c=relaxed < mail > one; rsa silent < one > signed
same 0 'unless another signature verifies' slow
like 'dkim=temperror' 'both are declared' cat "$T/report"

# Several

rsa s c=relaxed/relaxed < mail | sed 's/this is it/this was it/' > one
rsa other < one > two; rsa s < two > signed
same "$OK; $(bad fail 'signature does not verify' other); $(bad fail 'body has changed' s)" 'each signature has its result' result < signed
same '2.0.0 dkim pass example.org' 'and one that verifies decides' head -n 1 "$T/report"
cp mail one; for i in 1 2 3 4 5 6 7 8 9; do rsa other < one > two; mv two one; done
same 8 'no more than eight are looked at' sh -c 'cm-filter-dkim < one | grep -c dkim='
rsa s h=from < mail > one; rsa s h=from:dkim-signature < one > signed
same "$OK; $OK" 'a signature may sign another' result < signed

# Verdicts by argument

rsa s < mail > signed
same 99 'pass may be a verdict' code pass=whitelisted
same '2.0.0 dkim pass example.org' 'with its reason' head -n 1 "$T/report"
sed 's/this is it/this was it/' signed > other; mv other signed
same 20 'fail may' code pass=whitelisted fail=reject/deliver none=junk
same '5.7.20 dkim fail example.org: body has changed' 'with its reason' head -n 1 "$T/report"
cp mail signed
same 10 'none may' code none=junk
same 40 'the last word counts' code none=junk none=accept/redirect
rsa revoked < mail > signed
same 100 'permerror may' code permerror=reject/delete
rsa s v=3 < mail > signed
same 10 'neutral may' code neutral=junk
rsa s l=1 < mail > signed
same 10 'policy may' code policy=junk
same '5.7.21 dkim policy example.org: body goes on behind what is signed' 'with its status code' head -n 1 "$T/report"

# Wrong calls, and limits

verdict 111 'cm-filter-dkim: not RESULT=VERDICT: good=deliver' 'a result that is none' cm-filter-dkim good=deliver < mail
verdict 111 'cm-filter-dkim: not a verdict: good' 'a verdict that is none' cm-filter-dkim pass=good < mail
verdict 111 'cm-filter-dkim: not RESULT=VERDICT: pass' 'a word that is neither' cm-filter-dkim pass < mail
verdict 111 'cm-filter-dkim: unable to read message: Is a directory' 'read trouble is no verdict' cm-filter-dkim < /tmp
{ printf 'X: '; head -c 1100000 /dev/zero | tr '\0' x; } > big
verdict 100 '5.3.4 header too large' 'an endless header is refused' cm-filter-dkim < big
echo x:y > control/resolvers; rsa s < mail > signed
verdict 111 'cm-filter-dkim: control/resolvers: not an address: x:y' 'a resolver that is none' cm-filter-dkim < signed

done_testing
