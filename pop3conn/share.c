#include "share.h"

#include <stdlib.h>
#include <string.h>

#include "verdict.h"

/* What the journal calls somebody of whom it knows something: LETTER ADDRESS. 1; 0: that
 * is too long for it. */
static int named(char name[JOURNAL_NAME + 1], const struct parcel *p, const struct addressee *a)
{
  size_t len = strlen(p->note->name);

  if (len + 1 + a->len > JOURNAL_NAME) return 0;
  memcpy(name, p->note->name, len);
  name[len] = ' ';
  memcpy(name + len + 1, a->address, a->len);
  name[len + 1 + a->len] = 0;
  return 1;
}

static struct note *find(const struct journal *j, const struct parcel *p, const struct addressee *a)
{
  char name[JOURNAL_NAME + 1];

  return named(name, p, a) ? journal_find(j, name) : 0;
}

/* What is known of one of them; of another text it says nothing. */
static void recall(const struct journal *j, const struct parcel *p, struct addressee *a)
{
  const struct note *n = find(j, p, a);

  if (!n || memcmp(n->hash, p->message.hash, JOURNAL_HASH)) return;
  a->known = n->state == JOURNAL_GIVEN || n->state == JOURNAL_DENIED;
  if (a->known) a->fate = n->state == JOURNAL_GIVEN ? FATE_TAKEN : FATE_REFUSED;
}

/* Room for one more. */
static struct addressee *place(struct parcel *p)
{
  struct addressee *each = p->each;

  if (p->count == p->room) {
    each = realloc(p->each, (p->room * 2 + 4) * sizeof *each);
    if (!each) return 0;
    p->each = each;
    p->room = p->room * 2 + 4;
  }
  return each + p->count++;
}

/* A quarantine has none of what its letters' recipients have. */
int share_begin(struct journal *j, struct parcel *p)
{
  const char *at = p->to.s, *end = at + p->to.len, *nl;
  struct addressee *a;

  for (p->count = 0; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    a = place(p);
    if (!a) return 0;
    *a = (struct addressee) { at, (size_t) (nl - at), FATE_SEND, 0 };
    if (verdict_delivers(p->result.verdict)) recall(j, p, a);
  }
  return 1;
}

/* One alone is known by the note of the letter. */
int share_note(struct journal *j, struct parcel *p)
{
  char name[JOURNAL_NAME + 1];
  struct addressee *a;
  struct note *n;
  int some = 0;

  for (a = p->each; p->count > 1 && a < p->each + p->count; ++a) {
    if (a->fate != FATE_TAKEN && a->fate != FATE_REFUSED) continue;
    some = 1;
    if (a->known) continue;
    n = named(name, p, a) ? journal_note(j, name) : 0;
    if (!n) return -1;
    memcpy(n->hash, p->message.hash, JOURNAL_HASH);
    n->size = p->letter->size;
    n->seen = p->note->seen;
    if (journal_write(j, n, a->fate == FATE_TAKEN ? JOURNAL_GIVEN : JOURNAL_DENIED) == -1) return -1;
    a->known = 1;
  }
  return some;
}

int share_forget(struct journal *j, const struct parcel *p)
{
  struct note *n;
  size_t i;

  for (i = 0; i < p->count; ++i) {
    n = find(j, p, p->each + i);
    if (n && n->state != JOURNAL_GONE && journal_write(j, n, JOURNAL_GONE) == -1) return -1;
  }
  return 1;
}

/* The next note that is to get another name; what has one is known no more. */
static struct note *next_of(const struct journal *j, const char *letter)
{
  size_t len = strlen(letter);
  struct note *n;

  for (n = journal_next(j, 0); n; n = journal_next(j, n))
    if ((n->state == JOURNAL_GIVEN || n->state == JOURNAL_DENIED) && !strncmp(n->name, letter, len) && n->name[len] == ' ') break;
  return n;
}

int share_rename(struct journal *j, struct note *from, struct note *to)
{
  char name[JOURNAL_NAME + 1];
  size_t len = strlen(to->name);
  struct note *n, *as;

  while ((n = next_of(j, from->name))) {
    const char *address = n->name + strlen(from->name);

    if (len + strlen(address) > JOURNAL_NAME) return -1;
    memcpy(name, to->name, len);
    memcpy(name + len, address, strlen(address) + 1);
    as = journal_note(j, name);
    if (!as) return -1;
    memcpy(as->hash, n->hash, JOURNAL_HASH);
    as->size = n->size;
    as->seen = to->seen;
    if (journal_write(j, as, n->state) == -1 || journal_write(j, n, JOURNAL_GONE) == -1) return -1;
  }
  return journal_write(j, from, JOURNAL_GONE);
}
