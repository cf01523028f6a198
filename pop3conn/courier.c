#include "courier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "log.h"
#include "queue.h"

static struct smtpc server;
static const struct upstream *to;
static unsigned long taken;  /* transactions in this session */

#define SESSION 1000  /* of them; some servers have a limit */

const char *courier_name(const struct account *a)
{
  return upstream_name(to ? to : a->upstreams.each);
}

void courier_end(void)
{
  if (!smtpc_isopen(&server)) return;
  smtpc_quit(&server);
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

/* Handing over ------------------------------------------------------------------ */

static int join(struct group *g, struct addressee *a)
{
  struct addressee **more = g->who;

  if (g->count == g->room) {
    more = realloc(g->who, (g->room * 2 + 16) * sizeof *more);
    if (!more) return 0;
    g->who = more;
    g->room = g->room * 2 + 16;
  }
  more[g->count++] = a;
  return 1;
}

/* As many recipients in one as the server may have. */
static void transactions(const struct account *acc, struct parcel *p)
{
  static struct group g;
  unsigned long most = to->most ? to->most : ~0UL;
  size_t i;

  for (i = g.count = 0; i < p->count && smtpc_isopen(&server); ++i) {
    if (p->each[i].fate != FATE_SEND) continue;
    if (!join(&g, p->each + i)) return;
    if (g.count < most) continue;
    exchange(&server, upstream_name(to), p, &g, acc->timeout);
    ++taken;
    g.count = 0;
  }
  if (g.count && smtpc_isopen(&server) && ++taken) exchange(&server, upstream_name(to), p, &g, acc->timeout);
}

/* What a program in qmail-queue's place makes of it. */
static enum fate hand(const struct account *a, struct parcel *p, const stralloc *recipients)
{
  static stralloc words;
  struct queue q = {
    .program = to->program, .head = p->out.head.s, .headlen = p->out.head.len, .start = p->out.start,
    .startlen = p->out.startlen, .fd = p->out.fd, .offset = p->out.offset + (off_t) p->out.startlen,
    .size = p->out.size, .sender = p->hop.sender.s, .recipients = recipients->s, .recipientslen = recipients->len,
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

static void hand_over(const struct account *acc, struct parcel *p)
{
  static stralloc recipients;
  enum fate fate;
  size_t i;
  int ok = stralloc_copys(&recipients, "");

  for (i = 0; ok && i < p->count; ++i)
    if (p->each[i].fate == FATE_SEND)
      ok = stralloc_catb(&recipients, p->each[i].address, p->each[i].len) && stralloc_append(&recipients, "\n");
  if (!ok) return;
  fate = hand(acc, p, &recipients);
  for (i = 0; i < p->count; ++i)
    if (p->each[i].fate == FATE_SEND) p->each[i].fate = fate;
}

/* What has become of all of it. */
static enum fate whole(const struct parcel *p)
{
  size_t i, of[FATE_SEND + 1] = { 0 };

  for (i = 0; i < p->count; ++i) ++of[p->each[i].fate];
  if (of[FATE_DOUBT]) return FATE_DOUBT;
  if (of[FATE_LATER] || of[FATE_SEND]) return of[FATE_TAKEN] || of[FATE_REFUSED] ? FATE_PART : FATE_LATER;
  return of[FATE_REFUSED] ? FATE_REFUSED : FATE_TAKEN;
}

enum fate courier_send(const struct account *acc, struct parcel *p)
{
  size_t i;

  for (i = 0; i < p->count && p->each[i].fate != FATE_SEND; ++i) ;
  if (i < p->count && connected(acc, p->id)) {
    if (to->host) transactions(acc, p);
    else hand_over(acc, p);
  }
  if (!p->said.len && whole(p) == FATE_REFUSED &&
      !(stralloc_copys(&p->said, "5.0.0 was refused to one of its recipients in another run") && stralloc_0(&p->said))) return FATE_LATER;
  return whole(p);
}

int courier_goes_on(void)
{
  return to && (!to->host || smtpc_isopen(&server));
}
