#include "imapc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "heard.h"
#include "tlsc.h"

#define BYE 10  /* seconds that are waited for the answer to LOGOUT */

int imapc_isopen(const struct imapc *c)
{
  return c->stream.buffer && c->stream.in >= 0;
}

void imapc_close(struct imapc *c)
{
  if (imapc_isopen(c)) close(c->stream.in);
  c->stream.in = c->stream.out = -1;
  if (c->tls) tlsc_end(c->process);
  c->tls = 0;
}

int imapc_fail(struct imapc *c, const char *trouble)
{
  c->trouble = trouble;
  imapc_close(c);
  return IMAPC_LOST;
}

void imapc_want(struct imapc *c, int (*letter)(void *, const struct imapc_letter *),
                int (*body)(void *, const char *, size_t), void *with)
{
  c->letter = letter;
  c->body = body;
  c->with = with;
}

static int nomemory(struct imapc *c)
{
  return imapc_fail(c, "cannot be spoken with: out of memory");
}

int imapc_answer(struct imapc *c)
{
  int r;

  do r = heard_next(c); while (r == IMAPC_ITSELF);
  return r;
}

int imapc_listen(struct imapc *c, unsigned long seconds)
{
  long long end = clock_about() + (long long) seconds * 1000, left;
  ssize_t r;

  c->untagged = 0;
  while (imapc_isopen(c) && !c->news) {
    if (token_waits(&c->answer)) {
      c->answer.end = 0;
      r = heard_next(c);
      if (r != IMAPC_ITSELF) return r == IMAPC_LOST ? IMAPC_LOST : imapc_fail(c, "spoke without being asked");
      continue;
    }
    left = end - clock_about();
    if (left <= 0) return 0;
    stream_limit(&c->stream, (unsigned long) (left / 1000 + 1));
    r = stream_fill(&c->stream);
    if (r == -1 && errno == ETIMEDOUT) return 0;
    if (r <= 0) return imapc_fail(c, r == 0 ? "closed the connection" :
                                     errno == EMSGSIZE ? "sent an endless line" :
                                     errno == EINTR ? "is left, for this program is told to end" : "lost the connection");
  }
  return imapc_isopen(c) ? 1 : IMAPC_LOST;
}

/* Commands ---------------------------------------------------------------------- */

static int transmit(struct imapc *c, stralloc *line, int more)
{
  int r;

  stream_limit(&c->stream, c->answer.seconds);
  r = stream_write(&c->stream, line->s, line->len, more);
  explicit_bzero(line->s, line->a);
  line->len = 0;
  return r == 1 ? 1 : imapc_fail(c, "does not read");
}

/* What came before its command must not be taken for its answer. */
static int expect_nothing(struct imapc *c)
{
  int r = IMAPC_ITSELF;

  while (r == IMAPC_ITSELF && token_waits(&c->answer)) r = heard_next(c);
  if (r == IMAPC_ITSELF) return 1;
  return r == IMAPC_LOST ? r : imapc_fail(c, "spoke without being asked");
}

int imapc_send(struct imapc *c, const char *command, size_t len, int more)
{
  static stralloc line;

  if (!imapc_isopen(c)) return IMAPC_LOST;
  if (c->answered == c->sent && expect_nothing(c) == IMAPC_LOST) return IMAPC_LOST;
  line.len = 0;
  if (!stralloc_cats(&line, "A") || !stralloc_number(&line, ++c->sent) || !stralloc_cats(&line, " ") ||
      !stralloc_catb(&line, command, len) || !stralloc_cats(&line, "\r\n")) return nomemory(c);
  return transmit(c, &line, more);
}

int imapc_go_on(struct imapc *c, const char *more, size_t len)
{
  static stralloc line;

  if (!imapc_isopen(c)) return IMAPC_LOST;
  if (!stralloc_copyb(&line, more, len) || !stralloc_cats(&line, "\r\n")) return nomemory(c);
  return transmit(c, &line, 0);
}

int imapc_ask(struct imapc *c, const char *command, size_t len)
{
  int r = imapc_send(c, command, len, 0) == 1 ? imapc_answer(c) : IMAPC_LOST;

  return r == IMAPC_MORE ? imapc_fail(c, "waits for more than there is") : r;
}

int imapc_capability(struct imapc *c)
{
  if (c->offers & IMAPC_KNOWN) return IMAPC_OK;
  if (imapc_ask(c, "CAPABILITY", 10) == IMAPC_LOST) return IMAPC_LOST;
  return c->offers & IMAPC_KNOWN ? IMAPC_OK : imapc_fail(c, "does not say what it can do");
}

