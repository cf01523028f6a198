#include "serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "auth.h"
#include "behind.h"
#include "data.h"
#include "early.h"
#include "guard.h"
#include "log.h"
#include "onward.h"
#include "starttls.h"
#include "transaction.h"
#include "xclient.h"

#define COMMANDMAX 4096     /* bytes of a command line; RFC 5321, 4.5.3.1.4: 512 */
#define IDLEMAX 100         /* commands without effect */
#define OFTEN 8             /* commands, after which the time is asked for */
#define LINGER 1048576      /* bytes that are read, and */
#define PARTING 2           /* seconds that are waited, of a client that was cut off */
#define REPLIES 65536       /* bytes of replies that wait for more commands */
#define GRACE 300000        /* milliseconds that a transaction may outlast its session */

static const char *nomemory(struct session *s)
{
  s->over = 1;
  return "421 4.3.0 out of memory; try again later";
}

const char *serve_greeting(struct session *s)
{
  static stralloc line;

  if (!stralloc_copys(&line, "220 ") || !stralloc_cats(&line, s->set.me.s) ||
      !stralloc_cats(&line, " ESMTP") || !stralloc_0(&line)) return nomemory(s);
  return line.s;
}

/* Commands --------------------------------------------------------------
 * Each gives back its reply, or 0 where that has been queued already. One that
 * begins with 5 counts as an error of the client's. */

/* Nothing that is not printable is kept of a name that a client gives itself. 0, or the reply. */
static const char *hello(struct session *s, const char *args, size_t len)
{
  size_t i;

  transaction_reset(s);
  if (!len || len > 255) return "501 5.5.4 say your host name behind the command";
  if (!stralloc_copyb(&s->helo, args, len) || !stralloc_0(&s->helo)) {
    s->helo.len = 0;
    return nomemory(s);
  }
  for (i = 0; i < len; ++i)
    if (args[i] <= 32 || args[i] > 126) s->helo.s[i] = '?';
  xclient_settle(s);
  return 0;
}

static const char *helo(struct session *s, const char *args, size_t len)
{
  static stralloc reply;
  const char *why = hello(s, args, len);

  if (why) return why;
  s->extended = 0;
  s->offers = 0;
  if (!stralloc_copys(&reply, "250 ") || !stralloc_cats(&reply, s->set.me.s) ||
      !stralloc_0(&reply)) return nomemory(s);
  return reply.s;
}

/* What we can carry, cut down by what the upstream offers. PIPELINING and SIZE
 * are ours: we hand on one command at a time, and count. Where there are routes it is
 * not known yet who will be the upstream. */
static void offer(struct session *s)
{
  unsigned int carried = SMTPC_8BITMIME | SMTPC_SMTPUTF8 | SMTPC_DSN | SMTPC_STATUS;

  s->offers = SMTPC_SIZE | SMTPC_PIPELINING;
  if (s->set.routes.any) {
    s->offers |= s->set.offers;
    return;
  }
  if (behind_connect(s)) s->offers |= behind_offers(s) & carried;
  if (auth_open(s)) s->offers |= SMTPC_AUTH;
}

static unsigned long sizelimit(const struct session *s)
{
  unsigned long theirs = smtpc_isopen(&s->upstream) && !s->set.routes.any ? s->upstream.size : 0;

  if (!theirs || (s->set.databytes && s->set.databytes < theirs)) return s->set.databytes;
  return theirs;
}

static const char *ehlo(struct session *s, const char *args, size_t len)
{
  static stralloc reply;
  const char *why = hello(s, args, len);
  unsigned int o;

  if (why) return why;
  s->extended = 1;
  offer(s);
  o = s->offers;
  if (!stralloc_copys(&reply, "250-") || !stralloc_cats(&reply, s->set.me.s) ||
      !stralloc_cats(&reply, "\r\n250-PIPELINING") ||
      (o & SMTPC_8BITMIME && !stralloc_cats(&reply, "\r\n250-8BITMIME")) ||
      (o & SMTPC_SMTPUTF8 && !stralloc_cats(&reply, "\r\n250-SMTPUTF8")) ||
      (o & SMTPC_DSN && !stralloc_cats(&reply, "\r\n250-DSN")) ||
      (o & SMTPC_AUTH && !auth_offer(s, &reply)) ||
      (o & SMTPC_STATUS && !stralloc_cats(&reply, "\r\n250-ENHANCEDSTATUSCODES")) ||
      !xclient_offer(s, &reply) ||
      (starttls_offered(s) && !stralloc_cats(&reply, "\r\n250-STARTTLS")) ||
      !stralloc_cats(&reply, "\r\n250 SIZE ") || !stralloc_number(&reply, sizelimit(s)) ||
      !stralloc_0(&reply)) return nomemory(s);
  return reply.s;
}

/* What to say of a path or of parameters that were not understood, or 0. */
static const char *malformed(int r)
{
  switch (r) {
    case 1: return 0;
    case -1: return "553 5.1.0 source routes are not accepted";
    case 555: return "555 5.5.4 a parameter that was not offered";
    case 501: return "501 5.5.4 malformed parameter";
    case 451: return "451 4.3.0 out of memory; try again later";
    default: return "501 5.1.0 malformed address";
  }
}

