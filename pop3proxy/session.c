#include "session.h"

#include <string.h>

#include "log.h"

void session_reply(struct session *s, const char *reply)
{
  if (!stralloc_cats(&s->out, reply) || !stralloc_cats(&s->out, "\r\n")) s->over = 1;
  if (s->set.level & LOG_DETAILED) log_text("client", s->id, ">", reply, strlen(reply));
}

int session_flush(struct session *s)
{
  int r = 1;

  if (!s->out.len) return 1;
  stream_limit(&s->client, s->set.timeoutpop3d);
  if (stream_write(&s->client, s->out.s, s->out.len, 0) == -1) {
    r = -1;
    s->over = 1;
  }
  s->out.len = 0;
  return r;
}

int session_connect(struct session *s, const struct pop *to)
{
  int r;

  if (pop3c_isopen(&s->server) && s->to == to) return 1;
  s->to = to;
  s->offers = 0;
  r = pop3c_open(&s->server, to, s->set.timeoutconnect, s->set.timeoutremote);
  if (r == POP3C_OK) {
    if (s->server.tls && (s->set.level & LOG_EXTENDED)) log_event("upstream-tls", s->id, to->host, " ", s->server.tls);
    return 1;
  }
  log_event("upstream-down", s->id, to->host, " ", to->port, ": ",
            r == POP3C_LOST ? s->server.trouble : "refuses the session");
  session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox cannot be reached; try again later");
  return 0;
}

void session_lost(struct session *s)
{
  log_event("upstream-lost", s->id, s->to ? s->to->host : "", ": ", s->server.trouble ? s->server.trouble : "");
  s->over = 1;
}

/* A command as the log may have it. */
static size_t harmless(const char *line, size_t len)
{
  if (len > 4 && (!case_diffb("PASS", 4, line) || !case_diffb("APOP", 4, line) || !case_diffb("AUTH", 4, line)))
    return 4;
  return len;
}

void session_heard(const struct session *s, const char *line, size_t len)
{
  if (s->set.level & LOG_DETAILED) log_text("client", s->id, "<", line, harmless(line, len));
}

int session_ask(struct session *s, const char *line, size_t len)
{
  int r;

  if (s->set.level & LOG_DETAILED) log_text("upstream", s->id, ">", line, harmless(line, len));
  r = pop3c_ask(&s->server, line, len, s->set.timeoutremote);
  if (r != POP3C_LOST) {
    if (s->set.level & LOG_DETAILED) log_text("upstream", s->id, "<", s->server.text.s, s->server.text.len - 1);
    return r;
  }
  session_lost(s);
  session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is lost; try again later");
  return r;
}

int session_relay(struct session *s, const char *line, size_t len)
{
  int r = session_ask(s, line, len);

  if (r != POP3C_LOST) session_reply(s, s->server.text.s);
  return r;
}

/* How far an answer of several lines is known: its last bytes. */
struct seen {
  char tail[8];
  size_t len;
};

static const char last[] = "\r\n.\r\n";
enum { LAST = 5 };

/* How many of the len bytes at p belong to the answer; *ended: it ends there. */
static size_t belongs(struct seen *seen, const char *p, size_t len, int *ended)
{
  char both[8];
  size_t ours = seen->len, more = len < LAST - 1 ? len : LAST - 1;
  const char *found;

  memcpy(both, seen->tail, ours);
  memcpy(both + ours, p, more);
  *ended = 1;
  found = memmem(both, ours + more, last, LAST);
  if (found) return (size_t) (found - both) + LAST - ours;
  found = memmem(p, len, last, LAST);
  if (found) return (size_t) (found - p) + LAST;
  *ended = 0;
  if (len >= LAST - 1) {
    memcpy(seen->tail, p + len - (LAST - 1), LAST - 1);
    seen->len = LAST - 1;
  } else {
    ours += more;
    seen->len = ours < LAST - 1 ? ours : LAST - 1;
    memcpy(seen->tail, both + ours - seen->len, seen->len);
  }
  return len;
}

int session_lines(struct session *s)
{
  struct stream *c = &s->server.stream;
  struct seen seen = { "\r\n", 2 };
  struct iovec v[2];
  int ended;
  size_t n;

  do {
    if (c->pos == c->len) {
      stream_limit(c, s->set.timeoutremote);
      if (stream_fill(c) <= 0) {
        pop3c_fail(&s->server, "lost within an answer");
        session_lost(s);
        s->out.len = 0;
        return -1;
      }
    }
    n = belongs(&seen, c->buffer + c->pos, c->len - c->pos, &ended);
    v[0] = (struct iovec) { s->out.s, s->out.len };
    v[1] = (struct iovec) { c->buffer + c->pos, n };
    stream_limit(&s->client, s->set.timeoutpop3d);
    if (stream_writev(&s->client, v, 2, 0) == -1) {
      s->over = 1;
      return -1;
    }
    s->out.len = 0;
    c->pos += n;
  } while (!ended);
  return 1;
}
