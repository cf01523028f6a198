#include "courier.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "queue.h"

static struct smtpc server;
static const struct upstream *to;
static unsigned long taken;  /* letters in this session */

#define SESSION 1000  /* letters; some servers have a limit */

const char *courier_name(const struct account *a)
{
  return upstream_name(to ? to : a->upstreams.each);
}

void courier_end(void)
{
  if (!smtpc_isopen(&server)) return;
  smtpc_quit(&server);
}

/* What the last reply was. */
static int said(struct parcel *p)
{
  size_t i;

  if (!stralloc_copys(&p->said, "") || !stralloc_number(&p->said, (unsigned long) server.code) ||
      !stralloc_cats(&p->said, " ") || !stralloc_catb(&p->said, server.text.s, server.text.len)) return 0;
  for (i = 0; i < p->said.len; ++i)
    if (p->said.s[i] == '\n') p->said.s[i] = ' ';
  return stralloc_0(&p->said);
}

static enum fate lost(struct parcel *p)
{
  log_event("upstream-lost", p->id, upstream_name(to), ": ", server.trouble);
  return FATE_LATER;
}

/* Connecting ------------------------------------------------------------------ */

/* The first that answers; a queue, which is the last, is a program. */
static int connected(const struct account *a, const char *id)
{
  size_t i;
  int r;

  /* One that was closed, or is about to be, while letters were fetched is begun anew. */
  if (smtpc_isopen(&server) && stream_pending(&server.stream)) smtpc_close(&server);
  if (smtpc_isopen(&server) && taken < SESSION) return 1;
  courier_end();
  taken = 0;
  for (i = 0; i < a->upstreams.count; ++i) {
    to = a->upstreams.each + i;
    if (!to->host) return 1;
    r = smtpc_open(&server, to, a->me.s, a->connect, a->timeout);
    if (r == 250) return 1;
    log_event("upstream-down", id, upstream_name(to), ": ", r == -1 ? server.trouble : "refuses the session");
  }
  return 0;
}

/* The envelope ------------------------------------------------------------------ */

static int mail(const struct parcel *p, stralloc *line)
{
  unsigned long size = p->out.head.len + (unsigned long) (p->out.size - p->out.offset);

  return stralloc_copys(line, "MAIL FROM:<") && stralloc_cats(line, p->hop.sender.s) && stralloc_cats(line, ">") &&
         (!(server.offers & SMTPC_8BITMIME) || stralloc_cats(line, " BODY=8BITMIME")) &&
         (!(server.offers & SMTPC_SIZE) || (stralloc_cats(line, " SIZE=") && stralloc_number(line, size))) &&
         stralloc_cats(line, "\r\n");
}

/* All commands up to DATA, a line each; in one write where the server has PIPELINING. */
static int envelope(const struct parcel *p, const stralloc *recipients, stralloc *lines)
{
  const char *at = recipients->s, *end = at + recipients->len, *nl;
  int ok = mail(p, lines);

  for (; ok && at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    ok = stralloc_cats(lines, "RCPT TO:<") && stralloc_catb(lines, at, (size_t) (nl - at)) && stralloc_cats(lines, ">\r\n");
  }
  return ok && stralloc_cats(lines, "DATA\r\n");
}

/* The answers to it. */
struct answers {
  int last;                /* to DATA, or the one behind which no command went out */
  int nobody;              /* the sender is not wanted */
  int refused, deferred;   /* recipients and senders */
  int taken;               /* recipients */
};

/* What one reply is. What the server says about who is not wanted is what counts, not what
 * it says to DATA behind that. */
static void answer(struct parcel *p, struct answers *a, const char *command, int code)
{
  a->last = code;
  if (code < 0 || *command == 'D') return;
  if (code >= 500) ++a->refused;
  else if (code >= 300) ++a->deferred;
  else a->taken += *command == 'R';
  a->nobody |= *command == 'M' && code >= 300;
  if (code >= 300 && a->refused + a->deferred == 1) said(p);
}

static int together(struct parcel *p, const stralloc *lines, unsigned long seconds, struct answers *a)
{
  const char *at, *end = lines->s + lines->len;

  if (stream_pending(&server.stream)) {
    server.trouble = "spoke without being asked, or closed";
    return -1;
  }
  stream_limit(&server.stream, seconds);
  if (stream_write(&server.stream, lines->s, lines->len, 0) == -1) {
    server.trouble = "does not read";
    return -1;
  }
  for (at = lines->s; at < end; at = (const char *) memchr(at, '\n', (size_t) (end - at)) + 1) {
    answer(p, a, at, smtpc_reply(&server, seconds));
    if (a->last == -1) return -1;
  }
  return 1;
}

static int one_by_one(struct parcel *p, const stralloc *lines, unsigned long seconds, struct answers *a)
{
  const char *at, *end = lines->s + lines->len, *nl;

  for (at = lines->s; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (*at == 'D' && !a->taken) break;
    answer(p, a, at, smtpc_command(&server, at, (size_t) (nl - 1 - at), seconds));
    if (a->last == -1) return -1;
    if (*at == 'M' && a->last >= 300) break;
  }
  return 1;
}

/* The whole ----------------------------------------------------------------------- */

