# Sourced after tap.sh and peer.sh: the rows of the fault matrix. A row is a fault that must
# be survived; its checks carry its number, and behind them nine things are looked at that no
# fault may break, whatever it was (tests/tools/oracles says which). tests/rows counts the rows.
#
#   arena [COMMAND...]       once: a home $T/h with one port, served at $FRONT by cm-smtpd, or
#                            by COMMAND (strace ... cm-smtpd); $SERVER is its process id, $C its
#                            directory of control files. Every client is recorded.
#   arena_tls HOST [OPTION...]  the same behind cm-tls -r with these options, and a certificate for
#                            HOST; tests/tls.sh is sourced before
#   row NUMBER TITLE         a row begins, and the one before is judged; control files are again
#                            what they were after arena, log, store and spool are empty
#   promise SECONDS          the longest that a client of this row may wait; else 60
#   doubts N                 so many copies more than were acknowledged are allowed, where
#                            what was killed could not log its doubt
#   changes FILE...          a stage of this row makes messages to one of these texts, with CRLF
#   adds NAME...             stages of this row add such header fields
#   rows_done                at the end, in place of done_testing
#
# In a row:
#   behind [RULE...]         a new faultsink is the upstream; $S is its directory, $SINK its pid
#   beside NAME              what start_postfix and so on have called NAME is the upstream
#   control FILE VALUE       writes a control file
#   pipeline LINE...         control/pipeline
#   evil KIND MODE [OPTION...]  a pipeline of one stage, tests/tools/evil MODE, with these options
#   heard CODES NAME COMMAND...  the script that COMMAND prints, see letter, gives these codes
#   tried COMMAND...         the same without a look at the codes, and without EHLO and QUIT
#                            around it if COMMAND is `bare`
#   transcript               what the last client heard
#   committed N NAME         so many messages came to their end at the upstream
#   logged WORD NAME         cm-smtpd has logged such an event since `behind`
#   quiet_port               nobody is served any more
# and everything of tap.sh and peer.sh. Names of checks get the row's number by themselves.

arena() {
  CANARY=canary-$$-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
  CM_CANARY=$CANARY RECORD=$T/said
  export CANARY CM_CANARY RECORD
  mkdir "$T/said"
  home h smtp 127.0.0.1 1
  C=$W/port/control
  mkdir "$W/spool"
  control spool "$W/spool"
  control timeoutremote 30
  control timeoutconnect 30
  cp -r "$C" "$T/control"
  front h "$@"
  FRONT=$PORT SERVER=$PID SINKS=
  export SERVER
}

arena_tls() {
  account=
  [ "$(id -u)" != 0 ] || account='-u nobody'
  chmod 711 "$T"
  ca ca
  cert one "$1"; shift
  BEFORE="cm-tls -r $* $account"
  arena
  mkdir "$T/control/tls"
  cp "$T/one.both" "$T/control/tls/default.pem"
  chmod 600 "$T/control/tls/default.pem"
}

# nowhere: forget what the row before has left
nowhere() {
  for sink in $SINK; do ! child_of_ours "$sink" || kill "$sink"; done 2>/dev/null
  rm -rf "$T"/said/* "$C" "$T"/h/log "$T"/h/store "$T"/h/spool/* "$T"/h/port/evil.*
  cp -r "$T/control" "$C"
  : > "$T/h/err"
  MARK=0 SINKS='' SINK='' CHANGED='' PROMISE=60 DOUBTS=0 NEWLINES='' ADDED=''
}

row() {
  judged
  ROW="row $1" TITLE=$2
  nowhere
}

promise() { PROMISE=$1; }
doubts() { DOUBTS=$1; }
changes() { CHANGED=$*; }
adds() { ADDED=$*; }

# judged: of the row that ends
judged() {
  [ "$ROW" ] || return 0
  for sink in $SINK; do within 20 at_rest "$sink"; done
  for sink in $SINKS; do [ ! -e "$sink/queues" ] || within 20 settled "${sink##*/}"; done
  export PROMISE DOUBTS NEWLINES ADDED
  if [ "$CHANGED" ]; then export CHANGED; else unset CHANGED; fi
  # shellcheck disable=SC2086 # a word for each
  same '' "$TITLE: nothing lost, doubled, changed, smuggled or left" perl tests/tools/oracles "$T/h" "$T/said" $SINKS
  ROW=
}

rows_done() { judged; done_testing; }

control() { printf '%s\n' "$2" > "$C/$1"; [ "$1" != newlines ] || NEWLINES=$2; }
pipeline() { printf '%s\n' "$@" > "$C/pipeline"; }

evil() {
  kind=$1 mode=$2; shift 2
  pipeline "evil $kind $* : perl $PWD/tests/tools/evil $mode"
}

sinks=0
behind() {
  sinks=$((sinks + 1)) S=$T/sink$sinks
  start_faultsink "sink$sinks" "$@"
  SINK="$PID $SINK" SINKS="$SINKS $S" W=$T/h
  MARK=$(wc -c < "$T/h/err")
  control upstream "smtp 127.0.0.1 $PORT"
}

beside() {
  S=$T/$1 SINKS="$SINKS $T/$1" W=$T/h
  control upstream "smtp 127.0.0.1 $PORT"
}

tried() {
  if [ "$1" = bare ]; then shift; "$@"; else "$@" | session; fi > "$T/script"
  client "$FRONT" < "$T/script" | sed 's/^reset$/closed/' > "$T/transcript"
}

heard() {
  want=$1; name=$2; shift 2
  tried "$@"
  same "$want" "$name" codes < "$T/transcript"
}

transcript() { cat "$T/transcript"; }
committed() { same "$1" "$2" sh -c "cat $S/ledger 2>/dev/null | wc -l"; }
logged() { like "^$1 " "$2" tail -c "+$((MARK + 1))" "$T/h/err"; }
quiet_port() { within 20 not_served; }
not_served() { [ ! "$(children "$SERVER")" ]; }
