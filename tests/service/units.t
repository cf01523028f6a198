#!/bin/sh
# The units for systemd, as far as it can be asked without running it
cd "$(dirname "$0")/../.." || exit 111
. tests/tap.sh
if ! command -v systemd-analyze > /dev/null || ! systemd-analyze --help 2>&1 | grep -q -e --offline; then
  report 0 'units # SKIP needs systemd-analyze'
  done_testing
  exit
fi

mkdir -p "$T/ports/mx" "$T/ports/virusd/tmp" "$T/log" "$T/store" "$T/state" "$T/run"
printf '#!/bin/sh\n' | tee "$T/ports/mx/run" > "$T/ports/virusd/run"
chmod 755 "$T"/ports/*/run
for u in cm-port@ cm-virusd; do sed "s|/var/cleanmail|$T|g" "service/$u.service" > "$T/$u.service"; done
cp "$T/cm-port@.service" "$T/cm-port@mx.service"
errors() { systemd-analyze verify --man=no "$T/$1.service" 2>&1 | grep -F "$1.service"; }
same '' 'that of a port has no errors' errors cm-port@mx
same '' 'nor that of the scanner' errors cm-virusd
ok 'that of a port is a sandbox' systemd-analyze security --offline=yes --threshold=30 --no-pager "$T/cm-port@.service"
ok 'so is that of the scanner' systemd-analyze security --offline=yes --threshold=45 --no-pager "$T/cm-virusd.service"
home=$(head -n 1 conf-home)
same 0 'they name no other home' sh -c "cat service/*.service | grep -v '^#' | grep -o '/var/[a-z]*' | grep -vcx '$home'"

done_testing
