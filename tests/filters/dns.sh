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
