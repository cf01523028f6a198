#!/bin/sh
# Random sessions with filters, against the same sessions with Dovecot itself: from a mailbox
# that nobody has read to one of which all is remembered, in lock step and pipelined.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/pop3.sh"
need_dovecot
tools=$(dirname "$0")/../tools

start_dovecot d
k=0
for what in plain junk gone cut broken large; do
  k=$((k + 1))
  { printf 'Return-Path: <a@example.org>\nFrom: a@example.org\nSubject: %s\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\nbody of %s\n.\n..two\ncut here\n.dot\n\nthe end\n' $what $what
    [ $what != large ] || head -c 200000 /dev/zero | tr '\0' x | fold -w 70; } | mail u $k.a
done
port p
cat > "$W/port/judge" <<'!'
#!/bin/sh
echo >> ../count
case $(head -c 500) in
  *'Subject: junk'*) exit 10 ;;
  *'Subject: gone'*) exit 50 ;;
  *'Subject: broken'*) exit 77 ;;
esac
!
cat > "$W/port/cutter" <<'!'
#!/bin/sh
sed '/^Subject: cut/,$ { /^cut/d }'
!
chmod 755 "$W/port/judge" "$W/port/cutter"
printf 'judge check : ./judge\n\ncutter rewrite : ./cutter\n' > "$W/port/control/pipeline"
serve_pop
sessions() { SEED=$1 timeout 200 perl "$tools/popcompare" "$2" "$DOVECOT" "$PORT" plain junk gone cut broken plain; }
same '' 'random sessions differ only in what filters do' sessions 1 25
for seed in 2 3 4; do
  rm -rf "$W/state"
  same '' "also from the beginning, in other orders ($seed)" sessions $seed 8
done

done_testing
