#include "session.h"

#include <string.h>

#include "log.h"
#include "starttls.h"

const char *session_id(const struct session *s)
{
  return s->t.open ? s->t.id : s->id;
}

const char *session_protocol(const struct session *s)
{
  static const char *const names[2][4] = {
    { "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA" },
    { "UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA" }  /* RFC 6531, 3.7.3 */
  };

  if (!s->extended) return "SMTP";
  return names[s->t.utf8 != 0][(s->tls ? 2 : 0) + (s->user.len ? 1 : 0)];
}

/* Without memory to queue it. */
static void say_now(struct session *s, const char *reply)
{
  s->over = 1;
  if (session_flush(s) == -1) return;
  stream_limit(&s->client, s->set.timeoutsmtpd);
  if (stream_write(&s->client, reply, strlen(reply), 1) == -1 || stream_write(&s->client, "\r\n", 2, 0) == -1) s->lost = 1;
}

void session_reply(struct session *s, const char *reply)
{
  size_t queued = s->out.len;

  if (!stralloc_cats(&s->out, reply) || !stralloc_cats(&s->out, "\r\n")) {
    s->out.len = queued;
    say_now(s, reply);
  }
  s->t.class = *reply;
  if (!stralloc_copys(&s->t.heard, reply) || !stralloc_0(&s->t.heard)) {
    s->t.heard.len = 0;
    s->over = 1;
  }
  if (s->t.open && *reply >= '4' && !stralloc_copyb(&s->t.refusal, s->t.heard.s, s->t.heard.len))
    s->over = 1;
  if (s->set.level & LOG_DETAILED) log_text("client", session_id(s), ">", reply, strlen(reply));
}

const char *session_nomemory(struct session *s)
{
  s->over = 1;
  return "421 4.3.0 out of memory; try again later";
}

int session_flush(struct session *s)
{
  int r = 1;

  if (s->lost) return -1;
  if (!s->out.len) return 1;
  stream_limit(&s->client, s->set.timeoutsmtpd);
  if (stream_write(&s->client, s->out.s, s->out.len, 0) == -1) {
    r = -1;
    s->lost = s->over = 1;
  }
  s->out.len = 0;
  return r;
}

int session_present(const struct session *s)
{
  int r = stream_present(&s->client);

  return r == -1 ? !starttls_cut(s) : r;
}
