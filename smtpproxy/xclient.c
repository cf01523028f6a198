#include "xclient.h"

#include <string.h>

#include "attribute.h"
#include "guard.h"
#include "identity.h"
#include "log.h"
#include "transaction.h"

enum { PEER = 1, BECOMING };  /* session.peer */

static stralloc helo;  /* what XCLIENT said of EHLO, 0-terminated; len 0: nothing */

static const char memory[] = "451 4.3.0 out of memory";

int xclient_offer(const struct session *s, stralloc *reply)
{
  return !s->peer || (stralloc_cats(reply, "\r\n250-XCLIENT") && attribute_names(ATTRIBUTE_XCLIENT, reply) &&
                      stralloc_cats(reply, "\r\n250-XFORWARD") && attribute_names(ATTRIBUTE_XFORWARD, reply));
}

/* A client that such a proxy lets speak for itself could say XCLIENT, too. */
void xclient_settle(struct session *s)
{
  if (s->peer != BECOMING) return;
  s->peer = 0;
  if (helo.len && !stralloc_copy(&s->helo, &helo)) s->over = 1;
}

/* What stands in the way, or 0. */
static const char *untimely(const struct session *s, int peer)
{
  if (!s->peer || s->peer > peer) return "550 5.7.0 this is not for you";
  return s->t.open ? "503 5.5.1 not within a transaction" : 0;
}

static int given(const struct attributes *a, enum attribute which)
{
  return a->given >> which & 1;
}

/* The value, "" if it is not known; 0: nothing was said of it. */
static const char *said(const struct attributes *a, enum attribute which)
{
  return given(a, which) ? a->value[which].s : 0;
}

/* As after connecting. 1, or 0 without memory. */
static int anew(struct session *s, const struct attributes *a)
{
  const stralloc *user = &a->value[ATTRIBUTE_LOGIN], *name = &a->value[ATTRIBUTE_HELO];

  transaction_reset(s);
  smtpc_quit(&s->upstream);  /* it may have been told who the client was */
  s->helo.len = s->user.len = 0;
  s->extended = s->bound = s->tried = 0;
  s->offers = 0;
  if (given(a, ATTRIBUTE_HELO) && !stralloc_copyb(&helo, name->s, name->len ? name->len + 1 : 0)) return 0;
  if (given(a, ATTRIBUTE_LOGIN) && user->len) {
    if (!stralloc_copyb(&s->user, user->s, user->len + 1)) return 0;
    s->relay = 1;
  }
  return 1;
}

const char *xclient_take(struct session *s, const char *args, size_t len, const char *greeting)
{
  static struct attributes a;
  const char *why = untimely(s, BECOMING);

  if (why) return why;
  if (!attribute_read(args, len, ATTRIBUTE_XCLIENT, &a)) return "501 5.5.4 malformed attributes";
  if (!identity_become(s, said(&a, ATTRIBUTE_ADDR), said(&a, ATTRIBUTE_PORT), said(&a, ATTRIBUTE_NAME),
                       said(&a, ATTRIBUTE_DESTADDR), said(&a, ATTRIBUTE_DESTPORT)) || !anew(s, &a)) {
    s->over = 1;
    return memory;
  }
  s->peer = BECOMING;
  why = given(&a, ATTRIBUTE_ADDR) ? guard_connect(s) : 0;
  return why ? why : greeting;
}

/* Until more is said nothing is known. */
static int put(stralloc *to, const struct attributes *a, enum attribute which, int first)
{
  const char *value = said(a, which);

  if (!value && !first) return 1;
  return stralloc_copys(to, value ? value : "") && stralloc_0(to);
}

const char *xclient_forward(struct session *s, const char *args, size_t len)
{
  static struct attributes a;
  struct forward *f = &s->t.forward;
  const char *why = untimely(s, PEER);
  int first = !f->given;

  if (why) return why;
  if (!attribute_read(args, len, ATTRIBUTE_XFORWARD, &a)) return "501 5.5.4 malformed attributes";
  if (!put(&f->ip, &a, ATTRIBUTE_ADDR, first) || !put(&f->host, &a, ATTRIBUTE_NAME, first) ||
      !put(&f->port, &a, ATTRIBUTE_PORT, first) || !put(&f->helo, &a, ATTRIBUTE_HELO, first) ||
      !put(&f->proto, &a, ATTRIBUTE_PROTO, first) || !put(&f->ident, &a, ATTRIBUTE_IDENT, first) ||
      !put(&f->source, &a, ATTRIBUTE_SOURCE, first)) return memory;
  f->given = 1;
  if (s->set.level & LOG_EXTENDED) log_event("forwarded", s->id, f->ip.s, " ", f->host.s, " ", f->ident.s);
  return "250 2.0.0 ok";
}
