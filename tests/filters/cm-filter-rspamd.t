#!/bin/sh
# With a real rspamd, started here: its own rule, no other module, no network;
# and with a peer that makes the mistakes no real one makes.
. "$(dirname "$0")/../daemons.sh"

# mail LINE...: a message with these fields on top
mail() {
  printf '%s\r\n' "$@" 'From: joe@example.org' 'To: ann@example.net' 'Subject: hello' \
    'X-Spam-Flag: NO' 'Date: Sat, 21 Nov 2026 15:00:00 +0000' 'Message-ID: <1.2.3@example.org>' '' hello
}
mail 'X-Points: 0' > ham

cat > rules.lua <<'E2'
local function field(task, name) return task:get_header(name) end
rspamd_config:register_symbol{ name = 'POINTS', score = 1.0, callback = function(task)
  local points = field(task, 'X-Points')
  if points then return true, tonumber(points) end
end }
rspamd_config:register_symbol{ name = 'LESS', score = 1.0, callback = function(task)
  if field(task, 'X-Less') then return true, -0.5 end
end }
rspamd_config:register_symbol{ name = 'FACTS', type = 'prefilter', callback = function(task)
  local action = field(task, 'X-Action')
  if field(task, 'X-Ask') then
    local rcpt = {}
    for _, r in ipairs(task:get_recipients('smtp') or {}) do rcpt[#rcpt + 1] = r.addr end
    task:set_pre_result('no action', string.format('from=%s rcpt=%s ip=%s helo=%s host=%s user=%s id=%s',
      ((task:get_from('smtp') or {})[1] or {}).addr, table.concat(rcpt, '+'), tostring(task:get_ip()), task:get_helo(),
      task:get_hostname(), task:get_user(), task:get_queue_id()))
  elseif action then task:set_pre_result(action, field(task, 'X-Says') or 'said so') end
  if field(task, 'X-Milter') then
    task:set_milter_reply{ add_headers = { ['X-One'] = 'first', ['X-Two'] = { value = 'second\r\n\tfold\nBcc: x', order = 1 },
      ['X-Three'] = { { value = 'a' }, { value = 'b' } }, ['X-Spam-Level'] = 'theirs', ['Subject'] = 'no' } }
  end
end }
E2
if ! command -v rspamd >/dev/null; then
  echo '1..0 # SKIP rspamd is not installed'
  exit 0
fi
start_rspamd
S=$T/var/socket
ask() { cm-filter-rspamd "$S" "$@" 3>&-; }
first() { "$@" > first 2>&1; code=$?; sed -n 1p first; return $code; }
# points N [LINE...]: the verdict of a message with so many
points() { mail "X-Points: $1" > mail; shift; ask "$@" < mail; }

verdict 0 '2.0.0 no action, score 0.0 of 15.0: POINTS(0.0)
X-CleanMail-Score: 0.0
X-Spam-Status: No, score=0.0 required=15.0 tests=POINTS
X-Spam-Level: 
X-Spam-Score: 0.0' 'no action delivers' ask < ham
verdict 111 '4.7.1 greylist, score 5.0 of 15.0: POINTS(5.0)' 'greylist defers' first points 5
verdict 0 '2.0.0 greylist, score 5.0 of 15.0: POINTS(5.0)' 'or not, where rspamd keeps no grey list' \
  first points 5 greylist=deliver
ok 'and is no spam' not grep -q X-Spam-Flag first
verdict 10 '5.7.1 add header, score 7.25 of 15.0: POINTS(7.25)
X-CleanMail-Score: 7.25
X-Spam-Flag: YES
X-Spam-Status: Yes, score=7.25 required=15.0 tests=POINTS
X-Spam-Level: *******
X-Spam-Score: 7.25' 'add header is junk' points 7.25
verdict 10 '5.7.1 rewrite subject, score 9.0 of 15.0: POINTS(9.0)' 'rewrite subject too' first points 9
like '^X-CleanMail-Tag: \[S\] $' "with the new subject's beginning as the tag" cat first
verdict 100 '5.7.1 reject, score 16.0 of 15.0: POINTS(16.0)' 'reject refuses' first points 16
verdict 40 '5.7.1 reject, score 16.0 of 15.0: POINTS(16.0)' 'unless another verdict is wanted' \
  first points 16 reject=accept/redirect
action() { mail "X-Action: $1" "X-Says: $2" > mail; ask < mail; }
verdict 111 '4.7.1 later, score 0.0 of 15.0' 'soft reject defers, with its words' first action 'soft reject' later
verdict 111 '4.2.1 later, score 0.0 of 15.0' 'and its code' first action 'soft reject' '4.2.1 later'
verdict 50 '5.7.1 gone, score 0.0 of 15.0' 'discard deletes' first action discard gone
verdict 40 '5.7.1 kept, score 0.0 of 15.0' 'quarantine redirects' first action quarantine kept
gtube='XJS*C4JDBQADN1.NSBN3*2IDNEN*'GTUBE-STANDARD-'ANTI-UBE-TEST-EMAIL*C.34X'
{ cat ham; echo "$gtube"; } > gtube
verdict 100 '5.7.1 Gtube pattern, score 15.0 of 15.0: GTUBE(0.0)' 'the test pattern is refused' first ask < gtube
mail 'X-Points: 7' 'X-Less: 1' > two
verdict 10 '5.7.1 add header, score 6.5 of 15.0: POINTS(7.0),LESS(-0.5)' 'the weightiest symbol comes first' first ask < two

# the envelope
printf '%s\n' joe@example.org ann@example.net bob@example.net > envelope
mail 'X-Ask: 1' > asks
facts() {
  CM_ENVELOPE=$T/envelope SENDER=${1-joe@example.org} TCPREMOTEIP=192.0.2.7 TCPREMOTEHOST=mx.example.org \
    CM_HELO=helo.example.org CM_AUTH=ann CM_ID=1.2 ask < asks
}
verdict 0 '2.0.0 from=joe@example.org rcpt=ann@example.net+bob@example.net ip=192.0.2.7 helo=helo.example.org host=mx.example.org user=ann id=1.2, score 0.0 of 15.0' \
  'rspamd knows the envelope' first facts

# milter fields
mail 'X-Milter: 1' > milter
ask < milter > first
like '^X-One: first$' 'fields that it wants added are' cat first
same 2 'all of one name' grep -c '^X-Three: [ab]$' first
same 'X-Two: second
	fold Bcc: x' 'folded ones stay one field' sh -c 'grep -A1 ^X-Two first'
ok 'our own are not there twice' not grep -q theirs first
printf 'spam check : cm-filter-rspamd %s\n' "$S" > control/pipeline
mail 'X-Milter: 1' 'X-Points: 9' > milter
through() { cm-pipeline control/pipeline < milter 3>&1 > /dev/null; }
cm-pipeline control/pipeline < milter > new 2>&1 3>&-
CM_HOME=$T/home cm-explain control/pipeline < milter > explained 2>&1
like '^tag.*\[S\]' 'in a pipeline the tag is rspamd'"'"'s' cat explained
ok 'and a subject is not for it to add' not grep -q '^field.*Subject: no' explained
echo '[SPAM _SCORE_ of _REQD_]' > control/spamtag
like '^X-CleanMail-Tag: \[SPAM 9.0 of 15.0\]$' 'control/spamtag goes before it' sh -c 'cm-filter-rspamd "$0" < milter | grep Tag | tail -n 1' "$S"
rm control/spamtag

# size and wrong calls
verdict 0 '2.0.0 not checked: larger than max=50' 'a message above max= is not sent there' ask max=50 < ham
usage='cm-filter-rspamd: usage: cm-filter-rspamd [ADDRESS] [max=SIZE] [ACTION=VERDICT...]'
verdict 111 "$usage" 'a word that is nothing is an error' ask what < ham
verdict 111 "$usage" 'so is an action that is none' ask bounce=junk < ham
verdict 111 'cm-filter-rspamd: not a verdict: reject=bounce' 'and a verdict that is none' ask reject=bounce < ham
verdict 111 'cm-filter-rspamd: unable to read message: Is a directory' 'read trouble is no verdict' ask < /tmp
piped() { cat two | ask; }
verdict 10 '5.7.1 add header, score 6.5 of 15.0: POINTS(7.0),LESS(-0.5)' 'the message may come through a pipe' first piped

# an rspamd that stands still, that is killed, that is not there
kids() { pgrep -P "$RSPAMD"; }
kill -STOP $RSPAMD $(kids)
soon() { CM_DEADLINE=$(($(date +%s) + 2)) ask < ham; }
verdict 111 'cm-filter-rspamd: no answer of rspamd: not in time' 'one that stands still is no verdict' soon
kill -9 $RSPAMD $(kids)
refused() { ask < ham 2>&1 | grep -q refused; }
within 10 refused
verdict 111 "cm-filter-rspamd: unable to reach rspamd at $S: Connection refused" 'nor is one that was killed' ask < ham
echo "$T/none" > control/rspamd
verdict 111 "cm-filter-rspamd: unable to reach rspamd at $T/none: No such file or directory" \
  'control/rspamd says where it is' cm-filter-rspamd < ham
rm control/rspamd

# answers that no real one gives
serve "$answers" "$T/answer"
S=127.0.0.1:$PORT
no='cm-filter-rspamd: no answer of rspamd:'
good='{"score":16.5,"required_score":15,"action":"reject","symbols":{}}'
http() { printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n%s' "${#1}" "$1" > answer; }
http "$good"
verdict 100 '5.7.1 reject, score 16.5 of 15.0' 'by TCP too' first ask < ham
echo 'not "for" all eyes' > control/rspamdpassword
printf 'joe@example.org\nann@example.net\n' > envelope
CM_ENVELOPE=$T/envelope SENDER= ask < ham > /dev/null
printf '%s\r\n' 'POST /checkv2 HTTP/1.1' 'Host: rspamd' 'Connection: close' "Content-Length: $(wc -c < ham)" \
  'MTA-Tag: cleanmail' 'From: <>' 'Deliver-To: ann@example.net' 'Rcpt: ann@example.net' \
  'Password: not "for" all eyes' '' | cat - ham > want
ok 'the question is as it should be, the password in it' cmp want answer.asked
rm control/rspamdpassword
CM_HELO="$(printf 'a\r\nUser: b')" CM_AUTH="$(head -c 600 /dev/zero | tr '\0' x)" ask < ham > /dev/null
ok 'what the client said begins no line' not grep -q '^User\|^Helo' answer.asked
{ printf 'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n'
  printf '5;x=y\r\n%s\r\n' "$(printf %s "$good" | cut -c 1-5)"; printf '%x\r\n%s\r\n' $((${#good} - 5)) "$(printf %s "$good" | cut -c 6-)"
  printf '0\r\nX: y\r\n\r\n'; } > chunked
cp chunked answer
verdict 100 '5.7.1 reject, score 16.5 of 15.0' 'chunks are put together' first ask < ham
size=$(wc -c < chunked)
half=0
for cut in 1 10 30 45 50 54 60 $((size - 12)) $((size - 8)) $((size - 1)); do
  head -c "$cut" chunked > answer
  [ "$(ask < ham 2>&1; echo $?)" = "$no cut short
111" ] && half=$((half + 1))
done
same 10 'however they are cut short they are no answer' echo $half
# bad WHY TEXT NAME: an answer that is none
bad() { printf "$2" > answer; verdict 111 "$no $1" "$3" ask < ham; }
H='HTTP/1.1 200 OK\r\n'
bad 'no length' "$H\r\n$good" 'an answer without a length is none'
bad 'no length' "${H}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}" 'nor one with two'
bad 'no length' "${H}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" 'of whatever kind'
bad 'no length' "${H}Content-Length: -2\r\n\r\n{}" 'nor one of less than nothing'
bad 'an unknown encoding' "${H}Transfer-Encoding: gzip\r\n\r\n{}" 'nor one that is packed'
bad 'cut short' "${H}Content-Length: 3\r\n\r\n{}" 'nor one that is shorter'
bad 'more than it announced' "${H}Content-Length: 1\r\n\r\n{}" 'or longer'
bad 'too large' "${H}Content-Length: 99999999\r\n\r\n{}" 'or endless'
bad 'too large' "${H}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}" 'in a chunk, too'
bad 'not a chunk' "${H}Transfer-Encoding: chunked\r\n\r\nxyz\r\n" 'nor what is no chunk'
bad 'not a chunk' "${H}Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n" 'nor one that does not end'
bad 'not a chunk' "${H}Transfer-Encoding: chunked\r\n\r\n1234567890\r\n" 'nor one of too many digits'
bad 'not an HTTP header' "${H}hello\r\n\r\n" 'nor what is no header'
bad 'not HTTP' 'SPAMD/1.1 0 EX_OK\r\n\r\n' 'nor what somebody else says'
bad '403 Forbidden' 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}' 'nor a refusal'
bad 'cut short' '' 'nor nothing'
worse() { http "$2"; verdict 111 "$no $1" "$3" ask < ham; }
worse 'not JSON' '{"action":"no action",}' 'nor bad JSON'
worse 'not JSON' '[]' 'nor an array'
worse 'no action that is known' '{"score":0,"required_score":15,"symbols":{}}' 'nor one without an action'
worse 'no action that is known' '{"action":"no action","action":"no action","score":0,"required_score":15,"symbols":{}}' 'or two'
worse 'no action that is known' '{"action":"no actio","score":0,"required_score":15,"symbols":{}}' 'or one that nobody knows'
worse 'no score' '{"action":"no action","required_score":15,"symbols":{}}' 'nor one without a score'
worse 'no score' '{"action":"no action","score":1e99,"symbols":{}}' 'or with one beyond all'
worse 'no symbols' '{"action":"no action","score":0,"required_score":15}' 'nor one without symbols'
http '{"action":"no action","score":0,"required_score":null,"symbols":{}}'
verdict 0 '2.0.0 no action, score 0.0 of 0.0' 'where nothing is rejected there is no threshold' first ask < ham
http '{"action":"rewrite subject","score":9,"required_score":15,"symbols":{},"subject":"quite\nnew"}'
ask < ham > first
like '^X-CleanMail-Tag: quite new$' 'a wholly new subject stands before the old one' cat first
http "$(printf '{"action":"no action","score":0,"symbols":{%s"Z":{"score":99}}}' "$(seq 1000 | sed 's/.*/"S&":{"score":0.1},/' | tr -d '\n')")"
like '^2.0.0 no action, score 0.0 of 0.0: Z(99.0),S1(0.1)' 'of many symbols the weightiest are told' first ask < ham
http "$good"
serve "$answers" "$T/answer" hangs
S=127.0.0.1:$PORT
verdict 111 "$no not in time" 'one that does not end is none' soon
printf 'HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n{' > answer
serve "$answers" "$T/answer" dies
S=127.0.0.1:$PORT
verdict 111 "$no cut short" 'nor one that dies in its answer' ask < ham

done_testing
