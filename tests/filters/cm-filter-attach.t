#!/bin/sh
# cm-filter-attach: messages in; verdict, report and the new message out.
. "$(dirname "$0")/../tap.sh"

crlf() { sed 's/$/\r/'; }

# attach RULES < message: prints the report and the verdict; the new message is $T/out
attach() { cm-filter-attach "$@" 3>&1 >"$T/out"; echo "$?"; }

# answers MESSAGE RULES WANT NAME: the report, a blank and the code
answers() { same "$3" "$4" sh -c 'cm-filter-attach "$2" < "$1" 3>&1 > "$0"; echo $?' "$T/out" "$T/$1" "$T/$2"; }

untouched() { ok "$2" cmp "$T/$1" "$T/out"; }

# named TEXT: a message that is a multipart with text and an attachment whose
# Content-Disposition ends in TEXT
named() {
  printf 'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n'
  printf -- '--b\n\nhello\n\n--b\nContent-Type: application/octet-stream\n'
  printf 'Content-Disposition: attachment; '; printf "$1"; printf '\n\nthe body\n--b--\n'
}

# decided NAME-TEXT WANT NAME: with drop exe and pass txt
decided() {
  named "$1" > "$T/m"
  answers m exe "$2" "$3"
}

cat > "$T/plain" <<'!!'
From: a@example.org
Subject: hello

begin with this
--
text
!!
printf 'pass txt\ndrop exe\n' > "$T/exe"
printf 'pass zip bmp\nblock *\ndrop scr pif\n' > "$T/example"
printf 'block doc *macro.*\n' > "$T/block"
printf '# nothing\n\n' > "$T/empty"

# copying
answers plain example 0 'plain text passes'
untouched plain 'plain text is copied byte for byte'
crlf < "$T/plain" > "$T/plaincr"
answers plaincr example 0 'plain text with CRLF passes'
untouched plaincr 'plain text with CRLF is copied byte for byte'
: > "$T/nothing"
answers nothing example 0 'an empty message passes'
untouched nothing 'an empty message stays empty'
same 0 'a pipe is read too' sh -c 'cat "$1" | { cm-filter-attach "$2" 3>&1 > "$0"; echo $?; }' "$T/out" "$T/plain" "$T/example"
untouched plain 'a message from a pipe is copied byte for byte'
ok 'a pipe is written too' sh -c 'cm-filter-attach "$1" < "$0" 3>&1 | cmp - "$0"' "$T/plain" "$T/example"
named 'filename=a.exe' > "$T/m"
answers m empty 0 'without rules everything passes'
untouched m 'without rules everything is copied'

# the lists
named 'filename=a.zip' > "$T/m"
answers m example 0 'the example passes zip'
untouched m 'the example leaves zip alone'
named 'filename=a.pdf' > "$T/m"
answers m example '5.7.1 attachment removed: a.pdf
20' 'the example removes what it does not pass'
named 'filename=a.scr' > "$T/m"
answers m example '5.7.1 attachment a.scr is not accepted here
100' 'the example drops a message with scr'
same 0 'of a message that is refused nothing is written' sh -c 'wc -c < "$0"' "$T/out"
decided 'filename=a.EXE' '5.7.1 attachment a.EXE is not accepted here
100' 'case does not matter'
decided 'filename=a.exe.txt' 0 'only the last extension counts'
decided 'filename=exe' 0 'a name without a dot has no extension'
decided 'filename=a.exec' 0 'a pattern is for the whole extension'
printf 'drop e?e\n' > "$T/rules"; named 'filename=a.exe' > "$T/m"
answers m rules '5.7.1 attachment a.exe is not accepted here
100' 'patterns know ?'
printf 'drop invoice*.txt\n' > "$T/rules"; named 'filename=Invoice12.txt' > "$T/m"
answers m rules '5.7.1 attachment Invoice12.txt is not accepted here
100' 'a pattern with a dot is for the whole name'
named 'filename=my-invoice.txt' > "$T/m"
answers m rules 0 'and for nothing less'
printf 'pass a.exe\ndrop exe\n' > "$T/rules"; named 'filename=a.exe' > "$T/m"
answers m rules 0 'pass comes before drop'
printf 'block exe\ndrop exe\n' > "$T/rules"
answers m rules '5.7.1 attachment a.exe is not accepted here
100' 'drop comes before block'
named 'size=3' > "$T/m"
answers m example '5.7.1 attachment removed: of type application/octet-stream
20' 'an attachment without a name matches *'
answers m exe 0 'an attachment without a name matches nothing else'
printf 'Content-Type: image/png\n\nx\n' > "$T/m"
answers m example '5.7.1 attachment removed: of type image/png
20' 'a type that is no text is an attachment'
printf 'Content-Type: text/html\nContent-Disposition: inline\n\nx\n' > "$T/m"
answers m example 0 'text that is shown is none'
printf 'Content-Type: text/html; name=""\n\nx\n' > "$T/m"
answers m example 0 'an empty name makes none'
printf 'Content-Type: text/html; name=a.htm\n\nx\n' > "$T/m"
answers m example '5.7.1 attachment removed: a.htm
20' 'text with a name is one'

