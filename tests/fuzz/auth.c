/* What DKIM, DMARC, SPF and Authentication-Results read under any bytes: the form
 * of a body does not depend on its pieces, spans lie inside of the text, what
 * grows has its bound, and reading ends.
 * modules: filters/authres.c filters/canon.c filters/hops.c filters/spfmacro.c filters/spfrecord.c filters/tags.c filters/trusted.c */

#include "authres.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "authserv.h"
#include "canon.h"
#include "hops.h"
#include "spfmacro.h"
#include "spfrecord.h"
#include "tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static stralloc forms[2];

static void put(void *to, const char *bytes, size_t len)
{
  must(stralloc_catb(to, bytes, len));
}

static void canonical(enum canon kind, const char *text, size_t size)
{
  struct canon_body whole = { .kind = kind, .put = put, .to = forms };
  struct canon_body bytes = { .kind = kind, .put = put, .to = forms + 1 };
  size_t i;

  forms[0].len = forms[1].len = 0;
  canon_add(&whole, text, size);
  canon_end(&whole);
  for (i = 0; i < size; ++i) canon_add(&bytes, text + i, 1);
  canon_end(&bytes);
  must(forms[0].len == whole.size && forms[0].len == forms[1].len && whole.size <= 2 * size + 2);
  must(!forms[0].len || !memcmp(forms[0].s, forms[1].s, forms[0].len));
}

static void list(const char *text, size_t size)
{
  static struct tags tags;
  const struct tag *t;
  const char *at = 0, *item;
  size_t len, n = 0;

  tags_read(&tags, text, size);
  for (t = tags.tag; t < tags.tag + tags.count; ++t, at = 0) {
    must(t->raw >= text && t->raw + t->rawlen <= text + size);
    must(t->value >= t->raw && t->value + t->len <= t->raw + t->rawlen);
    while (tags_item(t, &at, &item, &len)) must(item >= t->value && item + len <= t->value + t->len && ++n <= size + TAGS_MAX);
  }
}

/* The text as the value of a field of ours, or of anybody's. */
static void results(const char *text, size_t size, int ours)
{
  static struct authres r;
  const char *id = authserv_id();
  size_t n = 0;
  int more;

  must(id && stralloc_copys(&r.header.raw, AUTHSERV_FIELD ": ") && (!ours || stralloc_cats(&r.header.raw, id)) &&
       stralloc_catb(&r.header.raw, text, size) && stralloc_cats(&r.header.raw, "\n"));
  r.header.end = r.header.body = r.header.raw.len;
  authres_rewind(&r);
  while ((more = authres_next(&r)) == 1) {
    must(*authres_method(&r) && strlen(authres_said(&r)) <= size && ++n <= size);
    authres_value(&r, "header.d");
  }
  must(more == 0);
}

static const char *nobody(const char *domain)
{
  return domain;
}

/* The text as a policy, and as its sender's local part. */
static void policy(const char *text, size_t size)
{
  static stralloc local, out;
  struct spf_term t;
  struct spf_facts facts = { .from = "a.example", .domain = "b.example", .helo = "h.example",
                             .me = "m.example", .validated = nobody };
  size_t at = 0, before = 0, len = size < 512 ? size : 512;
  int more;

  must(stralloc_copyb(&local, text, len) && stralloc_0(&local) && ip_scan("2001:db8::1", 11, &facts.ip));
  facts.local = local.s;
  spf_check_record(text, size, &t);
  while ((more = spf_next_term(text, size, &at, &t)) == 1) {
    must(at > before && t.start >= text && t.start + t.len <= text + size);
    before = at;
    if (!t.domain) continue;
    must(t.domain >= t.start && t.domain + t.domainlen <= t.start + t.len);
    more = spf_expand(&facts, t.domain, t.domainlen, &out);
    must(more >= 0 && (more != 1 || out.len <= SPF_EXPANDED + 4096));
  }
}

/* The text as the value of a field Received. */
static void received(const char *text, size_t size)
{
  static struct header h;
  struct ip hops[HOPS_MAX];

  must(stralloc_copys(&h.raw, "Received: from ") && stralloc_catb(&h.raw, text, size) && stralloc_cats(&h.raw, "\n"));
  h.end = h.body = h.raw.len;
  must(hops_read(&h, 0, HOPS_ALL, hops) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;

  canonical(CANON_SIMPLE, text, size);
  canonical(CANON_RELAXED, text, size);
  list(text, size);
  policy(text, size);
  received(text, size);
  results(text, size, 0);
  results(text, size, 1);
  return 0;
}
