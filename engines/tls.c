#include "tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "clock.h"
#include "keys.h"

#define HANDSHAKE 0x16       /* the first byte of TLS */
#define TRIES 10             /* times that two who talk to each other take their turn */

/* What keeps its secrets when the key is found out later; TLS 1.3 has no others. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!PSK"

static struct {
  SSL_CTX *context;
  SSL *ssl;
  int keys;                  /* where files are asked for */
  int trying;                /* nobody is there */
  const char *where, *id;
  const struct tls_peer *peer;
  struct tls_facts facts;
  char reason[200];
} tls;

/* Into printable ASCII; what is not becomes a question mark. */
static void clean(char *to, size_t size, const char *from, size_t len)
{
  size_t i;

  if (len >= size) len = size - 1;
  for (i = 0; i < len; ++i) to[i] = from[i] > ' ' && from[i] < 127 ? from[i] : from[i] == ' ' ? ' ' : '?';
  to[len] = 0;
}

static int fail(const char *why, const char *detail)
{
  char text[sizeof tls.reason] = "";

  snprintf(text, sizeof text, "%s%s", why, detail);
  clean(tls.reason, sizeof tls.reason, text, strlen(text));
  return 0;
}

static const char *library(void)
{
  const char *text = ERR_reason_error_string(ERR_peek_last_error());

  ERR_clear_error();
  return text ? text : "unknown reason";
}

const char *tls_reason(void) { return tls.reason; }

const struct tls_facts *tls_facts(void) { return &tls.facts; }

/* Certificates of the server's side --------------------------------------- */

/* Present the certificate of this name. 1, or 0: another will do. */
static int present(SSL *ssl, const char *name)
{
  int ok = certs_present(ssl, tls.keys, name, tls.where, tls.id);

  if (ok) clean(tls.facts.file, sizeof tls.facts.file, name, strlen(name));
  return ok;
}

/* Called in the handshake, when the client has said whom it wants. */
static int choose(SSL *ssl, void *data)
{
  const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  char name[KEYS_NAME + 1], all[KEYS_NAME + 1];
  int found;

  (void) data;
  if (*tls.facts.file) return 1;  /* the client had to say hello twice */
  if (!asked || !keys_name(asked, name)) *name = 0;
  clean(tls.facts.name, sizeof tls.facts.name, name, strlen(name));
  found = (*name && present(ssl, name)) || (*name && keys_wildcard(name, all) && present(ssl, all)) ||
          present(ssl, KEYS_DEFAULT);
  if (!tls.trying) close(tls.keys);
  if (!found) fail("there is no certificate", "");
  return found;
}

/* The pump's functions ------------------------------------------------------ */

/* What an operation that gave r has come to. */
static int outcome(int r, short *want)
{
  switch (SSL_get_error(tls.ssl, r)) {
    case SSL_ERROR_WANT_READ: *want = POLLIN; return PUMP_WAIT;
    case SSL_ERROR_WANT_WRITE: *want = POLLOUT; return PUMP_WAIT;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: return PUMP_BROKEN;
  }
}

static ssize_t read_far(struct pump_end *e, char *to, size_t size, short *want)
{
  int r;

  (void) e;
  ERR_clear_error();
  r = SSL_read(tls.ssl, to, (int) size);
  if (r > 0 && !SSL_has_pending(tls.ssl)) *want = POLLIN;
  return r > 0 ? r : outcome(r, want);
}

static ssize_t write_far(struct pump_end *e, const char *from, size_t len, short *want)
{
  int r;

  (void) e;
  ERR_clear_error();
  r = SSL_write(tls.ssl, from, (int) len);
  if (r > 0) return r;
  r = outcome(r, want);
  return r == PUMP_WAIT ? r : PUMP_BROKEN;
}

static int finish_far(struct pump_end *e, int orderly, short *want)
{
  int r;

  (void) orderly;
  ERR_clear_error();
  r = SSL_shutdown(tls.ssl);
  if (r < 0 && (r = outcome(r, want)) == PUMP_WAIT && *want == POLLOUT) return r;
  shutdown(e->out, SHUT_WR);
  return 0;
}

/* A session ----------------------------------------------------------------- */

/* Neither tickets nor a cache: what can take up a session is a key to it, and would
 * have to be had by all processes of a port, each of which speaks with a stranger. */
