#!/bin/sh
# cm-showctl: what a port uses; and that what it knows is what cm-control(5) says and the source reads
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh

mkdir -p "$T/home/control" "$T/port/control/reply" "$T/none" "$T/bare/control"
export CM_HOME="$T/none"
TAB=$(printf '\t')

# documented: READER NAME DEFAULT WHAT of the tables of cm-control(5), its macros taken away
documented() {
  sed -E 's/Xr ([^ ]+) ([0-9])/\1(\2)/g; :again; s/ (Pa|No|Cm|Ev) / /; t again; s/ ([:,])/\1/g' man/cm-control.5 |
    awk -F ' Ta ' -v OFS='\t' '/^\.Ss Read by / { reader = substr($0, 13) }
      /^\.It / && NF == 3 && $1 !~ /Sy/ { print reader, substr($1, 5), $3, $2 }'
}
names() { documented | cut -f 2 | sed 's,/.*,,' | sort -u; }
shown() { cm-showctl "$T/bare" | sed -n "s/^setting$TAB//p" | awk -F '\t' -v OFS='\t' '{ print $1, $2, $3, $5 }'; }
sources() { git ls-files '*.c' | grep -v '^tests/\|^bench/\|^service/'; }

ok 'cm-control(5) has tables' test "$(documented | wc -l)" -gt 100
same "$(documented)" 'what it knows is what cm-control(5) has, with its defaults' shown

# read_by_source: names that a program reads. control/attach is a word of a pipeline.
read_by_source() { sources | xargs sed -n 's/"control\/\([a-z-]*[a-z]\)["\/].*/\n\1\n/p' | sed -n '/^[a-z-]*$/p' | sort -u; }
undocumented() { names > "$T/names"; read_by_source | comm -23 - "$T/names"; }
ok 'the source reads control files' test "$(read_by_source | wc -l)" -gt 40
same '' 'each that the source reads is known' undocumented

# unread: known, but no literal of the source
unread() {
  sources | xargs cat > "$T/source"
  for name in $(names); do grep -qE "\"control/$name[\"/]|\"$name\"" "$T/source" || echo "$name"; done
}
same '' 'each that is known the source reads' unread

