#!/bin/sh
# cm-fetch in a jail: cm-jail fetch before it. All works as without it, and what a stage without
# jail= must not be able to do is refused to cm-fetch itself.
. "$(dirname "$0")/fetch.sh"
. tests/tls.sh
need_dovecot
if sanitized; then report 0 'cm-fetch in a jail # SKIP a sanitizer looks into files and processes of its own'; done_testing; exit; fi

ca ca
cert one 127.0.0.1
chmod 644 "$T"/*.key
I=$(free_port)
start_dovecot provider 'protocols = pop3 imap' 'ssl = yes' "ssl_cert = <$T/one.crt" "ssl_key = <$T/one.key" \
  'service imap-login {' 'chroot =' 'inet_listener imap {' 'port = 0' '}' 'inet_listener imaps {' "port = $I" 'ssl = yes' '}' '}'
within 20 nc -z 127.0.0.1 "$I"
account home 'smtp 127.0.0.1 1'
H=$T/home
mkdir -p "$H/accounts" "$H/control/jail" "$H/log" "$H/store" "$H/state" "$H/tls" "$T/outside"
mv "$A" "$H/accounts/joe"
A=$H/accounts/joe
echo secret > "$T/outside/file"; echo other > "$T/outside/other"
cp "$T/ca/pem" "$H/tls/ca"
# As it comes, but that the programs, the test and what it writes are somewhere else.
{ cm-jail fetch | sed 's,/var/tmp /tmp,/var/tmp,'; echo "run $BUILD/bin $BUILD/tests${INSHORT:+ $BUILD/short}"; } > "$H/control/jail/mine"
jailed() { (cd "$H/accounts" && CM_HOME=$H timeout 60 cm-jail mine cm-fetch "$@" joe > "$A/out" 2> "$A/err"; echo $?); }
pipeline() { printf '%s\n' "$@" > "$A/control/pipeline"; }

behind
put 1
same 0 'a letter is fetched in a jail' jailed
same 'letter 1 ' 'and handed over' delivered
same 0 'and goes' letters
put 1 'From: a@example.org'
same 0 'what would happen' jailed -n
like 'would be fetched' 'is said' cat "$A/out"
pipeline 'f check jail=own : cm-filter-fields' 'g check : grep -q Hello' '' 'r rewrite : cat'
same 0 'with stages in jails and in none' jailed
same 'letter 1 letter 1 ' 'too' delivered
{ printf 'From: a@example.org\nSubject: large\n\nHello\n'; yes 'this is a large letter, which does not stay in memory' | head -n 60000; } | mail joe large
same 0 'a large one, on the disk' jailed
same 3 '... has arrived' sh -c "grep -c ' 250\$' '$S/ledger'"
pipeline 'q check 1=accept/redirect : false'
set_control quarantine store
put 2
same 0 'a quarantine' jailed
same 1 '... has it' sh -c "ls '$H'/store/*.eml | wc -l"
like ',letter 1,' 'the mail log has rows' cat "$H/log/mail.csv"
pipeline 'h check time=1 : sleep 30'
put 3
same 111 'a stage that hangs is ended' jailed
like '^broken .* no answer within 1 s' '... because of its time' cat "$A/err"
pipeline
rm "$A/control/password"
echo 'sh secret' > "$A/control/passwordcommand"
echo 'echo p' > "$A/secret"
same 0 'a program that says the password' jailed
printf '%s/tls/ca\n' "$H" > "$A/control/tlsca"
set_control server "imaps 127.0.0.1 $I"
rm "$A/journal"
put 4
same 0 'IMAP in TLS, verified' jailed
like '^Subject: letter 4' '... works' sh -c "cat '$S'/mail/*"
background sh -c 'cd "$1/accounts" && CM_HOME=$1 exec cm-jail mine cm-fetch -s joe 2> "$2/stays"' stay "$H" "$A"
STAYS=$PID
put 5
got() { [ "$(cat "$S/mail/"* | grep -c '^Subject: letter 5')" = 1 ]; }
ok 'and so does staying' within 20 got
kill "$STAYS"; wait "$STAYS"
same 0 'to which an end can be made' echo $?

# What a stage in no jail tries; it has the rights of cm-fetch
background sleep 600
VICTIM=$PID
cat > "$A/tries" <<S
#!/bin/sh
for c in $(tr '\n' ' ' < "$(dirname "$0")/../tools/probes"); do
  "$BUILD/tests/probe" \$c $VICTIM "$T/outside" 1 > /dev/null 2>&1
  case \$? in 1|159) echo "\$c refused" ;; *) echo "\$c works" ;; esac
done > "$A/tried"
S
pipeline "t check : sh $A/tries"
put 6
same 0 'a stage that tries all' jailed
ok '... has tried them' [ "$(grep -c refused "$A/tried")" -ge 40 ]
same '' '... and none of them works' grep works "$A/tried"
ok 'who was to be harmed is well' kill -0 "$VICTIM"
same 'secret other' 'so are the files of others' sh -c "echo \$(cat '$T/outside/'*)"
done_testing
