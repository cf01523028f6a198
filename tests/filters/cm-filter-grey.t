#!/bin/sh
. "$(dirname "$0")/../tap.sh"

mkdir -p "$T/home/control"
echo mx.example.net > "$T/home/control/authserv-id"
cd "$T/home" || exit 111
export CM_HOME="$T/home" CM_ENVELOPE="$T/envelope" SENDER=a@example.org TCPREMOTEIP=192.0.2.1
printf 'a@example.org\nb@example.net\n' > "$T/envelope"

# grey OPTION...: with the address and the sender of the environment
grey() { cm-filter-grey "$@" < /dev/null; }
fresh() { rm -rf "$T/home/state"; }
said() { sed 's/in [0-9]* seconds/in N seconds/'; }
heard() { out=$(grey "$@" 2>&1); code=$?; printf '%s %s\n' "$code" "$out" | said; }
first='111 4.7.1 greylisted, try again in N seconds'

verdict 111 '4.7.1 greylisted, try again in 300 seconds' 'who is unknown is told to try again' grey
same "$first" 'and again, too early' heard
ok 'but less than before' sh -c 'r=$(cm-filter-grey < /dev/null); r=${r##*in }; [ "${r% seconds}" -le 300 ]'
fresh
same "$first" 'a first try' heard delay=1
ok 'who comes again after the delay passes' within 10 grey delay=1
same '0 ' 'and then passes at once' heard delay=1
same '0 ' 'also with other cases of letters' env SENDER=A@Example.ORG sh -c 'cm-filter-grey delay=1 < /dev/null; echo "$? "'
same "$first" 'another sender waits' env SENDER=c@example.org sh -c "cm-filter-grey < /dev/null | sed 's/in [0-9]* s/in N s/; s/^/111 /'"

# as ADDRESS: what its mail of the same sender to the same recipient hears
as() { TCPREMOTEIP=$1; export TCPREMOTEIP; heard delay=1; TCPREMOTEIP=192.0.2.1; }
same '0 ' 'another address of its network passes' as 192.0.2.77
same '0 ' 'also as IPv6 writes it' as ::ffff:192.0.2.78
same "$first" 'another network waits' as 192.0.3.1
same "$first" 'an IPv6 network waits' as 2001:db8:1:2::1
sixth() { [ "$(as 2001:db8:1:2:3:4:5:6)" = '0 ' ]; }
ok 'and passes from any address of its /64' within 10 sixth
same "$first" 'ipv4=32: each address for itself' heard delay=1 ipv4=32

# Several recipients

printf 'a@example.org\nb@example.net\nnew@example.net\n' > "$T/envelope"
same "$first" 'one recipient that is new delays all' heard delay=1 trust=0
ok 'all have waited together' within 10 grey delay=1 trust=0
printf 'a@example.org\nnew@example.net\n' > "$T/envelope"
same '0 ' 'and pass one by one' heard delay=1 trust=0
fresh
same "$first" 'by hand, without an envelope' env -u CM_ENVELOPE sh -c "cm-filter-grey < /dev/null | sed 's/in [0-9]* s/in N s/; s/^/111 /'"

# Time

fresh
heard delay=86400 window=86401 > /dev/null
same "$first" 'a longer delay' heard delay=86400 window=86401
fresh
heard delay=1 window=2 > /dev/null
sleep 3
same "$first" 'who comes again too late comes for the first time' heard delay=1 window=2
ok 'and passes after the delay' within 10 grey delay=1 window=10
sleep 3
same "$first" 'who was not seen for long is unknown' heard delay=1 window=10 keep=2
# trust: after so many messages that passed a client is known

fresh
for to in 1 2 3; do
  printf 'a@example.org\n%s@example.net\n' $to > "$T/envelope"
  heard delay=1 trust=3 > /dev/null
  within 10 grey delay=1 trust=3
done
printf 'x@example.com\ny@example.net\n' > "$T/envelope"
SENDER=x@example.com
same '0 ' 'a client that has passed three times is trusted' heard trust=3
same "$first" 'not if nobody is to be trusted' heard trust=0
SENDER=a@example.org

# SPF

printf 'Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=a@example.org\r\n' > "$T/fields"
export CM_FIELDS="$T/fields"
fresh
printf 'a@example.org\nb@example.net\n' > "$T/envelope"
same "$first" 'a domain that SPF passes for waits, too' heard delay=1
ok 'and passes' within 10 grey delay=1
same '0 ' 'from wherever it sends' as 198.51.100.7
printf 'Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=a@example.org\r\n' > "$T/fields"
same "$first" 'SPF fails: it is the network that counts' heard
printf 'Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=a@example.org\r\n' > "$T/fields"
same "$first" 'results of others do not count' heard
printf 'Authentication-Results: mx.example.net; spf=pass smtp.helo=example.org\r\n' > "$T/fields"
same "$first" 'nor those for what the client calls itself' heard
printf 'Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=a@example.com\r\n' > "$T/fields"
same "$first" 'nor those of another sender' heard
CM_FIELDS=$T/nothing
same '111 cm-filter-grey: unable to read CM_FIELDS: No such file or directory' 'fields that cannot be read' heard
unset CM_FIELDS

fresh
same '0 ' 'who has proven who it is does not wait' env CM_AUTH=joe sh -c 'cm-filter-grey < /dev/null; echo "$? "'

# Trouble is never clean, and never the verdict defer: on-error decides.

same '111 cm-filter-grey: the client has no address' 'no address' env -u TCPREMOTEIP sh -c 'echo "111 $(cm-filter-grey 2>&1 < /dev/null)"'
mkdir "$T/bad"; : > "$T/bad/state"
verdict 111 'cm-filter-grey: unable to open state/grey: Not a directory' 'no state' env CM_HOME="$T/bad" cm-filter-grey < /dev/null
for call in delay delay=x delay=0 window=1 ipv4=33 ipv6=8 cells=1 cells=262081 keep= x=1 /tmp; do
  verdict 111 "cm-filter-grey: not an option, or out of its range: $call" "called wrongly: $call" grey $call
done
verdict 111 'cm-filter-grey: window= must be longer than delay=' 'a window shorter than the delay' grey delay=100 window=100
fresh
heard > /dev/null
printf garbage > "$T/home/state/grey"
same "$first" 'a state that is damaged is made anew' heard
ok 'and the old one kept' grep -q garbage "$T/home/state/grey.bad"

for call in '' cells=262080; do
  fresh
  echo "grey check : cm-filter-grey $call" > "$T/grey"
  same '4.7.1 greylisted, try again in N seconds' "the state of its ${call:-usual} size may be made by a stage of a pipeline" \
    sh -c "printf 'Subject: x\\n\\nx\\n' > $T/m; cm-pipeline $T/grey < $T/m 3>&1 > /dev/null | sed -n '1s/in [0-9]* s/in N s/p'"
done

# Side by side

fresh
crowd() {
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    SENDER=crowd@example.org grey delay=1 2>&1 | grep -v greylisted &
    crowd_pids="$crowd_pids $!"
  done
  wait $crowd_pids
}
same '' 'many at once get along' crowd

done_testing
