/* A mailbox behind POP3, RFC 1939. Commands go out before the answers to those before
 * them have come where the server has PIPELINING, RFC 2449. */

#include "postbox.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "dot.h"
#include "pop3auth.h"

#define WHOLE 1800000  /* milliseconds until a letter is there */
#define REST 1048576   /* bytes of one that is too large that are read, and as many as it may have */
#define LINES 1000     /* of an answer to CAPA */

static struct pop3c server;
static int pipelining;
static stralloc waiting;  /* commands that were not sent yet */
static int refused;       /* a letter that was told to be deleted stays */

static int lost(struct postbox *m)
{
  m->trouble = server.trouble;
  return -1;
}

static int ask(struct postbox *m, const char *line, size_t len)
{
  return pop3c_ask(&server, line, len, m->account->timeout);
}

/* The beginning ------------------------------------------------------------ */

static int capa(struct postbox *m)
{
  int r = ask(m, "CAPA", 4);
  unsigned long lines = 0;
  char *line;
  size_t len;

  pipelining = 0;
  if (r != POP3C_OK) return r == POP3C_LOST ? -1 : 1;
  while ((r = pop3c_line(&server, &line, &len, m->account->timeout)) == 1) {
    if (++lines > LINES) return pop3c_fail(&server, "offers without an end");
    if (len >= 10 && !case_diffb(line, 10, "PIPELINING")) pipelining = 1;
  }
  return r ? -1 : 1;
}

static int begin(struct postbox *m, const stralloc *secret)
{
  const struct account *a = m->account;
  int r = pop3c_open(&server, &a->server, a->connect, a->timeout);

  waiting.len = 0;
  refused = 0;
  if (r == POP3C_LOST) return lost(m);
  if (r == POP3C_ERR) {
    m->trouble = "refuses the connection";
    return -1;
  }
  if (capa(m) == -1) return lost(m);
  return pop3auth(&server, a, secret, &m->trouble);
}

/* Lists -------------------------------------------------------------------- */

/* NUMBER BLANK VALUE, and no more words. The value's length, or 0. */
static size_t pair(const char *line, size_t len, unsigned long *number, const char **value)
{
  size_t i = 0, n = 0;

  for (*number = 0; i < len && i < 9 && line[i] >= '0' && line[i] <= '9'; ++i)
    *number = *number * 10 + (unsigned long) (line[i] - '0');
  if (!*number || i == len || line[i] != ' ') return 0;
  *value = line + i + 1;
  while (i + 1 + n < len && (*value)[n] > 32 && (*value)[n] < 127) ++n;
  return n;
}

/* Numbers of a list become larger from line to line: it needs no other order. */
static struct letter *number_of(struct postbox *m, unsigned long number)
{
  size_t low = 0, high = m->count, middle;