# policies
named 'filename=a.exe' > "$T/m"
for policy in reject/redirect=30 accept/redirect=40 reject/delete=100 accept/delete=50; do
  printf 'drop exe\ndrop-policy %s\n' "${policy%=*}" > "$T/rules"
  like "^${policy#*=}\$" "drop-policy ${policy%=*}" attach "$T/rules" < "$T/m"
done
printf 'drop exe\ndrop-policy accept/redirect\n' > "$T/rules"
answers m rules '2.7.1 attachment a.exe is not accepted here
40' 'a message for the quarantine'
untouched m 'goes there as it came'
printf 'block exe\nblock-policy accept/deliver\n' > "$T/rules"
answers m rules '2.7.1 attachment removed: a.exe
0' 'block-policy accept/deliver'
ok 'removes the attachment too' not grep -q 'the body' "$T/out"

# names in many readings
no='5.7.1 attachment %s is not accepted here
100'
refused() { decided "$1" "$(printf "$no" "$2")" "$3"; }
refused 'filename="a.exe"' a.exe 'a quoted name'
refused 'filename=a.exe.' a.exe. 'a dot at the end'
refused 'filename="a.exe . ."' 'a.exe . .' 'dots and blanks at the end'
refused 'filename="a.exe\\\\"' 'a.exe\x5c' 'a backslash at the end'
refused 'filename="../../a.exe"' ../../a.exe 'folders'
refused 'filename="c:\\\\x\\\\a.exe"' 'c:\x5cx\x5ca.exe' 'folders of Windows'
refused 'filename="a.exe:b.txt"' a.exe:b.txt 'a stream of NTFS'
refused 'filename="a.exe::$DATA"' 'a.exe::$DATA' 'the stream of a file'
refused 'filename=a.txt; filename=a.exe' a.exe 'the second of two names'
refused 'filename=a.exe; filename=a.txt' a.exe 'the first of two names'
refused "filename=a.txt; filename*=utf-8''a.e%%78e" a.exe 'an extended name'
refused 'filename*0=a.e; filename*1=xe' a.exe 'a name in segments'
refused 'filename*1=xe; filename*0=a.e' a.exe 'segments in another order'
refused 'filename="=?utf-8?B?YS5leGU=?="' a.exe 'an encoded word'
refused 'filename==?utf-8?Q?a=2Eexe?=' a.exe 'an encoded word without quotes'
refused 'filename=my a.exe' 'my a.exe' 'a name with a blank and no quotes'
refused 'filename=a.exe foo.txt' a.exe 'a name that ends at the blank'
refused 'filename="a.exe' a.exe 'a missing quote'
refused 'filename="a.exe\\"; x=.txt"' 'a.exe"; x\x3d.txt' 'a quote behind a backslash'
refused 'filename=a.exe=' 'a.exe\x3d' 'a name that ends in ='
refused 'filename=a%%2eexe' a%2eexe 'a name with %%'
refused 'filename="a.exe*x"' 'a.exe*x' 'a name that goes on with what is in no name'
refused 'filename="a.txt"; name="a.exe"' a.exe 'the other parameter'
refused 'filename="a.e\n xe"' a.exe 'a folded name'
refused 'filename=a.exe(x)' a.exe 'a comment'
refused "filename*=utf-8''a.exe%%00.txt" 'a.exe\x00.txt' 'NUL in a name'
refused "filename*=utf-8''a.exe%%e2%%80%%8e" 'a.exe\xe2\x80\x8e' 'a character that is not seen'
refused "filename*=utf-8''a.%%e2%%80%%aetxt.exe" 'a.\xe2\x80\xaetxt.exe' 'a name that reads from right to left'
refused 'filename="\033[31m`id`$(id);.exe"' '\x1b[31m`id`$(id);.exe' 'nothing in a name is done'
decided 'filename="my report.txt"' 0 'a name with a blank is one name'
decided 'filename=my report.txt' 0 'also without quotes'
printf 'pass zip\nblock *\n' > "$T/rules"
for name in '"my report (1).zip"' '"=?utf-8?Q?a=2Ezip?="' 'my report.zip' '"Re: a.zip"' '"a;b.zip"' '"100%% a.zip"'; do
  named "filename=$name" > "$T/m"
  answers m rules 0 "no reading of $(printf "$name") but the one that passes counts"
