#!/bin/sh
# cm-maildir in qmail-queue's place: message on 0, envelope on 1
. "$(dirname "$0")/../tap.sh"

# A caller's descriptors are its own affair: standard input is the message,
# $T/envelope the envelope, what is said comes out on 2.
deliver() { cm-maildir "$T/mail" 2>&1 >/dev/null 1<"$T/envelope"; }
envelope() { printf '%s\0' "$@" '' > "$T/envelope"; }
fresh() { rm -rf "$T/mail"; mkdir "$T/mail"; }
files() { (cd "$T/mail" && find . -type f | sed 's/[^/]*$//' | sort); }
new() { cat "$T/mail/$1"/new/*; }

fresh
envelope Fa@example.org Tb@example.net
printf 'Subject: x\n\n.\nbody\n' > "$T/message"
verdict 0 '' 'a message is delivered' deliver < "$T/message"
same 'Return-Path: <a@example.org>
Delivered-To: b@example.net
Subject: x

.
body' 'with Return-Path and Delivered-To on top' new b@example.net
same './b@example.net/new/' 'into new, and nothing is left in tmp' files
same '700 700 600 ' 'for nobody else to read' sh -c "stat -c %a $T/mail/b* $T/mail/b*/new $T/mail/b*/new/* | tr '\n' ' '"

fresh
envelope F TB@Example.Net Tb@example.net T../../x Tc@example.net
verdict 0 '' 'several recipients' deliver < "$T/message"
same './%2e.%2f..%2fx/new/
./b@example.net/new/
./c@example.net/new/' 'get a maildir each, once, below the one directory' files
like '^Return-Path: <>$' 'an empty sender is a bounce' new c@example.net

fresh
envelope Fa@example.org Tb@example.net
printf 'Subject: x\r\n\r\n.\r\na\rb\r\r\n\r' > "$T/network"
verdict 0 '' 'a message from the network' deliver < "$T/network"
printf 'Return-Path: <a@example.org>\nDelivered-To: b@example.net\nSubject: x\n\n.\na\rb\r\n\r' > "$T/want"
ok 'gets the line ends of a file, and keeps a CR that is none' sh -c "cmp $T/want $T/mail/b*/new/*"

fresh
{ printf 'Subject: x\n\n'; head -c 3000000 /dev/urandom; } > "$T/large"
verdict 0 '' 'a large message' deliver < "$T/large"
ok 'arrives byte by byte' sh -c "tail -n +3 $T/mail/b*/new/* | cmp - $T/large"
fresh
{ printf 'Subject: x\r\n'; perl -e 'print "x" x $_, "\r\n" for 1 .. 1500'; } > "$T/large"
piped() { cat "$T/large" | deliver; }
verdict 0 '' 'a large message from the network through a pipe' piped
ok 'arrives with its line ends changed and nothing else' sh -c "tail -n +3 $T/mail/b*/new/* | sed 's/\$/\r/' | cmp - $T/large"

# As qmail-smtpd does it: all of the message, then the envelope.
fresh
cat > "$T/queue" <<'!'
my ($dir, $message, $envelope, $hold) = @ARGV;
pipe my $m0, my $m1; pipe my $e0, my $e1;
if (!fork) {
  open STDIN, '<&', $m0; open STDERR, '>&', \*STDOUT; POSIX::dup2(fileno $e0, 1);
  close $_ for $m0, $m1, $e0, $e1;
  exec 'cm-maildir', $dir;
}
close $m0; close $e0;
for ([$m1, $message], [$e1, $envelope]) {
  open my $in, '<', $$_[1]; local $/; syswrite $$_[0], <$in>;
  close $$_[0] unless $hold && $$_[0] == $e1;
}
wait; exit $? >> 8;
!
verdict 0 '' 'the message is read before the envelope' timeout 20 perl -MPOSIX "$T/queue" "$T/mail" "$T/large" "$T/envelope"
verdict 0 '' 'the empty item ends the envelope, not the end of the file' \
  timeout 20 perl -MPOSIX "$T/queue" "$T/mail" "$T/large" "$T/envelope" hold
same 2 'both are there' sh -c "ls $T/mail/*/new | wc -l"

# Nobody's file offset
fresh
printf 'skip me\nSubject: x\n\nbody\n' > "$T/offset"
envelope F Tb@b Tc@c
ok 'a message is read from where its descriptor stands' sh -c "{ dd bs=8 count=1 of=/dev/null 2>/dev/null; cm-maildir $T/mail 1<$T/envelope; } < $T/offset"
same 2 'for each recipient' sh -c "cat $T/mail/*/new/* | grep -c ^Subject:"

fresh
i=0; while [ $i -lt 400 ]; do i=$((i + 1)); set -- "$@" "Tr$i@example.net"; done
envelope Fa@example.org "$@"; set --
verdict 0 '' 'four hundred recipients' deliver < "$T/message"
same 400 'all have it' sh -c "ls -d $T/mail/*/new/* | wc -l"

# What is refused, and with which code of qmail-queue
fresh
wrong() { # CODE REASON NAME, the envelope in place
  want=$1; why=$2; name=$3
  verdict "$want" "cm-maildir: $why" "$name" deliver < "$T/message"
}
long=$(printf '%01003d' 0)
envelope Fa@b "T$long"
wrong 11 "unusable address: $long" 'an address without a possible directory is refused for good'
envelope Fa@b "T0$long"
wrong 11 'address too long' 'so is one longer than 1,003 bytes'
head -c 1000000 /dev/zero | tr '\0' x > "$T/envelope"
wrong 11 'address too long' 'and one without end'
envelope Fa@b T
wrong 11 'unusable address: ' 'an empty address has no maildir'
envelope Fa@b
wrong 91 'envelope without sender or recipient' 'no recipient is no envelope'
envelope Ta@b Tc@d
wrong 91 'envelope without sender or recipient' 'no sender is no envelope'
envelope Fa@b Tc@d Fe@f
wrong 91 'envelope with a strange item' 'two senders are no envelope'
printf 'Fa@b\0Tc@d\0' > "$T/envelope"
wrong 91 'envelope without an end' 'an envelope cut short delivers nothing'
perl -e 'print "Fa\@b\0", map("T$_\0", 1 .. 20001), "\0"' > "$T/envelope"
wrong 11 'too many recipients' 'more than 20,000 recipients are refused'
envelope Fa@b Tc@d
verdict 54 'cm-maildir: unable to read message: it is empty' 'an empty message is none' deliver < /dev/null
verdict 54 'cm-maildir: unable to read message: Is a directory' 'a message that cannot be read' deliver < /
rm "$T/envelope"; mkdir "$T/envelope"
wrong 54 'unable to read envelope: Is a directory' 'an envelope that cannot be read'
rmdir "$T/envelope"
envelope Fa@b Tc@d
same '' 'nothing of all this left a trace' ls -A "$T/mail"
verdict 61 "cm-maildir: unable to open $T/nowhere: No such file or directory" 'a missing directory' \
  cm-maildir "$T/nowhere" < "$T/message"
verdict 81 'cm-maildir: usage: cm-maildir DIR' 'a wrong call' cm-maildir < "$T/message"
: > "$T/mail/c@d"
wrong 53 'unable to write into maildir c@d: Not a directory' 'a file where a maildir should be'
fresh
envelope "$(printf 'Fa@b>\nX-Evil: <')" "$(printf 'Tc@d\r\nX-Evil: y')"
deliver < "$T/message"
same 0 'no address makes a header field of its own' sh -c "grep -c ^X-Evil $T/mail/*/new/*"

# Each call that touches the disk fails once: no code 0 without a message, and no message without.
envelope Fa@b Tc@d Te@f
visible() { (cd "$T/mail" && find . -type f | wc -l); }
fresh
strace -qq -o "$T/calls" cm-maildir "$T/mail" < "$T/message" 1< "$T/envelope"
faults() { # CALL ERROR LEAST: it fails at least so often
  i=0; failed=0
  for i in $(seq "$(grep -c "^$1(" "$T/calls")"); do
    fresh
    strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2:when=$i" \
      cm-maildir "$T/mail" < "$T/message" 1< "$T/envelope" 2>/dev/null
    code=$?
    case $code in 0) want=2 ;; *) want=0; failed=$((failed + 1)) ;; esac
    [ "$(visible)" = $want ] || echo "$1 $i: code $code and $(visible) files"
    [ $code = 0 ] || [ $code -gt 40 ] || echo "$1 $i: code $code"
  done
  [ $failed -ge "$3" ] || echo "$1: failed $failed times"
}
same '' 'fsync fails: an error, and nothing in any maildir' faults fsync EIO 7
same '' 'linkat fails: an error, and nothing in any maildir' faults linkat ENOSPC 2
same '' 'write fails: an error, and nothing in any maildir' faults write ENOSPC 2
same '' 'mkdirat fails: an error, and nothing in any maildir' faults mkdirat EDQUOT 8
same '' 'openat fails: an error, and nothing in any maildir' faults openat EMFILE 6
same '' 'renameat fails: an error, and nothing in any maildir' faults renameat EIO 2
same '' 'close fails: an error, and nothing in any maildir' faults close EIO 6
# The kernel's copy has other ways behind it; each may fail, the message must not.
fresh
same '' 'copy_file_range cannot: read and write can' sh -c "
  strace -qq -o /dev/null -e trace=copy_file_range,sendfile,splice -e inject=copy_file_range,sendfile,splice:error=EINVAL \
    cm-maildir $T/mail < $T/message 1< $T/envelope && tail -n +3 $T/mail/c@d/new/* | cmp - $T/message"

# kill -9 at every call: what is visible is whole, and code 0 means that it is there.
# Each line is one call of a run, as its name and how often that name had come.
sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/calls" | grep -vx 'execve\|exit_group' |
  awk '{ print $1, ++n[$1] }' > "$T/steps"
killed() {
  while read -r call nth; do
    fresh
    strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$nth" \
      cm-maildir "$T/mail" < "$T/message" 1< "$T/envelope" 2>/dev/null
    [ $? = 137 ] || echo "$call $nth: not killed"
    for f in "$T"/mail/*/new/*; do
      [ ! -e "$f" ] || tail -n +3 "$f" | cmp -s - "$T/message" || echo "$call $nth: torn"
    done
    envelope Fa@b Tc@d
    cm-maildir "$T/mail" < "$T/message" 1< "$T/envelope" || echo "$call $nth: cannot go on"
    envelope Fa@b Tc@d Te@f
  done < "$T/steps" 2>/dev/null
  [ "$(wc -l < "$T/steps")" -gt 40 ] || echo 'too few calls'
}
same '' 'killed at any call, no maildir shows half a message and the next one is delivered' killed

done_testing
