#include "early.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"

#define SHOWN 200  /* bytes of what is foreign */

static const char *cut(struct session *s, const char *where)
{
  log_event("early", session_id(s), s->ip, " spoke before its turn: ", where);
  s->over = s->cut = 1;
  return "554 5.5.0 you speak before your turn; goodbye";
}

const char *early_greeting(struct session *s)
{
  struct stream *c = &s->client;
  struct pollfd p = { .fd = c->in, .events = POLLIN };
  char byte;

  if (!c->socket) return 0;
  /* Whoever interrupts it must not let the client off. */
  if (s->set.greetdelay)
    while (poll(&p, 1, s->set.greetdelay > 1000 ? 1000000 : (int) s->set.greetdelay * 1000) == -1 && errno == EINTR && !stream_stopped) ;
  if (c->pos == c->len && recv(c->in, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) return 0;
  return cut(s, "before the greeting");
}

const char *early_strange(struct session *s, const char *line, size_t len)
{
  size_t i;

  /* In what it calls itself behind a command there may be anything. */
  for (i = 0; i < len && line[i] != '\n' && line[i] != ' '; ++i)
    if (((unsigned char) line[i] < ' ' && line[i] != '\t' && line[i] != '\r') || (!i && (unsigned char) *line > '~')) {
      log_text("foreign", session_id(s), "<", line, len > SHOWN ? SHOWN : len);
      s->over = 1;
      return "554 5.5.1 this is a mail server";
    }
  return 0;
}

const char *early_foreign(struct session *s)
{
  struct stream *c = &s->client;

  /* That there is nothing will be found again by who wants a line. */
  if (c->pos == c->len && stream_fill(c) <= 0) return 0;
  return early_strange(s, c->buffer + c->pos, c->len - c->pos);
}

const char *early_command(struct session *s, enum verb verb)
{
  const struct stream *c = &s->client;

  if (c->pos == c->len || !c->socket) return 0;
  switch (verb) {
    case VERB_EHLO: return cut(s, "behind EHLO");
    case VERB_HELO: return cut(s, "behind HELO");
    case VERB_DATA: return cut(s, "behind DATA");
    /* The session ends with these, or they have a word of their own to say. */
    case VERB_QUIT: case VERB_BDAT: case VERB_FOREIGN: case VERB_STARTTLS: return 0;
    default: return s->extended ? 0 : cut(s, "commands in a group, without EHLO");
  }
}
