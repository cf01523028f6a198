#include "retrieve.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "incoming.h"
#include "log.h"
#include "wire.h"

#define TRIES 3    /* times that a message is tried, at least, before a notice stands for it */
#define NEVER (~0UL)

static struct incoming incoming = { .message = { .fd = -1 }, .filtered = { .fd = -1 } };

/* What is asked: which message, and of its body how many lines; NEVER: all. */
struct wish {
  unsigned long number, lines;
};

static int asks(struct session *s, const char *verb, const struct wish *w, int top)
{
  static stralloc line;

  if (!stralloc_copys(&line, verb) || !stralloc_number(&line, w->number) ||
      (top && (!stralloc_append(&line, " ") || !stralloc_number(&line, w->lines)))) return POP3C_LOST;
  return session_ask(s, line.s, line.len);
}

/* The first line of our answer, where the client has not had it yet. */
static void begin(struct session *s, struct wire *wire, const struct wish *w, unsigned long size)
{
  if (!s->begun && (!stralloc_cats(&s->out, "+OK") ||
      (w->lines == NEVER && (!stralloc_append(&s->out, " ") || !stralloc_number(&s->out, size) ||
                             !stralloc_cats(&s->out, " octets"))) || !stralloc_cats(&s->out, "\r\n"))) s->over = 1;
  wire_begin(wire, s);
  if (w->lines != NEVER) wire_limit(wire, w->lines);
}

/* The body as it came, behind a header that is in the wire. */
static void body(struct wire *wire, const struct incoming *t, off_t from)
{
  const struct spool *m = &t->message;
  int whole = spool_whole(m);
  const char *start = whole ? m->wait + from : 0;
  size_t len = whole ? (size_t) (m->size - from) : 0;

  if (t->plain && !wire->top) wire_plain(wire, start, len, m->fd, whole ? 0 : from, whole ? 0 : m->size);
  else if (whole) wire_text(wire, start, len);
  else wire_file(wire, m->fd, from, m->size - from);
}

/* What is remembered ---------------------------------------------------------------- */

static int same_top(struct incoming *t, const struct memo *memo)
{
  unsigned char id[MEMORY_ID];

  if (!incoming_header(t) || t->header.body != memo->body) return 0;
  memory_id(t->header.raw.s, t->header.body, id);
  return !memcmp(id, memo->top, sizeof id);
}

/* A header that goes before the body of the message, if that is what it was. 1:
 * answered. 0: it is another; *read: which was read already. */
static int with_header(struct session *s, const struct wish *w, const struct memo *memo, off_t text, int *read)
{
  struct incoming *t = &incoming;
  int top = w->lines != NEVER, r = asks(s, top ? "TOP " : "RETR ", w, top);
  struct wire wire;

  if (r == POP3C_ERR) session_reply(s, s->server.text.s);
  if (r != POP3C_OK || incoming_read(s, t, 0) != 1) return 1;
  if (top ? !same_top(t, memo) : memcmp(t->hash, memo->hash, sizeof t->hash) != 0) {
    *read = !top;
    return 0;
  }
  begin(s, &wire, w, (unsigned long) memo->size);
  wire_file(&wire, s->box.memory.fd, text, (off_t) memo->textlen);
  body(&wire, t, (off_t) memo->body);
  wire_end(&wire);
  return 1;
}

static int remembered(struct session *s, const struct wish *w, const struct mail *m, struct memo *memo, int *read)
{
  const struct memory *memory = &s->box.memory;
  struct wire wire;
  off_t text;

  if (!memory_get(memory, m->at, memo)) return 0;
  if (memo->kind == MEMO_FAILED || !memory_text(memory, m->at, memo, &text)) return 0;
  if (memo->kind == MEMO_HEADER) return with_header(s, w, memo, text, read);
  begin(s, &wire, w, (unsigned long) memo->size);
  wire_file(&wire, memory->fd, text, (off_t) memo->textlen);
  wire_end(&wire);
  return 1;
}

/* Keep a record. What cannot be remembered is judged again. */
static void remember(struct session *s, struct mail *m, struct memo *memo, const char *text, int fd)
{
  off_t at;

  memcpy(memo->uid, m->uid, sizeof memo->uid);
  at = memory_add(&s->box.memory, memo, text, fd, s->set.remember);
  if (!at) log_event("trouble", s->id, "unable to remember a message: ", strerror(errno));
  else {
    m->at = at;
    m->whole = memo->kind == MEMO_WHOLE;
  }
}

/* What is not ------------------------------------------------------------------------- */