done
long=$(head -c 5000 /dev/zero | tr '\0' x)
named "filename=$long.exe" > "$T/m"
x=$(printf %.60s "$long")
answers m exe "5.7.1 attachment $x...${x#xxxx}.exe is not accepted here
100" 'of an endless name the report has both ends'

# what is cut out
named 'filename=macro.doc' | crlf > "$T/m"
answers m block '5.7.1 attachment removed: macro.doc
20' 'a blocked part'
{ printf 'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n\n--b\n'
  printf 'Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n'
  printf 'An attachment was removed from this message because it may do harm:\nmacro.doc\n\n--b--\n'; } | crlf > "$T/want"
ok 'leaves a note and everything else, with CRLF' cmp "$T/want" "$T/out"
named 'filename=macro.doc' > "$T/m"; attach "$T/block" < "$T/m" >/dev/null
ok 'leaves a note and everything else, with LF' sh -c 'tr -d "\r" < "$0" | cmp - "$1"' "$T/want" "$T/out"
answers out block 0 'what is left passes'
printf 'From: a@example.org\nContent-Type: application/msword; name=a.doc\nContent-Transfer-Encoding: base64\nSubject: x\n\nQUFB\n' > "$T/m"
answers m block '5.7.1 attachment removed: a.doc
20' 'a message that is blocked itself'
same 'From: a@example.org
Subject: x
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

An attachment was removed from this message because it may do harm:
a.doc' 'keeps its header but for the fields about content' cat "$T/out"
printf 'one\nbegin 644 a.doc\n#86)C\n`\nend\ntwo\n' | { printf 'Subject: x\n\n'; cat; } > "$T/m"
answers m block '5.7.1 attachment removed: a.doc
20' 'a uuencoded attachment'
same 'Subject: x

one
[attachment removed: a.doc]
two' 'is cut out of its text' cat "$T/out"
{ printf 'MIME-Version: 1.0\nContent-Type: message/rfc822\n\n'; named 'filename=a.doc'; } > "$T/m"
answers m block '5.7.1 attachment removed: a.doc
20' 'an attachment of an attached message'
ok 'is cut out alone' grep -q '^From: a@example.org' "$T/out"
printf 'block *\ndrop exe\n' > "$T/rules"
{ printf 'MIME-Version: 1.0\nContent-Type: message/rfc822; name=a.eml\n\n'; named 'filename=a.exe'; } > "$T/m"
answers m rules '5.7.1 attachment a.exe is not accepted here
100' 'what is inside a blocked part is read as well'
{ printf 'Content-Type: multipart/mixed; boundary=b\n\n'
  for i in 1 2 3; do printf -- '--b\nContent-Type: a/b; name=%s.doc\n\nx\n' $i; done; printf -- '--b--\n'; } > "$T/m"
answers m block '5.7.1 attachments removed: 1.doc, 2.doc, 3.doc
20' 'several blocked parts'
printf 'Removed here:\n' > "$T/text"; printf 'block doc\nnote %s\n' "$T/text" > "$T/rules"; attach "$T/rules" < "$T/m" >/dev/null
same 3 'the note is ours to write' grep -c '^Removed here:' "$T/out"
cat "$T/m" | cm-filter-attach "$T/block" 3>/dev/null | cm-filter-attach "$T/block" 3>&1 > "$T/out"
ok 'attachments are cut out of a pipe' grep -q '^3.doc$' "$T/out"

# who reads differently
{ printf 'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'; named 'filename=a.exe' | base64; } > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'an encoded message is decoded'
{ printf 'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'; named 'filename=a.doc' | base64; } > "$T/m"
answers m block '5.7.1 attachment removed: a.doc
20' 'from an encoded message nothing can be cut: all of it is'
{ printf 'Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n'
  printf -- '--b\nContent-Type: a/b; name=a.exe\n\nx\n--b--\n' | base64; } > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'an encoded multipart is decoded'
