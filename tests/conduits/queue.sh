# Sourced after tap.sh: a home $W with the port `queue`, and behind it a program in qmail-queue's
# place that keeps what it gets in $W/got, as N.message and N.envelope, and ends with the code in
# $W/code after it has said what is in $W/words.
W=$T/h
mkdir -p "$W/ports/queue/control" "$W/got" "$W/bin"
CM_HOME=$W
export CM_HOME
unset TCPREMOTEIP TCPREMOTEHOST RELAYCLIENT PROTO CM_QUEUES
C=$W/ports/queue/control
cat > "$W/bin/record" <<'!!'
#!/bin/sh
cd "$CM_HOME/got" || exit 1
cat > $$.new && cat <&1 > $$.envelope && mv $$.new $$.message || exit 53
[ ! -s ../words ] || cat ../words >&6
exit "$(cat ../code)"
!!
chmod 755 "$W/bin/record"
echo 0 > "$W/code"
echo "$W/bin/record" > "$C/queue"
echo store > "$C/quarantine"
: > "$C/pipeline"
printf 'From: a@example.org\nSubject: hello\n\nbody\n' > "$T/message"

# envelope ITEM...: into $T/envelope
envelope() { printf '%s\0' "$@" '' > "$T/envelope"; }
envelope Fa@example.org Tb@example.net Tc@example.net

# queue [WORD...]: hand in $T/message; what it said on 2 is in $T/err. The exit code is printed.
queue() { "$@" cm-queue < "$T/message" 1< "$T/envelope" 2> "$T/err"; echo $?; }

# told [WORD...]: the same by somebody who has descriptor 6 open: what is said there behind the code
told() { { "$@" cm-queue < "$T/message" 1< "$T/envelope" 2> "$T/err" 6>&3; echo $? > "$T/code"; } 3>&1 | cat > "$T/words"; echo "$(cat "$T/code") $(cat "$T/words")"; }

# verdict_is VERDICT: of every message from now on
judge() { echo "wanted check 0=$1 : true" > "$C/pipeline"; }

# What became of it: queued stored deleted, a number each; and from now on nothing is there
fate() {
  echo "$(find "$W/got" -name '*.message' | wc -l) $(find "$W/store" -name '*.eml' 2> /dev/null | wc -l) $(grep -c 'deleted by policy' "$W/log/ledger" 2> /dev/null)" | sed 's/ $/ 0/'
}
fresh() { rm -rf "$W/got" "$W/store" "$W/log"; mkdir "$W/got"; : > "$W/words"; echo 0 > "$W/code"; }
got() { cat "$W"/got/*.message; }
for_whom() { tr '\0' ' ' < "$(ls "$W"/got/*.envelope)"; }
