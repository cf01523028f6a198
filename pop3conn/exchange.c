#include "exchange.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { FLIGHT = 8192 };  /* bytes of commands that any server takes while nobody reads its answers */

struct exchange {
  struct smtpc *c;
  const char *name;
  struct parcel *p;
  const struct group *g;
  unsigned long seconds;
  int last;      /* answer, to DATA or to the command behind which no other went out */
  int nobody;    /* the sender is not wanted */
  size_t heard;  /* recipients about whom there was an answer */
};

/* Fates -------------------------------------------------------------------------- */

/* What the last reply was. */
static void said(struct exchange *x)
{
  const struct smtpc *c = x->c;
  stralloc *to = &x->p->said;
  size_t i;

  if (!stralloc_copys(to, "") || !stralloc_number(to, (unsigned long) c->code) || !stralloc_cats(to, " ") ||
      !stralloc_catb(to, c->text.s, c->text.len) || !stralloc_0(to)) to->len = 0;
  for (i = 0; i < to->len; ++i)
    if (to->s[i] == '\n') to->s[i] = ' ';
}

/* Whoever has not got a letter that has several is told by name. */
static void tell(const struct exchange *x, const struct addressee *a)
{
  static stralloc line;
  const struct smtpc *c = x->c;

  if (stralloc_copys(&line, "<") && stralloc_catb(&line, a->address, a->len) && stralloc_cats(&line, "> ") &&
      stralloc_number(&line, (unsigned long) c->code) && stralloc_cats(&line, " ") &&
      stralloc_catb(&line, c->text.s, c->text.len)) log_text("recipient", x->p->id, "", line.s, line.len);
}

/* What the last reply says of one of them. */
static void decide(struct exchange *x, struct addressee *a)
{
  int code = x->c->code;

  a->fate = code >= 500 ? FATE_REFUSED : code >= 300 ? FATE_LATER : FATE_TAKEN;
  if (a->fate != FATE_TAKEN && x->p->count > 1) tell(x, a);
  /* The first that is no success, or else the first. */
  if (!x->p->said.len || (a->fate != FATE_TAKEN && *x->p->said.s == '2')) said(x);
}

/* And of all those of whom nothing is known yet. */
static void decide_rest(struct exchange *x)
{
  size_t i;

  for (i = 0; i < x->g->count; ++i)
    if (x->g->who[i]->fate == FATE_SEND) decide(x, x->g->who[i]);
}

/* Is there anybody who may still get it? */
static int is_open(const struct exchange *x)
{
  size_t i;

  for (i = 0; i < x->g->count; ++i)
    if (x->g->who[i]->fate == FATE_SEND) return 1;
  return 0;
}

static void lost(struct exchange *x)
{
  log_event("upstream-lost", x->p->id, x->name, ": ", x->c->trouble);
  smtpc_close(x->c);
}

/* The envelope ------------------------------------------------------------------- */

static int mail(const struct exchange *x, stralloc *line)
{
  const struct parcel *p = x->p;
  unsigned long size = p->out.head.len + (unsigned long) (p->out.size - p->out.offset);

  return stralloc_copys(line, "MAIL FROM:<") && stralloc_cats(line, p->hop.sender.s) && stralloc_cats(line, ">") &&
         (!(x->c->offers & SMTPC_8BITMIME) || stralloc_cats(line, " BODY=8BITMIME")) &&
         (!(x->c->offers & SMTPC_SIZE) || (stralloc_cats(line, " SIZE=") && stralloc_number(line, size))) &&
         stralloc_cats(line, "\r\n");
}

/* All commands up to DATA, a line each. */
static int envelope(const struct exchange *x, stralloc *lines)
{
  size_t i;
  int ok = mail(x, lines);

  for (i = 0; ok && i < x->g->count; ++i)
    ok = stralloc_cats(lines, "RCPT TO:<") && stralloc_catb(lines, x->g->who[i]->address, x->g->who[i]->len) &&
         stralloc_cats(lines, ">\r\n");
  return ok && stralloc_cats(lines, "DATA\r\n");
}

/* What one reply is. What the server says about who is not wanted is what counts, not what
 * it says to DATA behind that. */
static void answer(struct exchange *x, char command, int code)
{
  x->last = code;
  if (command == 'M' && code >= 300) {
    x->nobody = 1;
    decide_rest(x);
  }
  if (command == 'R' && code >= 300 && !x->nobody) decide(x, x->g->who[x->heard]);
  x->heard += command == 'R';
}

