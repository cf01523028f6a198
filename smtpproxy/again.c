#include "again.h"

#include <string.h>

#include "behind.h"
#include "log.h"

/* What it takes back now would change what the client has sent. */
static int offers_no_less(const struct session *s)
{
  unsigned int told = s->offers & (SMTPC_8BITMIME | SMTPC_SMTPUTF8 | SMTPC_DSN);

  return (behind_offers(s) & told) == told;
}

/* 1 or 0: each of the commands that were taken is taken again. */
static int repeat(struct session *s)
{
  const char *line = s->t.rcpts.s, *end = line + s->t.rcpts.len, *nl;

  if (behind_repeat(s) / 10 != 25) return 0;
  for (; line < end; line = nl + 1) {
    nl = memchr(line, '\n', (size_t) (end - line));
    if (behind_ask(s, line, (size_t) (nl - line)) / 10 != 25) return 0;
  }
  return 1;
}

int again(struct session *s, int envelope)
{
  if (!s->to->host || smtpc_isopen(&s->upstream)) return 1;
  if (!behind_connect(s)) return 0;
  if (!s->to->host) return 1;
  if (offers_no_less(s) && (!envelope || repeat(s))) {
    log_event("upstream-again", s->t.id, upstream_name(s->to), ": the envelope was said again");
    return 1;
  }
  log_event("upstream-lost", s->t.id, upstream_name(s->to), ": came back, and not as it was");
  smtpc_close(&s->upstream);
  return 0;
}
