# Sourced by the tests of pipelines, after tap.sh. The port is $T itself; its
# stages are the two-line scripts that `stage` makes.

cd "$T" && mkdir control bin || exit 111
CM_HOME=$T
PATH=$T/bin:$PATH
export CM_HOME PATH
unset CM_ID CM_ENVELOPE CM_DEADLINE CM_DEPTH SENDER LANG LC_ALL
printf 'From: a@example.org\nSubject: hello\n\nbody\n' > message

# stage NAME: its script is on standard input
stage() {
  { echo '#!/bin/sh'; cat; } > "bin/$1"
  chmod +x "bin/$1"
}

# says CODE [TEXT]: a stage named sCODE that exits so, with TEXT as its report
says() {
  printf "printf '%%s\\\\n' '%s'; exit %s\n" "$2" "$1" | stage "s$1"
}

# plan: the pipeline file is on standard input
plan() { cat > control/pipeline; }

# check [FILE]: run the pipeline as a check; the report in ./report, the log in
# ./log, the exit code is printed
check() {
  cm-pipeline "${1:-control/pipeline}" < message > report 2> log
  echo $?
}

# rewrite: the same as a rewriter, with the new message in ./new
rewrite() {
  cm-pipeline control/pipeline < message > new 3> report 2> log
  echo $?
}

# code, result, trace NAME: what the last run said
reason() { head -n 1 report; }
result() { sed -n 's/^X-CleanMail-Result: //p' report; }
trace() { sed -n "s|^X-CleanMail-Trace: $1 ||p" report | sed 's/^\([^ ]* [^ ]*\) [0-9]* /\1 /'; }
word() { trace "$1" | sed 's/ .*//'; }

# decides CODE NAME PLAN: this pipeline file, with \n for line ends, gives this code
decides() {
  printf '%b\n' "$3" | plan
  same "$1" "$2" check
}

# rewrites CODE NAME PLAN: the same for a rewriter
rewrites() {
  printf '%b\n' "$3" | plan
  same "$1" "$2" rewrite
}

for c in 0 10 20 30 40 50 99 100; do says $c "5.7.1 code $c"; done
says 111 '4.7.1 code 111'
says 1 '5.7.1 code 1'
