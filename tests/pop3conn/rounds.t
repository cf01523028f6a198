#!/bin/sh
# Which letters a run takes, several accounts at once, and Postfix behind.
. "$(dirname "$0")/fetch.sh"

need_peers
provider
empty() { rm -f "$D/mail/joe/"*/* "$A/journal"; }

# Looking ----------------------------------------------------------------------------

behind
put 1
put 2
same 0 'looking is no trouble' fetch -n
same 2 'it names each letter, its size and what would happen' sh -c "grep -c '^[^ ]* [0-9]* would be fetched\$' '$A/out'"
same 2 'and they stay' letters
same absent 'the mail server hears nothing' sh -c "[ -e '$S/commands' ] && echo there || echo absent"
same 'absent' 'nor writes anything' sh -c "[ -e '$A/journal' ] && echo there || echo absent"

# How many, which, how large --------------------------------------------------------------

put 3
set_control maxmessages 2
same 0 'no more at a time than control/maxmessages' fetch
same 1 'the others stay' letters
same 0 'until' fetch
same 'letter 1 letter 2 letter 3 ' 'the next run' delivered
rm "$A/control/maxmessages"

behind; empty
put 1
set_control onlynew ''
same 0 'control/onlynew' fetch
same '' 'leaves alone what was there' delivered
put 2
same 0 'and takes' fetch
same 'letter 2 ' 'what comes' delivered
same 1 'what was there stays' letters
rm "$A/control/onlynew"
same 0 'for good' fetch
same 1 'as long as the journal knows it' letters

behind; empty
{ printf 'Subject: letter 1\n\n'; yes large | head -n 1000; } | mail joe large
put 2
set_control databytes 2000
same 0 'what is larger than control/databytes is no trouble' fetch
same 'letter 2 ' 'and stays' delivered
like '^trouble .*is larger than control/databytes' 'which the log says' cat "$A/err"
fetch > /dev/null
same '' 'once' cat "$A/err"
rm "$A/control/databytes"
same 0 'where there is no such limit any more' fetch
same 'letter 1 letter 2 ' 'it goes out' delivered

# Keeping ------------------------------------------------------------------------------

# aged DAYS: as if the journal had been written so long ago
aged() {
  awk -v ago=$(($1 * 86400)) 'NR == 1 { print; next } { $2 -= ago; print $1, $2, $3, $4, $5, $6 }' "$A/journal" > "$T/lines"
  sed 1q "$T/lines" > "$A/journal"
  sed 1d "$T/lines" | while read -r line; do
    echo "$line $(printf %s "$line" | sha256sum | cut -c -16)" >> "$A/journal"
  done
}

behind; empty
put 1
set_control keep 2
same 0 'a letter goes out that is to be kept' fetch
same 'letter 1 ' 'at once' delivered
same 'sent 1 ' 'is known as sent' states
aged 1
same 0 'before its days are over' fetch
same 1 'it is there' letters
aged 2
same 0 'when they are' fetch
same 0 'it goes' letters
same 1 'and nobody gets it twice' sh -c "grep -c ' 250\$' '$S/ledger'"
like '^cm-fetch 1 ' 'the journal was one of ours' cat "$A/journal"
same absent 'to the letter' sh -c "[ -e '$A/journal.bad' ] && echo there || echo absent"
rm "$A/control/keep"

# Several ------------------------------------------------------------------------------

# accounts NAME...: of other people, in $T/one beside the first
accounts() {
  for name; do
    rm -rf "$T/one/$name"
    cp -r "$T/one/a" "$T/one/$name"
    rm -f "$T/one/$name/journal"*
    echo "$name" > "$T/one/$name/control/user"
    echo "$name@example.net" > "$T/one/$name/control/recipient"
    printf 'Subject: letter %s\n\nx\n' "$name" | mail "$name" 1
  done
}
together() { (cd "$T/one" && CM_HOME=$T/one timeout 60 cm-fetch "$@" 2> "$T/err"; echo $?); }

behind; empty
accounts anna bert carl
same 0 'several accounts' together anna bert carl
same 'letter anna letter bert letter carl ' 'are all fetched' delivered
accounts anna bert carl
echo 'pop3 127.0.0.1 1 tls=no' > "$T/one/bert/control/server"
rm "$T/one/carl/control/user"
same 111 'of their codes the worst counts' together -j 1 anna bert carl
same 'letter anna letter anna letter bert letter carl ' 'and one that is broken stops no other' delivered

# One that hangs: its server accepts, and says nothing.
accounts anna bert
PORT=$(free_port)
background nc -lk 127.0.0.1 "$PORT"
within 10 nc -z 127.0.0.1 "$PORT"
echo "pop3 127.0.0.1 $PORT tls=no" > "$T/one/bert/control/server"
echo 30 > "$T/one/bert/control/timeoutremote"
(cd "$T/one" && CM_HOME=$T/one exec cm-fetch bert anna) 2> /dev/null &
hangs=$!
has() { [ "$(sh -c "cat '$S'/mail/* | grep -c 'letter anna'")" = "$1" ]; }
ok 'one that hangs holds up no other' within 10 has 3
same 99 'and is locked' together bert
like 'another run has this account' 'which the log says' cat "$T/err"
kill $hangs
wait $hangs
released() { [ "$(flock -n "$T/one/bert" echo free)" = free ]; }
ok 'until it is told to end' within 10 released

# Postfix ------------------------------------------------------------------------------

start_postfix mx
set_control upstream "smtp 127.0.0.1 $PORT"
for i in 1 2 3 4 5; do put $i; done
same 0 'with Postfix behind' fetch
same 5 'each letter comes to its mailbox' received mx
same 0 'and is deleted' letters
all_of() { inbox mx | grep -x "\.a dot\|Hello [0-9]\|Subject: letter [0-9]" | sort | uniq -c | sed 's/^ *//' | tr '\n' ','; }
same '5 .a dot,1 Hello 1,1 Hello 2,1 Hello 3,1 Hello 4,1 Hello 5,1 Subject: letter 1,1 Subject: letter 2,1 Subject: letter 3,1 Subject: letter 4,1 Subject: letter 5,' \
  'whole, each once' all_of

# A server may call a letter what it likes ---------------------------------------------------

popbox names
behind
rm -f "$A/journal"*
set_control onlynew ''
letter() { printf 'Subject: letter %s\n\nHello\n' "$1" > "$B/mail/$2"; }
letter 1 =old
same 0 'of letters whose names begin with =' fetch
same '' 'those that were there are left' delivered
letter 2 =first
letter 3 ==first
same 0 'and those that come' fetch
same 'letter 2 letter 3 ' 'are taken, though one is called as we call something' delivered
same '=old' 'and deleted' ls "$B/mail"

done_testing
