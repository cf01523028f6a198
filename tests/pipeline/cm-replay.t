#!/bin/sh
# Stored mail under a new configuration: what changes is listed, and nothing else.
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111
export CM_HOME="$T"

# mail FILE WORD
mail() { printf 'From: a@example.net\r\nSubject: %s\r\n\r\n%s\r\n' "$2" "$2" > "$1"; }
# A stage that refuses a word, and tells what it knows of the envelope.
cat > words <<'E2'
#!/bin/sh
grep -q "^Subject: $1.$" || exit 0
echo "5.7.1 $1 by $SENDER for $(sed 1d "$CM_ENVELOPE" 2>&- | tr '\n' ' ')$CM_ID"
exit 100
E2
chmod +x words
: > none
echo "words check : $T/words bad"   > old
echo "words check : $T/words worse" > new
mkdir mail && mail mail/1 fine && mail mail/2 bad && mail mail/3 worse

same 'cm-replay: usage: cm-replay PIPELINE [PIPELINE2] DIRECTORY...
100' 'called wrongly' sh -c 'cm-replay; echo $?'
same 100 'without a directory' sh -c 'cm-replay old 2>/dev/null; echo $?'
same 111 'what is not there' sh -c 'cm-replay old nowhere 2>/dev/null; echo $?'

same 'cm-replay: 3 messages, 0 with another result
0' 'mail that is accepted still is no news' sh -c 'cm-replay none mail; echo $?'
same 'mail/2	accept/deliver	reject/delete; words; 5.7.1 bad by  for
cm-replay: 3 messages, 1 with another result
1' 'what would be refused now is' sh -c 'cm-replay old mail; echo $?'
cp -r mail more
{ printf 'X-CleanMail-Result: reject/delete; x; 5.0.0 y\r\n'; cat mail/2; } > more/2
same 'cm-replay: 3 messages, 0 with another result' 'the field of delivered mail tells what was' cm-replay old more

same 'mail/2	reject/delete; words; 5.7.1 bad by  for	accept/deliver
mail/3	accept/deliver	reject/delete; words; 5.7.1 worse by  for
1' 'two pipelines are compared' sh -c 'cm-replay old new mail 2>/dev/null >out; r=$?; sort out; echo $r'

{ echo 'From x'; cat mail/1; echo; echo 'From y'; cat mail/2; } > mail/box
like '^mail/box:2	accept/deliver	reject' 'an mbox is taken apart' cm-replay old mail
mkdir -p dir/new dir/cur dir/tmp && cp mail/2 dir/cur/a && cp mail/2 dir/new/b && cp mail/2 dir/tmp/c
like '^cm-replay: 2 messages, 2 ' 'a maildir has messages in cur and new' cm-replay old dir

# A store, as a front end leaves it.
printf 's@example.org\nr1@example.net\nr2@example.net\n' > envelope
id=1795272386.018495.7033.1.0123abcd
mkdir -m 700 store; SENDER=s@example.org CM_ENVELOPE=$T/envelope CM_ID=$id cm-filter-store "$T/store" < mail/2 ||
  echo 'Bail out! nothing was stored'
like "^store/$id.eml	accept/deliver	reject/delete; words; 5.7.1 bad by s@example.org for r1@example.net r2@example.net $id\$" \
  'a store knows envelope and id' cm-replay old store
like '^mail/2	accept/deliver	reject/delete; words; 5.7.1 bad by  for$' 'which mail behind it does not inherit' \
  cm-replay old store mail
same 'cm-replay: 1 messages, 0 with another result' 'and nothing else in it is a message' cm-replay none store
sed -i 's|^verdict .*|verdict reject/delete|' store/$id.env
like '^cm-replay: 1 messages, 0 ' 'and, of what was decided, the result' cm-replay old store

echo 'broken check on-error=deliver' > broken
like '^mail/1	accept/deliver	no result$' 'a pipeline that is no pipeline gives no result' cm-replay broken mail
same 111 'which is trouble' sh -c 'cm-replay broken mail >/dev/null 2>&1; echo $?'

done_testing
