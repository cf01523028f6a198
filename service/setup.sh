#!/bin/sh
# setup.sh HOME: the accounts, and the directories of the suite's home that
# programs write to. Changes nothing that is right. With $DESTDIR only the
# directories, below it, for a package to give to the accounts.
home=$1

if [ -z "$DESTDIR" ] && [ "$(id -u)" != 0 ]; then
  echo "setup makes accounts: run it as root" >&2
  exit 111
fi

# account NAME: without a home, a shell or a password
account() {
  getent group "$1" >/dev/null || groupadd --system "$1" || exit 111
  getent passwd "$1" >/dev/null ||
    useradd --system --gid "$1" --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$1" || exit 111
}

# directory MODE OWNER NAME
directory() {
  mkdir -p "$DESTDIR$home/$3" && chmod "$1" "$DESTDIR$home/$3" || exit 111
  [ -n "$DESTDIR" ] || chown "$2:$2" "$DESTDIR$home/$3" || exit 111
}

if [ -z "$DESTDIR" ]; then
  account cms  # the front ends and their stages
  account cml  # the loggers
  account cmv  # cm-virusd
  account cmt  # cm-tlsd, which speaks TLS with strangers
fi

directory 755 root .
directory 755 root control
directory 755 root lists
directory 755 root ports
directory 555 root empty  # where programs in a jail are that need nothing
directory 700 cms log
directory 700 cms store
directory 700 cms state
directory 755 cmv run
