#include "pop3c.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "tlsc.h"

int pop3c_isopen(const struct pop3c *c)
{
  return c->stream.buffer && c->stream.in >= 0;
}

void pop3c_close(struct pop3c *c)
{
  if (pop3c_isopen(c)) close(c->stream.in);
  c->stream.in = c->stream.out = -1;
  c->sent.len = c->at = 0;
  if (c->tls) tlsc_end(c->process);
  c->tls = 0;
}

int pop3c_fail(struct pop3c *c, const char *trouble)
{
  c->trouble = trouble;
  pop3c_close(c);
  return POP3C_LOST;
}

static const char *why(int r)
{
  if (r == 0) return "closed the connection";
  return errno == ETIMEDOUT ? "did not answer in time" : errno == EMSGSIZE ? "sent an endless line" :
         errno == EINTR ? "is left, for this server is going down" : "lost the connection";
}

/* The first line of an answer, without what could do harm on a terminal. */
static int reply(struct pop3c *c, unsigned long seconds)
{
  char *line;
  size_t len, i;
  int r;

  if (!pop3c_isopen(c)) return POP3C_LOST;
  stream_limit(&c->stream, seconds);
  r = stream_line(&c->stream, POP3C_LINE, &line, &len);
  if (r != 1) return pop3c_fail(c, why(r));
  if (!stralloc_copyb(&c->text, line, len) || !stralloc_0(&c->text)) return pop3c_fail(c, "out of memory");
  for (i = 0; i < len; ++i)
    if ((unsigned char) c->text.s[i] < 32 || c->text.s[i] == 127) c->text.s[i] = '?';
  if (len >= 3 && !memcmp(line, "+OK", 3) && (len == 3 || line[3] == ' ')) return POP3C_OK;
  if (len >= 4 && !memcmp(line, "-ERR", 4) && (len == 4 || line[4] == ' ')) return POP3C_ERR;
  if (len >= 2 && line[0] == '+' && line[1] == ' ') return POP3C_MORE;
  return pop3c_fail(c, "sent what is no answer");
}

/* TLS on a connection that is nobody's stream. Its descriptor, or -1. */
static int secure(struct pop3c *c, const struct pop *to, int fd, unsigned long seconds)
{
  struct tlsc t;

  fd = tlsc_start(&t, fd, to->host, to->tls == UPSTREAM_TLS_VERIFY ? TLSC_VERIFY : TLSC_ANY, seconds);
  if (fd == -1) return pop3c_fail(c, t.said);
  c->tls = t.said;
  c->process = t.process;
  return fd;
}

static void begin(struct pop3c *c, int fd, unsigned long seconds)
{
  stream_begin(&c->stream, fd, fd, c->buffer, sizeof c->buffer, seconds);
  c->stream.stops = 1;
}

/* STLS, RFC 2595. POP3C_OK: it goes on, in TLS or where that may be without. */
static int stls(struct pop3c *c, const struct pop *to, unsigned long connect, unsigned long seconds)
{
  int fd, r = pop3c_ask(c, "STLS", 4, seconds);

  if (r == POP3C_LOST) return r;
  if (r != POP3C_OK) return to->tls == UPSTREAM_TLS_MAY ? POP3C_OK : pop3c_fail(c, "refuses STLS");
  /* What stands behind the answer was put there by anybody. */
  if (stream_pending(&c->stream) && stream_present(&c->stream)) return pop3c_fail(c, "speaks in plain behind STLS");
  fd = c->stream.in;
  c->stream.in = c->stream.out = -1;
  fd = secure(c, to, fd, connect);
  if (fd == -1) return POP3C_LOST;
  begin(c, fd, seconds);
  return POP3C_OK;
}

int pop3c_open(struct pop3c *c, const struct pop *to, unsigned long connect, unsigned long seconds)
{
  int r, fd;

  pop3c_close(c);
  fd = dial_tcp(to->host, to->port, connect);
  if (fd == -1) return pop3c_fail(c, errno == EADDRNOTAVAIL ? "has no address" : "does not accept a connection");
  if (to->pop3s && (fd = secure(c, to, fd, connect)) == -1) return POP3C_LOST;
  begin(c, fd, seconds);
  r = reply(c, seconds);
  if (r == POP3C_MORE) return pop3c_fail(c, "sent what is no greeting");
  if (r == POP3C_ERR) pop3c_close(c);
  if (r != POP3C_OK) return r;
  if (!stralloc_copyb(&c->greeting, c->text.s, c->text.len)) return pop3c_fail(c, "out of memory");
  return to->tls == UPSTREAM_TLS_NO || to->pop3s ? r : stls(c, to, connect, seconds);
}

/* Was this command sent ahead? It is the next of them. 1; 0: none was; -1: another. */
static int was_sent(struct pop3c *c, const char *line, size_t len)
{
  const char *next;

  if (c->at == c->sent.len) return 0;
  next = c->sent.s + c->at;
  if (c->sent.len - c->at < len + 2 || memcmp(next, line, len) || memcmp(next + len, "\r\n", 2)) return -1;
  c->at += len + 2;
  if (c->at == c->sent.len) c->sent.len = c->at = 0;
  return 1;
}

int pop3c_ask(struct pop3c *c, const char *line, size_t len, unsigned long seconds)
{
  static stralloc out;

  if (!pop3c_isopen(c)) return POP3C_LOST;
  switch (was_sent(c, line, len)) {
    case 1: return reply(c, seconds);
    case -1: return pop3c_fail(c, "was asked for too much");
  }
  /* An answer that came before its command must never be that of the next one. */
  if (stream_pending(&c->stream)) return pop3c_fail(c, "spoke without being asked, or closed");
  if (!stralloc_copyb(&out, line, len) || !stralloc_cats(&out, "\r\n")) return pop3c_fail(c, "out of memory");
  stream_limit(&c->stream, seconds);
  if (stream_write(&c->stream, out.s, out.len, 0) == -1) return pop3c_fail(c, "does not read");
  return reply(c, seconds);
}

int pop3c_ahead(struct pop3c *c, const char *lines, size_t len, unsigned long seconds)
{
  if (!pop3c_isopen(c)) return -1;
  if (c->at == c->sent.len && stream_pending(&c->stream)) return pop3c_fail(c, "spoke without being asked, or closed");
  if (!stralloc_catb(&c->sent, lines, len)) return pop3c_fail(c, "out of memory");
  stream_limit(&c->stream, seconds);
  return stream_write(&c->stream, lines, len, 0) == 1 ? 1 : pop3c_fail(c, "does not read");
}

int pop3c_line(struct pop3c *c, char **line, size_t *len, unsigned long seconds)
{
  int r;

  if (!pop3c_isopen(c)) return -1;
  stream_limit(&c->stream, seconds);
  r = stream_line(&c->stream, POP3C_LINE, line, len);
  if (r != 1) return pop3c_fail(c, why(r));
  if (!*len || **line != '.') return 1;
  if (*len == 1) return 0;
  ++*line;
  --*len;
  return 1;
}
