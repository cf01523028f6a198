#!/bin/sh
# One message, one verdict: the same corpus through every front end. Each is a function that hands
# on all messages of $T/mails, in the order of their names, as a@example.org would send them from
# client.example.org, 192.0.2.7, and leaves a row for each in the mail log of $W; a new one is a
# function and a word in the loop at the end.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/../pop3proxy/pop3.sh"
need_dovecot
here=$(cd "$(dirname "$0")/.." && pwd)

# from-line has a line that is no field, which is its first one only before a server has put a field
# on top; a CR of its own reaches no client of POP3.
# Attachments that are hidden in some way, mail that is only ordinary, and faults of the header.
mkdir "$T/mails"
for m in "$here"/mail/ordinary/*.eml $(ls "$here"/mail/evasions/*.eml | awk 'NR % 3 == 1'); do
  sed -e 's/\r*$/\r/' -e '$a\' "$m" > "$T/mails/$(basename "$m")"
done
fault() { { printf '%b' "$2"; printf '\r\ntext\r\n'; } > "$T/mails/$1.eml"; }
rm "$T/mails/from-line.eml" "$T/mails/header-bare-cr.eml"
fault fault-two-from 'From: a@example.org\r\nFrom: b@example.org\r\nSubject: x\r\n'
fault fault-no-from 'Subject: x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n'
fault fault-no-header ''
fault defer 'From: a@example.org\r\nSubject: defer\r\n'
fault broken 'From: a@example.org\r\nSubject: broken\r\n'
fault store 'From: a@example.org\r\nSubject: store\r\n'
fault large "From: a@example.org\r\nSubject: large\r\n\r\n$(head -c 300000 /dev/zero | tr '\0' x | fold -w 70 | sed 's/$/\\r/')\nend"

# place NAME: a home $T/NAME, and in it a port with these filters
place() {
  W=$T/$1
  mkdir -p "$W/port/control"
  cp "$here/../control/attach" "$W/port/control/"
  cat > "$W/port/control/pipeline" <<'!'
facts    check   : ./facts
fields   check   : cm-filter-fields

words    check   max=200k on-error=defer : ./words

attach   rewrite : cm-filter-attach control/attach
!
  printf '#!/bin/sh\n[ "$SENDER $CM_HELO $TCPREMOTEIP" = "a@example.org client.example.org 192.0.2.7" ] && exit 10\n' > "$W/port/facts"
  printf '#!/bin/sh\ncase $(grep -a "^Subject:") in *defer*) exit 111;; *broken*) exit 77;; *store*) exit 40;; esac\nexit 0\n' > "$W/port/words"
  chmod 755 "$W/port/facts" "$W/port/words"
  echo store > "$W/port/control/quarantine"
}
mails() { ls "$T/mails"; }

# The pipeline by itself says what is right.
place pipeline
export SENDER=a@example.org
mails | while read -r m; do
  (cd "$W/port" && CM_HELO=client.example.org TCPREMOTEIP=192.0.2.7 CM_HOME=$W cm-pipeline control/pipeline \
    < "$T/mails/$m" > /dev/null 2>> "$W/err" 3> /dev/null)
  case $? in
    0) v=accept/deliver;; 10) v='accept/deliver, junk';; 20) v=reject/deliver;; 30) v=reject/redirect;; 40) v=accept/redirect;;
    50) v=accept/delete;; 100) v=reject/delete;; *) v=defer;;
  esac
  echo "$m $v"
done > "$T/right"
unset SENDER

# agrees NAME: what the front end has written into its mail log is that
agrees() {
  columns id verdict | sort | sed 's,^[^ ]* ,,' > "$T/verdicts"
  mails | paste -d ' ' - "$T/verdicts" > "$T/$1.said"
  same '' "$1: each message has the verdict that the pipeline itself gives" diff "$T/right" "$T/$1.said"
}

smtpd() {
  place smtpd
  echo 'queue true' > "$W/port/control/upstream"
  echo '*' > "$W/port/control/recipients"
  (cd "$W/port" && CM_HOME=$W TCPREMOTEIP=192.0.2.7 timeout 60 perl -MIPC::Open2 -e '
    my $dir = shift; opendir my $d, $dir; $| = 1;
    open2(my $in, my $out, "cm-smtpd");
    sub ask { print $out "$_[0]\r\n"; answer() }
    sub answer { while (<$in>) { return if /^\d{3} / } exit 1 }
    answer(); ask("EHLO client.example.org");
    while (my $m = <STDIN>) {
      chomp $m; local $/; open my $f, "<:raw", "$dir/$m"; my $text = <$f>; $text =~ s/^\./../mg; local $/ = "\n";
      ask("MAIL FROM:<a\@example.org>"); ask("RCPT TO:<b\@example.net>"); ask("DATA"); print $out $text; ask(".");
    }
    ask("QUIT")' "$T/mails" 2>> "$W/err")
}

pop3d() {
  start_dovecot dovecot
  place pop3d
  echo "pop3 127.0.0.1 $DOVECOT" > "$W/port/control/upstream"
  echo '* 1' > "$W/port/control/hops"
  i=100
  for m in $(mails); do
    i=$((i + 1))
    { printf 'Return-Path: <a@example.org>\r\nReceived: from client.example.org (client.example.org [192.0.2.7])\r\n\tby mx.example.net; Thu, 1 Jan 2026 00:00:00 +0000\r\n'
      cat "$T/mails/$m"; } | mail u $i.a
  done
  { printf '%s\r\n' 'USER u' 'PASS p'; seq -f 'RETR %.0f' $((i - 100)) | sed 's/$/\r/'; printf 'QUIT\r\n'; } > "$T/commands"
  (cd "$W/port" && CM_HOME=$W timeout 60 cm-pop3d < "$T/commands" > "$T/heard" 2>> "$W/err")
}

# Of the same mailbox. Letters that go out do so behind others of their group: rows by their ids.
fetch() {
  place fetch
  A=$W/port/control
  echo "pop3 127.0.0.1 $DOVECOT tls=no" > "$A/server"
  echo u > "$A/user"; echo b@example.net > "$A/recipient"; echo 'queue true' > "$A/upstream"; echo '* 1' > "$A/hops"
  (umask 077; echo p > "$A/password")
  CM_HOME=$W timeout 100 cm-fetch "$W/port" 2>> "$W/err"
}

# As qmail-local would: lines end in LF.
local_() {
  place local
  echo '* 1' > "$W/port/control/hops"
  while read -r m; do
    { printf 'Received: from client.example.org (client.example.org [192.0.2.7])\n\tby mx.example.net; Thu, 1 Jan 2026 00:00:00 +0000\n'
      sed 's/\r$//' "$T/mails/$m"; } > "$T/letter"
    (cd "$W/port" && CM_HOME=$W SENDER=a@example.org RECIPIENT=b@example.net cm-local -n control/pipeline < "$T/letter" > /dev/null 2>> "$W/err")
  done
}

# As qmail-smtpd would: lines end in LF, and its Received field stands on top.
queue() {
  place queue
  echo true > "$W/port/control/queue"
  printf 'Fa@example.org\0Tb@example.net\0\0' > "$T/envelope"
  while read -r m; do
    { printf 'Received: from unknown (HELO client.example.org) (192.0.2.7)\n  by mx.example.net with SMTP; 1 Jan 2026 00:00:00 -0000\n'
      sed 's/\r$//' "$T/mails/$m"; } > "$T/letter"
    CM_HOME=$W TCPREMOTEIP=192.0.2.7 cm-queue "$W/port" < "$T/letter" 1< "$T/envelope" 2>> "$W/err"
  done
}

# The events of OpenSMTPD, one session with all of them.
opensmtpd() {
  place opensmtpd
  (cd "$W/port" && CM_HOME=$W timeout 60 perl -MIPC::Open2 -e '
    my $dir = shift; my $said = "";
    open2(my $in, my $out, "cm-opensmtpd");
    sub report { syswrite $out, "report|0.6|1.5|smtp-in|$_\n" for @_ }
    syswrite $out, "config|ready\n";
    report("link-connect|1|client.example.org|pass|192.0.2.7:4711|127.0.0.1:25", "link-identify|1|EHLO|client.example.org");
    while (my $m = <STDIN>) {
      chomp $m; local $/; open my $f, "<:raw", "$dir/$m"; my $text = <$f>; local $/ = "\n";
      report("tx-begin|1|m", "tx-mail|1|m|ok|a\@example.org", "tx-rcpt|1|m|ok|b\@example.net");
      $text =~ s/\r\n/\n/g; $text =~ s/^(\.?)/filter|0.6|1.5|smtp-in|data-line|1|2|$1$1/mg;
      syswrite $out, $text . "filter|0.6|1.5|smtp-in|data-line|1|2|.\n";
      while (<$in>) { last if /^filter-dataline\|1\|2\|\.$/ }
      report("tx-reset|1|m");
    }' "$T/mails" 2>> "$W/err")
}

# As a server does it that hands on what it has taken apart, which tests/conduits has real ones for.
milter() {
  place milter
  {
    printf '%s\n' 'offer 6 1ff 1fffff' 'connect client.example.org 4 1234 192.0.2.7' 'helo client.example.org'
    while read -r m; do printf '%s\n' 'mail <a@example.org>' 'rcpt <b@example.net>' "file $T/mails/$m"; done
    echo quit
  } > "$T/script"
  (cd "$W/port" && CM_HOME=$W timeout 100 perl "$here/tools/mta" cm-milter < "$T/script" > "$T/heard" 2>> "$W/err")
}

ok 'there are many messages' [ "$(mails | wc -l)" -gt 150 ]
same '6' 'and many verdicts' sh -c "sed 's/^[^ ]* //' $T/right | sort -u | wc -l"
for front in smtpd pop3d fetch local_ opensmtpd queue milter; do
  mails > "$T/list"; $front < "$T/list"
  agrees $front
done

done_testing
