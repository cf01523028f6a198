/* cm-filter-dkim: verify the DKIM signatures of a message and declare the
 * results in a field Authentication-Results. A signature that does not verify
 * is like none (RFC 6376, 6.1): by itself it speaks against nobody. */

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "authres.h"
#include "authserv.h"
#include "choice.h"
#include "confine.h"
#include "dns.h"
#include "heading.h"
#include "idna.h"
#include "signature.h"

enum {
  SIGNATURES = 8,  /* that are looked at, from the top; the others are ignored */
  RECORDS    = 4,  /* of a key's name that are tried */
  PATIENCE   = 20, /* seconds for the DNS */
  NAME       = 253 /* bytes of a domain in the reason */
};

/* By enum signature_result; the first one is that of a message without any. */
static struct choice choices[] = {
  { "none",      VERDICT_DELIVER, ".7.20" },  /* status codes of RFC 7372 */
  { "pass",      VERDICT_DELIVER, ".7.0" },
  { "fail",      VERDICT_DELIVER, ".7.20" },
  { "policy",    VERDICT_DELIVER, ".7.21" },
  { "neutral",   VERDICT_DELIVER, ".7.20" },
  { "temperror", VERDICT_BROKEN,  ".7.5" },
  { "permerror", VERDICT_DELIVER, ".7.20" }
};
#define CHOICES (sizeof choices / sizeof *choices)

/* The body in one form, or its beginning. */
struct body {
  struct canon_body form;
  struct crypto_sha256 hash;
  int limited;
  unsigned long limit, left;
  unsigned char digest[CRYPTO_DIGEST];
};

static struct header header;
static struct signature signatures[SIGNATURES];
static size_t count;
static struct body bodies[SIGNATURES];
static size_t forms;
static const struct body *body_of[SIGNATURES];

/* A message without any needs neither the DNS nor to be afraid of. */
static int is_signed(void)
{
  struct field field = { 0 };

  while (header_next(&header, &field))
    if (field_is(&field, "DKIM-Signature")) return 1;
  return 0;
}

static void read_signatures(void)
{
  struct field field = { 0 };
  unsigned long now = (unsigned long) time(0);

  while (count < SIGNATURES && header_next(&header, &field))
    if (field_is(&field, "DKIM-Signature") && !signature_read(signatures + count++, &field, now))
      stage_nomem();
}

static void hash(void *to, const char *bytes, size_t len)
{
  struct body *b = to;

  if (b->limited && len > b->left) len = b->left;
  b->left -= b->limited ? len : 0;
  crypto_add(&b->hash, bytes, len);
}

/* Signatures that want the same share the work. */
static struct body *body_for(const struct signature *s)
{
  struct body *b;

  for (b = bodies; b < bodies + forms; ++b)
    if (b->form.kind == s->body && b->limited == s->limited && b->limit == s->limit) return b;
  ++forms;
  b->form.kind = s->body;
  b->form.put = hash;
  b->form.to = b;
  b->limited = s->limited;
  b->limit = b->left = s->limit;
  crypto_begin(&b->hash);
  return b;
}

static void add(const char *bytes, size_t len)
{
  struct body *b;

  for (b = bodies; b < bodies + forms; ++b) canon_add(&b->form, bytes, len);
}

static void read_body(void)
{
  static char bytes[65536];
  struct body *b;
  ssize_t r;

  add(header.raw.s + header.body, header.raw.len - header.body);
  do {
    r = read(0, bytes, sizeof bytes);
    if (r > 0) add(bytes, (size_t) r);
    if (r == -1 && errno != EINTR) stage_diesys("unable to read message");
  } while (r);
  for (b = bodies; b < bodies + forms; ++b) {
    canon_end(&b->form);
    crypto_end(&b->hash, b->digest);
  }
}

static void ends(struct signature *s, enum signature_result result, const char *why)
{
  s->result = result;
  s->why = why;
}

/* What a wrong body has decided needs no key. */
static void check_bodies(void)
{
  struct signature *s;
  size_t i;

  for (i = 0; i < count; ++i)
    if (signatures[i].result == SIGNATURE_OPEN) body_of[i] = body_for(signatures + i);
  if (!forms) return;
  read_body();
  for (i = 0; i < count; ++i) {
    s = signatures + i;
    if (s->result != SIGNATURE_OPEN) continue;
    if (s->limited && s->limit > body_of[i]->form.size)
      ends(s, SIGNATURE_FAIL, "body is shorter than l= says");
    else if (s->bodyhash.len != CRYPTO_DIGEST ||
             byte_diff(s->bodyhash.s, CRYPTO_DIGEST, body_of[i]->digest))
      ends(s, SIGNATURE_FAIL, "body has changed");
  }
}

/* The best that one of the records makes of it. */
static void judge(size_t i, const struct dns_question *q)
{
  struct signature *s = signatures + i;
  unsigned char digest[CRYPTO_DIGEST];
  struct dns_record record;
  enum signature_result best = SIGNATURE_OPEN;
  const char *why = 0;
  size_t at = 0, n;

  if (!signature_digest(s, &header, digest)) stage_nomem();
  for (n = 0; n < RECORDS && best != SIGNATURE_PASS && dns_next(q, &at, &record); ++n) {
    if (!signature_verify(s, record.data, record.len, digest)) stage_nomem();
    if (best != SIGNATURE_OPEN && s->result > best) continue;
    best = s->result;
    why = s->why;
  }
  ends(s, best, why);
  if (best == SIGNATURE_PASS && s->limited && s->limit < body_of[i]->form.size)
    ends(s, SIGNATURE_POLICY, "body goes on behind what is signed");
}

