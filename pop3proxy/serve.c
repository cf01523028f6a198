#include "serve.h"

#include <errno.h>
#include <string.h>

#include "capa.h"
#include "login.h"
#include "retrieve.h"
#include "stls.h"
#include "verbs.h"

#define COMMANDMAX 4096  /* bytes of a command line; RFC 2449, 4: 255 */
#define REPLIES 65536    /* bytes of answers that wait for more commands */
#define AHEAD 64         /* commands that the server gets before it has answered */

/* Has this command an answer of several lines? */
static int several(const struct verbs *v)
{
  return v->verb == VERB_RETR || v->verb == VERB_TOP || ((v->verb == VERB_LIST || v->verb == VERB_UIDL) && !v->number);
}

static void pass(struct session *s, const struct verbs *v)
{
  int r = session_relay(s, v->text, v->len);

  if (r == POP3C_OK && several(v)) session_lines(s);
  if (r == POP3C_OK && v->verb == VERB_DELE) maildrop_deleted(s, v->number);
  if (r == POP3C_OK && v->verb == VERB_RSET) maildrop_reset(s);
  if (r == POP3C_ERR) ++s->errors;
}

static void inside(struct session *s, const struct verbs *v)
{
  if (!s->set.filters) pass(s, v);
  else switch (v->verb) {
    case VERB_STAT: maildrop_stat(s); break;
    case VERB_LIST: maildrop_list(s, v->number); break;
    case VERB_RETR: retrieve_all(s, v->number); break;
    case VERB_TOP: retrieve_top(s, v->number, v->lines); break;
    case VERB_DELE:
      /* What is deleted has no UIDL any more, and RSET may bring it back. */
      if (maildrop_read(s) == 1) pass(s, v);
      break;
    default: pass(s, v);
  }
}

/* Will this command of the client's be asked of the server just as it is, whatever
 * comes of those before it, which are about these numbers? */
static int certain(struct session *s, const struct verbs *v, const unsigned long *numbers, size_t count)
{
  if (!VERBS_INSIDE(v->verb)) return 0;
  if (!s->set.filters) return 1;
  switch (v->verb) {
    case VERB_RETR:
      while (count)
        if (numbers[--count] == v->number) return 0;
      return retrieve_asks(s, v->number);
    case VERB_DELE: return s->box.read;
    case VERB_NOOP: case VERB_UIDL: return 1;
    default: return 0;
  }
}

/* The language of what the server says; which there are is several lines. */
static void lang(struct session *s, const char *line, size_t len, const struct verbs *v)
{
  if (!pop3c_isopen(&s->server)) session_reply(s, "-ERR say who you are first");
  else if (session_relay(s, line, len) == POP3C_OK && !v->argslen) session_lines(s);
}

static void leave(struct session *s)
{
  if (pop3c_isopen(&s->server)) session_relay(s, "QUIT", 4);
  else session_reply(s, "+OK goodbye");
  s->over = 1;
}

static void wrong(struct session *s, const char *reply)
{
  ++s->errors;
  session_reply(s, reply);
}

static void obey(struct session *s, const char *line, size_t len)
{
  struct verbs v;

  verbs_read(&v, line, len);
  if (v.verb == VERB_UNKNOWN) wrong(s, "-ERR unknown command");
  else if (v.verb == VERB_MALFORMED) wrong(s, "-ERR malformed command");
  else if (v.verb == VERB_QUIT) leave(s);
  else if (v.verb == VERB_CAPA) capa_answer(s);
  else if (v.verb == VERB_LANG) lang(s, line, len, &v);
  else if (VERBS_INSIDE(v.verb)) {
    if (s->open) inside(s, &v);
    else wrong(s, "-ERR log in first");
  } else if (s->open) wrong(s, "-ERR you are logged in already");
  else if (stls_before(v.verb)) wrong(s, "-ERR [AUTH] say STLS first");
  else if (v.verb == VERB_STLS) stls(s);
  else if (v.verb == VERB_USER) login_user(s, &v);
  else if (v.verb == VERB_PASS) login_pass(s, line, len);
  else if (v.verb == VERB_APOP) login_apop(s, line, len, &v);
  else if (v.verb == VERB_AUTH) login_auth(s, &v);
  else if (v.verb == VERB_UTF8 && pop3c_isopen(&s->server)) session_relay(s, "UTF8", 4);
  else wrong(s, "-ERR not possible here");
}

/* Pipelining --------------------------------------------------------------- */

/* Is the next command here already, so that its client waits for nothing? */
static const char *whole(const struct stream *c, const char *from)
{
  const char *end = c->buffer + c->len;

  return from < end ? memchr(from, '\n', (size_t) (end - from)) : 0;
}

/* Several commands are here, and so the server gets them at once, as far as it
 * is sure that it will be asked just these. */
static void ahead(struct session *s)
{
  static stralloc lines;
  const struct stream *c = &s->client;
  const char *at = c->buffer + c->pos, *nl;
  unsigned long numbers[AHEAD];
  struct verbs v;
  size_t count = 0;

  lines.len = 0;
  for (; count < AHEAD && (nl = whole(c, at)); ++count, at = nl + 1) {
    verbs_read(&v, at, (size_t) (nl - at) - (nl > at && nl[-1] == '\r'));
    if (!certain(s, &v, numbers, count)) break;
    numbers[count] = v.number;
    if (!stralloc_catb(&lines, v.text, v.len) || !stralloc_cats(&lines, "\r\n")) return;
  }
  if (count < 2 || capa_ask(s) == -1 || !(s->offers & OFFERS_PIPELINING)) return;
  pop3c_ahead(&s->server, lines.s, lines.len, s->set.timeoutremote);
}

/* The whole ------------------------------------------------------------------ */

/* Why there is no next command. Without QUIT nothing is deleted. */
static void lost(struct session *s, int r)
{
  if (r == -1 && errno == EINTR) session_reply(s, "-ERR [SYS/TEMP] this proxy is going down");
  else if (r == -1 && errno == ETIMEDOUT) session_reply(s, "-ERR too slow; goodbye");
  else if (r == -1 && errno == EMSGSIZE) session_reply(s, "-ERR the command is too long; goodbye");
  s->over = 1;
}

void serve(struct session *s)
{
  const struct stream *c = &s->client;
  const char *nl;
  char *line;
  size_t len;
  int r;

  while (!s->over) {
    nl = whole(c, c->buffer + c->pos);
    if ((!nl || s->out.len > REPLIES) && session_flush(s) == -1) break;
    if (nl && s->open && s->server.at == s->server.sent.len && whole(c, nl + 1)) ahead(s);
    stream_limit(&s->client, s->set.timeoutpop3d);
    r = stream_line(&s->client, COMMANDMAX, &line, &len);
    if (r != 1) {
      lost(s, r);
      break;
    }
    session_heard(s, line, len);
    obey(s, line, len);
    if (s->errors > s->set.maxerrors && !s->over) {
      session_reply(s, "-ERR too many errors; goodbye");
      s->over = 1;
    }
  }
  session_flush(s);
}
