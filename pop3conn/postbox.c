#include "postbox.h"

#include <stdlib.h>
#include <string.h>

#include "secret.h"

/* A program may print another token than the one that has just run out. */
int postbox_open(struct postbox *m, const struct account *a)
{
  static stralloc secret;
  int anew, r = 0;

  m->account = a;
  m->protocol = a->server.imap ? &imap_protocol : &pop3_protocol;
  *m->validity = 0;
  for (anew = 0; anew < 2 && !r; ++anew) {
    switch (secret_get(anew, &secret, &m->trouble)) {
      case 1: r = m->protocol->open(m, &secret); break;
      case -1: r = -1; break;
      case 0: anew = 1;
    }
    secret_forget(&secret);
  }
  return r;
}

int postbox_list(struct postbox *m)
{
  m->count = 0;
  return m->protocol->list(m);
}

/* The table is that of whichever mailbox this process has open. */
struct letter *postbox_more(struct postbox *m)
{
  static struct letter *table;
  static size_t room;
  struct letter *more;

  if (m->count == POSTBOX_LETTERS) return 0;
  if (m->count == room) {
    more = realloc(table, (room ? room * 2 : 64) * sizeof *more);
    if (!more) return 0;
    table = more;
    room = room ? room * 2 : 64;
  }
  m->letters = table;
  more = m->letters + m->count++;
  memset(more, 0, sizeof *more);
  return more;
}

static int by_name(const void *a, const void *b)
{
  const struct letter *const *one = a, *const *other = b;

  return strcmp((*one)->uid, (*other)->uid);
}

int postbox_unique(struct postbox *m)
{
  struct letter **sorted = malloc((m->count + 1) * sizeof *sorted);
  size_t i, same;

  if (!sorted) return 0;
  for (i = 0; i < m->count; ++i) sorted[i] = m->letters + i;
  qsort(sorted, m->count, sizeof *sorted, by_name);
  for (i = 0; i < m->count; i += same) {
    for (same = 1; i + same < m->count && !strcmp(sorted[i]->uid, sorted[i + same]->uid); ++same)
      if (same > 1) *sorted[i + same - 1]->uid = 0;
    if (same > 1) *sorted[i]->uid = *sorted[i + same - 1]->uid = 0;
  }
  free(sorted);
  return 1;
}

int postbox_ahead(struct postbox *m, const struct letter *const *l, size_t count)
{
  return m->protocol->ahead(m, l, count);
}

int postbox_fetch(struct postbox *m, const struct letter *l, struct message *to)
{
  m->large = 0;
  return m->protocol->fetch(m, l, to);
}

int postbox_delete(struct postbox *m, const struct letter *l)
{
  return m->protocol->delete(m, l);
}

int postbox_close(struct postbox *m)
{
  return m->protocol->close(m);
}

int postbox_idle(struct postbox *m, unsigned long seconds)
{
  return m->protocol->idle(m, seconds);
}
