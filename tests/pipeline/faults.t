#!/bin/sh
# A system call of cm-pipeline fails, each in turn: the answer is the right one,
# 111 or no verdict at all; a new message is whole or not there.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"

if sanitized; then echo '1..0 # SKIP a sanitizer does not bear failing system calls'; exit; fi
printf 'sender@example.com\none@example.net\n' > envelope
CM_ENVELOPE=$T/envelope CM_ID=7f
export CM_ENVELOPE CM_ID
mkdir control/tag; echo TAG > control/tag/a
echo 'echo x >&2; sed "s/body/BODY/"; echo 2.0.0 >&3' | stage shouts

# Every call that a run without faults makes, with its count: NAME COUNT
calls() {
  strace -qq -o all "$@" < message > new 3> report 2> /dev/null
  sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' all | sort | uniq -c |
    awk '$2 !~ /^(execve|arch_prctl|set_tid_address|exit_group|munmap|brk|close|rt_sig.*|getpid|kill|vfork)$/ { print $2, $1 }'
}

# faulty CALL ERROR NUMBER: run with that call failing; the exit code
faulty() {
  timeout -k 1 20 strace -qq -o /dev/null -e inject="$1:error=$2:when=$3" \
    cm-pipeline control/pipeline < message > new 3> report 2> log
  code=$?
}

# sweep NAME: all faults in the pipeline of control/pipeline, judged by right
sweep() {
  calls cm-pipeline control/pipeline > calls
  wrong=0 tried=0
  while read -r call count; do
    i=1
    while [ $i -le "$count" ]; do
      faulty "$call" EIO $i
      tried=$((tried + 1))
      if ! right $code; then wrong=$((wrong + 1)); echo "# $call $i: exit $code $(head -c 200 log)"; fi
      i=$((i + 1))
    done
  done < calls
  same "no wrong answer" "$1" sh -c "[ $wrong = 0 ] && [ $tried -gt 30 ] && echo no wrong answer || echo $wrong of $tried"
}

right() {
  case $1 in
    0 | 10 | 20 | 30 | 40 | 50 | 99) return 1 ;;
  esac
}
printf 'a check time=1 for=*@example.net : s100\n' | plan
sweep 'no fault turns a refusal into anything but a delay'

# A tag that cannot be read costs the message's time, not its mark.
right() {
  case $1 in
    # It did not learn that it is a rewriter: without a report nobody takes that for an answer.
    10) [ ! -s report ] || {
      grep -q '^BODY$' new && grep -q '^Subject: TAG hello$' new && [ "$(head -n 1 report)" = '5.7.1 code 10' ]
    } ;;
    0 | 20 | 30 | 40 | 50 | 99 | 100) return 1 ;;
  esac
}
printf 'w rewrite time=1 : shouts\n\na check time=1 for=*@example.net : s10\n' | plan
sweep 'no fault delivers half a message, or one without its mark'
same '' 'nothing is left of all that' sh -c "ps -eo args= | grep -F '$T/bin/' | grep -v grep"

done_testing
