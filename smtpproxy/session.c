#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "data.h"
#include "log.h"
#include "record.h"
#include "transaction.h"

#define COMMANDMAX 4096     /* bytes of a command line; RFC 5321, 4.5.3.1.4: 512 */
#define IDLEMAX 100         /* commands without effect */
#define LINGER 1048576      /* bytes that are read, and */
#define PARTING 2           /* seconds that are waited, of a client that was cut off */
#define REPLIES 65536       /* bytes of replies that wait for more commands */
#define GRACE 300000        /* milliseconds that a transaction may outlast its session */

const char *session_id(const struct session *s)
{
  return s->t.open ? s->t.id : s->id;
}

void session_reply(struct session *s, const char *reply)
{
  if (!stralloc_cats(&s->out, reply) || !stralloc_cats(&s->out, "\r\n") ||
      !stralloc_copys(&s->t.heard, reply) || !stralloc_0(&s->t.heard)) s->over = 1;
  if (s->t.open && *reply >= '4' && !stralloc_copyb(&s->t.refusal, s->t.heard.s, s->t.heard.len))
    s->over = 1;
  if (s->set.level & LOG_DETAILED) log_text("client", session_id(s), ">", reply, strlen(reply));
}

int session_flush(struct session *s)
{
  int r = 1;

  if (!s->out.len) return 1;
  stream_limit(&s->client, s->set.timeoutsmtpd);
  if (stream_write(&s->client, s->out.s, s->out.len, 0) == -1) {
    r = -1;
    s->over = 1;
  }
  s->out.len = 0;
  return r;
}

int session_present(const struct session *s)
{
  char c;
  ssize_t r = recv(s->client.in, &c, 1, MSG_PEEK | MSG_DONTWAIT);

  /* Who closed its own half behind commands that we have not come to waits for answers. */
  if (r == 0) return s->client.pos < s->client.len;
  return r > 0 || errno == EAGAIN || errno == ENOTSOCK;
}

/* The upstream ---------------------------------------------------------- */

int session_connect(struct session *s)
{
  int r;

  if (!s->set.host) return 1;
  /* One that has closed, or said 421, since the last message is no use any more. */
  if (smtpc_isopen(&s->upstream) && !stream_pending(&s->upstream.stream)) return 1;
  r = smtpc_open(&s->upstream, s->set.host, s->set.port, s->set.me.s, s->set.timeoutconnect,
                 s->set.timeoutremote);
  if (r == 250) return 1;
  log_event("upstream-down", session_id(s), s->set.host, " ", s->set.port, ": ",
            r == -1 ? s->upstream.trouble : "refuses the session");
  return 0;
}

int session_upstream(struct session *s, const char *line, size_t len)
{
  struct smtpc *u = &s->upstream;
  int r;

  if (!smtpc_isopen(u)) return -1;
  if (s->set.level & LOG_DETAILED) log_text("upstream", session_id(s), ">", line, len);
  r = smtpc_command(u, line, len, s->set.timeoutremote);
  s->asked = clock_ms();
  if (r != -1 && (s->set.level & LOG_DETAILED))
    log_text("upstream", session_id(s), "<", u->text.s, u->text.len);
  if (r == 421) {
    u->trouble = "ends the session";
    smtpc_close(u);
    r = -1;
  }
  if (r == -1) log_event("upstream-lost", session_id(s), s->set.host, ": ", u->trouble);
  return r;
}

void session_awake(struct session *s)
{
  if (s->t.told && clock_ms() - s->asked >= (long long) s->set.keepalive * 1000) session_upstream(s, "NOOP", 4);
}

void session_relay(struct session *s)
{
  static stralloc lines;
  const char *text = s->upstream.text.s, *end = text + s->upstream.text.len, *nl;
  char code[FMT_ULONG];
  size_t n, width = fmt_ulong(code, (unsigned long) s->upstream.code);

  lines.len = 0;
  do {
    nl = text < end ? memchr(text, '\n', (size_t) (end - text)) : 0;
    n = (size_t) ((nl ? nl : end) - text);
    if ((lines.len && !stralloc_cats(&lines, "\r\n")) || !stralloc_catb(&lines, code, width) ||
        !stralloc_cats(&lines, nl ? "-" : " ") ||
        !stralloc_catb(&lines, text, n > 500 ? 500 : n)) s->over = 1;
    text = nl ? nl + 1 : end;
  } while (nl);
  if (!stralloc_0(&lines)) s->over = 1;
  session_reply(s, lines.s);
}

/* Commands --------------------------------------------------------------
 * Each gives back its reply, or 0 where that has been queued already. One that
 * begins with 5 counts as an error of the client's. */

