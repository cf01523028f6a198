#!/bin/sh
# cm-opensmtpd: as a filter of the real OpenSMTPD; and by hand, for what no real one does.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"

# house DIR: a home with a port, whose pipeline goes by the subject's first word
house() {
  W=$1
  mkdir -p "$W/port/control" "$W/bin"
  for p in cm-opensmtpd cm-pipeline; do cp "$(command -v $p)" "$W/bin/"; done
  cat > "$W/port/control/pipeline" <<'!'
word    check   for=*@example.net : ./word

change  rewrite : ./change
!
  cat > "$W/port/word" <<'!'
#!/bin/sh
text=$(cat)
word=$(echo "$text" | sed -n 's/^Subject: \([a-z0-9]*\).*/\1/p;/^\r*$/q')
echo "$SENDER $TCPREMOTEIP $CM_HELO $CM_PROTO $CM_AUTH $(tr '\n' ' ' < "$CM_ENVELOPE")$CM_TLS" >> facts
case $word in wait) until [ -e go ]; do sleep 0.05; done; exit 0;; die) kill -9 $$;; esac
echo "5.7.1 as the subject says"
case $word in [1-9]*) exit "$word";; esac
exit 0
!
  cat > "$W/port/change" <<'!'
#!/bin/sh
exec sed 's/^Hello/.Bonjour/'
!
  printf '#!/bin/sh\ncd "$(dirname "$0")" || exit 111\nexport CM_HOME="${PWD%%/port}" PATH="${PWD%%/port}/bin:/usr/bin:/bin"\nexec cm-opensmtpd\n' > "$W/port/run"
  chmod 755 "$W/port/word" "$W/port/change" "$W/port/run"
  echo store > "$W/port/control/quarantine"
}

# -- by hand: several sessions in one stream

