# Sourced after tap.sh and peer.sh: certificates, and peers that speak TLS.
PATH=$(cd tests/tools && pwd):$PATH
LC_ALL=C; export LC_ALL

# ca NAME: one that signs; cert NAME HOST [START END]: a certificate of the CA `ca` for
# a host's name, or for an address: NAME.crt, NAME.key and all in one, NAME.both
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
ca() {
  mkdir -p "$T/$1"
  new_key "$T/$1/key"
  openssl req -x509 -new -key "$T/$1/key" -subj "/CN=$1" -days 30 -out "$T/$1/pem" 2>/dev/null
}
cert() {
  case $2 in [0-9]*) alternative=IP:$2;; *) alternative=DNS:$2;; esac
  new_key "$T/$1.key"
  : > "$T/ca/index"; : > "$T/ca/index.attr"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=%s\nbasicConstraints=CA:FALSE\n' \
    "$T/ca" "$T/ca" "$alternative" > "$T/ca/conf"
  openssl req -new -key "$T/$1.key" -subj "/CN=$2" -out "$T/$1.csr" 2>/dev/null
  openssl ca -batch -notext -config "$T/ca/conf" -cert "$T/ca/pem" -keyfile "$T/ca/key" -in "$T/$1.csr" \
    -startdate "${3:-20200101000000Z}" -enddate "${4:-20490101000000Z}" -out "$T/$1.crt" 2>/dev/null
  cat "$T/$1.key" "$T/$1.crt" "$T/ca/pem" > "$T/$1.both"
}

# serve_as NAME [OPTION...]: a server with that certificate, which turns lines round
serve_as() {
  name=$1; shift
  PORT=$(free_port)
  background openssl s_server -accept "127.0.0.1:$PORT" -cert "$T/$name.crt" -key "$T/${KEY:-$name}.key" \
    -cert_chain "$T/ca/pem" -rev -quiet "$@" >/dev/null 2>&1
  within 20 nc -z 127.0.0.1 "$PORT"
}
# scripted LINE...: a server that does this, once
scripted() {
  rm -f "$T/scripted"  # the one before may still be writing to it
  printf '%s\n' "$@" > "$T/script"
  : > "$T/scripted"
  background sh -c 'exec tlspeer -l "$0/one.crt" "$0/one.key" < "$0/script"' "$T" > "$T/scripted"
  within 20 test -s "$T/scripted"
  PORT=$(head -n 1 "$T/scripted")
}
