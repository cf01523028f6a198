#!/bin/sh
# cm-look: files in; what they are and what is inside out.
. "$(dirname "$0")/../tap.sh"
tools=$(cd "$(dirname "$0")/../tools" && pwd)
PATH=$tools:$PATH
cd "$T" || exit 111

# look FILE [NAME]: what cm-look says, without the first line
look() { cm-look 9 "${2-$1}" 9<"$1" | sed 1d; echo "$?" >code; }

# tells FILE LINES NAME: look prints exactly these lines, and the end
tells() { same "$2
end" "$3" look "$1"; }

# has LINE FILE NAME: among the lines is this one
has() { ok "$3" sh -c 'cm-look 9 "$0" 9<"$0" | grep -qxF -e "$1"' "$2" "$1"; }
hasnt() { ok "$3" sh -c 'cm-look 9 "$0" 9<"$0" >out && ! grep -q -e "$1" out' "$2" "$1"; }

bytes() { perl -e 'print pack "H*", join "", @ARGV' "$@"; }
exe() { printf 'MZ\220\0\003\0\0\0\004\0\0\0\377\377\0\0\270\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0'; printf "$1"; }

echo 'only text' > a.txt
exe one > a.exe
printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > a.png

# calls
verdict 111 'cm-look: usage: cm-look FD NAME [FD NAME]...' 'without arguments it says how' cm-look
verdict 111 'cm-look: usage: cm-look FD NAME [FD NAME]...' 'a name is needed' cm-look 9
verdict 111 'cm-look: usage: cm-look FD NAME [FD NAME]...' 'a descriptor is a number' cm-look x y
verdict 111 'cm-look: not an open file: 9' 'the descriptor must be open' cm-look 9 y
verdict 111 'cm-look: not an open file: 9' 'and a file' sh -c 'echo | cm-look 9 y 9<&0'
same 'file 8
type text/plain
kind txt
file 9
type application/vnd.microsoft.portable-executable
kind exe
flag executable
end' 'several files, each with its section' sh -c 'cm-look 8 a 9 b 8<a.txt 9<a.exe'

verdict 111 'cm-look: unable to write: No space left on device' 'an answer that cannot be written fails' sh -c 'cm-look 9 x 9<a.txt >/dev/full'
verdict 111 'cm-look: unable to open the database of libmagic: No such file or directory' 'without the database of libmagic it fails' \
  env MAGIC=/nowhere sh -c 'cm-look 9 x 9<a.txt'

# kinds
tells a.txt 'type text/plain
kind txt' 'text is text by libmagic'
tells a.png 'type image/png
kind png' 'a picture by first bytes'
: > empty
has 'kind data' empty 'an empty file is data'

# of TEXT KIND NAME: a text that begins so is of this kind
of() { printf '%s' "$1" >text; has "kind $2" text "$3"; }
of '<html><body>' html 'html'
of '<?xml version="1.0"?><!-- x --><svg >' svg 'svg behind a comment'
of '<job id="1"><script language="VBScript">' wsf 'a script of Windows Script Host'
of '<package xmlns="http://www.idpf.org/2007/opf">' xml 'the package of an e-book is no script'
of '<styleSheet xmlns="x">' txt 'what only begins like a word of html is text' 
of '<html><HTA:APPLICATION id=x>' hta 'an application of html'
of '[InternetShortcut]' url 'a shortcut'
of '[Version]
Signature="$CHICAGO$"' inf 'a setup file'
of '[Version]
number=1' txt 'another file with a version'
of '#!/bin/sh
' sh 'a script'
of 'import os
import sys
def f(): pass' txt 'what libmagic guesses about text is not believed'
printf 'MZ is not a program, but text of twenty-eight bytes' >mz
has 'kind txt' mz 'MZ alone is no program'
bytes 1f8b0800 >gz; has 'kind data' gz 'the first bytes of gzip alone are no archive'

# scripts
page() { printf '%s' "$1" >page.html; zip -q page.zip page.html; has 'flag html-script' page.zip "$2"; rm page.zip; }
page '<html><script>x</script>' 'a script in a page in a zip'
page '<b onclick="x">' 'a handler in what is only called a page'
page '<html><a href="java&#115;cript:x">' 'a script in an address written with a reference'
of '<html><a href="data:application/x-msdownload;base64,TVqQ">' html 'a page'
has 'flag html-data' text 'with a file in an address'
of '<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>' xml 'a page as XML'
has 'flag html-script' text 'with a script'
of '<?xml version="1.0"?><x onhand="1"><scripts>' xml 'XML that is no page'
hasnt flag text 'has none'
printf 'MIME-Version: 1.0\nContent-Type: text/html\n\n<script>' >page.mht
zip -q page.zip page.mht
has 'flag html-script' page.zip 'a script in a web archive'

# zip
zip -q a.zip a.txt a.exe a.png
tells a.zip 'type application/zip
kind zip
name 1 txt a.txt
name 1 exe a.exe
name 1 png a.png
flag executable' 'the entries of a zip, each with its kind'
zip -q -0 b.zip a.zip a.txt
tells b.zip 'type application/zip
kind zip
name 1 zip a.zip
name 2 txt a.txt
name 2 exe a.exe
name 2 png a.png
name 1 txt a.txt
flag executable' 'a zip in a zip'

# What a zip says twice is read twice.
cat a.zip b.zip >two.zip
has 'name 1 exe a.exe' two.zip 'of two zips in one file the first is listed'
has 'name 1 zip a.zip' two.zip 'and the second'
has 'flag polyglot' two.zip 'two zips in one file are a polyglot'
perl -0777pe 's/a\.txt/b.bat/' a.zip >local.zip
has 'name 1 data a.txt' local.zip 'the name of the directory is listed'
has 'name 1 txt b.bat' local.zip 'another name in the local header too'
perl -0777pe 'substr($_, 8, 1) = "\x08"' b.zip >method.zip
has 'flag broken' method.zip 'a zip with two opinions about a method is broken'
perl -0777pe 'substr($_, 18, 1) = "\x08"' b.zip >size.zip
has 'flag broken' size.zip 'or about a size'
hasnt 'flag broken' b.zip 'and other ones are not'
{ cat a.exe; cat a.zip; } >sfx.exe
has 'kind exe' sfx.exe 'a program with a zip behind it is a program'
has 'name 1 txt a.txt' sfx.exe 'the zip behind a program is listed'
has 'flag polyglot' sfx.exe 'a program with a zip behind it is a polyglot'
{ cat a.zip; echo appended; } >more.zip
has 'flag polyglot' more.zip 'a zip with something behind it is a polyglot'
{ cat a.zip; echo; } >newline.zip
hasnt 'flag polyglot' newline.zip 'an empty line behind it is nothing'
perl -0777pe 's/PK\x01\x02/XX\x01\x02/g; s/PK\x05\x06/XX\x05\x06/g' a.zip >headless.zip
has 'name 1 exe a.exe' headless.zip 'a zip without a directory is listed'
has 'flag broken' headless.zip 'and broken'
# What does not become smaller is often deflated as blocks that are stored.
perl -e 'print map { chr int rand 256 } 1 .. 100000' >random; zip -q -0 r.zip a.exe random a.txt
perl -MCompress::Zlib=crc32 -0777ne '
  for (my $at = 0; $at < length; $at += 65535) { my $n = length($p = substr $_, $at, 65535);
    $z .= pack("C v v", $at + $n == length, $n, ~$n & 0xffff) . $p }
  @same = (20, 0, 8, 0, 0, crc32($_), length $z, length, 5, 0);
  $l = pack("V v5 V3 v2", 0x04034b50, @same) . "r.zip";
  $c = pack("V v6 V3 v5 V2", 0x02014b50, 20, @same, 0, 0, 0, 0, 0) . "r.zip";
  print $l, $z, $c, pack "V v4 V2 v", 0x06054b50, 0, 0, 1, 1, length $c, length($l) + length $z, 0' r.zip >blocks.zip
tells blocks.zip 'type application/zip
kind zip
name 1 zip r.zip
name 2 exe a.exe
name 2 data random
name 2 txt a.txt
flag executable' 'headers in the data of an entry are not those of its zip'

# a zip of one entry by hand: two.pl LOCALNAME CENTRALNAME [EXTRA] [FLAGS]
byhand() {
  perl -MCompress::Zlib=crc32 -e '
    my ($local, $central, $extra, $flags) = @ARGV;
    s/\\x(..)/chr hex $1/ge for $local, $central, $extra;
    my $data = "only text\n";
    my @same = (20, $flags || 0, 0, 0, 0, crc32($data), length $data, length $data);
    my $l = pack("V v5 V3 v2", 0x04034b50, @same, length $local, length $extra) . $local . $extra . $data;
    my $c = pack("V v6 V3 v5 V2", 0x02014b50, 20, @same, length $central, length $extra, 0, 0, 0, 0, 0) . $central . $extra;
    print $l, $c, pack("V v4 V2 v", 0x06054b50, 0, 0, 1, 1, length $c, length $l, 0)' "$@"
}
byhand a.txt a.txt > plain.zip
has 'name 1 txt a.txt' plain.zip 'a zip made by hand'
byhand 'caf\xe9.txt' 'caf\xe9.txt' > latin.zip
has 'name 1 txt caf\xe9.txt' latin.zip 'bytes that are no UTF-8 are escaped'
byhand 'a\xe2\x80\xaetxt.exe' 'a\xe2\x80\xaetxt.exe' > rtlo.zip
has "$(printf 'name 1 txt a\342\200\256txt.exe')" rtlo.zip 'UTF-8 stays, whatever it does to the eye'
byhand 'a\x0ab\x5cc.txt' 'a\x0ab\x5cc.txt' > lf.zip
has 'name 1 data a\x0ab\x5cc.txt' lf.zip 'an LF and a backslash in a name are escaped'
crc=$(perl -MCompress::Zlib=crc32 -e 'printf join "", map { sprintf "\\x%02x", $_ } unpack "C4", pack "V", crc32("a.txt")')
byhand a.txt a.txt "\\x75\\x70\\x0a\\x00\\x01${crc}b.exe" > unicode.zip
has 'name 1 data a.txt' unicode.zip 'with an extra field of the Unicode name both are listed: the plain one'
has 'name 1 txt b.exe' unicode.zip 'and that of the field'
byhand a.txt a.txt '' 1 > locked.zip
tells locked.zip 'type application/zip
kind zip
name 1 encrypted a.txt
flag encrypted' 'an encrypted entry of zip'
zip -q -P secret aes.zip a.txt
has 'flag encrypted' aes.zip 'a zip with a password'
perl -0777pe 's/PK\x05\x06/PK\x06\x08\0\0\0\0PK\x05\x06/' plain.zip >direnc.zip
has 'flag encrypted' direnc.zip 'an encrypted directory'
zip -q -fz stream64.zip - <a.txt
has 'name 1 txt -' stream64.zip 'zip64 and data descriptors'
head -c 200 a.zip >cut.zip
has 'name 1 txt a.txt' cut.zip 'of a zip that is cut off what is there is listed'
cp a.txt same; zip -q dup.zip same; cp a.exe same; zip -q dup2.zip same; cat dup.zip dup2.zip >dup3.zip
has 'name 1 exe same' dup3.zip 'two entries of one name: the second'
has 'name 1 txt same' dup3.zip 'and the first'
mkdir folder; cp a.exe folder; zip -qr folder.zip folder
tells folder.zip 'type application/zip
kind zip
name 1 exe folder/a.exe
flag executable' 'folders are no entries'
perl -0777pe '/PK\x01\x02.*(?=PK\x05\x06)/s; $c = $&; $d = $c =~ s/a\.txt/b.txt/r; s/PK\x01\x02.*//s;
  $_ .= $c . $d . pack "V v4 V2 v", 0x06054b50, 0, 0, 2, 2, 2 * length $c, length, 0' plain.zip >overlap.zip
has 'flag broken' overlap.zip 'two entries with the same content'
perl -0777pe 's/(?<=PK\x01\x02.{8})../\xff\xff/s; substr($_, rindex($_, "PK\1\2"), 4) = "XXXX"' a.zip >torn.zip
has 'flag broken' torn.zip 'a directory with fewer entries than it says'
perl -0777pe 'substr($_, 9, 1) = "\x7f"; s/PK\x01\x02/XX\x01\x02/g' plain.zip >odd.zip
has 'name 1 txt a.txt' odd.zip 'a strange method does not hide the first entry'
{ cat a.png; cat a.zip; head -c 100000 random; } >mid.png
has 'name 1 exe a.exe' mid.png 'a zip in the midst of something'
perl -e 'print "b.exe", " " x 1100' >name; byhand "$(cat name)" "$(cat name)" >blanks.zip
ok 'blanks behind a name do not take its place' sh -c 'cm-look 9 x 9<blanks.zip | grep -q "^name 1 txt b.exe "'

# other archives
7z a a.7z a.txt a.exe >7z.log
has 'name 1 exe a.exe' a.7z '7z'
7z a -psecret -mhe=off p.7z a.txt >7z.log
has 'name 1 encrypted a.txt' p.7z 'an encrypted entry of 7z'
has 'flag encrypted' p.7z 'and its flag'
7z a -psecret -mhe=on h.7z a.txt >7z.log
tells h.7z 'type application/x-7z-compressed
kind 7z
flag encrypted' 'encrypted headers of 7z'
for v in 4 5; do
  rar $v x.exe a.exe >a.rar
  tells a.rar 'type application/x-rar
kind rar
name 1 exe x.exe
flag executable' "rar version $v"
  rar $v -p x.exe a.exe >p.rar
  tells p.rar 'type application/x-rar
kind rar
flag encrypted' "encrypted headers of rar version $v"
  rar $v -e x.exe a.exe >e.rar
  tells e.rar 'type application/x-rar
kind rar
name 1 encrypted x.exe
flag encrypted' "an encrypted entry of rar version $v"
done
cat a.png a.rar >a.gif
has 'kind png' a.gif 'a picture with a rar behind it'
has 'name 1 exe x.exe' a.gif 'the rar behind a picture is listed'
has 'flag polyglot' a.gif 'a picture with a rar behind it is a polyglot'
tar cf a.tar a.txt a.exe
has 'name 1 exe a.exe' a.tar 'tar'
for c in gzip bzip2 xz; do
  case $c in gzip) s=gz ;; bzip2) s=bz2 ;; xz) s=xz ;; esac
  $c -k -c a.tar >a.tar.$s
  has "name 1 tar a.tar" a.tar.$s "a tar in $c is an entry"
  has 'name 2 exe a.exe' a.tar.$s "and what is in it"
  $c -c a.exe >b.txt.$s
  has 'name 1 exe b.txt' b.txt.$s "one file in $c has the name without the extension"
