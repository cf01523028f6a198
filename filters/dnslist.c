#include "dnslist.h"

#include <stdlib.h>
#include <string.h>

static const struct subject *subjects;
static size_t subjectcount;

static int is_of_domains(const struct zone *z)
{
  return z->kind != ZONE_ADDRESS && z->kind != ZONE_WHITE;
}

/* For a message speaks only what the nearest host is: the others may be forged. */
static int concerns(const struct zone *z, const struct subject *s)
{
  if (is_of_domains(z))
    return s->kind == z->kind || (z->kind == ZONE_DOMAIN && s->kind != ZONE_ADDRESS);
  if (s->kind != ZONE_ADDRESS) return 0;
  return (z->kind == ZONE_ADDRESS && z->weight > 0) || s == subjects;
}

static int ask(struct dns_question *q, const struct zone *z, const struct subject *s,
               enum dns_type type)
{
  static stralloc name;
  int ok;

  if (s->kind == ZONE_ADDRESS) ok = dns_reverse(&s->ip, z->name.s, &name);
  else ok = stralloc_copys(&name, s->text) && stralloc_cats(&name, ".") &&
            stralloc_cats(&name, z->name.s) && stralloc_0(&name);
  return ok && dns_ask(q, name.s, type);
}

/* 1: the answer lists; 0: it does not; -1: it is none. */
static int meaning(const struct zone *z, const struct dns_question *q)
{
  struct dns_record r;
  size_t at = 0;
  int any = 0, one;

  if (q->result == DNS_NXDOMAIN || q->result == DNS_NODATA) return 0;
  if (q->result != DNS_FOUND) return -1;
  while (dns_next(q, &at, &r)) {
    one = zone_lists(z, r.data);
    if (one == -1) return -1;
    any |= one;
  }
  return any;
}

static int ask_about_all(struct dnslist *l)
{
  size_t i;

  l->questions = calloc(subjectcount + 1, sizeof *l->questions);
  if (!l->questions) return 0;
  for (i = 0; i < subjectcount; ++i) {
    if (!concerns(&l->zone, subjects + i)) continue;
    ++l->asked;
    if (!ask(l->questions + i, &l->zone, subjects + i, DNS_A)) return 0;
  }
  return 1;
}

static const struct points {
  struct subject listed, never;
} addresses[] = {  /* RFC 5782, 5 */
  { { .kind = ZONE_ADDRESS, .ip = { .bytes = { 127, 0, 0, 2 }, .len = 4 } },
    { .kind = ZONE_ADDRESS, .ip = { .bytes = { 127, 0, 0, 1 }, .len = 4 } } },
  { { .kind = ZONE_ADDRESS, .ip = { .bytes = { [10] = 255, 255, 127, 0, 0, 2 }, .len = 16 } },
    { .kind = ZONE_ADDRESS, .ip = { .bytes = { [10] = 255, 255, 127, 0, 0, 1 }, .len = 16 } } }
}, domains = {
  { .kind = ZONE_DOMAIN, .text = "test" }, { .kind = ZONE_DOMAIN, .text = "invalid" }
};

/* How many of them are asked: a list of addresses may have those of IPv6 alone,
 * but is asked for them only about such an address. */
static size_t pointcount(const struct dnslist *l)
{
  return l->listed->kind == ZONE_ADDRESS && l->listed->ip.len == 16 ? 2 : 1;
}

static int ask_points(struct dnslist *l)
{
  const struct points *points = is_of_domains(&l->zone) ? &domains : addresses;
  size_t i, n = pointcount(l);

  for (i = 0; i < n; ++i)
    if (!ask(l->point + i, &l->zone, &points[i].listed, DNS_A) ||
        !ask(l->nobody + i, &l->zone, &points[i].never, DNS_A)) return 0;
  return 1;
}

/* The test point may have a code that does not count for others. */
static int believed(const struct dnslist *l)
{
  size_t i, n = pointcount(l);
  int listed = 0;

  for (i = 0; i < n; ++i) {
    if (l->nobody[i].result != DNS_NXDOMAIN && l->nobody[i].result != DNS_NODATA) return 0;
    listed |= l->point[i].result == DNS_FOUND && meaning(&l->zone, l->point + i) != -1;
  }
  return listed;
}

/* Once a list has something: can it be believed, and what does it say? 1: that
 * has been asked; 0: nothing new; -1: out of memory. */
static int look_closer(struct dnslist *l)
{
  size_t i;

  if (l->listed) return 0;
  for (i = 0; i < subjectcount && !l->listed; ++i) {
    if (!concerns(&l->zone, subjects + i) || meaning(&l->zone, l->questions + i) != 1) continue;
    l->listed = subjects + i;
    l->code = l->questions + i;
  }
  if (!l->listed) return 0;
  return (!l->tests || ask_points(l)) && ask(&l->text, &l->zone, l->listed, DNS_TXT) ? 1 : -1;
}

enum dnslist_state dnslist_state(const struct dnslist *l)
{
  size_t i;

  if (l->listed) return !l->tests || believed(l) ? DNSLIST_LISTED : DNSLIST_UNANSWERED;
  for (i = 0; i < subjectcount; ++i)
    if (concerns(&l->zone, subjects + i) && meaning(&l->zone, l->questions + i) == -1)
      return DNSLIST_UNANSWERED;
  return DNSLIST_NOT_LISTED;
}

/* Is the outcome certain, whatever is still to come? */
static int decided(const struct dnslist *lists, size_t count, long threshold)
{
  long sum = 0;
  const struct dnslist *l;
  enum dnslist_state state;

  for (l = lists; l < lists + count; ++l) {
    state = dnslist_state(l);
    if (state == DNSLIST_LISTED && l->zone.kind == ZONE_WHITE) return 1;
    if (state == DNSLIST_UNANSWERED && (l->zone.kind == ZONE_WHITE || l->zone.weight < 0)) return 0;
    if (state == DNSLIST_LISTED && l->text.result != DNS_WAITING) sum += l->zone.weight;
  }
  return sum >= threshold;
}

int dnslist_ask(struct dnslist *lists, size_t count, const struct subject *about,
                size_t aboutcount, long threshold, long long deadline)
{
  struct dnslist *l;
  unsigned int waiting;
  int more, one;

  subjects = about;
  subjectcount = aboutcount;
  for (l = lists; l < lists + count; ++l)
    if (!ask_about_all(l)) return 0;
  do {
    waiting = dns_wait(deadline);
    for (more = 0, l = lists; l < lists + count; ++l) {
      one = look_closer(l);
      if (one == -1) return 0;
      more |= one;
    }
  } while ((waiting || more) && !decided(lists, count, threshold));
  return 1;
}