/* A message that comes to no transaction is one that was refused, and is on record. */
static const char *unwanted(struct session *s, const char *reply, const char *result)
{
  struct transaction *t = &s->t;

  transaction_begin(s, 0);
  if (!stralloc_copys(&t->refusal, reply) || !stralloc_0(&t->refusal) ||
      !stralloc_copys(&t->result.text, result) || !stralloc_0(&t->result.text)) s->over = 1;
  ++t->refused;
  transaction_reset(s);
  return reply;
}

static const char *mail(struct session *s, const char *args, size_t len)
{
  static struct params p;
  struct transaction *t = &s->t;
  const char *why;
  unsigned long limit;

  if (!s->helo.len) return "503 5.5.1 say EHLO first";
  if (t->open) return "503 5.5.1 there is a sender already";
  if ((why = malformed(command_path("FROM:", &args, &len, &t->sender))) ||
      (why = malformed(command_params(args, len, 0, s->offers, &p)))) return why;
  if (t->sender.utf8 && !p.smtputf8) return "553 5.6.7 such an address needs SMTPUTF8";
  if ((why = guard_mail(s))) return unwanted(s, why, "refused");
  if (!s->set.routes.any && !behind_connect(s)) return behind_unreached(s);
  /* Who has not said who it is cannot speak for others; RFC 4954, 5. */
  if (!s->bound) p.auth.len = 0;
  if (!s->set.routes.any && behind_lacks(s, &p))
    return "451 4.3.3 the mail server behind this one has changed; say EHLO again";
  limit = sizelimit(s);
  if (limit && p.size > limit) return unwanted(s, "552 5.3.4 the message is too large", "reject/delete, too large");
  transaction_begin(s, p.smtputf8);
  t->params = &p;
  if (!s->set.routes.any && s->to->host && !behind_mail(s, &p)) {
    ++t->refused;
    transaction_reset(s);
    return 0;
  }
  return "250 2.1.0 sender ok";
}

/* Only addresses that the port is there for, and only in a form that no server
 * behind us can take for an order to relay. */
static int accepted(const struct session *s, const struct address *a)
{
  if (s->relay) return 1;
  if (a->domain == a->len && !case_diffs(a->text, "postmaster")) return 1;
  return !command_relays(a) && settings_accepts(&s->set, a->text, a->len);
}

/* Nobody behind us need know of a trap: it takes all mail, and keeps it. Who may
 * relay is believed: the list alone must tell, later, which recipients are traps. */
static int is_trap(const struct session *s, const struct address *a)
{
  return (s->relay || !command_relays(a)) && settings_traps(&s->set, a->text, a->len);
}

static int keep(stralloc *recipients, const struct address *a)
{
  if (!stralloc_catb(recipients, a->text, a->len) || !stralloc_cats(recipients, "\n") ||
      !stralloc_0(recipients)) return 0;
  --recipients->len;
  return 1;
}

/* Who guesses addresses shall not have more of them here than behind us. */
static const char *no_recipient(struct session *s)
{
  ++s->errors;
  return guard_recipient(s, 0);
}

static const char *rcpt(struct session *s, const char *args, size_t len)
{
  static struct params p;
  struct transaction *t = &s->t;
  struct address a;
  const char *why;
  int trap;

  if (!t->open) return "503 5.5.1 say MAIL first";
  if ((why = malformed(command_path("TO:", &args, &len, &a))) ||
      (why = malformed(command_params(args, len, 1, s->offers, &p)))) return why;
  if (!a.len) return "501 5.1.3 a recipient is needed";
  if (a.utf8 && !t->utf8) return "553 5.6.7 such an address needs SMTPUTF8";
  if (t->count >= s->set.maxrecipients) {
    /* A mailing list may ask for some more, and send to those it got; a flood may not. */
    if (++t->refused > s->set.maxrecipients) ++s->errors;
    return "452 4.5.3 too many recipients; send the message again for the others";
  }
  ++t->refused;
  trap = is_trap(s, &a);
  if (!trap && !accepted(s, &a)) {
    if (s->set.level & LOG_EXTENDED) log_event("relay-denied", t->id, a.text);
    session_reply(s, "550 5.7.1 no mail for this address is accepted here");
    return no_recipient(s);
  }
  if (!trap && (why = onward(s, &a))) {
    s->errors += t->refused > s->set.maxrecipients;
    return *why ? why : 0;
  }
  if (!trap && s->to->host && !behind_rcpt(s, &a, &p)) return t->class == '5' ? no_recipient(s) : 0;
  /* Nor does a trap speak for who found it. */
  if (!trap) guard_recipient(s, 1);
  if (!keep(&t->recipients, &a)) return nomemory(s);
  --t->refused;
  ++t->count;
  t->traps += (unsigned long) trap;
  return "250 2.1.5 recipient ok";
}

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
    case VERB_HELO: return helo(s, args, n);
    case VERB_EHLO: return ehlo(s, args, n);
    case VERB_MAIL: return mail(s, args, n);
    case VERB_RCPT: return rcpt(s, args, n);
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

/* A connection that is closed with bytes unread takes what was said last with
 * it: read on for a moment, so that a client which was cut off learns why. */
static void linger(struct session *s)
{
  unsigned long long most = s->client.got + LINGER;

  shutdown(s->client.out, SHUT_WR);
  stream_limit(&s->client, PARTING);
  do s->client.pos = s->client.len;
  while (s->client.got < most && stream_fill(&s->client) > 0);
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
  if (session_flush(s) == 1 && s->cut) linger(s);
  transaction_reset(s);
}
