#include "notes.h"

#include <string.h>
#include <time.h>

#include "digits.h"

struct note *notes_of(struct journal *j, const struct postbox *m, const struct letter *l)
{
  char name[JOURNAL_NAME];
  size_t n = str_copy(name, *m->validity ? m->validity : "-");

  name[n++] = ' ';
  /* One = is our own, here and in "- =first". */
  if (*l->uid == '=') name[n++] = '=';
  name[n + str_copy(name + n, l->uid)] = 0;
  return journal_note(j, name);
}

struct note *notes_of_text(struct journal *j, const unsigned char *hash)
{
  char name[JOURNAL_NAME], *at;
  unsigned long same;
  struct note *n = 0;
  size_t i;

  for (same = 0; !same || (n && n->seen); ++same) {
    at = name + str_copy(name, "- =");
    for (i = 0; i < JOURNAL_HASH; ++i) at = digits(at, hash[i], 16, 2);
    *at++ = '.';
    *digits(at, same, 10, 1) = 0;
    n = journal_note(j, name);
  }
  if (n) n->seen = NOTES_SEEN;
  return n;
}

/* What is known of somebody whom a letter is for goes with that letter. */
static void follow(struct journal *j, struct note *n)
{
  char letter[JOURNAL_NAME + 1];
  const char *blank = strrchr(n->name, ' ');
  const struct note *of;

  if (!blank || (n->state != JOURNAL_GIVEN && n->state != JOURNAL_DENIED)) return;
  memcpy(letter, n->name, (size_t) (blank - n->name));
  letter[blank - n->name] = 0;
  of = journal_find(j, letter);
  if (of) n->seen = of->seen;
}

int notes_look(struct journal *j, const struct postbox *m)
{
  struct note *n;
  size_t i;

  for (n = journal_next(j, 0); n; n = journal_next(j, n)) n->seen = 0;
  for (i = 0; i < m->count; ++i) {
    if (!*m->letters[i].uid) continue;
    n = notes_of(j, m, m->letters + i);
    if (!n) return 0;
    n->seen = NOTES_SEEN;
  }
  for (n = journal_next(j, 0); n; n = journal_next(j, n)) follow(j, n);
  return 1;
}

struct note *notes_before(const struct journal *j, const unsigned char *hash)
{
  struct note *n;

  for (n = journal_next(j, 0); n; n = journal_next(j, n))
    if ((n->state == JOURNAL_SENT || n->state == JOURNAL_PART) && !n->seen && !memcmp(n->hash, hash, JOURNAL_HASH)) return n;
  return 0;
}

int notes_over(const struct account *a, const struct note *n)
{
  return n->time + a->keep * 86400 <= (uint64_t) time(0);
}

/* Of one that has come, what came counts: a mailbox may call it smaller. */
int notes_large(const struct account *a, const struct letter *l, const struct note *n)
{
  return a->most && (l->size > a->most || (n && n->state == JOURNAL_LARGE && n->size > a->most));
}

int notes_want(const struct account *a, const struct postbox *m, const struct letter *l, const struct note *n)
{
  if (!*l->uid) return 1;
  switch (n->state) {
    case JOURNAL_SENT: return l->deleted ? !m->marks : notes_over(a, n);
    case JOURNAL_REFUSED: case JOURNAL_LEFT: return 0;
    case JOURNAL_LARGE: return !notes_large(a, l, n);
    default: return !l->deleted;
  }
}
