#include "roll.h"

#include <stdlib.h>
#include <string.h>

/* Whose list it is: a process has one session. */
static struct imapc *c;
static struct postbox *m;

/* Of these only flags were said, or all but the size. */
static struct { struct imapc_letter *each; size_t count, room; } unsized;

static int enter(const struct imapc_letter *l)
{
  struct letter *to;
  stralloc uid = { 0 };

  c->trouble = "has too many letters";
  to = postbox_more(m);
  if (!to) return 0;
  if (!stralloc_number(&uid, l->uid) || !stralloc_0(&uid)) return 0;
  memcpy(to->uid, uid.s, uid.len);
  stralloc_free(&uid);
  to->size = l->size;
  to->deleted = l->deleted;
  return 1;
}

/* It may be a letter that is listed, and whose flags somebody has changed: the end tells. How many
 * these are IMAPC_UNTAGGED bounds. */
static int set_aside(const struct imapc_letter *l)
{
  struct imapc_letter *more;

  c->trouble = "cannot be asked: out of memory";
  if (unsized.count == unsized.room) {
    more = realloc(unsized.each, (unsized.room * 2 + 64) * sizeof *more);
    if (!more) return 0;
    unsized.each = more;
    unsized.room = unsized.room * 2 + 64;
  }
  unsized.each[unsized.count++] = *l;
  return 1;
}

static int heard(void *with, const struct imapc_letter *l)
{
  (void) with;
  if (!(l->has & LETTER_SIZE)) return l->has & LETTER_UID ? set_aside(l) : 1;
  c->trouble = "lists a letter without its UID";
  return l->has & LETTER_UID ? enter(l) : 0;
}

void roll_begin(struct imapc *imap, struct postbox *box)
{
  c = imap;
  m = box;
  unsized.count = 0;
  imapc_want(c, heard, 0, 0);
}

static int by_uid(const void *a, const void *b)
{
  const struct imapc_letter *x = a, *y = b;

  return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Sorted, each once. */
static size_t tidy(struct imapc_letter *each, size_t count)
{
  size_t i, n = 0;

  qsort(each, count, sizeof *each, by_uid);
  for (i = 0; i < count; ++i)
    if (n && each[n - 1].uid == each[i].uid) each[n - 1].deleted |= each[i].deleted;
    else each[n++] = each[i];
  return n;
}

/* Without a size a letter is fetched as one that is small: what comes is counted, so a size is
 * never believed. */
int roll_end(void)
{
  struct imapc_letter *each = unsized.each, *found, key = { 0 };
  size_t i, n;

  if (!unsized.count) return 1;
  n = tidy(each, unsized.count);
  for (i = 0; i < m->count; ++i) {
    key.uid = strtoul(m->letters[i].uid, 0, 10);
    found = bsearch(&key, each, n, sizeof *each, by_uid);
    if (found) found->has = 0;
  }
  for (i = 0; i < n; ++i)
    if (each[i].has && !enter(each + i)) return 0;
  return 1;
}
