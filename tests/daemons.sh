# Sourced by the tests of stages that ask a classifier: a port in $T with nothing in
# it, where the test goes on; and real classifiers in $T, on local sockets there,
# without network, each with nothing but what a test gives it.

command -v done_testing > /dev/null || . "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
answers=$top/tests/tools/answers  # a peer for what no real one answers
PATH=$PATH:/usr/sbin:/sbin
chmod 755 "$T"  # neither works as root
cd "$T" || exit 111
exec < /dev/null
export CM_HOME="$T/home"
mkdir -p home/control control

# start_spamd LINE...: a spamd with these lines of configuration and the test
# pattern of the installed rules, at $T/socket; sets $SPAMD
start_spamd() {
  mkdir -p "$T/site"
  printf 'loadplugin Mail::SpamAssassin::Plugin::%s\n' Check Bayes BodyEval > "$T/site/init.pre"
  { grep -h GTUBE /usr/share/spamassassin/20*.cf /usr/share/spamassassin/50*.cf
    echo 'util_rb_tld com net org example'; printf '%s\n' "$@"; } > "$T/site/local.cf"
  background spamd -L -x --allow-tell --socketpath="$T/socket" --siteconfigpath="$T/site" --configpath="$T/site" \
    --helper-home-dir="$T" -m 1 --min-spare=1 --max-spare=1 -s stderr --pidfile="$T/spamd.pid" 2> "$T/spamd.log"
  SPAMD=$PID
  within 60 test -s "$T/spamd.pid" || { cat "$T/spamd.log"; echo 'Bail out! spamd did not start'; exit 1; }
}

# start_rspamd [LINE...]: an rspamd with the rules of $T/rules.lua and more
# configuration, at $T/var/socket; sets $RSPAMD
start_rspamd() {
  mkdir -p "$T/var"
  chmod 777 "$T/var"
  cat > "$T/rspamd.conf" <<!
options {
  pidfile = "$T/var/pid"; tempdir = "$T/var"; cache_file = "$T/var/cache"; hs_cache_dir = "$T/var/";
  url_tld = "$T/tlds"; filters = "regexp"; allow_raw_input = true; gtube_patterns = "all";
  dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "console"; level = "warning"; }
actions { reject = 15; add_header = 6; greylist = 4; rewrite_subject = 8; subject = "[S] %s"; quarantine = 13; discard = 14; }
worker "normal" { bind_socket = "$T/var/socket mode=0666"; count = 1; mime = true; }
lua = "$T/rules.lua";
!
  printf '%s\n' "$@" >> "$T/rspamd.conf"
  printf '%s\n' org net com > "$T/tlds"
  user=
  [ "$(id -u)" != 0 ] || user='-u _rspamd -g _rspamd'
  background rspamd -f -c "$T/rspamd.conf" $user > "$T/rspamd.log" 2>&1
  RSPAMD=$PID
  within 60 rspamd_answers || { cat "$T/rspamd.log"; echo 'Bail out! rspamd did not start'; exit 1; }
}
rspamd_answers() {
  printf 'GET /ping HTTP/1.0\r\n\r\n' | timeout 5 nc -U "$T/var/socket" | grep -q pong
}
