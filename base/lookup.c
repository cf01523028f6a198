#include "lookup.h"

#include <string.h>

#include "owfat.h"
#include "pattern.h"

/* at: the @ in the address, or 0. A pattern that begins with @ is for domains. */
static int matches(const struct entry *e, const char *address, size_t len, const char *at)
{
  if (e->keylen && *e->key == '@' && at)
    return pattern_match(e->key, e->keylen, at, len - (size_t) (at - address));
  return pattern_match(e->key, e->keylen, address, len);
}

/* The next pattern of the collected ones: *lines goes on to the next line. */
static int line(const char **lines, const char *end, struct entry *e)
{
  const char *nl, *blank;
  size_t len;

  if (*lines == end) return 0;
  e->key = *lines;
  nl = memchr(e->key, '\n', (size_t) (end - e->key));
  len = nl ? (size_t) (nl - e->key) : (size_t) (end - e->key);
  blank = memchr(e->key, ' ', len);
  e->keylen = blank ? (size_t) (blank - e->key) : len;
  e->value = blank ? blank + 1 : e->key + len;
  e->valuelen = len - (size_t) (e->value - e->key);
  *lines = nl ? nl + 1 : end;
  return 1;
}

/* Of what was found: does it count? */
static int counted(int found, int (*counts)(const struct entry *), const struct entry *e)
{
  return found == 1 && counts ? counts(e) : found;
}

static int find_pattern(struct list *l, const char *address, size_t len, const char *at,
                        int (*counts)(const struct entry *), struct entry *e)
{
  struct entry all;
  const char *lines;
  size_t where = 0;
  int found = list_patterns(l, &all);

  if (found == 1) {
    for (lines = all.value; line(&lines, all.value + all.valuelen, e); )
      if (e->keylen && matches(e, address, len, at) && counted(1, counts, e)) return 1;
    return 0;
  }
  if (found == 2)
    while ((found = list_next(l, &where, e)) == 1)
      if (list_is_pattern(e) && matches(e, address, len, at) && counted(1, counts, e)) return 1;
  return found;
}

/* The domain, then the ones above it; a domain literal has none. */
static int find_domain(struct list *l, const char *domain, const char *end,
                       int (*counts)(const struct entry *), struct entry *e)
{
  int found;

  while (domain < end) {
    if ((found = counted(list_get(l, domain, (size_t) (end - domain), e), counts, e))) return found;
    if (*domain == '[') break;
    domain = memchr(domain, '.', (size_t) (end - domain));
    if (!domain) break;
    ++domain;
  }
  return 0;
}

int list_choose(struct list *l, const char *address, size_t len,
                int (*counts)(const struct entry *), struct entry *e)
{
  char text[LIST_KEYMAX] = "<>";
  const char *at, *end;
  int found, empty = !len;

  while (len && address[len - 1] == '.') --len;
  if (len > LIST_KEYMAX) {
    address += len - LIST_KEYMAX;
    len = LIST_KEYMAX;
  }
  memcpy(text, address, len);
  case_lowerb(text, len);
  if (empty) len = 2;
  end = text + len;
  at = memrchr(text, '@', len);

  if ((at || empty) && (found = counted(list_get(l, text, len, e), counts, e))) return found;
  if (at && (found = counted(list_get(l, at, (size_t) (end - at), e), counts, e))) return found;
  /* No @ in so many bytes: they are the end of a domain. */
  if (at || len == LIST_KEYMAX)
    if ((found = find_domain(l, at ? at + 1 : text, end, counts, e))) return found;
  return find_pattern(l, text, len, at, counts, e);
}

int list_find(struct list *l, const char *address, size_t len, struct entry *e)
{
  return list_choose(l, address, len, 0, e);
}
