#include "smtpc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "smtptls.h"
#include "tlsc.h"

#define LINEMAX 12294  /* bytes of a reply line; RFC 5321, 4.5.3.1.5: 512; RFC 4954, 4: 12288 */
#define LINES   100    /* lines of a reply */
#define TEXTMAX 12288  /* bytes of a reply that are kept */

static int fail(struct smtpc *c, const char *trouble)
{
  c->trouble = trouble;
  smtpc_close(c);
  return -1;
}

int smtpc_isopen(const struct smtpc *c)
{
  return c->stream.buffer && c->stream.in >= 0;
}

void smtpc_close(struct smtpc *c)
{
  if (smtpc_isopen(c)) close(c->stream.in);
  c->stream.in = c->stream.out = -1;
  if (c->tls) tlsc_end(c->process);
  c->tls = 0;
}

/* Keep what may be shown to anyone: no control bytes, no 8-bit bytes. */
static int keep(struct smtpc *c, const char *text, size_t len)
{
  size_t i;

  if (c->text.len && !stralloc_append(&c->text, "\n")) return 0;
  if (c->text.len >= TEXTMAX) return 1;
  if (len > TEXTMAX - c->text.len) len = TEXTMAX - c->text.len;
  if (!stralloc_catb(&c->text, text, len)) return 0;
  for (i = c->text.len - len; i < c->text.len; ++i)
    if (c->text.s[i] < 32 || c->text.s[i] > 126) c->text.s[i] = '?';
  return 1;
}

/* RFC 5321, 4.2: three digits, of which the second is 0 to 5 (4.2.1). */
static int code(const char *line, size_t len)
{
  if (len < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' ||
      line[2] < '0' || line[2] > '9' || (len > 3 && line[3] != ' ' && line[3] != '-')) return -1;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
}

int smtpc_reply(struct smtpc *c, unsigned long seconds)
{
  char *line;
  size_t len;
  int lines, r, first = 0, now;

  stream_limit(&c->stream, seconds);
  c->text.len = 0;
  for (lines = 0; lines < LINES; ++lines) {
    r = stream_line(&c->stream, LINEMAX, &line, &len);
    if (r == 0) return fail(c, "closed the connection");
    if (r == -1) return fail(c, errno == ETIMEDOUT ? "did not answer in time" :
                                errno == EMSGSIZE ? "sent an endless line" : "lost the connection");
    now = code(line, len);
    if (now == -1 || (first && now != first)) return fail(c, "sent what is no reply");
    first = now;
    if (!keep(c, line + (len > 4 ? 4 : len), len > 4 ? len - 4 : 0)) return fail(c, "out of memory");
    if (len < 4 || line[3] == ' ') {
      c->code = first;
      return first;
    }
  }
  return fail(c, "sent an endless reply");
}

static int tell(struct smtpc *c, const char *line, size_t len, unsigned long seconds)
{
  if (!stralloc_copyb(&c->line, line, len) || !stralloc_cats(&c->line, "\r\n"))
    return fail(c, "out of memory");
  stream_limit(&c->stream, seconds);
  if (stream_write(&c->stream, c->line.s, c->line.len, 0) == -1) return fail(c, "does not read");
  return 1;
}

int smtpc_send(struct smtpc *c, const char *line, size_t len, unsigned long seconds)
{
  /* A reply that came before its command must never answer the next one. */
  if (stream_pending(&c->stream)) return fail(c, "spoke without being asked, or closed");
  return tell(c, line, len, seconds);
}

int smtpc_command(struct smtpc *c, const char *line, size_t len, unsigned long seconds)
{
  return smtpc_send(c, line, len, seconds) == 1 ? smtpc_reply(c, seconds) : -1;
}

static int starts(const char *line, size_t len, const char *word, size_t n)
{
  return len >= n && !case_diffb(line, n, word) && (len == n || line[n] == ' ');
}

/* What stands behind such a word, added to what others of the kind said. */
static void words(stralloc *to, const char *line, size_t len, const char *word, size_t n)
{
  if (len <= n || case_diffb(line, n, word) || (line[n] != ' ' && line[n] != '=')) return;
  if (!stralloc_cats(to, " ") || !stralloc_catb(to, line + n + 1, len - n - 1)) to->len = 0;
}