done
cp a.exe inner.exe; gzip inner.exe; mv inner.exe.gz outer.txt.gz
has 'name 1 exe inner.exe' outer.txt.gz 'gzip with a name: that name'
has 'name 1 exe outer.txt' outer.txt.gz 'and the other'
printf 'begin 644 b.exe\n%s\n`\nend\n' "$(perl -e 'local $/; print pack "u", <STDIN>' <a.exe)" >a.uue
has 'name 1 exe b.exe' a.uue 'uuencoded'
gcab -c a.cab a.txt a.exe >cab.log 2>&1
has 'name 1 exe a.exe' a.cab 'cab'
cp a.exe 'a long name with blanks.exe'
genisoimage -quiet -J -r -o rr.iso 'a long name with blanks.exe' 2>iso.log
has 'name 1 exe a long name with blanks.exe' rr.iso 'iso with Rock Ridge and Joliet'
genisoimage -quiet -J -o joliet.iso 'a long name with blanks.exe' 2>iso.log
has 'name 1 exe a long name with blanks.exe' joliet.iso 'iso with Joliet'
genisoimage -quiet -o plain.iso a.exe 2>iso.log
has 'name 1 exe A.EXE' plain.iso 'plain iso'
genisoimage -quiet -udf -o udf.iso a.exe 2>iso.log
has 'flag unsupported' udf.iso 'an iso that is UDF too may hold more than is seen'
ar r a.a a.exe 2>ar.log
has 'name 1 exe a.exe' a.a 'ar'
echo a.exe | cpio -o -H newc >a.cpio 2>cpio.log
has 'name 1 exe a.exe' a.cpio 'cpio'
{ bytes edabeedb 03000000; head -c 88 /dev/zero; bytes 8eade80100000000 0000000000000000 8eade80100000000 0000000000000000; gzip -c a.cpio; } >a.rpm
has 'name 1 exe a.exe' a.rpm 'rpm'
printf '1234567**ACE**' >a.ace
tells a.ace 'type application/x-ace
kind ace
flag unsupported' 'an archive that nobody here opens'
{ head -c 446 /dev/zero; bytes 80010100 0bfeffff 01000000 00010000; head -c 48 /dev/zero; bytes 55aa; } >disk
has 'kind img' disk 'a disk with partitions'
{ head -c 446 /dev/zero; bytes 13010100 0bfeffff 01000000 00010000; head -c 48 /dev/zero; bytes 55aa; } >disk
has 'kind data' disk 'and what only ends like one'
head -c 1080 /dev/zero >ext; bytes 53ef >>ext
has 'flag unsupported' ext 'a file system'
echo SZDD >a.ex_; bytes 535a4444 88f02733 41 00 >a.ex_
has 'flag unsupported' a.ex_ 'a file as Windows was delivered'
perl -MCompress::Zlib -e '$t = compress q(<?xml version="1.0"?><xar><toc><file id="1"><name>b.exe</name><type>file</type></file></toc></xar>);
  print pack("a4 n n Q> Q> N", "xar!", 28, 1, length $t, length uncompress($t), 0), $t' >a.xar
