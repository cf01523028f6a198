#include "arrival.h"

#include <stdlib.h>
#include <string.h>

#include "dot.h"
#include "heard.h"

/* The letter that comes in now. Whose it is may be said behind its text. */
static struct {
  struct message m;
  struct dot dot;
  struct sha256 sum;
  int begun;
} now;

/* Those that were asked for. A server may say all that belongs to several commands before
 * it answers the first of them, and in what order it likes. */
struct asked {
  unsigned long uid;     /* 0: nothing stands here */
  unsigned long tag;     /* of the command */
  unsigned int has;      /* LETTER_; 0: it has not come */
  unsigned long long large;  /* bytes that it has, if they are too many */
  struct message m;
};

static struct { struct asked *each; size_t first, count, room; } asked;

static struct asked *find(unsigned long uid)
{
  size_t i;

  for (i = asked.first; i < asked.count; ++i)
    if (asked.each[i].uid == uid) return asked.each + i;
  return 0;
}

static int nomemory(struct imapc *c)
{
  return imapc_fail(c, "cannot be asked: out of memory");
}

/* Room for one more. */
static struct asked *place(void)
{
  struct asked *each;

  if (asked.count == asked.room) {
    each = realloc(asked.each, (asked.room * 2 + 16) * sizeof *each);
    if (!each) return 0;
    asked.each = each;
    asked.room = asked.room * 2 + 16;
  }
  memset(asked.each + asked.count, 0, sizeof *asked.each);
  asked.each[asked.count].m.spool.fd = -1;
  return asked.each + asked.count;
}

int arrival_ask(struct imapc *c, const char *uid, int more)
{
  static stralloc line;
  struct asked *a = place();

  if (!a || !stralloc_copys(&line, "UID FETCH ") || !stralloc_cats(&line, uid) ||
      !stralloc_cats(&line, " (UID BODY.PEEK[])")) return nomemory(c);
  if (imapc_send(c, line.s, line.len, more) != 1) return IMAPC_LOST;
  a->uid = strtoul(uid, 0, 10);
  a->tag = c->sent;
  ++asked.count;
  return IMAPC_OK;
}

/* Its place is free again; what came of it is somebody else's, or dropped. */
static void forget(struct asked *a, int drop)
{
  if (drop && a->uid) spool_drop(&a->m.spool);
  a->uid = 0;
  while (asked.first < asked.count && !asked.each[asked.first].uid) ++asked.first;
  if (asked.first == asked.count) asked.first = asked.count = 0;
}

void arrival_forget(void)
{
  size_t i;

  if (now.begun) spool_drop(&now.m.spool);
  now.begun = 0;
  for (i = asked.count; i-- > asked.first; ) forget(asked.each + i, 1);
  asked.first = asked.count = 0;
}

static int full(struct imapc *c)
{
  c->trouble = "is left, for there is no room for a letter";
  return 0;
}

static int keep(const char *bytes, size_t n)
{
  sha256_add(&now.sum, bytes, n);
  return spool_write(&now.m.spool, bytes, n) == 1;
}

static int wrote(void *with, const char *bytes, size_t len)
{
  const char *piece;
  size_t at, n;

  if (!now.begun) {
    spool_begin(&now.m.spool, "", 0);
    sha256_begin(&now.sum);
    dot_begin(&now.dot, DOT_LINES);
    now.begun = 1;
  }
  for (at = 0; at < len; ) {
    at += dot_next(&now.dot, bytes + at, len - at, &piece, &n);
    if (n && !keep(piece, n)) return full(with);
  }
  /* The next bytes come where these are. */
  return spool_flush(&now.m.spool) == 1 ? 1 : full(with);
}

/* All of its text has come. */
static int whole(struct imapc *c, struct asked *a)
{
  static char tail[DOT_TAIL];
  size_t n = dot_end(&now.dot, tail);

  if (n && (!keep(tail, n) || spool_flush(&now.m.spool) != 1)) return full(c);
  sha256_end(&now.sum, now.m.hash);
  now.m.plain = dot_plain(&now.dot);
  now.begun = 0;
  if (!now.dot.size) {
    spool_drop(&now.m.spool);
    a->has = LETTER_NIL;
    return 1;
  }
  a->m = now.m;
  return 1;
}

static int came(void *with, const struct imapc_letter *l)
{
  struct asked *a = find(l->uid);
  struct imapc *c = with;

  if (!(l->has & (LETTER_TEXT | LETTER_NIL))) return 1;  /* a flag that somebody has changed */
  c->trouble = "sent another letter than was asked for";
  if (!(l->has & LETTER_UID) || !a || a->has) return 0;
  a->has = l->has;
  a->large = l->has & LETTER_LARGE ? c->large.size : 0;
  if (now.begun) return whole(c, a);
  /* No letter is empty. */
  if (!(l->has & LETTER_LARGE)) a->has = LETTER_NIL;
  return 1;
}

/* Until it is there, or will never be. What was answered last, or IMAPC_LOST. */
static int await(struct imapc *c, const struct asked *a)
{
  int r = IMAPC_OK, heard;

  imapc_want(c, came, wrote, c);
  while (!a->has && c->answered < a->tag && r != IMAPC_LOST) {
    heard = heard_next(c);
    if (heard == IMAPC_MORE) heard = imapc_fail(c, "waits for more than there is");
    if (heard != IMAPC_ITSELF) r = heard;
  }
  imapc_want(c, 0, 0, 0);
  if (r == IMAPC_LOST) arrival_forget();
  return r;
}

const char arrival_refused[] = "does not give a letter";

int arrival_take(struct imapc *c, const char *uid, struct message *to, unsigned long long *large, const char **trouble)
{
  unsigned long number = strtoul(uid, 0, 10);
  struct asked *a = find(number);
  int r;

  if (!a && arrival_ask(c, uid, 0) == IMAPC_LOST) return IMAPC_LOST;
  if (!a) a = find(number);
  c->large.uid = 0;
  r = await(c, a);
  if (r == IMAPC_LOST && c->large.uid == number) *large = c->large.size;
  if (r == IMAPC_LOST) return r;
  *large = a->large;
  if (a->has & LETTER_TEXT && !(a->has & LETTER_LARGE)) {
    *to = a->m;
    forget(a, 0);
    return IMAPC_OK;
  }
  *trouble = a->has & LETTER_LARGE ? "has a letter that is too large" : a->has & LETTER_NIL ? "has nothing in a letter" :
             r == IMAPC_NO ? arrival_refused : "has a letter no more";
  forget(a, 0);
  return IMAPC_NO;
}

static int discard(void *with, const char *bytes, size_t len)
{
  (void) with;
  (void) bytes;
  (void) len;
  return 1;
}

int arrival_drain(struct imapc *c)
{
  int r = IMAPC_OK;

  arrival_forget();
  imapc_want(c, 0, discard, 0);
  while (imapc_isopen(c) && c->answered != c->sent && r != IMAPC_LOST) {
    r = imapc_answer(c);
    if (r == IMAPC_MORE) r = imapc_fail(c, "waits for more than there is");
  }
  imapc_want(c, 0, 0, 0);
  return imapc_isopen(c) ? IMAPC_OK : IMAPC_LOST;
}