/* As many whole lines as go out before the first answer is read. */
static const char *flight(const char *at, const char *end)
{
  const char *nl;

  if (end - at <= FLIGHT) return end;
  nl = memrchr(at, '\n', FLIGHT);
  return (nl ? nl : (const char *) memchr(at, '\n', (size_t) (end - at))) + 1;
}

/* Where the server has PIPELINING. Mostly all goes in one write; but a server that is not read
 * stops reading itself, so that of many recipients only some go out at a time. RFC 2920, 3.1.
 * 1 or -1. */
static int together(struct exchange *x, const stralloc *lines)
{
  const char *at = lines->s, *end = lines->s + lines->len, *sent = at;
  int r;

  if (stream_pending(&x->c->stream)) {
    x->c->trouble = "spoke without being asked, or closed";
    return -1;
  }
  for (; at < end; at = (const char *) memchr(at, '\n', (size_t) (end - at)) + 1) {
    if (at == sent) {
      sent = flight(at, end);
      stream_limit(&x->c->stream, x->seconds);
      if (stream_write(&x->c->stream, at, (size_t) (sent - at), 0) == -1) {
        x->c->trouble = "does not read";
        return -1;
      }
    }
    r = smtpc_reply(x->c, x->seconds);
    if (r == -1) return -1;
    answer(x, *at, r);
  }
  return 1;
}

static int one_by_one(struct exchange *x, const stralloc *lines)
{
  const char *at, *end = lines->s + lines->len, *nl;
  int r;

  for (at = lines->s; at < end && is_open(x); at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    r = smtpc_command(x->c, at, (size_t) (nl - 1 - at), x->seconds);
    if (r == -1) return -1;
    answer(x, *at, r);
  }
  return 1;
}

/* The text --------------------------------------------------------------------- */

/* It does not go out. Behind 354 only the end of the connection says that nothing is meant. */
static void no_text(struct exchange *x)
{
  if (x->last >= 400) decide_rest(x);
  if (x->last == 354 || x->last == 421 || smtpc_command(x->c, "RSET", 4, x->seconds) != 250) smtpc_close(x->c);
}

static void doubt(struct exchange *x)
{
  size_t i;

  log_event("indoubt", x->p->id, x->name, ": ", x->c->trouble, " after the whole letter had gone out");
  smtpc_close(x->c);
  for (i = 0; i < x->g->count; ++i)
    if (x->g->who[i]->fate == FATE_SEND) x->g->who[i]->fate = FATE_DOUBT;
}

/* One answer for all who may have it, or by LMTP one for each, RFC 2033, 4.2; those that do not
 * come leave us in doubt. */
static void verdicts(struct exchange *x)
{
  size_t i;
  int r = 0;

  for (i = 0; i < x->g->count; ++i) {
    if (x->g->who[i]->fate != FATE_SEND) continue;
    if (!r || x->c->lmtp) r = smtpc_reply(x->c, x->seconds);
    if (r / 100 == 3) x->c->trouble = "gave the wrong kind of answer";
    if (r == -1 || r / 100 == 3) {
      doubt(x);
      return;
    }
    decide(x, x->g->who[i]);
  }
  if (r == 421) smtpc_close(x->c);
}

static void text(struct exchange *x)
{
  int r = smtpbody_send(x->c, &x->p->out, x->seconds);

  if (r == 1) r = smtpbody_end(x->c, x->seconds);
  if (r == 1) verdicts(x);
  else if (r == SMTPBODY_UNREAD) {
    log_event("trouble", x->p->id, "unable to read the letter again: ", strerror(errno));
    smtpc_close(x->c);
  } else if (smtpbody_early(x->c) == -1) lost(x);
  else decide_rest(x);
}

void exchange(struct smtpc *c, const char *name, struct parcel *p, const struct group *g, unsigned long seconds)
{
  static stralloc lines;
  struct exchange x = { .c = c, .name = name, .p = p, .g = g, .seconds = seconds };

  if (!envelope(&x, &lines)) return;
  if ((c->offers & SMTPC_PIPELINING ? together(&x, &lines) : one_by_one(&x, &lines)) == -1) lost(&x);
  else if (x.last == 354 && is_open(&x)) text(&x);
  else no_text(&x);
}
