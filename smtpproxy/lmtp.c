#include "lmtp.h"

#include <string.h>

#include "log.h"
#include "reply.h"

#define LINES 20  /* of recipients that the client is told of */

/* What became of the message, recipient by recipient. */
struct outcome {
  unsigned long taken, later, refused;
  stralloc text;   /* a line for each that has not got it, its status code first */
};

/* The first line of what was said, with the recipient in it, on the log. What goes
 * to the client waits: the class of its code is not known yet. */
static void note(struct session *s, struct outcome *o, const char *address, size_t len, int code)
{
  static stralloc line;
  const struct smtpc *u = &s->upstream;
  const char *text = u->text.s, *nl = u->text.len ? memchr(text, '\n', u->text.len) : 0;
  size_t all = nl ? (size_t) (nl - text) : u->text.len, n = reply_status(text, all);
  int ok;

  ok = stralloc_copys(&line, "<") && stralloc_catb(&line, address, len) && stralloc_cats(&line, "> ") &&
       stralloc_number(&line, (unsigned long) code) && stralloc_cats(&line, " ") && stralloc_catb(&line, text, all);
  if (ok) log_text("recipient", s->t.id, "<", line.s, line.len);
  if (ok && code >= 400 && o->later + o->refused < LINES) {
    ok = (!o->text.len || stralloc_append(&o->text, "\n")) && stralloc_catb(&o->text, text, n) &&
         stralloc_cats(&o->text, n ? " <" : "<") && stralloc_catb(&o->text, address, len) &&
         stralloc_cats(&o->text, "> ") && stralloc_catb(&o->text, text + n + (n < all && n), all - n - (n < all && n));
  }
  if (!ok) s->over = 1;
}

/* No more answers: the rest, and with them the client, cannot know. */
static int doubt(struct session *s, const char *what)
{
  log_event("indoubt", s->t.id, upstream_name(s->to), ": ", what, " after the whole message had gone out");
  smtpc_close(&s->upstream);
  return -1;
}

/* One code for all, and of its class each status code, RFC 2034. */
static int merge(struct session *s, struct outcome *o)
{
  struct smtpc *u = &s->upstream;
  int later = o->later && !o->taken;
  size_t i;

  if (!o->later && !o->refused) return u->code;
  if (o->taken && !stralloc_cats(&o->text, "\n5.3.0 the other recipients have the message")) s->over = 1;
  for (i = 0; i < o->text.len; ++i)
    if ((!i || o->text.s[i - 1] == '\n') && (o->text.s[i] == '4' || o->text.s[i] == '5')) o->text.s[i] = later ? '4' : '5';
  if (!stralloc_copy(&u->text, &o->text)) s->over = 1;
  return u->code = later ? 451 : 554;
}

int lmtp_answers(struct session *s, const stralloc *recipients)
{
  static struct outcome o;
  const char *at = recipients->s, *end = at + recipients->len, *nl;
  long long until = clock_ms() + (long long) s->set.timeoutremote * 1000, left;
  int one = at < end && (const char *) memchr(at, '\n', recipients->len) + 1 == end, r = -1;

  o.taken = o.later = o.refused = o.text.len = 0;
  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    left = until - clock_ms();
    r = smtpc_reply(&s->upstream, left > 1000 ? (unsigned long) left / 1000 : 1);
    if (r == -1) return doubt(s, s->upstream.trouble);
    if (r / 100 == 3) return doubt(s, "gave the wrong kind of answer");
    if (!one || (s->set.level & LOG_DETAILED)) note(s, &o, at, (size_t) (nl - at), r);
    if (r < 300) ++o.taken;
    else if (r < 500) ++o.later;
    else ++o.refused;
  }
  return one ? r : merge(s, &o);
}