/* Behind +OK there is no way to say so. */
static void excuse(struct session *s, const char *reply)
{
  if (s->begun) s->over = 1;
  else session_reply(s, reply);
}

/* Its answer, from what the filters left. */
static void answer(struct session *s, const struct wish *w, struct mail *m)
{
  struct incoming *t = &incoming;
  struct memo memo = { .time = (uint64_t) time(0), .kind = t->header_only && !t->notice.len ? MEMO_HEADER : MEMO_WHOLE };
  const char *text = t->notice.len ? t->notice.s : 0;
  int fd = t->filtered.fd;
  struct wire wire;

  memo.textlen = text ? t->notice.len : (uint64_t) t->filtered.size;
  if (!wire_size(text, text ? t->notice.len : 0, text ? -1 : fd, text ? 0 : t->filtered.size, &memo.size)) {
    log_event("trouble", t->id, "unable to read the message again: ", strerror(errno));
    incoming_record(s, t, "-ERR");
    excuse(s, "-ERR [SYS/TEMP] the message cannot be read now; try again later");
    return;
  }
  memcpy(memo.hash, t->hash, sizeof memo.hash);
  if (memo.kind == MEMO_HEADER) {
    memo.body = t->header.body;
    memo.size += (uint64_t) t->message.size - t->header.body;
    memory_id(t->header.raw.s, t->header.body, memo.top);
  }
  /* First remembered, then told: what a client has seen stays as it is. */
  if (m) remember(s, m, &memo, text, fd);
  begin(s, &wire, w, (unsigned long) memo.size);
  if (text) wire_text(&wire, text, t->notice.len);
  else wire_file(&wire, fd, 0, t->filtered.size);
  if (memo.kind == MEMO_HEADER) body(&wire, t, (off_t) t->header.body);
  incoming_record(s, t, wire_end(&wire) == 1 ? "+OK" : "");
}

/* It cannot be judged: not now, or, where that was so for long, not at all. */
static void failed(struct session *s, const struct wish *w, struct mail *m, const struct memo *before)
{
  struct incoming *t = &incoming;
  struct memo memo = { .time = (uint64_t) time(0), .kind = MEMO_FAILED };

  if (before->kind == MEMO_FAILED) {
    memo.time = before->time;
    memo.failures = before->failures;
  }
  ++memo.failures;
  if (m && memo.failures >= TRIES && time(0) - (time_t) memo.time >= (time_t) s->set.giveup && incoming_give_up(s, t)) {
    answer(s, w, m);
    return;
  }
  if (m) remember(s, m, &memo, "", -1);
  incoming_record(s, t, "-ERR");
  excuse(s, "-ERR [SYS/TEMP] the message cannot be checked now; try again later");
}

/* All of the message, in a file. 1, or 0: answered. */
static int fetch(struct session *s, const struct wish *w)
{
  int r;

  incoming_begin(s, &incoming);
  r = asks(s, "RETR ", w, 0);
  if (r == POP3C_ERR) session_reply(s, s->server.text.s);
  return r == POP3C_OK && incoming_read(s, &incoming, 1) == 1;
}

static void judged(struct session *s, const struct wish *w, struct mail *m, const struct memo *before)
{
  int r = incoming_judge(s, &incoming);

  if (r == 1) answer(s, w, m);
  else if (r == 0) failed(s, w, m, before);
}

static void retrieve(struct session *s, const struct wish *w)
{
  struct memo memo = { 0 };
  struct mail *m;
  int read = 0;

  if (maildrop_read(s) == -1) return;
  m = maildrop_mail(s, w->number);
  if (m && m->deleted) {
    session_reply(s, "-ERR the message is deleted");
    return;
  }
  s->told = clock_ms();
  s->begun = 0;
  incoming_begin(s, &incoming);
  if (!m || !m->at || !remembered(s, w, m, &memo, &read)) {
    /* One that was read to be compared may have no file yet. */
    if (read ? spool_end(&incoming.message, 1) == 1 : fetch(s, w)) judged(s, w, m, &memo);
    else if (read) session_reply(s, "-ERR [SYS/TEMP] no room for the message; try again later");
  }
  spool_drop(&incoming.message);
  spool_drop(&incoming.filtered);
}

void retrieve_all(struct session *s, unsigned long number)
{
  struct wish w = { number, NEVER };

  retrieve(s, &w);
}

void retrieve_top(struct session *s, unsigned long number, unsigned long lines)
{
  struct wish w = { number, lines };

  retrieve(s, &w);
}

int retrieve_asks(struct session *s, unsigned long number)
{
  const struct mail *m = maildrop_mail(s, number);

  return m && !m->deleted && !m->whole;
}
