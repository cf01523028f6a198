#!/bin/sh
# cm-filter-store, and with it the commit of every store: whatever call of it fails,
# and wherever it is killed, a message is whole in the store or not there, and the
# answer is true.
. "$(dirname "$0")/../tap.sh"

umask 077
mkdir -p "$T/home" "$T/port/keep"
printf 'Subject: x\r\n\r\nbody\r\n' > "$T/mail"
printf 'a@example.org\nb@example.net\n"c d"@example.net\n' > "$T/envelope"
ID=1769903999.998877.1f3a.0.9be2c510
export CM_HOME="$T/home" CM_ENVELOPE="$T/envelope" CM_ID="$ID" SENDER=a@example.org
S=$T/port/keep

# keep [ARG...]: the stage with the message on descriptor 0, in the directory of the port
keep() { (cd "$T/port" && exec cm-filter-store "${@:-keep}" < "$T/mail"); }
named() { ls "$S" | grep -v '^usage$\|^tmp$'; }
fresh() { rm -rf "$S"; mkdir "$S"; }

verdict 0 '' 'a message is kept, and nothing is against it' keep
ok 'its bytes are those that came' cmp "$T/mail" "$S/$ID.eml"
like '^sender a@example.org$' 'its envelope is there' cat "$S/$ID.env"
like '^recipient "c d"@example.net$' 'with all recipients' cat "$S/$ID.env"
like '^port port$' 'and the port' cat "$S/$ID.env"
like "^sha256 $(sha256sum < "$T/mail" | cut -d' ' -f1)\$" 'and its hash is what another program says' cat "$S/$ID.env"
same 'end' 'and its end' tail -n 1 "$S/$ID.env"
verdict 111 'cm-filter-store: unable to store the message in keep: File exists' 'an id is never used twice' keep

by_hand() { fresh; env -u CM_ID -u CM_ENVELOPE cm-filter-store "$S" < "$T/mail" && ls "$S"/*.eml | wc -l; }
same 1 'by hand it makes an id' by_hand
piped() { fresh; (cd "$T/port" && cat "$T/mail" | cm-filter-store keep) && cmp "$T/mail" "$S/$ID.eml"; }
same '' 'it reads a pipe' piped
at_home() { mkdir -p "$T/home/all" && keep all && ls "$T/home/all" | grep -c "$ID"; }
same 2 'a store that is not in the port is looked for in the home' at_home
large() { fresh; head -c 3000000 /dev/urandom > "$T/large"; (cd "$T/port" && cm-filter-store keep < "$T/large") && cmp "$T/large" "$S/$ID.eml"; }
same '' 'a large message is kept whole' large
none() { fresh; (cd "$T/port" && cm-filter-store keep < /dev/null); }
like 'unable to store the message in keep: I' 'no message at all is an error' none

many() { fresh; for i in 1 2 3 4 5; do CM_ID=176990399$i.998877.1f3a.0.9be2c510 keep "$@" keep || return; done; ls "$S"/*.eml | wc -l; }
same 3 'files=3: the oldest goes for a new one' many files=3
same 2 'size=45: likewise' many size=45
old() { fresh; CM_ID=1669903999.998877.1f3a.0.9be2c510 keep keep && rm "$S/usage" && keep days=60 keep && ls "$S"/*.eml | wc -l; }
same 1 'days=60: what is older goes' old
full() { fresh; CM_ID=$(date +%s).000000.1.1.00000000 keep files=1 age=1000 keep && keep files=1 age=1000 keep; }
verdict 111 'cm-filter-store: keep is full' 'age=1000: nothing younger goes, the store is full' full
verdict 111 'cm-filter-store: not a limit: weeks=1' 'a limit that is none' keep weeks=1 keep
verdict 111 'cm-filter-store: not a limit: days=x' 'a limit that is no number' keep days=x keep
verdict 111 'cm-filter-store: usage: cm-filter-store [days=N] [files=N] [size=N] [age=N] DIR' 'called wrongly' keep days=1
verdict 111 'cm-filter-store: usage: cm-filter-store [days=N] [files=N] [size=N] [age=N] DIR' 'no name' cm-filter-store ''
verdict 111 'cm-filter-store: unable to open nowhere: No such file or directory' 'no store' keep nowhere
verdict 111 'cm-filter-store: unable to read envelope: No such file or directory' 'no envelope' env CM_ENVELOPE="$T/no" cm-filter-store "$S"
verdict 111 'cm-filter-store: unable to store the message in keep: Invalid argument' 'an id that is a path' env CM_ID=../../../../../x sh -c "cd '$T/port' && cm-filter-store keep < '$T/mail'"

# A full disk

tiny() {
  mount -t tmpfs -o size=64k none "$S" && (cd "$T/port" && cm-filter-store keep < "$T/large"); code=$?
  named; umount "$S"; echo $code
}
fresh
if [ "$(id -u)" = 0 ] && mount -t tmpfs none "$S" 2>/dev/null; then
  umount "$S"
  like '^111$' 'a full disk' tiny
  fresh
  same 'cm-filter-store: unable to store the message in keep: No space left on device
111' 'and nothing of the message is there' tiny
fi

# Every call, failing and killed. The exit code 0 must mean that all of it is there,
# anything else that no message is.

if sanitized; then
  report 0 'each call fails in turn # SKIP a sanitizer does not bear failing system calls'
  done_testing
  exit
fi

fresh
keep
mkdir -p "$S/tmp"
cp "$S/usage" "$T/usage"
again() { rm -f "$S"/[0-9]* "$S"/tmp/*; cp "$T/usage" "$S/usage"; }
again
ASAN_OPTIONS=detect_leaks=0; export ASAN_OPTIONS
(cd "$T/port" && strace -qq -o "$T/calls" -e signal=none cm-filter-store keep < "$T/mail")
sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$T/calls" | awk '{ print $1 ":" ++n[$1] }' > "$T/points"

whole() { cmp -s "$T/mail" "$S/$ID.eml" && [ "$(tail -n 1 "$S/$ID.env" 2>/dev/null)" = end ]; }
absent() { [ ! -e "$S/$ID.eml" ]; }

# storm WHAT INJECTION [nothing]: at every call; nothing: no file may be left either
storm() {
  untrue='' left='' tried=0 failed=0
  while read -r at <&9; do
    case $at in execve:*|exit_group:*|arch_prctl:*|set_tid_address:*) continue ;; esac
    again
    tried=$((tried + 1))
    { (cd "$T/port" && exec strace -qq -o /dev/null -e signal=none -e "trace=${at%:*}" \
      -e "inject=${at%:*}:$2:when=${at#*:}" cm-filter-store keep < "$T/mail"); code=$?; } > /dev/null 2>&1
    [ $code = 0 ] || failed=$((failed + 1))
    case $code in 0) whole ;; *) absent || { [ "$3" != nothing ] && whole; } ;; esac || untrue="$untrue $at:$code"
    [ "$3" != nothing ] || [ $code = 0 ] || [ ! "$(named; ls "$S/tmp")" ] || left="$left $at"
  done 9< "$T/points"
  same '' "$1 at each of $tried calls: no answer is untrue" echo "$untrue"
  [ "$3" != nothing ] || same '' "$1: nothing is left behind" echo "$left"
  ok "$1: most of them matter" [ $failed -gt 15 ]
}
# Over short writes there are thousands.
if [ ! "$INSHORT" ]; then
  storm EIO error=EIO nothing
  storm ENOSPC error=ENOSPC nothing
  storm 'kill -9' signal=SIGKILL
  again
  verdict 0 '' 'after all that a message is kept' keep
fi

done_testing
