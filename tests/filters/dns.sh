# Sourced by tests that need the DNS, behind tap.sh.

# nameserver: start tests/tools/nameserver with the zones on standard input, which
# may be changed later in $T/zones; $T/port is a port's directory with its address
nameserver() {
  mkdir -p "$T/port/control" "$T/ns"
  cat > "$T/zones"
  ln -sf ../zones "$T/ns/zones"
  : > "$T/ns/queries"
  ln -sf ns/queries "$T/queries"
  background "$(dirname "$0")/../tools/nameserver" "$T/ns"
  within 10 test -s "$T/ns/port" || { echo "Bail out! nameserver did not start"; exit 1; }
  echo "127.0.0.1:$(cat "$T/ns/port")" > "$T/port/control/resolvers"
  cd "$T/port" || exit 111
}

# realserver: start nsd with the zone example on standard input, and make it the
# resolver of the port; 1 if nsd is not installed
realserver() {
  nsd=$(PATH=$PATH:/usr/sbin command -v nsd) || return 1
  mkdir -p "$T/nsd"
  { printf '$ORIGIN example.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n'; cat; } > "$T/nsd/zone"
  for port in $(perl -e 'print join " ", map { 10000 + int rand 20000 } 1 .. 20'); do
    printf 'server:\n  ip-address: 127.0.0.1@%s\n  username: ""\n  zonesdir: ""\n  database: ""\n  pidfile: "%s"\n  zonelistfile: "%s"\n  xfrdfile: "%s"\n  xfrdir: "%s"\n  server-count: 1\nremote-control:\n  control-enable: no\nzone:\n  name: example\n  zonefile: "%s"\n' \
      "$port" "$T/nsd/pid" "$T/nsd/list" "$T/nsd/xfrd" "$T/nsd" "$T/nsd/zone" > "$T/nsd/conf"
    background "$nsd" -d -c "$T/nsd/conf" 2> "$T/nsd/log"
    echo "127.0.0.1:$port" > control/resolvers
    if within 30 up_or_gone && answers ns.example; then return 0; fi
    kill "$PID" 2>/dev/null
  done
  echo "# nsd: $(tail -n 1 "$T/nsd/log")"
  return 1
}
up_or_gone() { answers ns.example || not kill -0 "$PID"; }
answers() { "$BUILD/tests/ask" A "$1" deadline 1000 | grep -q '^found'; }
