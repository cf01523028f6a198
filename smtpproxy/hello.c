#include "hello.h"

#include "auth.h"
#include "behind.h"
#include "starttls.h"
#include "transaction.h"
#include "xclient.h"

/* Nothing that is not printable is kept of a name that a client gives itself. 0, or the reply. */
static const char *hello(struct session *s, const char *args, size_t len)
{
  size_t i;

  transaction_reset(s);
  if (!len || len > 255) return "501 5.5.4 say your host name behind the command";
  if (!stralloc_copyb(&s->helo, args, len) || !stralloc_0(&s->helo)) {
    s->helo.len = 0;
    return session_nomemory(s);
  }
  for (i = 0; i < len; ++i)
    if (args[i] <= 32 || args[i] > 126) s->helo.s[i] = '?';
  xclient_settle(s);
  return 0;
}

const char *hello_helo(struct session *s, const char *args, size_t len)
{
  static stralloc reply;
  const char *why = hello(s, args, len);

  if (why) return why;
  s->extended = 0;
  s->offers = 0;
  if (!stralloc_copys(&reply, "250 ") || !stralloc_cats(&reply, s->set.me.s) ||
      !stralloc_0(&reply)) return session_nomemory(s);
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

unsigned long hello_size(const struct session *s)
{
  unsigned long theirs = smtpc_isopen(&s->upstream) && !s->set.routes.any ? s->upstream.size : 0;

  if (!theirs || (s->set.databytes && s->set.databytes < theirs)) return s->set.databytes;
  return theirs;
}

const char *hello_ehlo(struct session *s, const char *args, size_t len)
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
      !stralloc_cats(&reply, "\r\n250 SIZE ") || !stralloc_number(&reply, hello_size(s)) ||
      !stralloc_0(&reply)) return session_nomemory(s);
  return reply.s;
}
