#include "maildrop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "session.h"

#define MAILS 200000   /* messages of a mailbox; of one with more nothing is remembered */
#define OUT 32768      /* bytes of an answer that are collected */
#define SMALL 65536    /* bytes of a file that may be as full of waste as it likes */
#define RECORD 144     /* what a record has besides its text */

/* "NUMBER VALUE". 1 or 0. */
static int pair(const char *line, size_t len, unsigned long *number, const char **value, size_t *valuelen)
{
  const char *blank = memchr(line, ' ', len), *p;

  if (!blank || blank == line || blank - line > 9) return 0;
  for (*number = 0, p = line; p < blank; ++p) {
    if (*p < '0' || *p > '9') return 0;
    *number = *number * 10 + (unsigned long) (*p - '0');
  }
  *value = blank + 1;
  *valuelen = len - (size_t) (*value - line);
  return *number && *valuelen;
}

static uint64_t size_of(const char *text, size_t len)
{
  uint64_t n = 0;

  for (; len && *text >= '0' && *text <= '9' && n < UINT64_MAX / 20; ++text, --len)
    n = n * 10 + (uint64_t) (*text - '0');
  return n;
}

/* Room for the message of this number. 1; 0: too many, or no memory. */
static int grow(struct maildrop *b, unsigned long number)
{
  static unsigned long room;
  struct mail *more;

  if (number > MAILS) return 0;
  if (number > room) {
    unsigned long want = number < 64 ? 64 : number * 2;

    more = realloc(b->mails, want * sizeof *more);
    if (!more) return 0;
    memset(more + room, 0, (want - room) * sizeof *more);
    b->mails = more;
    room = want;
  }
  if (number > b->count) b->count = number;
  return 1;
}

struct mail *maildrop_mail(struct session *s, unsigned long number)
{
  struct maildrop *b = &s->box;

  return b->open && number && number <= b->count && b->mails[number - 1].known ? b->mails + number - 1 : 0;
}

static void uidl(struct maildrop *b, const char *line, size_t len, int *whole)
{
  const char *value;
  unsigned long number;
  size_t n;

  if (!pair(line, len, &number, &value, &n) || !grow(b, number)) *whole = 0;
  else {
    memory_id(value, n, b->mails[number - 1].uid);
    b->mails[number - 1].known = 1;
  }
}

static void list(struct maildrop *b, const char *line, size_t len, int *whole)
{
  const char *value;
  unsigned long number;
  uint64_t size;
  size_t n;

  if (!pair(line, len, &number, &value, &n) || !grow(b, number)) *whole = 0;
  else {
    size = size_of(value, n);
    b->mails[number - 1].theirs = size > UINT32_MAX ? UINT32_MAX : (uint32_t) size;
  }
}

/* Ask for a list, and take each line of it. 1; 0: there is none, or not a sound
 * one; -1: the server is lost. */
static int ask(struct session *s, const char *command, void (*take)(struct maildrop *, const char *, size_t, int *))
{
  char *line;
  size_t len;
  int whole = 1, r = session_ask(s, command, strlen(command));
  unsigned long lines = 0;

  if (r != POP3C_OK) return r == POP3C_LOST ? -1 : 0;
  while ((r = pop3c_line(&s->server, &line, &len, s->set.timeoutremote)) == 1)
    if (++lines > MAILS * 2) r = pop3c_fail(&s->server, "lists without an end");
    else take(&s->box, line, len, &whole);
  if (r == 0) return whole;
  session_lost(s);
  session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is lost; try again later");
  return -1;
}

/* The memory ---------------------------------------------------------------------- */

/* To find a message by its UIDL: places in a table twice as large. */
struct table {
  struct maildrop *box;
  uint32_t *slots;
  unsigned long mask;
  uint64_t since;
};

static unsigned long slot(const struct table *t, const unsigned char *uid)
{
  uint32_t n;

  memcpy(&n, uid, sizeof n);
  return n & t->mask;
}

static int fill(struct table *t)
{
  struct maildrop *b = t->box;
  unsigned long i, at;

  for (t->mask = 127; t->mask < b->count * 2; t->mask = t->mask * 2 + 1) ;
  t->slots = calloc(t->mask + 1, sizeof *t->slots);
  if (!t->slots) return 0;
  for (i = 0; i < b->count; ++i) {
    if (!b->mails[i].known) continue;
    for (at = slot(t, b->mails[i].uid); t->slots[at]; at = (at + 1) & t->mask) ;
    t->slots[at] = (uint32_t) i + 1;
  }
  return 1;
}

static void take(void *with, const struct memo *memo, off_t at)
{
  struct table *t = with;
  struct mail *m;
  unsigned long i;

  if (memo->time < t->since) return;
  for (i = slot(t, memo->uid); t->slots[i]; i = (i + 1) & t->mask) {
    m = t->box->mails + t->slots[i] - 1;
    if (memcmp(m->uid, memo->uid, sizeof m->uid)) continue;
    m->at = at;
    m->length = memo->textlen > UINT32_MAX ? UINT32_MAX : (uint32_t) memo->textlen;
    m->whole = memo->kind == MEMO_WHOLE;
    m->size = memo->kind == MEMO_FAILED || memo->size > UINT32_MAX ? 0 : (uint32_t) memo->size;
    return;
  }
}