static int ask(const struct signature *s, struct dns_question *q)
{
  static stralloc text, name;
  int good = stralloc_copyb(&text, s->selector->value, s->selector->len) &&
             stralloc_cats(&text, "._domainkey.") &&
             stralloc_catb(&text, s->domain->value, s->domain->len);

  if (!good) stage_nomem();
  good = idna_name(text.s, text.len, &name);
  if (good == -1) stage_nomem();
  if (good && !dns_ask(q, name.s, DNS_TXT)) stage_nomem();
  return good;
}

static void verify(void)
{
  static struct dns_question questions[SIGNATURES];
  static int asked[SIGNATURES];
  long long until = dns_deadline(PATIENCE);
  size_t i;

  for (i = 0; i < count; ++i) {
    if (signatures[i].result != SIGNATURE_OPEN) continue;
    asked[i] = ask(signatures + i, questions + i);
    if (!asked[i]) ends(signatures + i, SIGNATURE_NEUTRAL, "d= or s= is no name");
  }
  while (dns_wait(until)) ;
  for (i = 0; i < count; ++i) {
    if (!asked[i]) continue;
    switch (questions[i].result) {
      case DNS_FOUND: judge(i, questions + i); break;
      case DNS_NXDOMAIN:
      case DNS_NODATA: ends(signatures + i, SIGNATURE_PERMERROR, "no key"); break;
      default: ends(signatures + i, SIGNATURE_TEMPERROR, "no answer about the key");
    }
  }
}

static void property(stralloc *field, const char *name, const struct tag *t, size_t most)
{
  if (t && !authres_property(field, name, t->value, t->len < most ? t->len : most)) stage_nomem();
}

/* header.d as the DNS has it, for those who compare it. */
static void add_domain(stralloc *field, const struct tag *d)
{
  static stralloc name;
  size_t i;

  for (i = 0; d && i < d->len && !(d->value[i] & (char) 0x80); ++i) ;
  if (!d || i == d->len || idna_name(d->value, d->len, &name) != 1)
    property(field, "header.d", d, AUTHRES_VALUE);
  else if (!authres_property(field, "header.d", name.s, name.len)) stage_nomem();
}

static void declare(stralloc *field)
{
  const struct signature *s;

  if (!authres_begin(field)) stage_diesys("unable to learn our name");
  if (!count && !authres_result(field, "dkim", "none")) stage_nomem();
  for (s = signatures; s < signatures + count; ++s) {
    if (!authres_result(field, "dkim", choices[s->result].result)) stage_nomem();
    if (s->why && !authres_reason(field, s->why)) stage_nomem();
    add_domain(field, s->domain);
    property(field, "header.i", tags_find(&s->tags, "i"), AUTHRES_VALUE);
    property(field, "header.s", s->selector, AUTHRES_VALUE);
    property(field, "header.a", s->algorithm, AUTHRES_VALUE);
    property(field, "header.b", s->bytes, 8);  /* RFC 6008 */
  }
  if (!stralloc_0(field)) stage_nomem();
}

/* The signature that decides: one that verifies, or else one that still might. */
static const struct signature *decisive(void)
{
  static const enum signature_result order[] = {
    SIGNATURE_PASS, SIGNATURE_TEMPERROR, SIGNATURE_POLICY, SIGNATURE_FAIL, SIGNATURE_PERMERROR,
    SIGNATURE_NEUTRAL
  };
  size_t i;
  const struct signature *s;

  for (i = 0; i < sizeof order / sizeof *order; ++i)
    for (s = signatures; s < signatures + count; ++s)
      if (s->result == order[i]) return s;
  return 0;
}

static void answer(void)
{
  static stralloc field, reason;
  const struct signature *s = decisive();
  const struct choice *c = choices + (s ? s->result : SIGNATURE_OPEN);
  int good = stralloc_copys(&reason, "dkim ") && stralloc_cats(&reason, c->result);

  if (good && s && s->domain)
    good = stralloc_cats(&reason, " ") &&
           stralloc_catb(&reason, s->domain->value, s->domain->len < NAME ? s->domain->len : NAME);
  if (good && s && s->why) good = stralloc_cats(&reason, ": ") && stralloc_cats(&reason, s->why);
  if (!good || !stralloc_0(&reason)) stage_nomem();
  declare(&field);
  choice_end(c, reason.s, field.s);
}

/* From here on it can read the rest of the message, ask the DNS and answer, nothing else. */
static void confine_itself(void)
{
  const char *trouble = dns_begin();

  if (trouble) stage_die(trouble);
  if (confine_to_network() == -1) stage_diesys("unable to confine itself");
}

int main(int argc, char **argv)
{
  (void) argc;
  stage_begin("cm-filter-dkim", 1);
  choice_read(choices, CHOICES, argv + 1);
  if (!authserv_id()) stage_diesys("unable to learn our name");
  heading_read(&header);
  if (!is_signed()) answer();
  confine_itself();
  read_signatures();
  check_bodies();
  verify();
  answer();
}
