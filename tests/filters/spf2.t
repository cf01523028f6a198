#!/bin/sh
# cm-filter-spf beside libspf2, on policies as people write them: a second opinion.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/dns.sh"
here=$(cd "$(dirname "$0")" && pwd)

nameserver <<'END'
pass.example TXT v=spf1 ip4:192.0.2.10 -all
fail.example TXT v=spf1 -all
soft.example TXT v=spf1 ~all
neutral.example TXT v=spf1 ?all
bare.example TXT v=spf1 ip4:192.0.2.10
other.example TXT google-site-verification=x
net.example TXT v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all
host.example A 192.0.2.10
host.example AAAA 2001:db8::10
near.example A 192.0.2.11
near.example AAAA 2001:db8::11
a.example TXT v=spf1 a:host.example -all
a2.example TXT v=spf1 ?a:host.example a:near.example ~all
abits.example TXT v=spf1 a:near.example/28 -all
self.example TXT v=spf1 a mx -all
self.example A 192.0.2.10
self.example MX 10 near.example
mx.example TXT v=spf1 mx -all
mx.example MX 10 near.example
mx.example MX 20 host.example
mxof.example TXT v=spf1 mx:mx.example ip4:192.0.2.96/29 -all
inc.example TXT v=spf1 include:pass.example include:a.example -all
incdeep.example TXT v=spf1 include:inc.example include:mx.example ~all
incsoft.example TXT v=spf1 include:soft.example include:fail.example ip4:192.0.2.12 -all
redir.example TXT v=spf1 redirect=pass.example
redirdeep.example TXT v=spf1 ip4:192.0.2.12 redirect=redir.example
minus.example TXT v=spf1 -ip4:192.0.2.10 ip4:192.0.2.0/24 -all
exists.example TXT v=spf1 exists:%{i}.ok.example -all
192.0.2.10.ok.example A 127.0.0.1
exists2.example TXT v=spf1 exists:%{ir}.%{l}.%{d}.ok.example ~all
12.2.0.192.joe.exists2.example.ok.example A 127.0.0.1
upper.example TXT v=spf1 IP4:192.0.2.10 A:Host.Example -ALL
exp.example TXT v=spf1 ip4:192.0.2.10 -all exp=why.example
why.example TXT no
END
cc=$(command -v gcc || command -v clang)
if [ -e /usr/include/spf2/spf.h ] && $cc -w -o "$T/spf2" "$here/spf2.c" -lspf2 2> "$T/cc"; then
  pairs() {
    for ip in 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.99 2001:db8::10 2001:db8:1::1; do
      sed -n 's/^\([a-z0-9]*\.example\) TXT .*/\1/p' "$T/zones" | while read -r domain; do echo "$ip $domain"; done
    done
  }
  ours() {
    pairs | while read -r ip domain; do
      echo "$ip $domain $(env TCPREMOTEIP="$ip" CM_HELO=out.mail.example SENDER="joe@$domain" cm-filter-spf helo=no < /dev/null |
        sed -n 's/.*spf=\([a-z]*\).*/\1/p')"
    done
  }
  ours > "$T/ours"
  pairs | "$T/spf2" "$T/zones" > "$T/theirs"
  ok "there is something to compare ($(wc -l < "$T/ours"))" test "$(wc -l < "$T/ours")" -gt 100
  same '' 'libspf2 says the same of each' diff "$T/ours" "$T/theirs"
else
  echo "ok $((n += 1)) # skip the second opinion: no libspf2"
fi
done_testing
