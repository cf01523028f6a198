#include "accounts.h"

#include <string.h>

#include "lookup.h"

/* The last two that were found: where one has a connection, another never takes its place. */
static struct found {
  stralloc line, words;
  struct pop to;
} found[2];
static int last;

static int take(const struct routes *a, const struct entry *e, stralloc *trouble)
{
  struct found *f = found + last;
  const char *wrong;

  if (f->line.len == e->valuelen && !memcmp(f->line.s, e->value, e->valuelen)) return 1;
  f = found + !last;
  f->line.len = 0;
  if (!stralloc_copyb(&f->words, e->value, e->valuelen) || !stralloc_0(&f->words)) wrong = "out of memory";
  else wrong = pop_line(&f->to, f->words.s);
  if (!wrong && !stralloc_copyb(&f->line, e->value, e->valuelen)) wrong = "out of memory";
  if (wrong) return route_because(a, trouble, -1, wrong, "");
  last = !last;
  return 1;
}

int accounts_find(struct routes *a, const char *user, const struct pop **to, stralloc *trouble)
{
  static stralloc key;
  struct entry e;
  size_t len = strlen(user);
  int r;

  if (!a->any) return 0;
  /* A name without a domain is a key as well. */
  if (!stralloc_copyb(&key, user, len)) return route_because(a, trouble, -1, "out of memory", "");
  len = strchr(user, '@') ? 0 : list_key(key.s, len);
  r = len ? list_get(&a->list, key.s, len, &e) : 0;
  if (r == 0) r = list_find(&a->list, user, strlen(user), &e);
  if (r == -1) return route_because(a, trouble, -1, list_trouble(), "");
  if (r == 1 && (r = take(a, &e, trouble)) == 1) *to = &found[last].to;
  return r;
}