static int prepare(const SSL_METHOD *method)
{
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, 0);
  tls.context = SSL_CTX_new(method);
  if (!tls.context || SSL_CTX_set_min_proto_version(tls.context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(tls.context, CIPHERS) != 1 || SSL_CTX_set_num_tickets(tls.context, 0) != 1)
    return fail("unable to set up TLS: ", library());
  SSL_CTX_set_options(tls.context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(tls.context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(tls.context, 1);
  SSL_CTX_set_mode(tls.context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  return 1;
}

static int prepare_server(void)
{
  if (tls.context) return 1;
  if (!prepare(TLS_server_method())) return 0;
  SSL_CTX_set_cert_cb(tls.context, choose, 0);
  SSL_CTX_set_dh_auto(tls.context, 1);
  return 1;
}

static int connect_far(struct pump_end *far)
{
  if (pump_plain(far, far->in, far->out) == -1) return fail("unable to use the connection: ", strerror(errno));
  far->read = read_far;
  far->write = write_far;
  far->finish = finish_far;
  return 1;
}

static int attach(const struct pump_end *far)
{
  tls.ssl = SSL_new(tls.context);
  if (tls.ssl && SSL_set_rfd(tls.ssl, far->in) == 1 && SSL_set_wfd(tls.ssl, far->out) == 1) return 1;
  return fail("unable to set up TLS: ", library());
}

int tls_serve(struct pump_end *far, int keys, const char *where, const char *id)
{
  tls.keys = keys;
  tls.where = where;
  tls.id = id;
  if (!prepare_server() || !connect_far(far) || !attach(far)) return 0;
  SSL_set_accept_state(tls.ssl);
  return 1;
}

/* A handshake of this version with ourselves: what OpenSSL looks up, works out and
 * allocates the first time is there then. */
static void try_one(SSL_CTX *context, int version)
{
  SSL *client = SSL_new(context), *server = SSL_new(tls.context);
  BIO *near = 0, *far = 0;
  int i;

  if (client && server && BIO_new_bio_pair(&near, 0, &far, 0) == 1) {
    SSL_set_max_proto_version(client, version);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (i = 0; i < TRIES && (SSL_do_handshake(client) != 1 || SSL_do_handshake(server) != 1); ++i) ;
  }
  SSL_free(client);
  SSL_free(server);
}

int tls_ready(int keys, const char *where)
{
  SSL_CTX *context;

  tls.keys = keys;
  tls.where = where;
  tls.id = "-";
  if (!prepare_server()) return 0;
  context = SSL_CTX_new(TLS_client_method());
  if (!context) return fail("unable to set up TLS: ", library());
  tls.trying = 1;
  certs_keep(keys, KEYS_DEFAULT);
  try_one(context, TLS1_3_VERSION);
  *tls.facts.file = 0;
  try_one(context, TLS1_2_VERSION);
  *tls.facts.file = 0;
  tls.trying = 0;
  SSL_CTX_free(context);
  ERR_clear_error();
  return 1;
}

static int trust(const char *path)
{
  struct stat st;

  if (!path) return SSL_CTX_set_default_verify_dir(tls.context) == 1 || fail("unable to set up TLS: ", library());
  if (stat(path, &st) == -1) return fail("unable to read the trusted certificates: ", strerror(errno));
  if (S_ISDIR(st.st_mode) ? SSL_CTX_load_verify_dir(tls.context, path) == 1 :
                            SSL_CTX_load_verify_file(tls.context, path) == 1) return 1;
  return fail("unable to read the trusted certificates: ", library());
}

/* An address is no name: it is not sent, and stands elsewhere in the certificate. */
static int expect(const char *host)
{
  X509_VERIFY_PARAM *wanted = SSL_get0_param(tls.ssl);
  char name[TLS_NAME + 1];
  size_t len = strlen(host);

  if (!len || len > TLS_NAME) return 0;
  SSL_set_hostflags(tls.ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host) == 1) return 1;
  ERR_clear_error();
  memcpy(name, host, len + 1);  /* OpenSSL's macro takes no constant */
  return SSL_set_tlsext_host_name(tls.ssl, name) == 1 && SSL_set1_host(tls.ssl, host) == 1;
}

int tls_ask(struct pump_end *far, const struct tls_peer *peer)
{
  tls.peer = peer;
  if (!prepare(TLS_client_method()) || !connect_far(far)) return 0;
  /* A weak signature is better than none, where anybody's is accepted. */
  if (peer->level == TLS_ANY) SSL_CTX_set_security_level(tls.context, 1);
  if (peer->level == TLS_VERIFY && !trust(peer->trusted)) return 0;
  if (!attach(far)) return 0;
  if (!expect(peer->host)) return fail("not a host's name: ", peer->host);
  SSL_set_verify(tls.ssl, peer->level == TLS_VERIFY ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, 0);
  SSL_set_connect_state(tls.ssl);
  return 1;
}

/* The handshake ------------------------------------------------------------- */

static int wait_until(int fd, short events, long long deadline)
{
  struct pollfd p = { fd, events, 0 };
  long long left;
  int r;

  do {
    left = deadline - clock_ms();
    r = left > 0 ? poll(&p, 1, left > 1000000 ? 1000000 : (int) left) : 0;
  } while (r == -1 && errno == EINTR);
  return r > 0;
}

int tls_greeted(const struct pump_end *far, long long deadline)
{
  unsigned char first;
  ssize_t r;

  if (!wait_until(far->in, POLLIN, deadline)) return fail("the handshake took too long", "");
  r = recv(far->in, &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (r == 0) return fail("the other side closed the connection before the handshake", "");
  if (r == -1) return errno == ENOTSOCK || fail("the connection was lost before the handshake: ", strerror(errno));
  return first == HANDSHAKE || fail("there is something else than TLS", "");
}

/* Why the handshake ended with r. */
static int why_not(int r)
{
  long verified = SSL_get_verify_result(tls.ssl);
  int error = SSL_get_error(tls.ssl, r), saved = errno;
  unsigned long last = ERR_peek_last_error();

  if (*tls.reason) return 0;
  if (tls.peer && tls.peer->level == TLS_VERIFY && verified != X509_V_OK)
    return fail("the certificate is not accepted: ", X509_verify_cert_error_string(verified));
  if (ERR_GET_REASON(last) == SSL_R_UNEXPECTED_EOF_WHILE_READING || (error == SSL_ERROR_SYSCALL && !saved))
    return fail("the other side closed the connection in the handshake", "");
  if (error == SSL_ERROR_SYSCALL) return fail("the connection was lost in the handshake: ", strerror(saved));
  return fail("the handshake failed: ", library());
}

static int pinned(void)
{
  size_t i;

  for (i = 0; i < tls.peer->pin_count; ++i)
    if (!OPENSSL_strcasecmp(tls.peer->pins[i], tls.facts.fingerprint)) return 1;
  return 0;
}

/* Who the server says it is: the name that was found good, or its first one. */
static int look_at_peer(void)
{
  X509 *certificate = SSL_get0_peer_certificate(tls.ssl);
  const char *name = SSL_get0_peername(tls.ssl);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int len = 0, i;
  char text[TLS_NAME + 1];
  int n;

  if (!certificate || X509_digest(certificate, EVP_sha256(), digest, &len) != 1)
    return fail("the server has no certificate", "");
  for (i = 0; i < len && i < TLS_FINGERPRINT / 2; ++i) snprintf(tls.facts.fingerprint + 2 * i, 3, "%02x", digest[i]);
  if (name) clean(tls.facts.peer, sizeof tls.facts.peer, name, strlen(name));
  else {
    n = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
    clean(tls.facts.peer, sizeof tls.facts.peer, text, n < 0 ? 0 : (size_t) n);
  }
  if (tls.peer->level != TLS_PINNED || pinned()) return 1;
  return fail("the certificate is not the one expected, but sha256:", tls.facts.fingerprint);
}

int tls_handshake(struct pump_end *far, long long deadline)
{
  int one = 1, r;
  short want;

  setsockopt(far->out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  for (;;) {
    ERR_clear_error();
    errno = 0;
    r = SSL_do_handshake(tls.ssl);
    if (r == 1) break;
    if (outcome(r, &want) != PUMP_WAIT) return why_not(r);
    if (!wait_until(want == POLLIN ? far->in : far->out, want, deadline))
      return fail("the handshake took too long", "");
  }
  tls.facts.protocol = SSL_get_version(tls.ssl);
  tls.facts.cipher = SSL_get_cipher_name(tls.ssl);
  tls.facts.bits = SSL_get_cipher_bits(tls.ssl, 0);
  return !tls.peer || look_at_peer();
}