printf 'Subject: x\nno field\nContent-Type: a/b; name=a.exe\n\nx\n' > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'fields behind a line that is no field'
printf 'Subject: x\rContent-Type: a/b; name=a.exe\r\n\r\nx\r\n' > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'fields behind a bare CR'
like '^20$' 'a message with such fields is cut' attach "$T/example" < "$T/m"
answers out example 0 'and nothing of them is left'
printf 'Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nx\n--b\nContent-Type: a/b; name=a.exe\n\nx\n' > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'the second of two boundaries'
printf 'Content-Type: multipart/mixed; boundary=a\n\n--a--\n--a\nContent-Type: a/b; name=a.exe\n\nx\n' > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'a part behind the end'

# classes of ambiguity
two='Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n'
printf "Content-Type: a/b; name=a.txt\\n$two\\nx\\n" > "$T/m"
answers m exe '5.7.1 message can be read in several ways: encoding-conflict
30' 'what no ordinary mail does goes to the quarantine'
untouched m 'as it came'
printf 'drop exe\nmime reject/delete encoding-conflict no-version\n' > "$T/rules"
answers m rules '5.7.1 message can be read in several ways: no-version, encoding-conflict
100' 'a class has a verdict of its own'
printf 'drop exe\nmime accept/deliver *\n' > "$T/rules"
answers m rules 0 'all classes may be let pass'
untouched m 'as they are'
printf 'drop exe\nmime junk no-version\nmime accept/deliver encoding-conflict\n' > "$T/rules"
answers m rules '2.7.1 message can be read in several ways: no-version
10' 'a class may only mark a message'
untouched m 'which is not changed'

# verdicts of lists and flags
named 'filename=a.exe' > "$T/m"
printf 'drop txt\ndrop accept/redirect exe\n' > "$T/rules"
answers m rules '2.7.1 attachment a.exe is not accepted here
40' 'a list may have a verdict of its own'
printf 'block accept/deliver exe\n' > "$T/rules"
answers m rules '2.7.1 attachment removed: a.exe
0' 'so may what is cut out'
named 'filename=a.pdf.exe' > "$T/m"
printf 'drop +double-extension\n' > "$T/rules"
answers m rules '5.7.1 attachment a.pdf.exe (double-extension) is not accepted here
100' 'a flag'
printf 'pass +double-extension\ndrop +double-extension\n' > "$T/rules"
answers m rules 0 'a flag that is passed'