/* Where most of the file is about messages that are gone, it is written anew. */
static void tidy(struct maildrop *b)
{
  off_t *at, live = 0;
  unsigned long i;
  int kept;

  for (i = 0; i < b->count; ++i)
    if (b->mails[i].at) live += (off_t) b->mails[i].length + RECORD;
  if (b->memory.end < SMALL || live > b->memory.end / 2) return;
  at = calloc(b->count + 1, sizeof *at);
  if (!at) return;
  for (i = 0; i < b->count; ++i) at[i] = b->mails[i].at;
  kept = memory_keep(&b->memory, at, b->count);
  for (i = 0; i < b->count; ++i)
    if (b->mails[i].at) b->mails[i].at = kept ? at[i] : 0;
  free(at);
}

/* What is remembered of the messages. The server's sizes are wanted only where
 * some of them are not what a client gets. 1, or -1: the server is lost. */
static int remember(struct session *s)
{
  struct maildrop *b = &s->box;
  struct table t = { .box = b };
  unsigned long i;
  int r;

  memory_begin(&b->memory, s->to->host, s->to->port, s->user.s, s->set.remembersize);
  t.since = (uint64_t) time(0) - s->set.remember * 86400;
  if (!fill(&t)) return 1;
  r = memory_walk(&b->memory, take, &t);
  free(t.slots);
  if (r == -1) log_event("trouble", s->id, "unable to read what is remembered: ", strerror(errno));
  else tidy(b);
  for (i = 0; i < b->count; ++i) b->sized += b->mails[i].size != 0;
  if (!b->sized) return 1;
  r = ask(s, "LIST", list);
  if (r == 0)
    for (i = b->sized = 0; i < b->count; ++i) b->mails[i].size = 0;
  return r == -1 ? -1 : 1;
}

int maildrop_read(struct session *s)
{
  struct maildrop *b = &s->box;
  int r;

  if (b->read) return 1;
  b->read = 1;
  b->memory.fd = -1;
  if (!s->user.len || !s->set.remember) return 1;
  r = ask(s, "UIDL", uidl);
  if (r != 1) return r == -1 ? -1 : 1;
  b->open = 1;
  return remember(s);
}

/* Answers --------------------------------------------------------------------------- */

static const struct mail *sized(struct session *s, unsigned long number)
{
  const struct mail *m = maildrop_mail(s, number);

  return m && m->size ? m : 0;
}

/* "+OK COUNT SIZE" with the difference between our sizes and the server's, whose messages
 * may well be more than all of them. */
static void stat_anew(struct session *s)
{
  static stralloc line;
  const struct maildrop *b = &s->box;
  const char *text = s->server.text.s, *value;
  unsigned long i, number;
  uint64_t total;
  size_t len, n = strlen(text);

  if (n < 5 || !pair(text + 4, n - 4, &number, &value, &len)) {
    session_reply(s, text);
    return;
  }
  total = size_of(value, len);
  for (i = 0; i < b->count; ++i)
    if (b->mails[i].size && !b->mails[i].deleted)
      total = (total > b->mails[i].theirs ? total - b->mails[i].theirs : 0) + b->mails[i].size;
  if (!stralloc_copys(&line, "+OK ") || !stralloc_number(&line, number) || !stralloc_append(&line, " ") ||
      !stralloc_number(&line, total) || !stralloc_0(&line)) s->over = 1;
  else session_reply(s, line.s);
}

void maildrop_stat(struct session *s)
{
  if (maildrop_read(s) == -1) return;
  if (!s->box.sized) session_relay(s, "STAT", 4);
  else switch (session_ask(s, "STAT", 4)) {
    case POP3C_OK: stat_anew(s); break;
    case POP3C_ERR: session_reply(s, s->server.text.s);
  }
}

static int numbers(stralloc *to, unsigned long number, unsigned long size)
{
  return stralloc_number(to, number) && stralloc_append(to, " ") && stralloc_number(to, size);
}

static void list_one(struct session *s, unsigned long number, const char *command, size_t len)
{
  static stralloc line;
  const struct mail *m = sized(s, number);
  int r = session_ask(s, command, len);

  if (r == POP3C_OK && m) {
    if (!stralloc_copys(&line, "+OK ") || !numbers(&line, number, m->size) || !stralloc_0(&line)) s->over = 1;
    else session_reply(s, line.s);
  } else if (r != POP3C_LOST) session_reply(s, s->server.text.s);
}

static void list_all(struct session *s)
{
  const struct mail *m;
  const char *value;
  char *line;
  size_t len, n;
  unsigned long number;
  int r = session_relay(s, "LIST", 4);

  if (r != POP3C_OK) return;
  while ((r = pop3c_line(&s->server, &line, &len, s->set.timeoutremote)) == 1) {
    m = pair(line, len, &number, &value, &n) ? sized(s, number) : 0;
    if (!(m ? numbers(&s->out, number, m->size) : stralloc_catb(&s->out, line, len)) ||
        !stralloc_cats(&s->out, "\r\n")) s->over = 1;
    if (s->over || (s->out.len > OUT && session_flush(s) == -1)) return;
  }
  if (r == 0 && stralloc_cats(&s->out, ".\r\n")) return;
  session_lost(s);
  s->out.len = 0;
}

void maildrop_list(struct session *s, unsigned long number)
{
  char command[16] = "LIST ";

  if (maildrop_read(s) == -1) return;
  if (number) list_one(s, number, command, 5 + fmt_ulong(command + 5, number));
  else if (s->box.sized) list_all(s);
  else if (session_relay(s, "LIST", 4) == POP3C_OK) session_lines(s);
}

void maildrop_deleted(struct session *s, unsigned long number)
{
  struct mail *m = maildrop_mail(s, number);

  if (m) m->deleted = 1;
}

void maildrop_reset(struct session *s)
{
  unsigned long i;

  for (i = 0; i < s->box.count; ++i) s->box.mails[i].deleted = 0;
}
