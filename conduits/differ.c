#include "differ.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "milter.h"

#define AHEAD 64  /* fields that are looked at for one that stands elsewhere */

/* The places of all fields. */
struct places {
  const struct header *of;
  uint32_t *at;
  size_t n;
};

static int locate(const struct header *h, struct places *p)
{
  struct field f = { 0 };
  size_t n = 0;

  while (header_next(h, &f)) ++n;
  p->of = h;
  p->n = 0;
  p->at = malloc((n + 1) * sizeof *p->at);
  if (!p->at) return 0;
  for (memset(&f, 0, sizeof f); header_next(h, &f);) p->at[p->n++] = (uint32_t) (f.start - h->raw.s);
  return 1;
}

/* The field of this number. */
static struct field at(const struct places *p, size_t i)
{
  struct field f = { 0 };

  f.start = p->of->raw.s + p->at[i];
  header_next(p->of, &f);
  return f;
}

static int same_name(const struct field *a, const struct field *b)
{
  return a->namelen == b->namelen && !case_diffb(a->name, a->namelen, b->name);
}

/* A rewriter may have ended its lines in LF. */
static int same(const struct field *a, const struct field *b)
{
  size_t i = 0, k = 0;

  if (a->len == b->len) return !memcmp(a->start, b->start, a->len);
  for (; i < a->len && k < b->len; ++i, ++k) {
    if (a->start[i] != b->start[k]) i += a->start[i] == '\r', k += b->start[k] == '\r';
    if (i == a->len || k == b->len || a->start[i] != b->start[k]) return 0;
  }
  return i == a->len && k == b->len;
}

/* How far above field i of p there is one like f: 1 and more; 0: not near. */
static size_t above(const struct places *p, size_t i, const struct field *f)
{
  struct field g;
  size_t n;

  for (n = 1; n <= i && n <= AHEAD; ++n) {
    g = at(p, i - n);
    if (same(f, &g)) return n;
  }
  return 0;
}

/* Which of its name the old field i is, as the server counts. */
static uint32_t occurrence(const struct places *old, size_t i)
{
  struct field f = at(old, i), g;
  uint32_t n = 0;
  size_t k;

  for (k = 1; k <= i; ++k) {
    g = at(old, k);
    n += (uint32_t) same_name(&f, &g);
  }
  return n;
}

/* A name and a value, as packets have them: lines end in LF, and the last one in nothing. */
static int pair(const struct differ *d, const struct field *f, stralloc *out)
{
  const char *v = f->value, *end = v + f->valuelen;
  size_t begin;

  if (end > v && end[-1] == '\n') --end;
  if (end > v && end[-1] == '\r') --end;
  if (!d->blank && v < end && *v == ' ') ++v;
  if (!stralloc_catb(out, f->name, f->namelen) || !stralloc_0(out)) return 0;
  for (begin = out->len; v < end; ++v) {
    if (*v == '\r' && v + 1 < end && v[1] == '\n') continue;
    if (!stralloc_append(out, *v ? v : "?")) return 0;
  }
  /* Nothing at all would mean that the field goes. */
  return (out->len > begin || stralloc_cats(out, " ")) && stralloc_0(out);
}

static int change(const struct differ *d, uint32_t number, const struct field *from, const struct field *to, stralloc *out)
{
  size_t place = frame_begin(out, MILTER_CHANGE);
  int ok = place && frame_put_number(out, number);

  if (to) ok = ok && pair(d, to, out);
  else ok = ok && stralloc_catb(out, from->name, from->namelen) && stralloc_0(out) && stralloc_0(out);
  if (ok) frame_end(out, place);
  return ok;
}

/* above: how many of the server's fields stay above it. */
static int insert(const struct differ *d, size_t above, const struct field *f, stralloc *out)
{
  size_t place = frame_begin(out, MILTER_INSERT);
  int ok = place && frame_put_number(out, (uint32_t) above) && pair(d, f, out);

  if (ok) frame_end(out, place);
  return ok;
}

static int append(const struct differ *d, const struct field *f, stralloc *out)
{
  size_t place = frame_begin(out, MILTER_ADD);
  int ok = place && pair(d, f, out);

  if (ok) frame_end(out, place);
  return ok;
}

enum { KEEP, CHANGE, DELETE, INSERT };

/* What to do at the last fields of what is left, o and n: old - 1 and new - 1. */
static int choose(const struct places *old, size_t o, const struct places *new, size_t n)
{
  struct field a, b;
  size_t a_in_new, b_in_old;

  if (!o || !n) return o ? DELETE : INSERT;
  a = at(old, o - 1);
  b = at(new, n - 1);
  if (same(&a, &b)) return KEEP;
  a_in_new = above(new, n - 1, &a);
  b_in_old = above(old, o - 1, &b);
  if (b_in_old && (!a_in_new || b_in_old <= a_in_new)) return DELETE;
  if (a_in_new) return INSERT;
  return same_name(&a, &b) ? CHANGE : DELETE;
}

/* What stands behind all old fields. 1 or 0; *n: how many fields are before it. */
static int tail(const struct differ *d, const struct places *old, const struct places *new, size_t *n, stralloc *out)
{
  struct field f;
  size_t i;
  int ok = 1;

  while (*n && choose(old, old->n, new, *n) == INSERT) --*n;
  for (i = *n; ok && i < new->n; ++i) {
    f = at(new, i);
    ok = append(d, &f, out);
  }
  return ok;
}

/* From the last field up, so that no change moves the number of one that comes after it, whether
 * a server counts the fields that are gone or not. Field 0 of old is the one the server does not
 * have. */
static int walk(const struct differ *d, const struct places *old, const struct places *new, stralloc *out)
{
  size_t o = old->n, n = new->n, changes = 0;
  int what, ok = tail(d, old, new, &n, out);
  struct field a, b;

  while (ok && (o || n)) {
    what = choose(old, o, new, n);
    if (what == CHANGE && o == 1) what = DELETE;
    if (what != KEEP && ++changes > DIFFER_MAX) {
      errno = E2BIG;
      return 0;
    }
    if (o) a = at(old, o - 1);
    if (n) b = at(new, n - 1);
    errno = ENOMEM;
    if (what == INSERT) ok = insert(d, o ? o - 1 : 0, &b, out);
    else if (what != KEEP && o > 1) ok = change(d, occurrence(old, o - 1), &a, what == CHANGE ? &b : 0, out);
    o -= what != INSERT;
    n -= what == KEEP || what == CHANGE || what == INSERT;
  }
  return ok;
}

int differ(const struct differ *d, stralloc *out)
{
  struct places old = { 0 }, new = { 0 };
  int ok;

  errno = ENOMEM;
  ok = locate(d->old, &old) && locate(d->new, &new);
  if (ok && old.n != d->fields + 1) {
    errno = EBADMSG;
    ok = 0;
  }
  ok = ok && walk(d, &old, &new, out);
  free(old.at);
  free(new.at);
  return ok;
}
