#include "certs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "keys.h"
#include "log.h"

#define FILEMAX 131072       /* bytes of a file of certificates */
#define CHAIN 16             /* certificates in it */
#define KEPT 64              /* names */
#define YOUNG 2              /* seconds after a change in which one more could leave no trace */

/* A file as it was. */
struct stamp {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified, changed;
};

struct pair {
  X509 *certificate;
  STACK_OF(X509) *chain;
  EVP_PKEY *key;
};

struct found { int certificate, key; struct stamp stamps[2]; };

static struct kept {
  char name[KEYS_NAME + 1];
  struct stamp stamps[2];
  struct pair pair;
} kept[KEPT];
static unsigned int oldest;
static int tell = -1;

/* Files ------------------------------------------------------------------- */

static int no_password(char *buffer, int size, int writing, void *data)
{
  (void) buffer;
  (void) size;
  (void) writing;
  (void) data;
  return -1;
}

/* The whole file. 0 if it is none of a sensible size. */
static BIO *contents(int fd)
{
  static char bytes[FILEMAX];
  size_t len = 0;
  ssize_t r;

  if (lseek(fd, 0, SEEK_SET) == -1) return 0;
  while (len < sizeof bytes && (r = read(fd, bytes + len, sizeof bytes - len)) > 0) len += (size_t) r;
  return len && len < sizeof bytes ? BIO_new_mem_buf(bytes, (int) len) : 0;
}

static void forget(struct pair *p)
{
  X509_free(p->certificate);
  sk_X509_pop_free(p->chain, X509_free);
  EVP_PKEY_free(p->key);
  memset(p, 0, sizeof *p);
}

static int read_chain(BIO *file, struct pair *p)
{
  X509 *next;
  int count = 0, ok;

  p->certificate = PEM_read_bio_X509(file, 0, no_password, 0);
  p->chain = sk_X509_new_null();
  ok = p->certificate && p->chain;
  while (ok && count++ < CHAIN && (next = PEM_read_bio_X509(file, 0, no_password, 0))) {
    ok = sk_X509_push(p->chain, next) > 0;
    if (!ok) X509_free(next);
  }
  return ok;
}

static int read_key(BIO *file, struct pair *p)
{
  p->key = PEM_read_bio_PrivateKey(file, 0, no_password, 0);
  return p->key != 0;
}

static int read_file(int fd, struct pair *p, int (*take)(BIO *, struct pair *))
{
  BIO *file = contents(fd);
  int ok = file && take(file, p);

  BIO_free(file);
  return ok;
}

/* What is in the files goes together. The reason, if it is not so, is OpenSSL's last. */
static int read_pair(const struct found *f, struct pair *p)
{
  int ok;

  memset(p, 0, sizeof *p);
  ERR_clear_error();
  ok = read_file(f->certificate, p, read_chain) && read_file(f->key, p, read_key);
  if (ok) ERR_clear_error();  /* the end of a chain is one */
  if (ok && X509_check_private_key(p->certificate, p->key) == 1) return 1;
  forget(p);
  return 0;
}

static int look(int fd, struct stamp *to)
{
  struct stat st;

  memset(to, 0, sizeof *to);
  if (fstat(fd, &st) == -1) return 0;
  to->device = st.st_dev;
  to->inode = st.st_ino;
  to->size = st.st_size;
  to->modified = st.st_mtim;
  to->changed = st.st_ctim;
  return 1;
}

static int find(int keys, const char *name, struct found *f)
{
  if (keys_ask(keys, name, &f->certificate, &f->key) != 1) return 0;
  if (look(f->certificate, &f->stamps[0]) && look(f->key, &f->stamps[1])) return 1;
  close(f->certificate);
  if (f->key != f->certificate) close(f->key);
  return 0;
}

static void leave(const struct found *f)
{
  close(f->certificate);
  if (f->key != f->certificate) close(f->key);
}

/* What is kept ------------------------------------------------------------- */

static struct kept *look_up(const char *name)
{
  size_t i;

  for (i = 0; i < KEPT; ++i)
    if (!strcmp(kept[i].name, name)) return kept + i;
  return 0;
}

static int same(const struct stamp a[2], const struct stamp b[2])
{
  return !memcmp(a, b, 2 * sizeof *a);
}

void certs_tell(int fd)
{
  tell = fd;
}

void certs_keep(int keys, const char *name)
{
  struct kept *k = look_up(name);
  long long now = clock_day().tv_sec;
  struct found f;
  struct pair p;

  if (!find(keys, name, &f)) return;
  if ((!k || !same(k->stamps, f.stamps)) && now - f.stamps[0].changed.tv_sec > YOUNG &&
      now - f.stamps[1].changed.tv_sec > YOUNG && read_pair(&f, &p)) {
    if (!k) k = kept + oldest++ % KEPT;
    forget(&k->pair);
    k->pair = p;
    memcpy(k->stamps, f.stamps, sizeof k->stamps);
    memcpy(k->name, name, strlen(name) + 1);
  }
  ERR_clear_error();
  leave(&f);
}

/* A session ---------------------------------------------------------------- */

static int use(SSL *ssl, const struct pair *p)
{
  SSL_certs_clear(ssl);
  return SSL_use_certificate(ssl, p->certificate) == 1 && SSL_set1_chain(ssl, p->chain) == 1 &&
         SSL_use_PrivateKey(ssl, p->key) == 1;
}

static int use_files(SSL *ssl, const char *name, const struct found *f, const char *where, const char *id)
{
  const char *why;
  struct pair p;
  int ok = read_pair(f, &p) && use(ssl, &p);

  if (!ok) {
    why = ERR_reason_error_string(ERR_peek_last_error());
    log_event("trouble", id, "no certificate and its key in ", where, "/", name,
              f->key == f->certificate ? ".pem: " : ".crt and .key: ", why ? why : "unknown reason");
  } else if (tell != -1 && write(tell, name, strlen(name) + 1) == -1) tell = -1;
  forget(&p);
  return ok;
}

int certs_present(struct ssl_st *ssl, int keys, const char *name, const char *where, const char *id)
{
  const struct kept *k = look_up(name);
  struct found f;
  int ok;

  if (!find(keys, name, &f)) return 0;
  ok = k && same(k->stamps, f.stamps) ? use(ssl, &k->pair) : use_files(ssl, name, &f, where, id);
  leave(&f);
  ERR_clear_error();
  return ok;
}
