#include "received.h"

#include <string.h>

#include "date.h"

/* Letters, digits and what names and addresses are made of: no blanks, brackets
 * or comments with which a name could say something else. */
static int safe(stralloc *line, const char *name, size_t max)
{
  size_t i, len = strnlen(name, max);

  if (!stralloc_catb(line, name, len)) return 0;
  for (i = line->len - len; i < line->len; ++i)
    if (line->s[i] <= 32 || line->s[i] > 126 || strchr("()<>[]\\\";,", line->s[i])) line->s[i] = '?';
  return 1;
}

int received(const struct session *s, stralloc *top)
{
  const struct transaction *t = &s->t;

  return stralloc_copys(top, "Received: from ") && safe(top, s->helo.s, 255) &&
         stralloc_cats(top, " (") && (!*s->host || (safe(top, s->host, 255) && stralloc_cats(top, " "))) &&
         stralloc_cats(top, strchr(s->ip, ':') ? "[IPv6:" : "[") && safe(top, s->ip, 64) &&
         stralloc_cats(top, "])\r\n  by ") && safe(top, s->set.me.s, 255) &&
         stralloc_cats(top, " (CleanMail) with ") &&
         stralloc_cats(top, session_protocol(s)) &&
         (!s->tls || (stralloc_cats(top, "\r\n  (") && stralloc_cats(top, s->tls) && stralloc_cats(top, ")"))) &&
         stralloc_cats(top, " id ") && stralloc_cats(top, t->id) &&
         (t->count != 1 || t->utf8 || (stralloc_cats(top, "\r\n  for <") &&
                           safe(top, t->recipients.s, t->recipients.len - 1) && stralloc_cats(top, ">"))) &&
         stralloc_cats(top, ";\r\n  ") && date_now(top) && stralloc_cats(top, "\r\n");
}