house "$T/hand"
H=$W
config() { printf 'config|%s\n' smtpd-version\|6.8.0p2 subsystem\|smtp-in ready; }
r() { printf "report|${V:-0.6}|1.5|smtp-in|%s\n" "$@"; }
f() { printf "filter|${V:-0.6}|1.5|smtp-in|%s\n" "$@"; }
# met ID: a session up to its text
met() {
  r "link-connect|$1|client.example.org|pass|192.0.2.7:4711|127.0.0.1:25" "link-identify|$1|EHLO|client.example.org" \
    "tx-begin|$1|m" "tx-mail|$1|m|ok|a|b@example.org" "tx-rcpt|$1|m|ok|b@example.net" "tx-rcpt|$1|m|permfail|c@example.net"
}
text() { for l in "Subject: $2" '' 'Hello' '..dot' 'a|b' 'caf\xe9'; do f "data-line|$1|t$1|$l"; done; }
end() { f "data-line|$1|t$1|."; }
commit() { f "commit|$1|c$1|"; }
# hand: run it with these events; a line "await PATTERN" waits until it has said that
hand() {
  perl -MIPC::Open2 -e '
    $SIG{ALRM} = sub { exit 9 }; alarm 50;
    chdir shift; my $pid = open2(my $in, my $out, "./run"); my $said = "";
    my $more = sub { sysread($in, $said, 65536, length $said) or last };
    while (my $l = <STDIN>) {
      if ($l =~ /^await (.*)/) { my $p = $1; $more->() until $said =~ /$p/m; next }
      if ($l =~ /^kill-full/) {  # it has to say more than anybody has read: its child is within a message
        my $b = pack "L", 0;
        do { select undef, undef, undef, .05; ioctl $in, 0x541b, $b } until unpack("L", $b) >= 60000;
        open my $c, "<", "/proc/$pid/task/$pid/children"; kill 9, split " ", <$c>; next
      }
      if ($l =~ /^exists (.*)/) { select undef, undef, undef, .05 until -e $1; next }
      if ($l =~ /^touch (.*)/) { open my $f, ">", $1; next }
      syswrite $out, $l;
    }
    close $out; 1 while sysread($in, $said, 65536, length $said); print $said; waitpid $pid, 0; exit $? >> 8;
  ' "$W/port" 2> "$T/log" > "$T/said"
}
{ config; echo 'await register.ready'; } | hand
ok 'it ends when OpenSMTPD does' [ $? = 0 ]
same 'register|report|smtp-in|link-connect' 'it says what it wants to hear' head -n 1 "$T/said"
{ config; met 1; text 1 0; end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand
same 'filter-dataline|1|t1|X-CleanMail-Result: accept/deliver
filter-dataline|1|t1|Subject: 0
filter-dataline|1|t1|
filter-dataline|1|t1|..Bonjour
filter-dataline|1|t1|..dot
filter-dataline|1|t1|a|b
filter-dataline|1|t1|caf\xe9
filter-dataline|1|t1|.
filter-result|1|c1|proceed' 'what the filters left, and to go on' sh -c "grep '^filter' $T/said | grep -v MessageID"
same 'a|b@example.org 192.0.2.7 client.example.org ESMTP  a|b@example.org b@example.net ' 'the filters know who it is' cat "$W/port/facts"
same 'a|b@example.org b@example.net accept/deliver' 'the mail log has a row' eval 'columns sender recipients verdict | sed "s/ *$//"'

rm "$W/port/facts"
{ config; met 1; text 1 wait; end 1; echo "exists $W/port/facts"; met 2; text 2 100; end 2; echo 'await 2.t2.[.]$'; commit 2; echo 'await result.2'
  met 3; r 'link-disconnect|3'; echo "touch $W/port/go"; echo 'await 1.t1.[.]$'; commit 1; echo 'await result.1'; } | hand
same '2 1' 'while one is judged others are answered' sh -c "sed -n 's/^filter-result|\(.\)|.*/\1/p' $T/said | tr '\n' ' ' | sed 's/ $//'"
like '^filter-result|2|c2|reject|550 5.7.1 as the subject says ' 'refused in the words of the filter' cat "$T/said"
same 'filter-dataline|2|t2|.' 'with no line of the message' grep '^filter-dataline|2' "$T/said"
rm "$W/port/go"

# gone NAME: no process of ours is left in that home
gone() { ! grep -lsz "CM_HOME=$H" /proc/[0-9]*/environ; }
echo 1 > "$W/port/control/concurrency"
rm "$W/port/facts"
{ config; met 1; text 1 wait; end 1; echo "exists $W/port/facts"; r 'link-disconnect|1'; met 1; text 1 0; end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand
like '^filter-result|1|c1|proceed' 'a client that leaves and one that comes in its place' cat "$T/said"
same 1 'only the other is answered' grep -c '|t1|\.$' "$T/said"
ok 'and nobody waits for the first' within 20 gone
{ config; met 1; text 1 wait; end 1; met 2; text 2 0; end 2; met 3; text 3 20; end 3; echo "touch $W/port/go"; echo 'await 1.t1.[.]$'
  echo 'await 2.t2.[.]$'; echo 'await 3.t3.[.]$'; commit 3; commit 1; commit 2; echo 'await result.2'; } | hand
same 3 'with one at once the others wait' grep -c '^filter-result|.*|proceed' "$T/said"
rm "$W/port/control/concurrency" "$W/port/go"

# The process that judges is killed; its parent, which is the shell's child, has another one.
sitting() { for p in $(pgrep -x cm-opensmtpd); do grep -qsz "CM_HOME=$H\$" "/proc/$p/environ" && [ "$(cat "/proc/$(sed -n 's/^PPid:.//p' "/proc/$p/status")/comm")" = cm-opensmtpd ] && echo "$p"; done; }
struck() { S=$(sitting) && [ "$S" ] && kill -9 $S; }
{ config; met 1; text 1 wait; end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; met 2; text 2 0; end 2
  echo 'await 2.t2.[.]$'; commit 2; echo 'await result.2'; } > "$T/events"
hand < "$T/events" &
ok 'the process that judges can be killed' within 20 struck
wait $!
like '^filter-result|1|c1|reject|451 4.3.0 ' 'its message is deferred' cat "$T/said"
like '^filter-result|2|c2|proceed' 'and the next is judged' cat "$T/said"

# answers SUBJECT: the answer to the commit
answer() { { config; met 1; text 1 "$1"; end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand; sed -n 's/ ([0-9a-f.]*)$//; s/^filter-result|1|c1|//p' "$T/said"; }
for v in '10 proceed' '20 proceed' '30 reject|550 5.7.1 as the subject says' '40 reject|550 5.7.1 as the subject says' \
  '50 reject|550 5.7.1 as the subject says' '100 reject|550 5.7.1 as the subject says' '111 reject|451 4.3.0 mail filter failed'; do
  same "${v#* }" "verdict ${v%% *}" answer "${v%% *}"
done
like '^reject|451 4\.' 'a filter that crashes' answer die
same 2 'what was redirected is in the store' sh -c "ls $W/store/*.eml | wc -l"
: > "$T/file"; mv "$W/store" "$W/kept"; : > "$W/store"
like '^reject|451 4\.' 'no store: later' answer 40
rm "$W/store"; mv "$W/port/control/pipeline" "$W/p"
like '^reject|451 4\.' 'no pipeline: later' answer 0
like 'control/pipeline: there is no such file' 'and why' cat "$T/log"
mv "$W/p" "$W/port/control/pipeline"
{ config; text 9 0; end 9; echo 'await 9.t9.[.]$'; commit 9; echo 'await result'; } | hand
like '^filter-result|9|c9|reject|451 ' 'a session that nobody has announced' cat "$T/said"
{ config; echo report; echo 'filter|'; echo 'filter|0.6|1|smtp-in|commit|'; printf '|||||\n\n'; met 1; text 1 0; end 1; echo 'await 1.t1.[.]$'; } | hand
like '|t1|\.$' 'lines that are none stop nothing' cat "$T/said"
same 111 'an older one is refused' eval "printf 'config|smtpd-version|6.7.1p1\n' | hand; echo \$?"
like 'too old' 'and why' cat "$T/log"
{ config; met 1; f 'data-line|1|t1|Subject: 0' 'data-line|1|t1|'; perl -e 'print "filter|0.6|1|smtp-in|data-line|1|t1|", "x" x 990, "\n" for 1 .. 5000'
  end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand
same 5000 'a large message passes' grep -c 'xxxxx$' "$T/said"
{ config; met 1; f 'data-line|1|t1|Subject: 0' 'data-line|1|t1|'; perl -e 'print "filter|0.6|1|smtp-in|data-line|1|t1|", "x" x 990, "\n" for 1 .. 5000'
  end 1; echo kill-full; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand
like '^filter-result|1|c1|reject|451 4.3.0 ' 'half of one is none' cat "$T/said"
{ config; for i in $(seq 40); do met $i; text $i 0; end $i; echo "await $i.t$i.[.]\$"; commit $i; echo "await result.$i"; r "link-disconnect|$i"; done; } > "$T/events"
(ulimit -n 32; hand < "$T/events")
same 40 'forty messages, one behind the other, with few descriptors' grep -c '^filter-result|.*|proceed' "$T/said"
ok 'no process is left' within 20 gone

# Who the client is ----------------------------------------------------------------

# known EVENT...: what the filters hear of a client about whom these events tell; without its envelope
known() {
  rm -f "$W/port/facts"
  { config; met 1; r "$@"; text 1 0; end 1; echo 'await 1.t1.[.]$'; commit 1; echo 'await result'; } | hand
  sed 's/a|b@example.org //g; s/b@example.net *//' "$W/port/facts"
}
from='link-connect|1|client.example.org|pass' tls='link-tls|1|TLSv1.3:TLS_AES_256_GCM_SHA384:256'
same '192.0.2.7 client.example.org ESMTPSA joe TLSv1.3 TLS_AES_256_GCM_SHA384' 'who logs in by TLS' known "$tls" 'link-auth|1|joe|pass'
same '192.0.2.7 client.example.org ESMTPA a|b ' 'who has a stroke in the name' known 'link-auth|1|a|b|pass'
same '192.0.2.7 client.example.org ESMTP  ' 'who is called as success is, and has failed' known 'link-auth|1|pass|fail'
same '2001:db8::7 client.example.org ESMTP  ' 'who comes by IPv6' known "$from|[2001:db8::7]:4711|[2001:db8::25]:25"
same '2001:db8::7 client.example.org ESMTP  ' 'in the words of RFC 5321' known "$from|[IPv6:2001:db8::7]:4711|[IPv6:2001:db8::25]:25"
same ' client.example.org ESMTP  ' 'who comes by a local socket' known "$from|unix:/run/smtpd.sock|unix:/run/smtpd.sock"

# These lines are written from smtpd-filters(7) of OpenSMTPD 7.8, whose protocol is 0.7: a result
# of a login is before the name, and there is more to hear of. No such OpenSMTPD is asked.
config() { printf 'config|%s\n' smtpd-version\|7.8.0 protocol\|0.7 smtp-session-timeout\|300 admd\|mail.example.net subsystem\|smtp-in ready; }
V=0.7
same '192.0.2.7 client.example.org ESMTPSA joe TLSv1.3 TLS_AES_256_GCM_SHA384' '0.7: who logs in by TLS' known "$tls" 'link-auth|1|pass|joe'
same '192.0.2.7 client.example.org ESMTPA a|pass ' '0.7: who has a stroke in the name' known 'link-auth|1|pass|a|pass'
same '192.0.2.7 client.example.org ESMTP  ' '0.7: who has failed, and ends in success' known 'link-auth|1|fail|a|pass' 'link-auth|1|error|pass'
same '2001:db8::7 client.example.org ESMTP  ' '0.7: what else there is to hear changes nothing' known \
  "$from|[2001:db8::7]:4711|[2001:db8::25]:25" 'link-greeting|1|mail.example.net' 'protocol-client|1|MAIL FROM:<x@y.example>' \
  'filter-response|1|commit|proceed' 'tx-envelope|1|m|e' 'tx-data|1|m|ok' 'timeout|1'
like '^filter-result|1|c1|proceed' '... and the message goes on' cat "$T/said"
V=0.6

# -- the real one

[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null && [ -x "$PEERS/usr/sbin/smtpd" ] || { done_testing; exit; }
mkdir "$T/o"
chmod 755 "$T"
house "$T/o"
chown -R nobody "$W"; chmod 755 "$W"
# As its page has it, but for places and accounts.
mkdir "$T/steps"
perl tests/tools/steps man/cm-opensmtpd.8 "$T/steps" > "$T/all"
sed 's,/var/cleanmail/ports/opensmtpd,/mnt/port,; s,/var/cleanmail,/mnt,g' "$T/steps/examples.2" > "$W/port/run"
sed 's,/var/cleanmail/ports/opensmtpd,/mnt/port,; s/user cms group cms/user nobody group nogroup/; /^listen/d' "$T/steps/examples.1" > "$T/filter"
SIX=$(free_port)
EDIT='/^table/r '"$T/filter"'
s/^listen .*/& filter "cleanmail"\nlisten on ::1 port '"$SIX"' filter "cleanmail"/' start_opensmtpd o
W=$T/o
mail() { swaks --server "127.0.0.1:$PORT" --helo client.example.org --from a@example.org --to b@example.net --header "Subject: $1" --body 'Hello
.dot
..dots' "${2:---suppress-data}"; }
like '^<-  250 2.0.0' 'OpenSMTPD takes what is accepted' mail 0
same 1 'and delivers it' received o
inbox o > "$T/box"
same '.Bonjour
.dot
..dots' 'as the filters left it' sh -c "sed '1,/^\$/d' $T/box | sed '/^\$/d'"
like '^X-CleanMail-Result: accept/deliver' 'with their result' cat "$T/box"
like '^<\*\* 550 5.7.1 as the subject says' 'it refuses what they refuse' mail 100
like '^<\*\* 451 4' 'and defers what they cannot judge' mail die
like '^<-  250 2.0.0' 'junk is marked' mail 10
ok 'so' within 20 grep -rq '^Subject: .SPAM. 10' "$W/mail/new"
like '^a@example.org 127.0.0.1 client.example.org ESMTP  a@example.org b@example.net ' 'the filters know the client' cat "$W/port/facts"

mail wait > "$T/first" 2>&1 &
FIRST=$!; PIDS="$! $PIDS"
ok 'one session waits for its filters' within 20 sh -c "[ \$(wc -l < $W/port/facts) = 5 ]"
like '^<-  250 2.0.0' 'another is served' mail 0
: > "$W/port/go"
wait $FIRST
like '^<-  250 2.0.0' 'and then the first' cat "$T/first"
smtp-source -s 10 -m 40 -f a@example.org -t b@example.net -l 3000 "127.0.0.1:$PORT" > "$T/source" 2>&1
same 0 'forty messages in ten sessions at once' echo $?
same 44 'none is lost' received o

# OpenSMTPD 6.8 shakes no hands with OpenSSL 3, see smtpproxy/tlspeers.t, and lets nobody log in without
# TLS: what it would say of both is above.
rm "$W/port/facts"
like '^<-  250 2.0.0' 'a client that comes by IPv6' swaks --server ::1 --port "$SIX" --helo client.example.org --from a@example.org --to b@example.net --header 'Subject: 0'
like '^a@example.org ::1 client.example.org ESMTP  a@example.org b@example.net ' 'is known by that' cat "$W/port/facts"
done_testing
