#!/bin/sh
# Row 77 over other tests: they run with programs for which every call that may moves a byte and is
# then interrupted, tests/failing/short.c, and notice nothing. Those here are some of each
# program; SHORT=all: all there are; SHORT='NAME...': these.
cd "$(dirname "$0")/.." || exit 111
. tests/tap.sh
[ ! "$INSHORT" ] || { echo '1..0 # SKIP it is this that runs'; exit 0; }
if sanitized; then echo '1..0 # SKIP a sanitizer makes it no shorter'; exit 0; fi

some='smtpproxy/verdicts smtpproxy/lmtp smtpproxy/queue pop3proxy/cm-pop3d pop3conn/rounds pipeline/cm-pipeline pipeline/rewrite
  smtpproxy/tlspeers filters/cm-filter-attach filters/cm-filter-virus filters/cm-filter-spamd conduits/cm-proxy report/cm-quarantine
  report/cm-notify'
case ${SHORT-} in
  '') ;;
  # What looks at each call, at the sources or at other programs sees nothing new here.
  all) some=$(find tests -name '*.t' | sed 's/^tests\///; s/\.t$//' | grep -vxE 'short|base/owfat|layers|parity|matrix|bounded|peer|fuzz/.*|service/.*|.*/everycall|conduits/queuefaults|pipeline/faults|pop3conn/imapkill|report/power' | sort);;
  *) some=$SHORT;;
esac

INSHORT=1 PATH=$BUILD/short:$PATH
export INSHORT PATH
# A test that tells how it ended, and that nothing failed.
passes() { perl tests/bounded 900 "tests/$1.t" > "$T/out" 2>&1 && grep -q '^1\.\.' "$T/out" && ! grep '^not ok' "$T/out"; }
for name in $some; do
  passes "$name" > "$T/failed"; code=$?
  report $code "row 77: byte by byte, $name$(sed -n 's/^1\.\.0 # SKIP/ # SKIP/p' "$T/out")"
  [ $code = 0 ] || sed 's/^/# /' "$T/failed" >&2
done
done_testing
