#include "signature.h"

#include <limits.h>
#include <string.h>

#include "transfer.h"

#define SKEW 300  /* seconds by which clocks may differ */

static void ends(struct signature *s, enum signature_result result, const char *why)
{
  s->result = result;
  s->why = why;
}

/* 1; 0: it is no base64; -1 without memory. */
static int base64(const struct tag *t, stralloc *out)
{
  struct transfer state = { .kind = TRANSFER_BASE64 };

  out->len = 0;
  if (!stralloc_ready(out, t->len + 8)) return -1;
  out->len = transfer_decode(&state, t->value, t->len, out->s);
  out->len += transfer_decode(&state, "", 0, out->s + out->len);
  return !state.bad && out->len;
}

/* Digits; what is too large is as large as can be. 1 or 0. */
static int number(const struct tag *t, unsigned long *n)
{
  size_t i;

  for (*n = i = 0; i < t->len; ++i) {
    if (t->value[i] < '0' || t->value[i] > '9') return 0;
    *n = *n > ULONG_MAX / 10 - 1 ? ULONG_MAX / 2 : *n * 10 + (unsigned long) (t->value[i] - '0');
  }
  return t->len > 0;
}

static int is_domain(const char *text, size_t len)
{
  size_t i, label = 0;

  for (i = 0; i < len; ++i) {
    if (text[i] == '.') {
      if (!label) return 0;
      label = 0;
    } else if ((unsigned char) text[i] < 128 && !((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z') &&
               !(text[i] >= '0' && text[i] <= '9') && text[i] != '-' && text[i] != '_') return 0;
    else if (++label > 63) return 0;
  }
  return label && len <= 253;
}

/* What i= has behind its last @, or the domain itself where there is no i=. */
static const char *identity(const struct signature *s, size_t *len)
{
  const struct tag *i = tags_find(&s->tags, "i");
  const char *at = i ? memrchr(i->value, '@', i->len) : 0;

  *len = i && !at ? 0 : at ? i->len - (size_t) (at + 1 - i->value) : s->domain->len;
  return at ? at + 1 : s->domain->value;
}

/* Is it d= or below that? */
static int belongs(const struct signature *s)
{
  size_t len;
  const char *at = identity(s, &len);

  if (len < s->domain->len) return 0;
  at += len - s->domain->len;
  if (case_diffb(at, s->domain->len, s->domain->value)) return 0;
  return len == s->domain->len || at[-1] == '.';
}

static void algorithm(struct signature *s)
{
  if (tags_is(s->algorithm, "ed25519-sha256")) s->ed25519 = 1;
  else if (tags_is(s->algorithm, "rsa-sha1"))
    ends(s, SIGNATURE_FAIL, "rsa-sha1 does not count any more");  /* RFC 8301, 3.1 */
  else if (!tags_is(s->algorithm, "rsa-sha256")) ends(s, SIGNATURE_NEUTRAL, "unknown algorithm");
}

static int is_kind(const char *text, size_t len, enum canon *kind)
{
  *kind = len == 7 && !case_diffb(text, 7, "relaxed") ? CANON_RELAXED : CANON_SIMPLE;
  return *kind == CANON_RELAXED || (len == 6 && !case_diffb(text, 6, "simple"));
}

static void kinds(struct signature *s)
{
  const struct tag *c = tags_find(&s->tags, "c");
  const char *slash;

  if (!c) return;
  slash = memchr(c->value, '/', c->len);
  if (!is_kind(c->value, slash ? (size_t) (slash - c->value) : c->len, &s->head) ||
      (slash && !is_kind(slash + 1, c->len - (size_t) (slash + 1 - c->value), &s->body)))
    ends(s, SIGNATURE_NEUTRAL, "unknown canonicalization");
}

static void times(struct signature *s, unsigned long now)
{
  const struct tag *t = tags_find(&s->tags, "t"), *x = tags_find(&s->tags, "x");
  unsigned long made = 0, over = 0;

  if ((t && !number(t, &made)) || (x && !number(x, &over)) || (t && x && over <= made))
    ends(s, SIGNATURE_NEUTRAL, "t= or x= makes no sense");
  else if (t && made > now + SKEW) ends(s, SIGNATURE_FAIL, "signed in the future");
  else if (x && over + SKEW < now) ends(s, SIGNATURE_FAIL, "expired");
}

static void names(struct signature *s)
{
  const char *at = 0, *name;
  size_t len, n = 0;

  while (tags_item(s->names, &at, &name, &len)) ++n;
  if (n > SIGNATURE_NAMES) ends(s, SIGNATURE_NEUTRAL, "h= lists too many fields");
  else if (!tags_lists(s->names, "From")) ends(s, SIGNATURE_PERMERROR, "From is not signed");
}

/* The rules of RFC 6376, section 6.1.1, one after the other until one is broken. */
static void check(struct signature *s, unsigned long now)
{
  const struct tag *l = tags_find(&s->tags, "l"), *q = tags_find(&s->tags, "q");

  if (!tags_is(tags_find(&s->tags, "v"), "1")) ends(s, SIGNATURE_NEUTRAL, "unknown version");
  else if (!is_domain(s->domain->value, s->domain->len) ||
           !is_domain(s->selector->value, s->selector->len))
    ends(s, SIGNATURE_NEUTRAL, "d= or s= is no name");
  else if (!belongs(s)) ends(s, SIGNATURE_PERMERROR, "i= is not in the domain d=");
  else if (q && !tags_lists(q, "dns/txt")) ends(s, SIGNATURE_NEUTRAL, "unknown query method");
  else if (l && !number(l, &s->limit)) ends(s, SIGNATURE_NEUTRAL, "l= is no number");
  s->limited = l != 0;
  if (s->result == SIGNATURE_OPEN) kinds(s);
  if (s->result == SIGNATURE_OPEN) names(s);
  if (s->result == SIGNATURE_OPEN) algorithm(s);
  if (s->result == SIGNATURE_OPEN) times(s, now);
}

int signature_read(struct signature *s, const struct field *f, unsigned long now)
{
  const struct tag *bh;
  int signature, hash;

  s->field = *f;
  ends(s, SIGNATURE_OPEN, 0);
  if (!tags_read(&s->tags, f->value, f->valuelen)) ends(s, SIGNATURE_NEUTRAL, "not a list of tags");
  s->domain = tags_find(&s->tags, "d");
  s->selector = tags_find(&s->tags, "s");
  s->algorithm = tags_find(&s->tags, "a");
  s->names = tags_find(&s->tags, "h");
  s->bytes = tags_find(&s->tags, "b");
  bh = tags_find(&s->tags, "bh");
  if (s->result != SIGNATURE_OPEN) return 1;
  if (!s->domain || !s->selector || !s->algorithm || !s->names || !s->bytes || !bh)
    ends(s, SIGNATURE_NEUTRAL, "a tag is missing");
  else check(s, now);
  if (s->result != SIGNATURE_OPEN) return 1;
  signature = base64(s->bytes, &s->signature);
  hash = base64(bh, &s->bodyhash);
  if (!signature || !hash) ends(s, SIGNATURE_NEUTRAL, "b= or bh= is no base64");
  return signature != -1 && hash != -1;
}

/* The digest ----------------------------------------------------------------- */

/* A field of the header: where it is, and the hash of its name in lower case. */
struct place {
  unsigned int at, hash;
  int taken;
};

static unsigned int hash(const char *name, size_t len)
{
  unsigned int h = 5381;

  for (; len; --len, ++name)
    h = h * 33 + (unsigned char) (*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
  return h;
}

/* All fields but the one that is verified. */
static int index_fields(const struct header *h, const struct field *but, stralloc *places)
{
  struct field f = { 0 };
  struct place p = { 0, 0, 0 };

  places->len = 0;
  while (header_next(h, &f)) {
    if (f.start == but->start) continue;
    p.at = (unsigned int) (f.start - h->raw.s);
    p.hash = hash(f.name, f.namelen);
    if (!stralloc_catb(places, (const char *) &p, sizeof p)) return 0;
  }
  return 1;
}

/* The lowest field of this name that is not taken yet. 1; 0: there is none. */
static int take(const struct header *h, stralloc *places, const char *name, size_t len,
                struct field *f)
{
  struct place *first = (struct place *) (void *) places->s, *p = first + places->len / sizeof *p;
  unsigned int wanted = hash(name, len);

  while (p-- > first) {
    if (p->hash != wanted || p->taken) continue;
    f->start = h->raw.s + p->at;
    f->len = 0;
    if (!header_next(h, f) || f->namelen != len || case_diffb(f->name, len, name)) continue;
    p->taken = 1;
    return 1;
  }
  return 0;
}

int signature_digest(const struct signature *s, const struct header *h,
                     unsigned char digest[CRYPTO_DIGEST])
{
  static stralloc places, form;
  struct crypto_sha256 sha;
  struct field f;
  const char *at = 0, *name, *b = s->bytes->raw;
  size_t len;

  form.len = 0;
  if (!index_fields(h, &s->field, &places)) return 0;
  /* A name that is listed once more than it is there stands for nothing. */
  while (tags_item(s->names, &at, &name, &len))
    if (take(h, &places, name, len, &f) && !canon_field(s->head, &f, 0, 0, &form)) return 0;
  if (!canon_field(s->head, &s->field, b, b + s->bytes->rawlen, &form)) return 0;
  crypto_begin(&sha);
  crypto_add(&sha, form.s, form.len - 2);
  crypto_end(&sha, digest);
  return 1;
}

/* The key -------------------------------------------------------------------- */

/* May the record be used for this signature? RFC 6376, 3.6.1 and 6.1.2. */
static int fits(struct signature *s, const struct tags *key)
{
  const struct tag *v = tags_find(key, "v"), *k = tags_find(key, "k"), *h = tags_find(key, "h");
  const struct tag *service = tags_find(key, "s"), *t = tags_find(key, "t");
  size_t len;

  identity(s, &len);
  if (v && (v != key->tag || v->len != 5 || memcmp(v->value, "DKIM1", 5)))
    ends(s, SIGNATURE_PERMERROR, "not a DKIM key");
  else if (h && !tags_lists(h, "sha256")) ends(s, SIGNATURE_PERMERROR, "the key is not for sha256");
  else if (s->ed25519 ? !tags_is(k, "ed25519") : k && !tags_is(k, "rsa"))
    ends(s, SIGNATURE_PERMERROR, "the key is of another kind");
  else if (service && !tags_lists(service, "*") && !tags_lists(service, "email"))
    ends(s, SIGNATURE_PERMERROR, "the key is not for mail");
  else if (t && tags_lists(t, "s") && len != s->domain->len)
    ends(s, SIGNATURE_PERMERROR, "the key is not for subdomains");
  else return 1;
  return 0;
}

static void judge(struct signature *s, enum crypto_result result)
{
  switch (result) {
    case CRYPTO_GOOD: ends(s, SIGNATURE_PASS, 0); break;
    case CRYPTO_FALSE: ends(s, SIGNATURE_FAIL, "signature does not verify"); break;
    case CRYPTO_WEAK: ends(s, SIGNATURE_FAIL, "key below 1024 bits"); break;  /* RFC 8301, 3.2 */
    case CRYPTO_NOKEY: ends(s, SIGNATURE_PERMERROR, "the key cannot be read"); break;
  }
}

static void check_signature(struct signature *s, const stralloc *key,
                            const unsigned char digest[CRYPTO_DIGEST])
{
  const stralloc *b = &s->signature;

  judge(s, s->ed25519 ? crypto_ed25519(key->s, key->len, digest, b->s, b->len)
                      : crypto_rsa(key->s, key->len, digest, b->s, b->len));
}

int signature_verify(struct signature *s, const char *record, size_t len,
                     const unsigned char digest[CRYPTO_DIGEST])
{
  static stralloc key;
  static struct tags tags;
  const struct tag *p, *t;
  int good = tags_read(&tags, record, len), decoded;

  p = tags_find(&tags, "p");
  t = tags_find(&tags, "t");
  if (!good || !p) ends(s, SIGNATURE_PERMERROR, "not a DKIM key");
  else if (!p->len) ends(s, SIGNATURE_PERMERROR, "key revoked");
  else if (fits(s, &tags)) {
    decoded = base64(p, &key);
    if (decoded == -1) return 0;
    if (!decoded) judge(s, CRYPTO_NOKEY);
    else check_signature(s, &key, digest);
  }
  /* Who only tries is no worse off than who does not sign (3.6.1). */
  if (s->result == SIGNATURE_FAIL && t && tags_lists(t, "y"))
    ends(s, SIGNATURE_NEUTRAL, "not verified, key in test mode");
  return 1;
}
