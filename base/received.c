#include "received.h"

#include <string.h>

#include "date.h"

/* Letters, digits and what names and addresses are made of: no blanks, brackets
 * or comments with which a name could say something else. */
static int safe(stralloc *line, const char *name, size_t max)
{
  static const char special[] = "()<>[]\\\";,";
  size_t i, len = strnlen(name, max);

  if (!stralloc_catb(line, name, len)) return 0;
  for (i = line->len - len; i < line->len; ++i)
    if (line->s[i] <= 32 || line->s[i] > 126 || memchr(special, line->s[i], sizeof special - 1)) line->s[i] = '?';
  return 1;
}

int received(const struct received *r, stralloc *top)
{
  return stralloc_copys(top, "Received: from ") && safe(top, r->helo, 255) &&
         stralloc_cats(top, " (") && (!*r->host || (safe(top, r->host, 255) && stralloc_cats(top, " "))) &&
         stralloc_cats(top, strchr(r->ip, ':') ? "[IPv6:" : "[") && safe(top, r->ip, 64) &&
         stralloc_cats(top, "])\r\n  by ") && safe(top, r->me, 255) &&
         stralloc_cats(top, " (CleanMail) with ") && stralloc_cats(top, r->with) &&
         (!r->tls || !*r->tls || (stralloc_cats(top, "\r\n  (") && stralloc_cats(top, r->tls) && stralloc_cats(top, ")"))) &&
         stralloc_cats(top, " id ") && stralloc_cats(top, r->id) &&
         (!r->length || (stralloc_cats(top, "\r\n  for <") && safe(top, r->recipient, r->length) &&
                         stralloc_cats(top, ">"))) &&
         stralloc_cats(top, ";\r\n  ") && date_now(top) && stralloc_cats(top, "\r\n");
}