/* No text has gone out. */
static enum fate no_text(struct parcel *p, const struct answers *a, unsigned long seconds)
{
  if (!a->refused && !a->deferred) said(p);
  /* Behind 354 only the end of the connection says that nothing is meant. */
  if (a->last == 354 || a->last == 421) smtpc_close(&server);
  else if (smtpc_command(&server, "RSET", 4, seconds) != 250) smtpc_close(&server);
  if (a->deferred) return FATE_LATER;
  return a->refused || a->last >= 500 ? FATE_REFUSED : FATE_LATER;
}

static enum fate text(struct parcel *p, const struct answers *a, unsigned long seconds)
{
  int r = smtpbody_send(&server, &p->out, seconds);

  if (r == 1) r = smtpbody_end(&server, seconds);
  if (r == SMTPBODY_UNREAD) {
    log_event("trouble", p->id, "unable to read the letter again: ", strerror(errno));
    smtpc_close(&server);
    return FATE_LATER;
  }
  if (r != 1) {
    r = smtpbody_early(&server);
    return r == -1 ? lost(p) : !said(p) || r < 500 ? FATE_LATER : FATE_REFUSED;
  }
  r = smtpc_reply(&server, seconds);
  if (r >= 300 && r < 400) {
    server.trouble = "gave the wrong kind of answer";
    smtpc_close(&server);
    r = -1;
  }
  if (r == -1) {
    log_event("indoubt", p->id, upstream_name(to), ": ", server.trouble, " after the whole letter had gone out");
    return FATE_DOUBT;
  }
  /* Of those who do not want it the first reply is told. */
  if ((!a->refused || r >= 300) && !said(p)) return FATE_DOUBT;
  if (r == 421) smtpc_close(&server);
  if (r >= 400) return r >= 500 ? FATE_REFUSED : FATE_LATER;
  ++taken;
  return a->refused ? FATE_REFUSED : FATE_TAKEN;
}

static enum fate transaction(const struct account *acc, struct parcel *p, const stralloc *recipients)
{
  static stralloc lines;
  struct answers a = { 0 };
  int r;

  if (!envelope(p, recipients, &lines)) return FATE_LATER;
  r = server.offers & SMTPC_PIPELINING ? together(p, &lines, acc->timeout, &a) : one_by_one(p, &lines, acc->timeout, &a);
  if (r == -1) {
    smtpc_close(&server);
    return lost(p);
  }
  if (a.last == 354 && a.taken && !a.deferred && !a.nobody) return text(p, &a, acc->timeout);
  return no_text(p, &a, acc->timeout);
}

/* As many recipients in one as the server may have. Where some have it, and then there is no
 * more, those would have it twice. */
static enum fate transactions(const struct account *a, struct parcel *p)
{
  static stralloc some;
  const char *at = p->to.s, *end = at + p->to.len, *nl;
  enum fate fate = FATE_TAKEN, worst = FATE_TAKEN;
  unsigned long n, have = 0;

  if (!to->most) return transaction(a, p, &p->to);
  for (; at < end; at = nl) {
    for (n = 0, nl = at; n < to->most && nl < end; ++n) nl = (const char *) memchr(nl, '\n', (size_t) (end - nl)) + 1;
    if (!smtpc_isopen(&server) || !stralloc_copyb(&some, at, (size_t) (nl - at))) fate = FATE_LATER;
    else fate = transaction(a, p, &some);
    if (fate == FATE_REFUSED) worst = fate;
    if (fate == FATE_LATER || fate == FATE_DOUBT) break;
    have += fate == FATE_TAKEN;
  }
  if (fate == FATE_LATER && have) {
    log_event("indoubt", p->id, upstream_name(to), ": some of the recipients have it, and may have it again");
    return FATE_DOUBT;
  }
  return fate == FATE_LATER || fate == FATE_DOUBT ? fate : worst;
}

static enum fate hand(const struct account *a, struct parcel *p)
{
  static stralloc words;
  struct queue q = {
    .program = to->program, .head = p->out.head.s, .headlen = p->out.head.len, .start = p->out.start,
    .startlen = p->out.startlen, .fd = p->out.fd, .offset = p->out.offset + (off_t) p->out.startlen,
    .size = p->out.size, .sender = p->hop.sender.s, .recipients = p->to.s, .recipientslen = p->to.len,
    .seconds = a->timeout, .said = &words
  };
  int code = queue_hand(&q);
  const char *why = code > 0 ? queue_refusal(code, &words) : "";

  if (!stralloc_copys(&p->said, why) || !stralloc_0(&p->said)) return FATE_DOUBT;
  if (code >= 0) return code == 0 ? FATE_TAKEN : *why == '5' ? FATE_REFUSED : FATE_LATER;
  if (code == -1) {
    log_event("trouble", p->id, "unable to hand the letter to ", *to->program, ": ", strerror(errno));
    return FATE_LATER;
  }
  log_event("indoubt", p->id, *to->program, errno == ETIMEDOUT ? ": did not end in time" : ": crashed",
            " with the whole letter in its hands");
  return FATE_DOUBT;
}

enum fate courier_send(const struct account *a, struct parcel *p)
{
  if (!connected(a, p->id)) return FATE_LATER;
  return to->host ? transactions(a, p) : hand(a, p);
}