has 'kind xar' a.xar 'xar'
has 'name 1 data b.exe' a.xar 'and what is in it'
bytes 60ea 2000 1e 07 01 00 00 00 02 >a.arj
has 'flag unsupported' a.arj 'arj neither'

# limits
cp a.txt deep.txt; zip -q d1.zip deep.txt
for i in 2 3 4 5 6 7 8 9; do zip -q d$i.zip d$((i - 1)).zip; done
has 'name 8 txt deep.txt' d8.zip 'eight zips inside each other are looked into'
hasnt 'flag' d8.zip 'without a flag'
has 'flag depth' d9.zip 'nine are too many'
perl -e 'for (1..10001) { my $n = sprintf "%05d", $_; $l = pack("V v5 V3 v2 a*", 0x04034b50, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, $n);
  $c .= pack("V v6 V3 v5 V2 a*", 0x02014b50, 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, length $a, $n); $a .= $l }
  print $a, $c, pack("V v4 V2 v", 0x06054b50, 0, 0, 10001, 10001, length $c, length $a, 0)' >many.zip
cp a.txt n; for i in 1 2 3 4; do
  rm -rf nest; mkdir nest; for j in 0 1 2 3 4 5 6 7 8 9 a; do cp n nest/$j; done
  rm -f n.zip; zip -qj n.zip nest/*; mv n.zip n; done; mv n nest.zip
has 'flag entries' nest.zip 'so are eleven to the fourth in all'
has 'flag entries' many.zip 'ten thousand entries and one are too many'
perl -e '$z = "\0" x 1048576; print $z for 1..250' | gzip >zeros.gz
hasnt 'flag bytes' zeros.gz 'much of nothing is passed over'
perl -e 'print "PK\3\4"; $z = "\0" x 1048576; print $z for 1..250' | gzip >bomb.gz
has 'flag bytes' bomb.gz 'what has to be looked into has a limit'
perl -e '$z = "\0" x 1048576; print $z for 1..64' | gzip -1 >zeros.gz
{ perl -e '$h = pack "a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 x247", "zeros", "644", "0", "0", sprintf("%o", 17 << 26), "0",
    "", "0", "", "ustar", "00"; substr($h, 148, 8) = sprintf "%06o\0 ", unpack "%32C*", $h; print $h' | gzip
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do cat zeros.gz; done; } >flood.tgz
has 'name 1 tar flood.tar' flood.tgz 'a tar in gzip without a name inside'
has 'flag bytes' flood.tgz 'what is passed over has a limit too'
xz -c a.exe >small.xz
perl -MCompress::Zlib=crc32 -0777pe 'substr($_, 16, 1) = chr 39; substr($_, 20, 4) = pack "V", crc32(substr $_, 12, 8)' small.xz >huge.xz
if sanitized; then report 0 'and memory # SKIP under a sanitizer'; else has 'flag bytes' huge.xz 'and memory'; fi
same 'flag time' 'and time' sh -c 'CM_DEADLINE=1 cm-look 9 x 9<a.zip | grep flag'

# compound files
echo x >x
ole2 WordDocument=x >a.doc
tells a.doc 'type application/msword
kind doc' 'a document without macros'
ole2 WordDocument=x Macros/VBA/dir=x >m.doc
tells m.doc 'type application/msword
kind doc
flag macro' 'a document with macros'
ole2 Workbook=x _VBA_PROJECT_CUR/VBA/dir=x >m.xls
tells m.xls 'type application/vnd.ms-excel
kind xls
flag macro' 'a workbook with macros'
bytes 09080200 0000 85000900 000000000001 01004d 0a000000 >book
ole2 Workbook=book >xlm.xls
has 'flag macro' xlm.xls 'a workbook with a sheet of macros of Excel 4'
ole2 EncryptionInfo=x EncryptedPackage=x >e.docx
has 'flag encrypted' e.docx 'an encrypted document of today'
bytes eca5c100 0000 0000 0000 0001 0000 >fib
ole2 WordDocument=fib >e.doc
has 'flag encrypted' e.doc 'an encrypted document of yesterday'
bytes 09080200 0000 2f000200 0000 0a000000 >book
ole2 Workbook=book >e.xls
has 'flag encrypted' e.xls 'an encrypted workbook of yesterday'
native label.txt real.exe 'C:\tmp\temp.exe' a.exe >nat
ole2 WordDocument=x 'ObjectPool/_1/\x01Ole10Native=nat' >o.doc
tells o.doc 'type application/msword
kind doc
name 1 exe real.exe
name 1 exe label.txt
name 1 exe C:\x5ctmp\x5ctemp.exe
flag executable' 'an embedded file under its three names'
ole2 WordDocument=x 'ObjectPool/_1/Package=a.zip' >p.doc
has 'name 2 exe a.exe' p.doc 'an embedded package is looked into'
hasnt polyglot p.doc 'and makes no polyglot'
ole2 WordDocument=x 'ObjectPool/_1/Package=a.7z' >7.doc
has 'name 2 exe a.exe' 7.doc 'nor does a 7z'
hasnt polyglot 7.doc 'that is embedded'
cat a.doc a.zip >z.doc
has 'flag polyglot' z.doc 'a document with a zip behind it is a polyglot'
has 'name 1 exe a.exe' z.doc 'and looked into'
head -c 700 m.doc >cut.doc
has 'flag broken' cut.doc 'a document that is cut off is broken'
ole2 -c 84100c0000000000c000000000000046 x=x >a.msi
tells a.msi 'type application/x-msi
kind msi
flag executable' 'a package to install'
printf 'i\0n\0v\0o\0i\0c\0e\0.\0e\0x\0e\0' >name
ole2 __properties_version1.0=x '__attach_version1.0_#00000000/__substg1.0_3707001F=name' \
  '__attach_version1.0_#00000000/__substg1.0_37010102=a.exe' >a.msg
tells a.msg 'type application/vnd.ms-outlook
kind msg
name 1 exe invoice.exe
flag executable' 'a message of Outlook'
ole2 'VBA/dir=x' PROJECT=x >vbaProject.bin
mkdir word; cp vbaProject.bin word/; printf '<?xml version="1.0"?><Types/>' >'[Content_Types].xml'; cp '[Content_Types].xml' word/document.xml
zip -q a.docm '[Content_Types].xml' word/document.xml word/vbaProject.bin
has 'kind docm' a.docm 'a document with macros of today'
has 'flag macro' a.docm 'and its flag'
has 'name 1 ole word/vbaProject.bin' a.docm 'and the part'
zip -q a.docx '[Content_Types].xml' word/document.xml
tells a.docx 'type application/vnd.openxmlformats-officedocument.wordprocessingml.document
kind docx
name 1 xml [Content_Types].xml
name 1 xml word/document.xml' 'a document of today'
mv word/vbaProject.bin word/other.bin; zip -q b.docx '[Content_Types].xml' word/document.xml word/other.bin
has 'flag macro' b.docx 'macros under another name'

# with FILE TEXT FLAG NAME: a document with this part has the flag; or - none
with() {
  mkdir -p with/"${1%/*}"; printf '%s' "$2" >with/"$1"; cp '[Content_Types].xml' with/; mkdir -p with/word; cp word/document.xml with/word/
  rm -f with.docx; (cd with && zip -qr ../with.docx .); rm -r with
  if [ "$3" = - ]; then hasnt flag with.docx "$4"; else has "flag $3" with.docx "$4"; fi
}
relation() { printf '<Relationships><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s" TargetMode="External"/></Relationships>' "$1" "$2"; }
with word/_rels/settings.xml.rels "$(relation attachedTemplate http://example.org/x.dotm)" link 'a template from the network'
with word/_rels/settings.xml.rels "$(relation attachedTemplate '&#104;ttp://example.org/x.dotm')" link 'written with a reference'
with word/_rels/settings.xml.rels "$(relation attachedTemplate 'file:///C:\Templates\Letter.dotx')" - 'a template here is none'
with word/_rels/document.xml.rels "$(relation oleObject 'mhtml:http://example.org/x!')" link 'an object from the network'
with word/_rels/document.xml.rels "$(relation hyperlink http://example.org/)" - 'a hyperlink is none'
with word/a.xml '<?xml version="1.0"?><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DD</w:instrText><w:instrText a=">">EAUTO x</w:instrText></w:r>' link 'DDE in pieces'
with word/a.xml '<?xml version="1.0"?><w:r><w:instrText>HYPERLINK "x DDE"</w:instrText></w:r>' - 'the word DDE is none'
with xl/externalLinks/a.xml '<?xml version="1.0"?><externalLink><ddeLink/></externalLink>' link 'DDE in a workbook'
with ppt/a.xml '<?xml version="1.0"?><a:hlinkClick action="ppaction://program"/>' link 'a program that a presentation starts'
with word/a.xml '<?xml version="1.0"?><Override ContentType="application/vnd.ms-excel.macrosheet+xml"/>' macro 'a macro sheet under another name'
mkdir -p xl/macrosheets Basic/Standard META-INF
cp word/document.xml xl/workbook.xml; cp word/document.xml xl/macrosheets/sheet1.xml
zip -q x.xlsx '[Content_Types].xml' xl/workbook.xml xl/macrosheets/sheet1.xml
has 'flag macro' x.xlsx 'a sheet of macros of Excel 4 in a workbook of today'
printf 'application/vnd.oasis.opendocument.text' >mimetype; cp word/document.xml Basic/Standard/Module1.xml
cp word/document.xml content.xml; zip -q -0 -X a.odt mimetype content.xml; zip -q -0 -X m.odt mimetype Basic/Standard/Module1.xml
has 'kind odt' a.odt 'an OpenDocument'
hasnt flag a.odt 'without flags'
has 'flag macro' m.odt 'an OpenDocument with Basic'
zip -q -X n.odt content.xml mimetype Basic/Standard/Module1.xml
has 'flag macro' n.odt 'an OpenDocument in another order'
mkdir -p Scripts/python; echo x >Scripts/python/a.py; zip -q -0 -X s.odt mimetype Scripts/python/a.py
has 'flag macro' s.odt 'an OpenDocument with a script'
printf '<?xml version="1.0"?><x xlink:href="vnd.sun.star.script:x"/>' >content.xml; zip -q -0 -X s.odt mimetype content.xml; cp word/document.xml content.xml
has 'flag macro' s.odt 'and with one of the office'
echo '<manifest:encryption-data/>' >META-INF/manifest.xml; zip -q -0 -X e.odt mimetype META-INF/manifest.xml
has 'flag encrypted' e.odt 'an encrypted OpenDocument'
{ printf '{\\rtf1 {\\object\\objemb{\\*\\objdata 01050000020000000800000\n05061636b616765000000000000000000'
  dd if=nat bs=4 skip=1 2>/dev/null | wc -c | perl -ne 'print unpack "H*", pack "V", $_'
  perl -0777ne 'print unpack "H*", substr $_, 4' nat; printf '}}}'; } >a.rtf
tells a.rtf 'type text/rtf
kind rtf
name 1 exe real.exe
name 1 exe label.txt
name 1 exe C:\x5ctmp\x5ctemp.exe
flag executable' 'a file embedded in RTF under its three names'
of '{\rtf1{\*\template http://example.org/x.dotm}}' rtf 'RTF'
has 'flag link' text 'with a template from the network'
of '{\rtf1{\*\template \u104?ttp}}' rtf 'RTF'
has 'flag link' text 'with a template written as numbers'
of '{\rtf1{\*\template C:\\Normal.dot}{\field{\*\fldinst PAGE}}}' rtf 'RTF'
hasnt flag text 'with a template here'
of '{\rtf1{\field{\*\fldinst {\b DDE}AUTO c:\\x}}}' rtf 'RTF'
has 'flag link' text 'with DDE'
{ printf '{\\rtf1\\object{\\*\\objdata \\par d0'; perl -0777ne 'print substr unpack("H*", $_), 2' m.doc; printf '}}'; } >c.rtf
has 'name 1 doc objdata' c.rtf 'an object in RTF with no head of its own'
has 'flag macro' c.rtf 'and its macros'
perl -MCompress::Zlib -0777ne 'print "ActiveMime", "x" x 40, compress $_' m.doc >editdata.mso
tells editdata.mso 'type application/x-mso
kind mso
name 1 doc ActiveMime
flag macro' 'macros in a web page of Word'
printf '<?xml version="1.0"?><w:wordDocument w:macrosPresent="yes">' >flat.xml
has 'flag macro' flat.xml 'macros in a document of one file of XML'
perl -MCompress::Zlib -0777ne '$z = compress $_; print pack("v v V", 15, 1000, 28 + length $z),
  pack("v v V V V V", 2, 0x0400, 12, 1, 0, 0), pack("v v V V", 0x10, 0x1011, 4 + length $z, length), $z' vbaProject.bin >ppt
ole2 'PowerPoint Document=ppt' 'Current User=x' >a.ppt
tells a.ppt 'type application/vnd.ms-powerpoint
kind ppt
name 1 ole ExOleObjStg
flag macro' 'a presentation with macros'
bytes 02000004 0c000000 01000000 01000000 00000000 >ppt
ole2 'PowerPoint Document=ppt' >b.ppt
has 'flag macro' b.ppt 'a presentation that says it has macros'
bytes 0000f60f 14000000 14000000 dfc4d1f3 0000000000000000 >user
ole2 'PowerPoint Document=x' 'Current User=user' >e.ppt
has 'flag encrypted' e.ppt 'an encrypted presentation'
{ bytes e4525c7b8cd8a74daeb15378d02996d3 0000 e716e3bd65261145a4c48d4d0b7a9eac; perl -e 'print pack "Q< x12", -s "a.exe"'; cat a.exe; } >a.one
tells a.one 'type application/onenote
kind one
name 1 exe 
flag executable' 'a file embedded in OneNote'
cat a.exe a.cab >cab.exe
has 'name 1 txt a.txt' cab.exe 'a program with a cab behind it is looked into'
cat a.tar a.tar >two.tar; tar cf c.tar content.xml; cat a.tar c.tar >two.tar
has 'name 1 xml content.xml' two.tar 'a tar behind a tar is looked into'
perl -0777pe 's/PK\x05\x06/PK\x05\x07/' a.zip | cat - m.odt >xx.zip
has 'name 1 exe a.exe' xx.zip 'a zip without an end before another'

# PDF
pdf() { { echo '%PDF-1.5'; cat; } >a.pdf; }
packed() { printf '1 0 obj <<%s/Filter/FlateDecode>> stream\r\n' "$1"; perl -MCompress::Zlib -0777ne 'print compress $_'; printf '\nendstream endobj\n'; }
echo '1 0 obj <</URI(http://example.org/)/S/URI/F 4>> endobj' | pdf
tells a.pdf 'type application/pdf
kind pdf' 'a PDF with a link'
echo '1 0 obj <</S/Java#53cript/JS(x)>> endobj' | pdf
has 'flag pdf-script' a.pdf 'a PDF with a script'
echo '4 0 <</S/JavaScript/JS(x)>>' | packed /Type/ObjStm | pdf
has 'flag pdf-script' a.pdf 'a script in an object stream'
echo '4 0 <</S/JavaScript/JS(x)>>' | packed | pdf
has 'flag pdf-script' a.pdf 'that is not called one'
{ perl -e 'print "4 0 <<>>", " " x 130600'; echo '<</S/JavaScript/JS(x)>>'; } | packed | pdf
has 'flag pdf-script' a.pdf 'far behind its beginning'
{ perl -e 'print "%", "x" x 65528'; echo '<</S/Launch/Win<</D(x)>>>>'; } | pdf
has 'flag pdf-launch' a.pdf 'a PDF that starts a program'
echo '1 0 obj <</Type/ObjStm/Filter[/ASCII85Decode/FlateDecode]>> stream' | pdf
has 'flag unsupported' a.pdf 'an object stream packed otherwise'
echo 'trailer <</Encrypt 5 0 R>>' | pdf
has 'flag pdf-encrypted' a.pdf 'an encrypted PDF'
packed /Type/EmbeddedFile <a.zip | pdf
has 'name 2 exe a.exe' a.pdf 'a file that is embedded'
packed <a.exe | pdf
has 'name 1 exe stream' a.pdf 'that is not called one'
{ echo '1 0 obj <</Type/EmbeddedFile>> stream'; cat a.exe; echo; echo endstream; } | pdf
has 'name 1 exe stream' a.pdf 'that is not packed'
echo '<</Type/Filespec/F (on\145.js)/UF<FEFF00740077006F002E006A0073> /EF<</F 1 0 R>>>>' | pdf
has 'name 1 data one.js' a.pdf 'its name'
has 'name 1 data two.js' a.pdf 'in UTF-16'

# winmail.dat and messages
tnef 'SHORT~1.EXE' 'long name.exe' a.exe note.txt '' a.txt >winmail.dat
tells winmail.dat 'type application/ms-tnef
kind tnef
name 1 exe SHORT~1.EXE
name 1 exe long name.exe
name 1 txt note.txt
flag executable' 'winmail.dat, with the long names too'
perl -e 'local $/; ($t, $e) = map { open F, $_; <F> } @ARGV;
  sub a { my ($l, $i, $d) = @_; pack("C V V", $l, $i, length $d) . $d . "\0\0" }
  print pack("V v", 0x223e9f78, 1), a(2, 0x00069002, "x"), a(2, 0x00018010, "a.txt\0"), a(2, 0x0006800f, $t),
    a(2, 0x00069005, pack("V v v V V", 1, 0x102, 0x3701, 1, length $e) . $e . "\0" x (-length($e) % 4))' a.txt a.exe >both.dat
tells both.dat 'type application/ms-tnef
kind tnef
name 1 txt a.txt
name 1 exe a.txt
flag executable' 'an attachment with two contents is both'
tnef a.zip '' a.zip >winmail.dat
has 'name 2 exe a.exe' winmail.dat 'an archive in winmail.dat'
head -c 150 winmail.dat >cut.dat
has 'flag broken' cut.dat 'a winmail.dat that is cut off is broken'
cat >a.eml <<!!
From: a@example.org
Subject: hello
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

text
--b
Content-Type: application/octet-stream; name=one.exe
Content-Disposition: attachment; filename=two.exe
Content-Transfer-Encoding: base64

$(perl -MMIME::Base64 -0777ne 'print encode_base64 $_' a.exe)
--b--
!!
has 'kind eml' a.eml 'a message'
has 'name 1 exe one.exe' a.eml 'an attachment in it under one name'
has 'name 1 exe two.exe' a.eml 'and under the other'
{ printf 'From: a@example.org\nMIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
  perl -MMIME::Base64 -0777ne 'print encode_base64 $_' a.eml; } >b64.eml
has 'name 2 exe two.exe' b64.eml 'an attachment in a message that is encoded'
{ printf 'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n'
  sed '1,/^$/d' a.eml | perl -MMIME::Base64 -0777ne 'print encode_base64 $_'; } >multi.eml
has 'name 2 exe two.exe' multi.eml 'and in a multipart'
zip -q eml.zip a.eml
has 'name 2 exe two.exe' eml.zip 'a message in a zip'

# signed by S/MIME, with the content inside
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=x -days 2 2>openssl.log
sign() { openssl cms -sign -nodetach -binary -signer cert.pem -inkey key.pem "$@" 2>openssl.log; }
sign -in a.exe -outform DER -out a.pdf.p7m
tells a.pdf.p7m 'type application/pkcs7-mime
kind p7m
name 1 exe a.pdf
flag executable' 'a file that is signed'
sign -in a.exe -outform PEM -out a.p7m
has 'name 1 exe a' a.p7m 'also in base64'
sign -stream -in a.eml -outform DER -out smime.p7m; zip -q p7m.zip smime.p7m
has 'name 3 exe two.exe' p7m.zip 'a signed message in a zip'
openssl cms -sign -binary -signer cert.pem -inkey key.pem -in a.exe -outform DER -out smime.p7s 2>openssl.log
tells smime.p7s 'type application/pkcs7-mime
kind p7m' 'a signature alone'

# what a strange process may do
name='no file is opened and no socket made once it is confined'
if sanitized; then report 0 "$name # SKIP under a sanitizer"; else ok "$name" sh -c '
  strace -f -o trace cm-look 9 a.docm 9<a.docm >out || exit 1
  sed "1,/seccomp\|SECCOMP/d" trace >after
  test -s after && ! grep -v "EPERM\|^[0-9]* *+++" after | grep -q "open\|socket\|connect\|exec\|clone\|fork"'
fi

# the beginnings of fuzzing
rm zeros.gz bomb.gz flood.tgz huge.xz
[ -z "$SEEDS" ] || find . -type f -size -64k -exec cp {} "$SEEDS" \;

done_testing