  while (low < high) {
    middle = (low + high) / 2;
    if (m->letters[middle].number == number) return m->letters + middle;
    if (m->letters[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return 0;
}

static int sized(struct postbox *m, const char *line, size_t len)
{
  unsigned long number;
  const char *value;
  size_t i, n = pair(line, len, &number, &value);
  struct letter *l;

  if (!n || (m->count && m->letters[m->count - 1].number >= number) || !(l = postbox_more(m))) return 0;
  l->number = number;
  for (i = 0; i < n && value[i] >= '0' && value[i] <= '9' && l->size < 1ULL << 50; ++i)
    l->size = l->size * 10 + (unsigned long long) (value[i] - '0');
  return 1;
}

/* What is no name as RFC 1939 has it is none: the letter is known by what it says. One
 * that came behind LIST waits for the next time. */
static int named(struct postbox *m, const char *line, size_t len)
{
  unsigned long number;
  const char *value;
  size_t n = pair(line, len, &number, &value);
  struct letter *l = number ? number_of(m, number) : 0;

  if (!number) return 0;
  if (!l || !n || n > POSTBOX_UID || value + n != line + len) return 1;
  if (*l->uid) n = 0;
  memcpy(l->uid, value, n);
  l->uid[n] = 0;
  return 1;
}

static int take(struct postbox *m, const char *command, int (*each)(struct postbox *, const char *, size_t))
{
  int r = ask(m, command, strlen(command));
  unsigned long lines = 0;
  char *line;
  size_t len;

  if (r == POP3C_ERR) return 0;
  if (r != POP3C_OK) return -1;
  while ((r = pop3c_line(&server, &line, &len, m->account->timeout)) == 1)
    if (++lines > POSTBOX_LETTERS || !each(m, line, len)) return pop3c_fail(&server, "sends a list that is none");
  return r ? -1 : 1;
}

static int list(struct postbox *m)
{
  int r = take(m, "LIST", sized);

  if (r == 0) r = pop3c_fail(&server, "does not say what there is");
  if (r == 1) r = take(m, "UIDL", named);
  if (r == -1) return lost(m);
  return postbox_unique(m) ? 1 : -1;
}

/* Letters ------------------------------------------------------------------ */

static int queue(const char *verb, unsigned long number)
{
  return stralloc_cats(&waiting, verb) && stralloc_number(&waiting, number) && stralloc_cats(&waiting, "\r\n");
}

static int flush(struct postbox *m)
{
  size_t len = waiting.len;

  waiting.len = 0;
  return !len || pop3c_ahead(&server, waiting.s, len, m->account->timeout) == 1;
}

static int ahead(struct postbox *m, const struct letter *const *l, size_t count)
{
  size_t i;

  for (i = 0; pipelining && i < count; ++i)
    if (!queue("RETR ", l[i]->number)) return -1;
  return flush(m) ? 1 : lost(m);
}

/* Is the next answer that of a command that begins like this? */
static int owed(char verb)
{
  return server.at < server.sent.len && server.sent.s[server.at] == verb;
}

static int next_answer(struct postbox *m)
{
  char line[32];
  size_t n;

  for (n = 0; n < sizeof line && server.sent.s[server.at + n] != '\r'; ++n) line[n] = server.sent.s[server.at + n];
  return ask(m, line, n);
}

/* Answers about what is to be deleted. 1; 0: one of them refuses; -1: lost. */
static int settle(struct postbox *m)
{
  int r, all = 1;

  if (!flush(m)) return lost(m);
  while (owed('D')) {
    r = next_answer(m);
    if (r == POP3C_LOST) return lost(m);
    if (r != POP3C_OK) all = 0;
  }
  return all;
}

/* The same where it was said already that they go: what stays is told when the session ends. */
static int settle_late(struct postbox *m)
{
  int r = settle(m);

  if (r == 0) refused = 1;
  return r;
}

/* More bytes of the server within its time. */
static int more(struct postbox *m, long long end)
{
  ssize_t n;

  stream_limit(&server.stream, m->account->timeout);
  n = stream_fill(&server.stream);
  if (n > 0 && clock_about() < end) return 1;
  pop3c_fail(&server, n > 0 ? "sends without an end" : n == 0 ? "closed the connection within a letter" :
                      errno == ETIMEDOUT ? "did not answer in time" : "lost the connection within a letter");
  return 0;
}

/* All of it, even where only a part can be kept: behind it the session goes on. */
static int letter(struct postbox *m, struct message *to)
{
  struct stream *c = &server.stream;
  long long end = clock_about() + WHOLE;
  unsigned long max = m->account->most;
  const char *piece;
  struct sha256 h;
  struct dot d;
  size_t n;
  int keep = 1;

  sha256_begin(&h);
  dot_begin(&d, DOT_NORMALIZE);
  while (!d.ended) {
    if (c->pos == c->len) {
      if (keep && spool_flush(&to->spool) == -1) keep = -1;
      if (!more(m, end)) return lost(m);
    }
    c->pos += dot_next(&d, c->buffer + c->pos, c->len - c->pos, &piece, &n);
    if (max && d.size > max) {
      keep = 0;
      m->large = d.size;
    }
    if (max && d.size > max * 2 + REST) return pop3c_fail(&server, "sends without an end"), lost(m);
    if (!n || keep != 1) continue;
    sha256_add(&h, piece, n);
    if (spool_write(&to->spool, piece, n) == -1) keep = -1;
  }
  sha256_end(&h, to->hash);
  to->plain = dot_plain(&d);
  if (keep == 1 && spool_flush(&to->spool) == -1) keep = -1;
  m->trouble = keep == -1 ? strerror(errno) : keep == 0 ? "is larger than control/databytes" : d.size ? 0 : "is empty";
  return keep == 1 && d.size ? 1 : keep == -1 ? -1 : 0;
}

static int fetch(struct postbox *m, const struct letter *l, struct message *to)
{
  char line[32] = "RETR ";
  int r;

  spool_begin(&to->spool, "", 0);
  if (settle_late(m) == -1) return -1;
  r = ask(m, line, 5 + fmt_ulong(line + 5, l->number));
  if (r == POP3C_OK) return letter(m, to);
  if (r == POP3C_MORE) r = pop3c_fail(&server, "sent what is no answer");
  m->trouble = r == POP3C_LOST ? server.trouble : "does not give it";
  return r == POP3C_LOST ? -1 : 0;
}

static int delete(struct postbox *m, const struct letter *l)
{
  if (!queue("DELE ", l->number)) return -1;
  return pipelining ? 1 : settle(m);
}

/* Letters that were asked for and are not wanted any more go by. */
static int pass_over(struct postbox *m)
{
  char *line;
  size_t len;
  int r = next_answer(m);

  if (r == POP3C_OK)
    while ((r = pop3c_line(&server, &line, &len, m->account->timeout)) == 1) ;
  return r != POP3C_LOST;
}

static int end(struct postbox *m)
{
  int r = settle_late(m);

  while (r != -1 && owed('R')) r = pass_over(m) ? settle_late(m) : -1;
  r = r == -1 ? POP3C_LOST : ask(m, "QUIT", 4);
  pop3c_close(&server);
  if (r == POP3C_OK && !refused) return 1;
  m->trouble = r == POP3C_LOST ? server.trouble : "refuses to delete";
  return -1;
}

static int idle(struct postbox *m, unsigned long seconds)
{
  (void) m;
  (void) seconds;
  return 0;
}

const struct protocol pop3_protocol = { begin, list, ahead, fetch, delete, end, idle };
