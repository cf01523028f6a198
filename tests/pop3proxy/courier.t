#!/bin/sh
# A second server, Courier: what Dovecot has not, UTF8 (RFC 6856), and the same sessions with
# and without us. LANG has none of the two.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot
need_courier
tools=$(dirname "$0")/../tools

umlaut=$(printf 'j\303\266rg')
start_courier c u v "$umlaut"
for user in u v; do
  printf 'From: a@x\nSubject: one\n\nhello\n.dot\n..\n' | mail $user 1.a
  printf 'From: a@x\nSubject: two\n\nhello\n\n' | mail $user 2.a
  { printf 'Subject: large\n\n'; head -c 300000 /dev/zero | tr '\0' x | fold -w 70; } | mail $user 3.a
done
printf 'From: J\303\266rg <a@x>\nTo: \303\266@x\nSubject: gr\303\274n\n\n\303\244\n' | mail v 4.a
printf 'Subject: x\n\nx\n' | mail "$umlaut" 1.a
port p
control upstream "pop3 127.0.0.1 $COURIER"
direct() { printf '%s\r\n' "$@" | timeout 20 nc -N 127.0.0.1 "$COURIER" | tr -d '\r'; }
serve_pop

# The same as without us

same '' 'random sessions give what they give without us, in lock step and pipelined' timeout 120 perl "$tools/popcompare" 40 "$COURIER" "$PORT"

# UTF8

inner() { stepped "$PORT" "$@" QUIT | tail -n +2; }
like '^UTF8 USER$' 'CAPA has what Courier offers' talk CAPA QUIT
same '+OK UTF8 enabled
+OK Password required.
+OK logged in.
+OK 1 17
+OK Bye-bye.' 'behind UTF8 a name may have any letters' inner UTF8 "USER $umlaut" 'PASS p' STAT
# letter PORT LINE...: the fourth message, in a session that begins so; what Courier
# encloses it in has a new name each time, and not always of one length
letter() {
  timeout 20 perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or exit 1; $s->autoflush(1); <$s>;
    for (@ARGV, "USER v", "PASS p") { print $s "$_\r\n"; <$s> }
    print $s "RETR 4\r\n"; while (<$s>) { s/\r//; s/=_[-0-9]*/=_/; s/^\+OK \d+ /+OK n /; print; last if /^(\.|-ERR.*)$/ }' "$@"
}
letter "$COURIER" > "$T/plain"
letter "$COURIER" UTF8 > "$T/utf8"
ok 'Courier gives a message with UTF-8 in its header only to who says UTF8' not cmp -s "$T/plain" "$T/utf8"
same "$(cat "$T/plain")" 'so do we, to who does not' letter "$PORT"
same "$(cat "$T/utf8")" 'and to who does' letter "$PORT" UTF8
late() { inner 'USER v' 'PASS p' UTF8 | sed -n 3p; }
same '-ERR you are logged in already' 'UTF8 comes before the login' late

# Filters

printf '#!/bin/sh\necho >> ../count\nexit 10\n' > "$W/port/judge"
chmod 755 "$W/port/judge"
echo 'judge check : ./judge' > "$W/port/control/pipeline"
count() { wc -l < "$W/count"; }
twice() { for k in 1 2; do letter "$PORT" UTF8; done | grep -c '^Subject: \[SPAM\] gr'; }
same 2 'what a filter says of a message is told in every session' twice
same 1 'and it was judged once' count
wrapped() { letter "$PORT" | grep -c '^Subject: \[SPAM\] Cannot display'; }
same 1 'without UTF8 it is another message, with the same UIDL: judged for itself' wrapped
same 2 'and not given what is remembered of the other' count

# LANG

background perl "$tools/faultpop" lang > "$T/fault"
within 10 test -s "$T/fault"
control upstream "pop3 127.0.0.1 $(cat "$T/fault")"
languages() { talk LANG 'LANG de' 'LANG xx' QUIT | tail -n +2; }
like '^LANG$' 'languages are offered where the server has them' talk CAPA QUIT
same '+OK these
en English
de Deutsch
.
+OK de jetzt Deutsch
-ERR [LANG] unknown
+OK' 'LANG goes to the server' languages

done_testing
