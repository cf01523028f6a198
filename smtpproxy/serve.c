#include "serve.h"

#include <errno.h>
#include <string.h>

#include "auth.h"
#include "data.h"
#include "early.h"
#include "hello.h"
#include "log.h"
#include "paths.h"
#include "starttls.h"
#include "transaction.h"
#include "xclient.h"

#define COMMANDMAX 4096     /* bytes of a command line; RFC 5321, 4.5.3.1.4: 512 */
#define IDLEMAX 100         /* commands without effect */
#define OFTEN 8             /* commands, after which the time is asked for */
#define REPLIES 65536       /* bytes of replies that wait for more commands */
#define GRACE 300000        /* milliseconds that a transaction may outlast its session */

const char *serve_greeting(struct session *s)
{
  static stralloc line;

  if (!stralloc_copys(&line, "220 ") || !stralloc_cats(&line, s->set.me.s) ||
      !stralloc_cats(&line, " ESMTP") || !stralloc_0(&line)) return session_nomemory(s);
  return line.s;
}

/* Commands --------------------------------------------------------------
 * hello.h and paths.h have more of them. Each gives back its reply, or 0 where that
 * has been queued already. One that begins with 5 counts as an error of the client's. */

static const char *data(struct session *s, size_t argslen)
{
  if (argslen) return "501 5.5.4 DATA stands alone";
  if (!s->t.open) return "503 5.5.1 say MAIL first";
  if (!s->t.count) return "554 5.5.1 no valid recipients";
  data_take(s);
  transaction_reset(s);
  s->idle = 0;
  return 0;
}

static const char *reset(struct session *s)
{
  transaction_reset(s);
  return "250 2.0.0 ok";
}

static const char *leave(struct session *s, const char *reply)
{
  s->over = 1;
  return reply;
}

static const char *obey(struct session *s, const char *line, size_t len)
{
  const char *args;
  size_t n;
  enum verb verb = command_verb(line, len, &args, &n);
  const char *early;

  if (s->set.level & LOG_DETAILED)
    log_text("client", session_id(s), "<", line, auth_shown(s, verb < VERB_UNKNOWN, line, len));
  if ((early = early_command(s, verb))) return early;
  s->idle += verb != VERB_MAIL && verb != VERB_RCPT && verb != VERB_DATA;
  if (starttls_before(s, verb)) return "530 5.7.0 say STARTTLS first";
  switch (verb) {
    case VERB_HELO: return hello_helo(s, args, n);
    case VERB_EHLO: return hello_ehlo(s, args, n);
    case VERB_MAIL: return paths_mail(s, args, n);
    case VERB_RCPT: return paths_rcpt(s, args, n);
    case VERB_DATA: return data(s, n);
    case VERB_RSET: return reset(s);
    case VERB_NOOP: return "250 2.0.0 ok";
    case VERB_QUIT: return leave(s, "221 2.0.0 goodbye");
    case VERB_STARTTLS: return starttls(s, n);
    case VERB_XCLIENT: return xclient_take(s, args, n, serve_greeting(s));
    case VERB_XFORWARD: return xclient_forward(s, args, n);
    case VERB_AUTH: return auth_take(s, args, n);
    case VERB_VRFY: return "252 2.5.0 send some mail and see";
    case VERB_HELP: return "214 2.0.0 see RFC 5321";
    case VERB_UNOFFERED: return "502 5.5.1 not offered";
    /* RFC 3030: its bytes follow at once, and must not be taken for commands. */
    case VERB_BDAT: return leave(s, "502 5.5.1 not offered");
    case VERB_FOREIGN:
      log_text("foreign", session_id(s), "<", line, auth_shown(s, 0, line, len));
      return leave(s, "554 5.5.1 this is a mail server");
    default: return "500 5.5.2 unknown command";
  }
}

void serve_lost(struct session *s, int r)
{
  s->cut = r == -1 && errno == EMSGSIZE;
  if (r == -1 && errno == EINTR) session_reply(s, "421 4.3.2 this server is going down; try again later");
  else if (r == -1 && errno == ETIMEDOUT) session_reply(s, "421 4.4.2 too slow; goodbye");
  else if (r == -1 && errno == EMSGSIZE) session_reply(s, "500 5.5.6 the command is too long; goodbye");
  s->over = 1;
}

/* A line that is longer than others may be: only where passwords pass. */
static int too_long(const struct session *s, const char *line, size_t len)
{
  return len > COMMANDMAX && !(s->offers & SMTPC_AUTH && !case_diffb(line, 5, "AUTH "));
}

/* Is the next command here already, so that its client waits for nothing? */
static int whole(const struct stream *c)
{
  return c->pos < c->len && memchr(c->buffer + c->pos, '\n', c->len - c->pos);
}

/* Is it time to part? The time is asked for by MAIL, by the text of a message, and here now and then. */
static int enough(struct session *s)
{
  long long now = ++s->commands % OFTEN ? clock_last() : clock_about();

  return s->errors > s->set.maxerrors || s->idle > IDLEMAX || now > s->end + (s->t.open ? GRACE : 0);
}

void serve(struct session *s)
{
  const char *reply;
  char *line;
  size_t len;
  int r;

  while (!s->over) {
    if ((!whole(&s->client) || s->out.len > REPLIES) && session_flush(s) == -1) break;
    stream_limit(&s->client, s->set.timeoutsmtpd);
    if (!s->helo.len && (reply = early_foreign(s))) {
      session_reply(s, reply);
      break;
    }
    r = stream_line(&s->client, s->offers & SMTPC_AUTH ? AUTH_LINE : COMMANDMAX, &line, &len);
    if (r == 1 && too_long(s, line, len)) {
      errno = EMSGSIZE;
      r = -1;
    }
    if (r != 1) {
      serve_lost(s, r);
      break;
    }
    if (s->helo.len || !(reply = early_strange(s, line, len))) reply = obey(s, line, len);
    if (reply) session_reply(s, reply);
    if (reply && *reply == '5') ++s->errors;
    if (s->over) break;
    if (s->bound && !smtpc_isopen(&s->upstream))
      s->over = 1, session_reply(s, "421 4.4.2 the mail server behind this one has gone, and knows you no more");
    else if (enough(s)) {
      session_reply(s, "421 4.7.0 too many errors, or too long a session; goodbye");
      s->over = s->cut = 1;
    }
  }
  if (session_flush(s) == 1 && s->cut) stream_part(&s->client);
  transaction_reset(s);
}