# cm-look
mkdir "$T/look" "$T/alone"
ln -s "$(command -v cm-filter-attach)" "$T/alone/cm-filter-attach"
for tool in cat sleep sh; do ln -s "$(command -v $tool)" "$T/alone/$tool"; done
# fake TEXT: cm-look is a script from now on
fake() { printf '#!/bin/sh\n%s\n' "$1" > "$T/look/cm-look"; chmod 755 "$T/look/cm-look"; }
# looks MESSAGE RULES WANT NAME: with that script in its place
looks() {
  same "$3" "$4" sh -c 'PATH=$3:$4 cm-filter-attach "$2" < "$1" 3>&1 > "$0"; echo $?' "$T/out" "$T/$1" "$T/$2" "$T/look" "$T/alone"
}
container() { printf -- '--b\nContent-Type: application/octet-stream; name=%s\nContent-Transfer-Encoding: base64\n\nUEsDBAo=\n' "$1"; }
{ printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n'; container a.zip; printf -- '--b--\n'; } > "$T/zip"
printf 'drop exe\nblock +macro\n' > "$T/rules"
named 'filename=a.pdf' > "$T/m"
fake 'exit 111'
looks m rules 0 'cm-look is not started where there is nothing to open'
printf 'Content-Type: application/octet-stream; name=a.odt\nContent-Transfer-Encoding: base64\n\nAQACAAMABAAFAAYA\n' > "$T/odd"
looks odd rules 0 'nor for data of no known kind under the name of a document'
sed s/a.odt/a.dat/ "$T/odd" > "$T/odder"
looks odder rules 'cm-filter-attach: unable to look into an attachment: cm-look has failed
111' 'but for that under any other name'
looks zip rules 'cm-filter-attach: unable to look into an attachment: cm-look has failed
111' 'cm-look that fails is no answer'
fake 'kill -9 $$'
looks zip rules 'cm-filter-attach: unable to look into an attachment: cm-look has failed
111' 'nor is one that is killed'
fake 'echo file 4; echo kind zip'
looks zip rules 'cm-filter-attach: unable to look into an attachment: cm-look has not said all
111' 'nor is half an answer'
fake 'echo file 4; echo kind zip; echo end; echo more'
looks zip rules 'cm-filter-attach: unable to look into an attachment: cm-look has not said all
111' 'nor one that goes on'
fake 'echo file 5; echo end'
looks zip rules 'cm-filter-attach: unable to look into an attachment: cm-look has not said all
111' 'nor one about another file'
fake 'while :; do echo name 1 txt xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
looks zip rules 'cm-filter-attach: unable to look into an attachment: its answer is too long
111' 'nor one without an end'
fake 'exec sleep 30'
same 'cm-filter-attach: unable to look into an attachment: it takes too long
111' 'nor does it wait beyond its deadline' sh -c '
  CM_DEADLINE=$(($(date +%s) + 3)) PATH=$3:$4 cm-filter-attach "$2" < "$1" 3>&1 > "$0"; echo $?' "$T/out" "$T/zip" "$T/rules" "$T/look" "$T/alone"
rm "$T/look/cm-look"
looks zip rules 'cm-filter-attach: unable to look into an attachment: unable to start cm-look
111' 'cm-look that is missing is no answer'
fake 'echo file 4; echo kind zip; echo "name 1 txt a/b.txt"; echo end'
looks zip rules 0 'an archive with nothing against it passes'
untouched zip 'as it came'
fake 'echo file 4; echo kind zip; echo "name 2 txt a/\\xe2\\x80\\x8bb.exe"; echo end'
looks zip rules '5.7.1 attachment a/\xe2\x80\x8bb.exe in a.zip is not accepted here
100' 'names in an archive obey the same rules'
fake 'echo file 4; echo kind zip; echo "name 1 exe b.txt"; echo end'
looks zip rules '5.7.1 attachment b.txt in a.zip (exe) is not accepted here
100' 'so do kinds'
fake 'echo file 4; echo kind exe; echo end'
looks zip rules '5.7.1 attachment a.zip (exe) is not accepted here
100' 'also of the attachment itself'
fake 'echo file 4; echo kind doc; echo flag macro; echo end'
looks zip rules '5.7.1 attachment removed: a.zip (macro)
20' 'a macro is cut out'
for flag in depth entries bytes time broken unsupported; do
  fake "echo file 4; echo kind zip; echo flag $flag; echo end"
  looks zip rules '5.7.1 attachments cannot be checked: an attachment that could not be seen to its end
30' "what was not seen is not clean: $flag"
done
printf 'drop exe\npass +broken\n' > "$T/rules2"
fake 'echo file 4; echo kind zip; echo flag broken; echo end'
looks zip rules2 0 'unless the rules say so'
printf 'pass zip\ndrop exe\n' > "$T/rules2"
fake 'exit 111'
looks zip rules2 0 'what is passed is not looked into'
{ printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n'; for i in $(seq 30); do container $i.zip; done; printf -- '--b--\n'; } > "$T/many"
fake 'echo x >> "${0%/*}/started"; while [ $# -gt 0 ]; do echo file $1; echo kind zip; echo "name 1 txt $2"; shift 2; done; echo end'
looks many rules 0 'many archives are told apart'
same 2 'by few processes' sh -c 'wc -l < "$0/started"' "$T/look"
fake 'while [ $# -gt 0 ]; do echo file $1; echo kind zip; [ $1 = 9 ] && echo "name 1 txt b.exe"; shift 2; done; echo end'
looks many rules '5.7.1 attachment b.exe in 6.zip is not accepted here
100' 'and the right one is blamed'
fake 'while [ $# -gt 0 ]; do case $2 in file.zip) ;; *) exit 111;; esac; shift 2; done; echo end'
looks many rules 0 'no word of a message is an argument but letters of its extension'

# limits
deep() { for i in $(seq 60); do printf 'Content-Type: message/rfc822\n\n'; done; }
deep > "$T/m"
answers m exe '5.7.1 attachments cannot be checked: parts more than 50 deep
30' 'what is too deep is not clean'
untouched m 'and goes to the quarantine as it came'
{ printf 'Content-Type: multipart/mixed; boundary=b\n\n'; for i in $(seq 1001); do printf -- '--b\n\nx\n'; done; } > "$T/m"
answers m exe '5.7.1 attachments cannot be checked: more than 1000 parts
30' 'too many parts are not clean'
{ printf 'Content-Type: a/b'; for i in $(seq 101); do printf ';\n x%s=y' "$i"; done; printf '\n\nx\n'; } > "$T/m"
answers m exe '5.7.1 attachments cannot be checked: too many parameters
30' 'too many parameters are not clean'
{ printf 'Subject: '; head -c 1100000 /dev/zero | tr '\0' x; printf '\n\nx\n'; } > "$T/m"
answers m exe '5.7.1 attachments cannot be checked: header too large
30' 'a header that is too large is not clean'
{ printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b; name=a.exe\n\nx\n--b\n'; deep; } > "$T/m"
answers m exe '5.7.1 attachment a.exe is not accepted here
100' 'a limit hides nothing that is worse'
nest() { if [ "$1" = 0 ]; then cat; else { printf 'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'; base64; } | nest $(($1 - 1)); fi; }
printf 'x\n' | nest 7 > "$T/m"
answers m exe '5.7.1 attachments cannot be checked: too much encoded inside each other
30' 'too many encodings are not clean'
deep > "$T/m"; printf 'limit-policy reject/delete\n' > "$T/rules"
answers m rules '5.7.1 attachments cannot be checked: parts more than 50 deep
100' 'limit-policy is ours to choose'
printf 'limit-policy junk\n' > "$T/rules"
answers m rules '2.7.1 attachments cannot be checked: parts more than 50 deep
10' 'limit-policy that delivers'
untouched m 'delivers all'

# calling
broken() { printf "$1" > "$T/rules"; verdict 111 "cm-filter-attach: $T/rules:$2" "$3" cm-filter-attach "$T/rules" < "$T/plain"; }
broken 'pass a\n\nfoo b\n' '3: unknown word: a rule is pass, drop, block, drop-policy, block-policy, limit-policy, mime or note' 'an unknown word is told with its line'
broken 'drop-policy accept/deliver\n' '1: no verdict for this policy' 'drop-policy cannot deliver'
broken 'block-policy reject/delete\n' '1: no verdict for this policy' 'block-policy cannot delete'
broken 'limit-policy accept/deliver\n' '1: no verdict for this policy' 'limit-policy cannot let pass'
broken 'drop-policy\n' '1: a policy is one verdict' 'a policy needs a verdict'
broken 'drop accept/deliver exe\\n' '1: no verdict for this list' 'a list cannot have any verdict'
broken 'mime reject/delete nonsense\\n' '1: no such class' 'a class must be one'
broken 'mime nonsense nul\\n' '1: no verdict for a class' 'and have a verdict'
broken 'note /nowhere/note\n' '1: unable to read the note' 'a note needs its file'
verdict 111 'cm-filter-attach: usage: cm-filter-attach RULES' 'a wrong call never rejects mail' cm-filter-attach < "$T/plain"
verdict 111 'cm-filter-attach: unable to read nowhere: no such file' 'missing rules are trouble' cm-filter-attach nowhere < "$T/plain"
verdict 111 'cm-filter-attach: unable to read message: Is a directory' 'read trouble defers' cm-filter-attach "$T/exe" < /tmp
verdict 111 'cm-filter-attach: unable to write message: No space left on device' 'write trouble defers' \
  sh -c 'cm-filter-attach "$1" < "$0" > /dev/full' "$T/plain" "$T/exe"
mkdir -p "$T/home/control"; printf 'drop exe\n' > "$T/home/control/attach"; named 'filename=a.exe' > "$T/m"
same '5.7.1 attachment a.exe is not accepted here
100' 'rules are looked up in the home of the suite' \
  sh -c 'cd "$0"; CM_HOME=$0/home cm-filter-attach control/attach < m 3>&1 >/dev/null; echo $?' "$T"
rules=$PWD/control/attach; [ -f "$rules" ] || rules=$(dirname "$0")/../../control/attach
for bad in exe js vbs lnk; do
  named "filename=a.$bad" > "$T/m"
  like '^100$' "the example file drops $bad" attach "$rules" < "$T/m"
done
named 'filename=a.xlsm' > "$T/m"
like '^20$' 'the example file blocks xlsm' attach "$rules" < "$T/m"
named 'filename=a.pdf' > "$T/m"
like '^0$' 'the example file passes pdf' attach "$rules" < "$T/m"

done_testing