/* Nothing that is not printable is kept of a name that a client gives itself. */
static int hello(struct session *s, const char *args, size_t len)
{
  size_t i;

  transaction_reset(s);
  if (!len || len > 255) return 0;
  if (!stralloc_copyb(&s->helo, args, len) || !stralloc_0(&s->helo)) s->over = 1;
  for (i = 0; i < len; ++i)
    if (args[i] <= 32 || args[i] > 126) s->helo.s[i] = '?';
  return 1;
}

static const char nameless[] = "501 5.5.4 say your host name behind the command";

static const char *helo(struct session *s, const char *args, size_t len)
{
  static stralloc reply;

  if (!hello(s, args, len)) return nameless;
  s->extended = 0;
  s->offers = 0;
  if (!stralloc_copys(&reply, "250 ") || !stralloc_cats(&reply, s->set.me.s) ||
      !stralloc_0(&reply)) s->over = 1;
  return reply.s;
}

/* What we can carry, cut down by what the upstream offers. PIPELINING and SIZE
 * are ours: we hand on one command at a time, and count. */
static void offer(struct session *s)
{
  unsigned int carried = SMTPC_8BITMIME | SMTPC_SMTPUTF8 | SMTPC_DSN | SMTPC_STATUS;

  s->offers = SMTPC_SIZE | SMTPC_PIPELINING;
  if (!s->set.host) s->offers |= SMTPC_8BITMIME | SMTPC_STATUS;
  else if (session_connect(s)) s->offers |= s->upstream.offers & carried;
}

static unsigned long sizelimit(const struct session *s)
{
  unsigned long theirs = smtpc_isopen(&s->upstream) ? s->upstream.size : 0;

  if (!theirs || (s->set.databytes && s->set.databytes < theirs)) return s->set.databytes;
  return theirs;
}

static const char *ehlo(struct session *s, const char *args, size_t len)
{
  static stralloc reply;
  unsigned int o;

  if (!hello(s, args, len)) return nameless;
  s->extended = 1;
  offer(s);
  o = s->offers;
  if (!stralloc_copys(&reply, "250-") || !stralloc_cats(&reply, s->set.me.s) ||
      !stralloc_cats(&reply, "\r\n250-PIPELINING") ||
      (o & SMTPC_8BITMIME && !stralloc_cats(&reply, "\r\n250-8BITMIME")) ||
      (o & SMTPC_SMTPUTF8 && !stralloc_cats(&reply, "\r\n250-SMTPUTF8")) ||
      (o & SMTPC_DSN && !stralloc_cats(&reply, "\r\n250-DSN")) ||
      (o & SMTPC_STATUS && !stralloc_cats(&reply, "\r\n250-ENHANCEDSTATUSCODES")) ||
      !stralloc_cats(&reply, "\r\n250 SIZE ") || !stralloc_number(&reply, sizelimit(s)) ||
      !stralloc_0(&reply)) s->over = 1;
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
    default: return "501 5.1.0 malformed address";
  }
}

static const char *nomemory(struct session *s)
{
  s->over = 1;
  return "421 4.3.0 out of memory; try again later";
}

/* What every path ends with, in the command for the upstream. */
static int command(stralloc *line, const char *verb, const struct address *a)
{
  return stralloc_copys(line, verb) && stralloc_catb(line, a->text, a->len) &&
         stralloc_cats(line, ">");
}

static int with(stralloc *line, const char *name, const stralloc *value)
{
  return !value->len || (stralloc_cats(line, name) && stralloc_catb(line, value->s, value->len));
}

static int mailcommand(stralloc *line, const struct address *a, const struct params *p)
{
  return command(line, "MAIL FROM:<", a) &&
         (!p->body8 || stralloc_cats(line, " BODY=8BITMIME")) &&
         (!p->body7 || stralloc_cats(line, " BODY=7BIT")) &&
         (!p->smtputf8 || stralloc_cats(line, " SMTPUTF8")) &&
         with(line, " RET=", &p->ret) && with(line, " ENVID=", &p->envid);
}

/* SIZE goes only where it was offered, and is no part of what a redirect repeats. */
static int sizecommand(struct session *s, const struct params *p)
{
  static stralloc line;

  if (!stralloc_copyb(&line, s->t.mail.s, s->t.mail.len)) return -1;
  if (p->size_given && (s->upstream.offers & SMTPC_SIZE) &&
      (!stralloc_cats(&line, " SIZE=") || !stralloc_number(&line, p->size))) return -1;
  return session_upstream(s, line.s, line.len);
}

/* Has the upstream come back without what a client of ours was told? */
static int lacks(const struct session *s, const struct params *p)
{
  unsigned int wants = (p->body8 ? SMTPC_8BITMIME : 0u) | (p->smtputf8 ? SMTPC_SMTPUTF8 : 0u) |
                       (p->ret.len || p->envid.len ? SMTPC_DSN : 0u);

  return s->set.host && (s->upstream.offers & wants) != wants;
}