/* The lines of the answer to EHLO, behind the first. */
static void offered(struct smtpc *c)
{
  static const struct { const char *word; size_t len; unsigned int flag; } known[] = {
    { "SIZE", 4, SMTPC_SIZE }, { "8BITMIME", 8, SMTPC_8BITMIME },
    { "SMTPUTF8", 8, SMTPC_SMTPUTF8 }, { "DSN", 3, SMTPC_DSN },
    { "ENHANCEDSTATUSCODES", 19, SMTPC_STATUS }, { "PIPELINING", 10, SMTPC_PIPELINING },
    { "STARTTLS", 8, SMTPC_STARTTLS },
  };
  const char *line = c->text.s, *end = c->text.s + c->text.len, *nl;
  size_t i, len;

  for (; line < end; line = nl + 1) {
    nl = memchr(line, '\n', (size_t) (end - line));
    if (!nl) nl = end;
    if (line == c->text.s) continue;
    len = (size_t) (nl - line);
    for (i = 0; i < sizeof known / sizeof *known; ++i)
      if (starts(line, len, known[i].word, known[i].len)) c->offers |= known[i].flag;
    if (starts(line, len, "SIZE", 4) && len > 5)
      for (i = 5; i < len && line[i] >= '0' && line[i] <= '9' && c->size < 1UL << 50; ++i)
        c->size = c->size * 10 + (unsigned long) (line[i] - '0');
    words(&c->auth, line, len, "AUTH", 4);
    words(&c->xclient, line, len, "XCLIENT", 7);
    words(&c->xforward, line, len, "XFORWARD", 8);
  }
  if (c->auth.len) c->offers |= SMTPC_AUTH;
}

static int say(struct smtpc *c, const char *verb, const char *me, unsigned long seconds)
{
  stralloc line = { 0 };
  int r;

  if (!stralloc_copys(&line, verb) || !stralloc_cats(&line, me)) return fail(c, "out of memory");
  r = smtpc_command(c, line.s, line.len, seconds);
  stralloc_free(&line);
  return r;
}

static int refused(struct smtpc *c, int r)
{
  smtpc_close(c);
  return r;
}

int smtpc_hello(struct smtpc *c, const char *me, unsigned long seconds)
{
  int r = say(c, c->lmtp ? "LHLO " : "EHLO ", me, seconds);

  c->offers = 0;
  c->size = 0;
  c->auth.len = c->xclient.len = c->xforward.len = 0;
  if (r == 250) offered(c);
  else if (r >= 500 && !c->lmtp) r = say(c, "HELO ", me, seconds);
  return r == -1 || r == 250 ? r : refused(c, r);
}

/* Before everything else, TLS too. */
static int proxied(const struct smtpc *c, const struct upstream *to, int fd)
{
  static const struct proxy none;
  char header[PROXY_MADE];
  size_t len, sent = 0;
  ssize_t r;

  if (to->client != UPSTREAM_CLIENT_PROXY) return 1;
  for (len = proxy_make(c->client ? c->client : &none, header); sent < len; sent += (size_t) r) {
    r = send(fd, header + sent, len - sent, MSG_NOSIGNAL);
    if (r == -1 && errno == EINTR) r = 0;
    if (r == -1) return 0;
  }
  return 1;
}

/* safe: with TLS, as it is wanted. */
static int attempt(struct smtpc *c, const struct upstream *to, int safe, const char *me, unsigned long connect,
                   unsigned long reply)
{
  int r, fd;

  smtpc_close(c);
  c->unsafe = 0;
  c->lmtp = to->kind == UPSTREAM_LMTP;
  fd = to->port ? dial_tcp(to->host, to->port, connect) : dial(to->host, connect);
  if (fd == -1)
    return fail(c, errno == EADDRNOTAVAIL ? "has no address" : "does not accept a connection");
  if (!proxied(c, to, fd)) {
    close(fd);
    return fail(c, "does not read");
  }
  if (safe && to->smtps && smtptls_begin(c, to, &fd, connect) == -1) return -1;
  stream_begin(&c->stream, fd, fd, c->buffer, sizeof c->buffer, reply);

  r = smtpc_reply(c, reply);
  if (r == -1) return -1;
  if (r != 220) return refused(c, r == 250 ? 554 : r);
  r = smtpc_hello(c, me, reply);
  if (r != 250 || !safe || to->smtps) return r;
  r = smtptls_start(c, to, connect, reply);
  return r == 1 ? smtpc_hello(c, me, reply) : r == 0 ? 250 : -1;
}

int smtpc_open(struct smtpc *c, const struct upstream *to, const char *me, unsigned long connect,
               unsigned long reply)
{
  int r = attempt(c, to, to->tls != UPSTREAM_TLS_NO, me, connect, reply);

  /* A handshake that failed has spoilt its connection. */
  return c->unsafe && to->tls == UPSTREAM_TLS_MAY ? attempt(c, to, 0, me, connect, reply) : r;
}

void smtpc_quit(struct smtpc *c)
{
  if (!smtpc_isopen(c)) return;
  if (tell(c, "QUIT", 4, 5) == 1) smtpc_reply(c, 5);
  smtpc_close(c);
}
