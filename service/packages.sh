#!/bin/sh
# packages.sh KIND...: install what is missing of these kinds of the file
# packages. Silent and quick when nothing is. As root with apt-get, else through
# sudo if it asks for no password, else it prints the command and exits 111.
# No package is ever removed and no daemon started. $PEERS: where the kind
# unpack goes, default build/peers.
cd "$(dirname "$0")/.." || exit 111
peers=${PEERS:-build/peers}

# Not a Debian: whoever builds there knows what is missing.
command -v dpkg-query >/dev/null || exit 0

# named KIND...: the packages of these kinds
named() {
  while read -r kind package _; do
    case " $* " in *" $kind "*) echo "$package" ;; esac
  done < packages
}

# missing PACKAGE...: those that are not installed
missing() {
  have=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ' "$@" 2>/dev/null)"
  for package in "$@"; do
    case "$have" in *" installed $package "*) ;; *) echo "$package" ;; esac
  done
}

# unopened PACKAGE...: those that are not unpacked
unopened() {
  for package in "$@"; do
    [ -e "$peers/.$package" ] || echo "$package"
  done
}

# A package may not start its daemon while we install it. The file allows all
# again as soon as this process is gone, however it ended.
policy=/usr/sbin/policy-rc.d
forbid_daemons() {
  [ ! -e $policy ] || grep -q '^# cm-packages' $policy || return
  trap 'rm -f $policy' EXIT
  trap 'exit 111' HUP INT TERM
  printf '#!/bin/sh\n# cm-packages: while it installs, no daemon starts\n%s\n' \
    "[ ! -d /proc/$$ ] || exit 101" > $policy && chmod 755 $policy
}

options='-y -qq --no-install-recommends --no-remove'

# from_root PACKAGE...
from_root() {
  export DEBIAN_FRONTEND=noninteractive
  forbid_daemons
  case " $* " in
    *' postfix '*)
      echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections ;;
  esac
  set -- apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install $options "$@"
  # Lists that are missing or old make the first try fail.
  "$@" >/dev/null 2>&1 || { apt-get -qq update && "$@" >/dev/null; }
}

fetch() { (cd "$peers/new" && apt-get -qq download "$1" 2>/dev/null); }

# unpack PACKAGE...
unpack() {
  mkdir -p "$peers" || return
  for package in "$@"; do
    rm -rf "$peers/new" && mkdir "$peers/new" || return
    fetch "$package" || { [ "$(id -u)" = 0 ] && apt-get -qq update && fetch "$package"; } || {
      echo "unable to download $package; after apt-get update?" >&2
      return 111
    }
    dpkg-deb -x "$peers"/new/*.deb "$peers" && rm -rf "$peers/new" && : > "$peers/.$package" || return
  done
}

set -f
case " $* " in *' unpack '*) open=$(unopened $(named unpack)) ;; *) open= ;; esac
kinds=$(for k in "$@"; do [ "$k" = unpack ] || echo "$k"; done)
need=
[ -z "$kinds" ] || need=$(missing $(named $kinds))

if [ "$need" ]; then
  if [ "$(id -u)" = 0 ]; then
    echo "installing" $need
    from_root $need || { echo "unable to install them" >&2; exit 111; }
  elif sudo -n true 2>/dev/null; then
    sudo -n sh service/packages.sh $kinds || exit 111
  else
    echo "these Debian packages are missing; as root:" >&2
    echo "apt-get install $options" $need >&2
    exit 111
  fi
fi
set +f
[ -z "$open" ] || { echo "unpacking" $open; unpack $open; }