/* Hand a command of the transaction on. 1: taken. 0: refused, and said so. */
static int asked(struct session *s, int r)
{
  if (r >= 250 && r <= 252) return 1;
  if (r >= 400) session_relay(s);
  else {
    if (r != -1) {
      log_event("upstream-lost", session_id(s), s->set.host, ": gave the wrong kind of answer");
      smtpc_close(&s->upstream);
    }
    session_reply(s, "451 4.4.2 the mail server behind this one does not answer; try again later");
  }
  return 0;
}

/* A message that is announced as too large is one that was refused. */
static const char *too_large(struct session *s)
{
  static const char reply[] = "552 5.3.4 the message is too large", result[] = "reject/delete, too large";
  struct transaction *t = &s->t;

  transaction_begin(s, 0);
  if (!stralloc_copyb(&t->refusal, reply, sizeof reply) ||
      !stralloc_copyb(&t->result.text, result, sizeof result)) s->over = 1;
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
  if (!session_connect(s))
    return "451 4.4.1 the mail server behind this one cannot be reached; try again later";
  if (lacks(s, &p)) return "451 4.3.3 the mail server behind this one has changed; say EHLO again";
  limit = sizelimit(s);
  if (limit && p.size > limit) return too_large(s);
  if (!mailcommand(&t->mail, &t->sender, &p)) return nomemory(s);
  transaction_begin(s, p.smtputf8);
  if (s->set.host) {
    t->told = 1;
    if (!asked(s, sizecommand(s, &p))) {
      ++t->refused;
      transaction_reset(s);
      return 0;
    }
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

static int rcptcommand(struct session *s, const struct address *a, const struct params *p)
{
  static stralloc line;

  if (!command(&line, "RCPT TO:<", a) || !with(&line, " NOTIFY=", &p->notify) ||
      !with(&line, " ORCPT=", &p->orcpt)) return -1;
  return session_upstream(s, line.s, line.len);
}

static int keep(stralloc *recipients, const struct address *a)
{
  if (!stralloc_catb(recipients, a->text, a->len) || !stralloc_cats(recipients, "\n") ||
      !stralloc_0(recipients)) return 0;
  --recipients->len;
  return 1;
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
    return "550 5.7.1 no mail for this address is accepted here";
  }
  if (!trap && s->set.host && !asked(s, rcptcommand(s, &a, &p))) return 0;
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

  s->idle += verb != VERB_MAIL && verb != VERB_RCPT && verb != VERB_DATA;
  switch (verb) {
    case VERB_HELO: return helo(s, args, n);
    case VERB_EHLO: return ehlo(s, args, n);
    case VERB_MAIL: return mail(s, args, n);
    case VERB_RCPT: return rcpt(s, args, n);
    case VERB_DATA: return data(s, n);
    case VERB_RSET: return reset(s);
    case VERB_NOOP: return "250 2.0.0 ok";
    case VERB_QUIT: return leave(s, "221 2.0.0 goodbye");
    case VERB_VRFY: return "252 2.5.0 send some mail and see";
    case VERB_HELP: return "214 2.0.0 see RFC 5321";
    case VERB_UNOFFERED: return "502 5.5.1 not offered";
    /* RFC 3030: its bytes follow at once, and must not be taken for commands. */
    case VERB_BDAT: return leave(s, "502 5.5.1 not offered");
    case VERB_FOREIGN:
      log_text("foreign", session_id(s), "<", line, len);
      return leave(s, "554 5.5.1 this is a mail server");
    default: return "500 5.5.2 unknown command";
  }
}

/* Why there is no next command. */
static void lost(struct session *s, int r)
{
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

/* Is the next command here already, so that its client waits for nothing? */
static int whole(const struct stream *c)
{
  return c->pos < c->len && memchr(c->buffer + c->pos, '\n', c->len - c->pos);
}

void session_serve(struct session *s)
{
  const char *reply;
  char *line;
  size_t len;
  int r, cut = 0;

  while (!s->over) {
    if ((!whole(&s->client) || s->out.len > REPLIES) && session_flush(s) == -1) break;
    stream_limit(&s->client, s->set.timeoutsmtpd);
    r = stream_line(&s->client, COMMANDMAX, &line, &len);
    if (r != 1) {
      cut = r == -1 && errno == EMSGSIZE;
      lost(s, r);
      break;
    }
    if (s->set.level & LOG_DETAILED) log_text("client", session_id(s), "<", line, len);
    reply = obey(s, line, len);
    if (reply) session_reply(s, reply);
    if (reply && *reply == '5') ++s->errors;
    if (s->over) break;
    if (s->errors > s->set.maxerrors || s->idle > IDLEMAX || clock_ms() > s->end + (s->t.open ? GRACE : 0)) {
      session_reply(s, "421 4.7.0 too many errors, or too long a session; goodbye");
      s->over = cut = 1;
    }
  }
  if (session_flush(s) == 1 && cut) linger(s);
  transaction_reset(s);
}