int imapc_logout(struct imapc *c)
{
  int r;

  if (!imapc_isopen(c)) return IMAPC_LOST;
  c->leaving = 1;
  if (c->answer.seconds > BYE) c->answer.seconds = BYE;
  r = imapc_ask(c, "LOGOUT", 6);
  imapc_close(c);
  return r;
}

int imapc_word(stralloc *to, const char *word)
{
  const char *s;

  for (s = word; *s; ++s)
    if (*s < 32 || *s == 127) return 0;
  if (!stralloc_append(to, "\"")) return -1;
  for (s = word; *s; ++s)
    if (((*s == '"' || *s == '\\') && !stralloc_append(to, "\\")) || !stralloc_append(to, s)) return -1;
  return stralloc_append(to, "\"") ? 1 : -1;
}

/* The beginning ----------------------------------------------------------------- */

static void begin(struct imapc *c, int fd, unsigned long seconds)
{
  stream_begin(&c->stream, fd, fd, c->buffer, sizeof c->buffer, seconds);
  c->stream.stops = 1;
  memset(&c->answer, 0, sizeof c->answer);
  c->answer.stream = &c->stream;
  c->answer.seconds = seconds;
}

/* TLS on a connection that is nobody's stream. Its descriptor, or -1. */
static int secure(struct imapc *c, const struct pop *to, int fd, unsigned long seconds)
{
  struct tlsc t;

  fd = tlsc_start(&t, fd, to->host, to->tls == UPSTREAM_TLS_VERIFY ? TLSC_VERIFY : TLSC_ANY, seconds);
  if (fd == -1) return imapc_fail(c, t.said);
  c->tls = t.said;
  c->process = t.process;
  return fd;
}

static int greeting(struct imapc *c)
{
  struct answer *a = &c->answer;

  if (token_begin(a) == -1) return imapc_fail(c, a->trouble);
  if (token_next(a) != TOKEN_ATOM || !token_is(a, "*") || token_next(a) != TOKEN_ATOM)
    return imapc_fail(c, "sent what is no greeting");
  c->ready = token_is(a, "PREAUTH");
  c->leaving = token_is(a, "BYE");
  if (!c->ready && !c->leaving && !token_is(a, "OK")) return imapc_fail(c, "sent what is no greeting");
  if (!heard_text(c)) return imapc_fail(c, c->trouble);
  if (!c->leaving) return IMAPC_OK;
  imapc_close(c);
  return IMAPC_NO;
}

/* RFC 9051, 6.2.1. IMAPC_OK: it goes on, in TLS or where that may be without. */
static int starttls(struct imapc *c, const struct pop *to, unsigned long connect, unsigned long seconds)
{
  int fd, r, must = to->tls != UPSTREAM_TLS_MAY;

  /* Who is let in before TLS would be let in by whoever stands between; fetchmail-SA-2021-02. */
  if (c->ready) return must ? imapc_fail(c, "lets us in before there is TLS") : IMAPC_OK;
  if (imapc_capability(c) == IMAPC_LOST) return IMAPC_LOST;
  if (!(c->offers & IMAPC_STARTTLS)) return must ? imapc_fail(c, "offers no STARTTLS") : IMAPC_OK;
  r = imapc_ask(c, "STARTTLS", 8);
  if (r == IMAPC_LOST) return r;
  if (r == IMAPC_NO) return must ? imapc_fail(c, "refuses STARTTLS") : IMAPC_OK;
  /* What stands behind the answer was put there by anybody; CVE-2021-33515. */
  if (stream_pending(&c->stream) && stream_present(&c->stream)) return imapc_fail(c, "speaks in plain behind STARTTLS");
  fd = c->stream.in;
  c->stream.in = c->stream.out = -1;
  fd = secure(c, to, fd, connect);
  if (fd == -1) return IMAPC_LOST;
  begin(c, fd, seconds);
  c->offers = 0;
  return IMAPC_OK;
}

int imapc_open(struct imapc *c, const struct pop *to, unsigned long connect, unsigned long seconds)
{
  int r, fd;

  imapc_close(c);
  c->offers = 0;
  c->sent = c->answered = c->untagged = c->exists = c->validity = 0;
  c->readonly = c->news = c->leaving = 0;
  fd = dial_tcp(to->host, to->port, connect);
  if (fd == -1) return imapc_fail(c, errno == EADDRNOTAVAIL ? "has no address" : "does not accept a connection");
  if (to->pop3s && (fd = secure(c, to, fd, connect)) == -1) return IMAPC_LOST;
  begin(c, fd, seconds);
  r = greeting(c);
  if (r == IMAPC_OK && to->tls != UPSTREAM_TLS_NO && !to->pop3s) r = starttls(c, to, connect, seconds);
  return r == IMAPC_OK ? imapc_capability(c) : r;
}
