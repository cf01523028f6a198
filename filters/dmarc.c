#include "dmarc.h"

#include <string.h>

#include "tags.h"

/* Records -------------------------------------------------------------------- */

static enum dmarc_policy policy(const struct tag *t)
{
  if (!t) return DMARC_UNSAID;
  if (tags_is(t, "none")) return DMARC_NONE;
  if (tags_is(t, "quarantine")) return DMARC_QUARANTINE;
  return tags_is(t, "reject") ? DMARC_REJECT : DMARC_INVALID;
}

/* Is there something like an address to report to? */
static int is_uri(const struct tag *t)
{
  const char *colon = t ? memchr(t->value, ':', t->len) : 0;

  return colon && colon > t->value && colon + 1 < t->value + t->len;
}

/* Read the record at a name. 1; 0: it is none of DMARC. */
static int read_record(struct dmarc_record *r, const char *text, size_t len)
{
  static struct tags tags;
  const struct tag *v, *psd;

  /* What breaks the grammar behind v= is ignored, section 4.8. */
  tags_read(&tags, text, len);
  v = tags_find(&tags, "v");
  if (!v || v != tags.tag || v->len != 6 || memcmp(v->value, "DMARC1", 6)) return 0;
  while (len && (*text == ' ' || *text == '\t')) ++text, --len;
  if (v->name != text) return 0;
  r->p = policy(tags_find(&tags, "p"));
  r->sp = policy(tags_find(&tags, "sp"));
  r->np = policy(tags_find(&tags, "np"));
  psd = tags_find(&tags, "psd");
  r->psd = tags_is(psd, "y") ? 'y' : tags_is(psd, "n") ? 'n' : 'u';
  r->strict_dkim = tags_is(tags_find(&tags, "adkim"), "s");
  r->strict_spf = tags_is(tags_find(&tags, "aspf"), "s");
  r->testing = tags_is(tags_find(&tags, "t"), "y");
  r->reports = is_uri(tags_find(&tags, "rua"));
  return 1;
}

/* The walk ------------------------------------------------------------------- */

static size_t labels(const char *name)
{
  size_t n = 1;

  for (; *name; ++name) n += *name == '.';
  return n;
}

/* The last so many labels. */
static const char *above(const char *name, size_t count)
{
  size_t n = labels(name);

  for (; n > count; --n) name = strchr(name, '.') + 1;
  return name;
}

int dmarc_ask(struct dmarc_walk *w, const char *name)
{
  static stralloc question;
  size_t n = labels(name);

  memcpy(w->name, name, strlen(name) + 1);
  w->count = 0;
  w->steps[w->count++] = w->name;
  for (n = n > DMARC_STEPS ? DMARC_STEPS - 1 : n - 1; n; --n)
    w->steps[w->count++] = above(w->name, n);
  for (n = 0; n < w->count; ++n) {
    if (!stralloc_copys(&question, "_dmarc.") || !stralloc_cats(&question, w->steps[n]) ||
        !stralloc_0(&question)) return 0;
    /* Longer than a name can be: nothing is there. */
    if (question.len > 254) w->questions[n].result = DNS_NXDOMAIN;
    else if (!dns_ask(w->questions + n, question.s, DNS_TXT)) return 0;
  }
  return 1;
}

/* The record at one step; several are as good as none. */
static void take(struct dmarc_walk *w, size_t step)
{
  struct dns_record record;
  struct dmarc_record policy;
  size_t at = 0;
  int count = 0;

  if (w->questions[step].result == DNS_FOUND)
    while (dns_next(w->questions + step, &at, &record))
      if (read_record(&policy, record.data, record.len)) {
        ++count;
        w->records[step] = policy;
      }
  w->found[step] = count == 1;
}

/* Section 4.10.2: the organizational domain; last: the step where the walk ended. */
static void find_organization(struct dmarc_walk *w, size_t last)
{
  size_t i;

  w->organization = w->name;
  for (i = 0; i <= last && i < w->count; ++i) {
    if (!w->found[i]) continue;
    if (i && w->records[i].psd == 'y') w->organization = above(w->name, labels(w->steps[i]) + 1);
    else w->organization = w->steps[i];
  }
}

/* Section 4.10.1: the domain's own policy, its organization's, its registry's. */
static void find_policy(struct dmarc_walk *w, size_t last)
{
  size_t i;

  w->place = 0;
  w->record = 0;
  for (i = 0; i <= last && i < w->count; ++i) {
    if (!w->found[i]) continue;
    if (i && w->steps[i] != w->organization && w->records[i].psd != 'y') continue;
    w->place = w->steps[i];
    w->record = w->records + i;
    return;
  }
}

void dmarc_take(struct dmarc_walk *w)
{
  size_t i;

  w->temporary = 0;
  for (i = 0; i < w->count; ++i) {
    take(w, i);
    w->temporary = w->questions[i].result == DNS_TEMPORARY || w->questions[i].result == DNS_TIMEOUT;
    if (w->temporary || (w->found[i] && w->records[i].psd != 'u')) break;
  }
  find_organization(w, i);
  find_policy(w, w->temporary ? 0 : i);
}

/* What to do ----------------------------------------------------------------- */

int dmarc_wants_existence(const struct dmarc_walk *w)
{
  const struct dmarc_record *r = w->record;
  enum dmarc_policy without = r->sp < DMARC_UNSAID ? r->sp : r->p;

  return w->place != w->name && r->np < DMARC_UNSAID && r->np != without;
}

enum dmarc_policy dmarc_wish(const struct dmarc_walk *w, int exists)
{
  const struct dmarc_record *r = w->record;
  enum dmarc_policy wish = r->p;

  if (r->p >= DMARC_UNSAID || r->sp == DMARC_INVALID || r->np == DMARC_INVALID)
    return r->reports ? DMARC_NONE : DMARC_INVALID;
  if (w->place != w->name) {
    if (!exists && r->np != DMARC_UNSAID) wish = r->np;
    else if (r->sp != DMARC_UNSAID) wish = r->sp;
  }
  return r->testing && wish ? wish - 1 : wish;
}
