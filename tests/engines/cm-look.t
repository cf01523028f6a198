#!/bin/sh
# cm-look: files in; what they are and what is inside out.
. "$(dirname "$0")/../tap.sh"
cd "$T" || exit 111

# look FILE [NAME]: what cm-look says, without the first line
look() { cm-look 9 "${2-$1}" 9<"$1" | sed 1d; echo "$?" >code; }

# tells FILE LINES NAME: look prints exactly these lines, and the end
tells() { same "$2
end" "$3" look "$1"; }

# has LINE FILE NAME: among the lines is this one
has() { ok "$3" sh -c 'cm-look 9 "$0" 9<"$0" | grep -qxF -e "$1"' "$2" "$1"; }
hasnt() { ok "$3" sh -c 'cm-look 9 "$0" 9<"$0" >out && ! grep -q -e "$1" out' "$2" "$1"; }

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

# kinds
tells a.txt 'type text/plain
kind txt' 'text is text by libmagic'
tells a.png 'type image/png
kind png' 'a picture by first bytes'
: > empty
has 'kind data' empty 'an empty file is data'

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

done_testing
