#!/bin/sh
# What a stage can know of those before it: $CM_FIELDS.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"
unset CM_FIELDS

# declares NAME FIELD...: a stage that declares these fields
declares() { name=$1; shift; { printf "cat <<'END'\\n2.0.0 ok\\n"; printf '%s\n' "$@"; echo END; } | stage "$name"; }
# reads: a stage that keeps what it can read in ./seen, and whether there is a file at all
stage reads <<'END'
{ echo "${CM_FIELDS+set}"; cat "${CM_FIELDS:-/dev/null}"; } > seen 2>&1
END
declares one 'X-One: 1' '	folded' 'Authentication-Results: mx.example.net; dkim=pass'
declares two 'X-Two: 2'
ONE='X-One: 1
	folded
Authentication-Results: mx.example.net; dkim=pass'
# sees TEXT NAME PLAN: the stage that reads sees this
sees() {
  rm -f seen; printf '%b\n' "$3" | plan; check > code
  same "$1" "$2" cat seen
}

sees '' 'the first stage has no $CM_FIELDS' 'r check : reads'
sees '' 'nor has one behind stages that declare nothing' 'a check : s0\n\nb check : s10\n\nr check : reads'
sees '' 'nor one beside a stage that declares something' 'a check : one\nr check : reads'
sees "set
$ONE" 'a later one reads what was declared' 'a check : one\n\nr check : reads'
sees "set
$ONE
X-Two: 2" 'of several stages, in the order of the file' 'a check : one\nb check : two\n\nr check : reads'
sees "set
$ONE
X-Two: 2" 'of several paragraphs' 'a check : one\n\nx check : reads\n\nb check : two\n\ny check : s0\n\nr check : reads'
same "$ONE
X-Two: 2" 'and they are declared once by the pipeline' sh -c 'sed "1d; /^X-CleanMail/d" report'
declares mixed 'X-One: 1' 'From: forged' 'X-CleanMail-Result: x' 'no field' 'X-Two: 2'
sees 'set
X-One: 1
X-Two: 2' 'what would not get into the message is not there' 'a check : mixed\n\nr check : reads'
{ echo 'echo 2.0.0 ok >&3; echo "X-Re: w" >&3; cat'; } | stage rewriter
sees 'set
X-Re: w' 'rewriters declare, too' 'a rewrite : rewriter\n\nr check : reads'
{ cat bin/one; echo 'exit 1'; } > bin/breaks; chmod +x bin/breaks
sees '' 'a broken stage has declared nothing' 'a check on-error=deliver : breaks\n\nr check : reads'
sees '' 'nor has a shadow' 'a check shadow : one\n\nr check : reads'
{ cat bin/one; echo 'exit 99'; } > bin/trusts; chmod +x bin/trusts
sees "set
$ONE" 'one that whitelists has' 'a check : trusts\n\nr check always : reads'

stage spoils <<'END'
{ echo x > "$CM_FIELDS"; echo x >> "$CM_FIELDS"; : > "$CM_FIELDS"; } 2>/dev/null
exit 0
END
sees "set
$ONE" 'nobody can change it' 'a check : one\n\ns check : spoils\n\nr check : reads'

# Around it
printf 'X-Given: 0\n' > given
CM_FIELDS=$T/given; export CM_FIELDS
sees 'set
X-Given: 0' 'a pipeline hands on what it was given' 'r check : reads'
sees "set
X-Given: 0
$ONE" 'and puts its own behind it' 'a check : one\n\nr check : reads'
same "$ONE" 'but declares its own only' sh -c 'sed "1d; /^X-CleanMail/d" report'
CM_FIELDS=$T/gone
same 111 'a file that is gone is no verdict' sh -c 'cm-pipeline control/pipeline < message 2> log; echo $?'
unset CM_FIELDS

# Within it
printf 'a check : one\n' > control/inner
printf 'r check : reads\n' > control/reader
sees "set
$ONE
X-Two: 2" 'a pipeline within declares what its stages do' 'i check : cm-pipeline control/inner\nb check : two\n\nr check : reads'
sees "set
X-Two: 2" 'its stages read what the outer ones declared' 'b check : two\n\ni check : cm-pipeline control/reader'
sees "set
$ONE" 'as a rewriter, too' 'i rewrite : cm-pipeline control/inner\n\nr check : reads'
echo mx.example.net > control/authserv-id
printf 'i rewrite : cm-pipeline control/inner\n' | plan
rewrite > code
same "$ONE" 'whose fields are in the message once' sh -c 'sed "/^X-CleanMail/d; /^From/,\$d" new'

# The cost
calls() { printf '%b\n' "$1" | plan; strace -qq -o calls cm-pipeline control/pipeline < message > report; grep -c memfd_create calls; }
without=$(calls 'a check : s0\n\nb check : s0')
with=$(calls 'a check : one\n\nb check : s0')
same "$with" 'fields cost one file' echo $((without + 1))
calls 'a check : s0\n\nb check : s0' > /dev/null
same 0 'and where there are none nothing' grep -c '"fields"' calls

done_testing
