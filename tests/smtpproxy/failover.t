#!/bin/sh
# Several upstreams: the first that answers gets the mail, and no word in
# control/upstream is ever passed over in silence.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
. "$(dirname "$0")/smtp.sh"
need_peers

home h smtp 127.0.0.1 1
say() { message 'Subject: hello' '' text; }
upstreams() { printf '%s\n' "$@" > "$W/port/control/upstream"; : > "$W/err"; }
has() { same "$2" "$3" sh -c "cat '$T/$1/ledger' 2> /dev/null | wc -l"; }

start_faultsink one
ONE=$PORT
start_faultsink two
TWO=$PORT
W=$T/h

# Which one

upstreams "smtp 127.0.0.1 $ONE" "smtp 127.0.0.1 $TWO"
like '^250 ' 'of two that answer' say
has one 1 'the first has the message'
has two 0 'and the second has not'
upstreams 'smtp 127.0.0.1 1' "smtp 127.0.0.1 $TWO"
like '^250 ' 'the first refuses the connection' say
has two 1 'the second has the message'
like '^upstream-down .* 127.0.0.1 1: does not accept a connection$' 'the log tells of the first' cat "$W/err"
for greeting in '421 4.3.2 busy' '554 5.3.2 no'; do
  start_faultsink no "CONNECT=say:$greeting\r\n"
  W=$T/h
  upstreams "smtp 127.0.0.1 $PORT" "smtp 127.0.0.1 $TWO"
  like '^250 ' "the first greets with $greeting" say
done
has two 3 'the second has the message'
upstreams 'smtp 127.0.0.1 1' 'smtp 127.0.0.1 1'
like '^503 ' 'nobody answers' say
like '^451 4.4.1 ' 'MAIL is 451' heard 2 'EHLO x' 'MAIL FROM:<a@example.org>' QUIT

# One that is down is remembered

start_faultsink deaf CONNECT=stall
W=$T/h
echo 1 > "$W/port/control/timeoutconnect"
upstreams "smtp 127.0.0.1 $PORT" "smtp 127.0.0.1 $TWO"
like '^250 ' 'the first accepts the connection and says nothing' say
like '^upstream-down .* did not answer in time$' 'it was waited for' cat "$W/err"
: > "$W/err"
like '^250 ' 'the next message' say
same '' 'waits for nobody' grep upstream-down "$W/err"
rm "$W/state/upstreams"
like '^250 ' 'where nothing is remembered' say
like '^upstream-down ' 'each waits' cat "$W/err"
rm "$W/port/control/timeoutconnect"

# What EHLO was told holds behind another server, too

start_faultsink rich 'EHLO=say:250-rich\r\n250 8BITMIME\r\n421 4.3.2 leaving\r\n' \
  'CONNECT@2=say:421 4.3.2 busy\r\n' 'CONNECT@4=say:421 4.3.2 busy\r\n'
RICH=$PORT
start_faultsink poor 'EHLO=say:250 poor\r\n'
W=$T/h
upstreams "smtp 127.0.0.1 $RICH" "smtp 127.0.0.1 $PORT"
like '^451 4.3.3 ' 'the other cannot do what the client was told and wants' \
  heard 2 'EHLO x' 'MAIL FROM:<a@example.org> BODY=8BITMIME' QUIT
rm "$W/state/upstreams"
like '^250 ' 'who does not want it is served' say
has poor 1 'by the other'
has rich 0 'alone'

# A queue is the last

printf '#!/bin/sh\ncat > "$CM_HOME/queued"\n' > "$T/queue"
chmod 755 "$T/queue"
upstreams 'smtp 127.0.0.1 1' "queue $T/queue"
like '^250 2.0.0 ' 'where no server answers a queue has the message' say
like '^text$' 'all of it' cat "$W/queued"

# Words that are not understood, or cannot be done

broken() {
  upstreams "$1"
  like '^421 ' "$1: the port is not served" talk QUIT
  like "control/upstream:1: " 'and the log names file and line' cat "$W/err"
}
broken 'smtp 127.0.0.1 25 quick'
broken 'smtp 127.0.0.1'
broken 'smtp 127.0.0.1 25 tls=perhaps'

done_testing
