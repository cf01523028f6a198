#!/bin/sh
# cm-queue between real programs: behind mailfront's SMTP server and behind cm-smtpd, before
# cm-maildir.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/queue.sh"
PATH=$PATH:/usr/sbin
front=$(command -v smtpfront-qmail) || { echo '1..0 # SKIP there is no mailfront'; exit; }

mkdir -p "$T/mail" "$T/qmail/control"
echo '*' > "$T/qmail/control/rcpthosts"; echo example.net >> "$T/qmail/control/rcpthosts"
echo mx.example.net > "$T/qmail/control/me"
echo "cm-maildir $T/mail" > "$C/queue"
printf '#!/bin/sh\necho "$SENDER|$CM_HELO|$TCPREMOTEIP" >> "$CM_HOME/facts"\ncase $(grep -a "^Subject:") in *spam*) echo 5.7.1 no spam; exit 100;; *later*) exit 111;; *keep*) exit 30;; *drop*) exit 50;; esac\n' > "$W/bin/words"
chmod 755 "$W/bin/words"
echo "words check : $W/bin/words" > "$C/pipeline"
cp "$C/pipeline" "$C/relaypipeline"; echo 'none check 0=reject/delete : true' > "$C/localpipeline"
boxes() { find "$T/mail" -path '*/new/*' | wc -l; }
inbox() { cat "$T/mail/$1"/new/*; }
empty() { rm -rf "$T/mail"; mkdir "$T/mail"; rm -f "$W/facts"; fresh; }

# mailfront, which spools a message and then calls what QMAILQUEUE names, from another directory

QMAILQUEUE=$(command -v cm-queue) QMAILHOME=$T/qmail
export QMAILQUEUE QMAILHOME
serve "$front"
# letter SUBJECT [OPTION...]: what the client hears of it
letter() {
  subject=$1; shift
  swaks --server "127.0.0.1:$PORT" --helo client.example.org --from a@example.org --to b@example.net,c@example.net \
    --header "Subject: $subject" --body "$(printf '.\n..\nbody')" "$@" 2>&1 | sed -n '/ -> \.$/,/^[ <]/{ /^<\(..\|\) /{ s/^<.. *//; p; }; }' | head -n 1
}
like '^250 ' 'mailfront: a message is accepted' letter hello
same 2 'both recipients have it' boxes
like '^Subject: hello$' 'once' inbox b@example.net
like '^\.\.$' 'with its dots' inbox c@example.net
like '^X-CleanMail-Result: accept/deliver$' 'and the verdict' inbox b@example.net
same 'a@example.org|client.example.org|127.0.0.1' 'the filter heard who the client is' cat "$W/facts"
empty
like '^554 ' 'a message that is refused' letter spam
like '^451 ' 'one that is deferred' letter later
like '^554 ' 'one that is refused and kept' letter keep
like '^250 ' 'one that is accepted and deleted' letter drop
same 0 'nothing is delivered' boxes
same '0 1 1' 'one is in the store, and the deletion of another on record' fate
empty
{ printf 'Subject: large\n\n'; seq 300000; } > "$T/large"
like '^250 ' 'a large one' letter large --data "$T/large"
same '1
300000' 'is whole' sh -c "sed -n '/^1\$/p; /^300000\$/p' $T/mail/b@example.net/new/*"
empty
smtp-source -s 5 -m 40 -c -l 2000 -f a@example.org -t b@example.net "127.0.0.1:$PORT" > /dev/null 2>&1
same 40 'forty in five sessions: none is lost' boxes
same 40 'and each is in the mail log' sh -c "grep -c ,QUEUE, $W/log/mail.csv"
empty
# A client that goes away in mid message
perl -MIO::Socket::INET -e '
  my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]"); $| = 1;
  for my $say ("", "HELO x\r\n", "MAIL FROM:<a\@example.org>\r\n", "RCPT TO:<b\@example.net>\r\n", "DATA\r\n") { print $s $say; <$s> }
  print $s "Subject: hello\r\n\r\nhalf"; close $s' "$PORT"
like '^250 ' 'behind a client that went away in mid message' letter hello
same 2 'there is only the next one' boxes
empty
echo nonsense > "$C/pipeline"
like '^451 ' 'a broken pipeline file' letter hello
same 0 'delivers nothing' boxes
echo "words check : $W/bin/words" > "$C/pipeline"
kill "$PID"; wait "$PID" 2> /dev/null
unset QMAILQUEUE QMAILHOME

# cm-smtpd, which listens on descriptor 6

M=$W/ports/mx
mkdir -p "$M/control"
echo 'queue cm-queue' > "$M/control/upstream"; echo '*@example.net' > "$M/control/recipients"; : > "$M/control/pipeline"
serve sh -c "cd $M && exec cm-smtpd"
empty
like '^250 ' 'cm-smtpd: a message is accepted' letter hello
same 2 'both recipients have it' boxes
like '^\.\.$' 'with its dots' inbox c@example.net
same 0 'and no CR' sh -c "grep -c '$(printf '\r')' $T/mail/b@example.net/new/*"
same 'a@example.org|client.example.org|127.0.0.1' 'the filter heard who the client is' cat "$W/facts"
like '^554 5\.7\.1 no spam (' 'one that is refused, with the words of the filter' letter spam
like '^451 4\.' 'one that is deferred' letter later
like '^554 5\.7\.1 ' 'one that is refused and kept' letter keep
like '^250 ' 'one that is accepted and deleted' letter drop
same '0 1 1' 'it is on record' fate
id=$(basename "$W"/store/*.eml .eml)
echo "queue cm-maildir $T/mail" > "$W/ports/queue/control/upstream"
empty_() { rm -rf "$T/mail"; mkdir "$T/mail"; }
empty_
ok 'what was kept is released' sh -c "cd $W/ports/queue && cm-quarantine release $id"
same 2 'to whom it was for' boxes
like '^\.\.$' 'as it was' inbox b@example.net
kill "$PID"; wait "$PID" 2> /dev/null

done_testing