# numbers: READER NAME DEFAULT of each struct setting of the source
numbers() {
  for file in $(sources | xargs grep -l 'struct setting .*{'); do
    case $file in
      smtpproxy/*) reader=cm-smtpd ;;
      pop3proxy/*) reader=cm-pop3d ;;
      pop3conn/*) reader=cm-fetch ;;
      conduits/sentence.c) reader=cm-opensmtpd ;;
      *) reader=$(basename "$file" .c) ;;
    esac
    grep -oE '\{ "[a-z]+", +&[^ ,]+, +[0-9]+ \}' "$file" |
      sed -E "s/^. \"([a-z]+)\", +&[^ ]+ +([0-9]+) .\$/$reader$TAB\\1$TAB\\2/"
  done
}
otherwise() { documented | cut -f 1-3 | sort > "$T/defaults"; numbers | sort | comm -23 - "$T/defaults"; }
ok 'the source has numbers' test "$(numbers | wc -l)" -gt 35
same '' 'their defaults are those of the source' otherwise

# has NAME: the value and the place of it in the port that is looked at
has() { cm-showctl "$P" | awk -F '\t' -v OFS='\t' -v name="$1" '$1 == "setting" && $3 == name { print $4, $5 }' | sort -u; }
# lists KEY: what it says of that
lists() { cm-showctl "$P" | sed -n "s/^$1$TAB//p"; }
P=$T/port
export CM_HOME="$T/home"
echo 'exec tcpserver 0 25 cm-smtpd' > "$P/run"
printf '# ours\n\n*@example.net \n*@example.org\n*@example.com\n' > "$P/control/recipients"
echo 77 > "$CM_HOME/control/maxhops"
echo 55 > "$CM_HOME/control/deadline"
echo 44 > "$P/control/deadline"
: > "$P/control/pipeline"
same "77${TAB}home" 'a setting of the home' has maxhops
same "44${TAB}port" 'one of the port, which counts' has deadline
same "30${TAB}default" 'one that is nowhere' has timeoutconnect
same "*@example.net (and 2 lines more)${TAB}port" 'a list: its first line, and how many there are' has recipients
same "(empty)${TAB}port" 'an empty file' has pipeline
same "20971520${TAB}default" 'a default is that of the program in run' has databytes
same '' 'what others read is left out' has servers
echo 'pop3 192.0.2.1 110' > "$P/control/servers"
same "pop3 192.0.2.1 110${TAB}port" 'unless the port has it' has servers
verdict 0 '' 'nothing is wrong' sh -c "cm-showctl '$P' > '$T/out'"
same "$(cat "$T/out")" 'without a directory it is this one' sh -c "cd '$P' && cm-showctl"

printf 'a\033b\tc\n' > "$P/control/quarantine"
same "a\\x1bb\\x09c${TAB}port" 'no value does anything to a terminal' has quarantine
echo store > "$P/control/quarantine"

echo mine > "$P/control/reply/spf"
mkdir "$CM_HOME/control/reply"
echo theirs > "$CM_HOME/control/reply/spf"
echo theirs > "$CM_HOME/control/reply/spam"
replies() { cm-showctl "$P" | awk -F '\t' '$3 ~ /^reply/ { print $3, $4, $5 }' | sort; }
same 'reply/spam theirs home
reply/spf mine port' 'each stage has its reply' replies
mkdir -m 700 "$P/control/tls"
: > "$P/control/tls/default.crt"
same "1 file${TAB}port" 'of a directory it says how many' has tls

# Secrets, of each kind that there is
mkdir -p "$T/account/control"
for name in password passwordcommand rspamdpassword; do echo hunter2 > "$T/account/control/$name"; done
echo hunter2 > "$CM_HOME/control/password"
P=$T/account
same "(not shown)${TAB}port" 'a password is not shown' has password
same "(not shown)${TAB}port" 'nor the command that prints it' has passwordcommand
same "(not shown)${TAB}port" 'nor that of rspamd' has rspamdpassword
same 0 'nowhere' sh -c "cm-showctl '$P' | grep -c hunter2"
rm "$P/control/password"
same "none: 111${TAB}default" 'and that of the home is none of an account' has password
rm "$CM_HOME/control/password"

# Names
P=$T/port
: > "$P/control/pipline"
verdict 1 '' 'a name that nobody reads' sh -c "cm-showctl '$P' > '$T/out'"
same "control/pipline${TAB}no program reads this; did you mean pipeline?" 'is said, and what is meant' lists unread
rm "$P/control/pipline"
for pair in databyte:databytes recipeints:recipients Upstream:upstream repply:reply; do
  : > "$P/control/${pair%:*}"
  same "control/${pair%:*}${TAB}no program reads this; did you mean ${pair#*:}?" "${pair%:*} is ${pair#*:}" lists unread
  rm "$P/control/${pair%:*}"
done
: > "$P/control/attach"
: > "$P/control/mx"
same "control/attach${TAB}no program reads this
control/mx${TAB}no program reads this" 'of one that is like none nothing is guessed' lists unread
echo 'attach rewrite : cm-filter-attach control/attach' > "$P/control/pipeline"
echo '#x check : cm-filter-x control/mx' >> "$P/control/pipeline"
same "control/mx${TAB}no program reads this" 'one that a pipeline names is read; a comment names none' lists unread
rm "$P/control/mx"
: > "$P/control/.pipeline.swp"
: > "$CM_HOME/control/friends"
same '' 'the home may have what other ports use, and an editor its own' lists unread
: > "$CM_HOME/control/resolver"
same "$CM_HOME/control/resolver${TAB}no program reads this; did you mean resolvers?" 'but no slip' lists unread
rm "$CM_HOME/control/resolver"

# The home that run is given
mkdir -p "$T/other/control" "$P/env"
echo 11 > "$T/other/control/maxhops"
echo "$T/other" > "$P/env/CM_HOME"
same "11${TAB}home" 'the home is that of env' has maxhops
same "$T/other${TAB}the suite's home" 'which is told' lists home
rm "$P/env/CM_HOME"

# Trust
chmod o+w "$P/control"
verdict 1 '' 'where anybody may write' sh -c "cm-showctl '$P' > '$T/out'"
same "control${TAB}anybody may write there" 'that is said' lists untrusted
same "44${TAB}port" 'and all is shown' has deadline
chmod o-w "$P/control"
chmod o+w "$CM_HOME/control"
same "$CM_HOME/control${TAB}anybody may write there" 'of the home too' lists untrusted
chmod o-w "$CM_HOME/control"
chmod o+w "$P"
same "the port's directory${TAB}anybody may write there" 'and of the directories above' lists untrusted
chmod o-w "$P"
if [ "$(id -u)" = 0 ]; then
  chown daemon "$P/control"
  same '' 'to root it does not matter whose they are' lists untrusted
  chmod 755 "$T"
  cp "$(command -v cm-showctl)" "$T"
  same "control${TAB}it belongs to another account; become that one by setuidgid, or chown it" 'to another account it does' \
    sh -c "setuidgid nobody '$T/cm-showctl' '$P' | sed -n 's/^untrusted$TAB//p'"
  chown root "$P/control"
fi

# People
echo "smtp mx.$(printf %060d 1).example.net 25" > "$P/control/upstream"
: > "$P/control/pipline"
script -qec "cm-showctl '$P'" /dev/null < /dev/null | tr -d '\r' > "$T/people"
same 'cm-smtpd' 'people see whose settings they are' head -n 1 "$T/people"
like '^  deadline  *44   *port     time for the filters of one message$' 'and columns' cat "$T/people"
like '^  upstream  *smtp mx\.0*\.\.\.  port ' 'in which a long value is cut' cat "$T/people"
same 'control/pipline: no program reads this; did you mean pipeline?' 'and below them sentences' tail -n 1 "$T/people"
rm "$P/control/pipline"

# Wrong calls
verdict 100 'cm-showctl: usage: cm-showctl [DIRECTORY]' 'two are too many' cm-showctl a b
verdict 100 'cm-showctl: usage: cm-showctl [DIRECTORY]' 'there are no options' cm-showctl -x
verdict 111 "cm-showctl: unable to change to $T/no: No such file or directory" 'a directory that is not there' cm-showctl "$T/no"
verdict 111 "cm-showctl: not a port's directory, there is no control in it: $T/none" 'one that is no port' cm-showctl "$T/none"
verdict 111 'cm-showctl: unable to write: No space left on device' 'what cannot be written is no success' sh -c "cm-showctl '$P' > /dev/full"

done_testing
