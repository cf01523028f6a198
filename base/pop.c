#include "pop.h"

#include <string.h>

static const char form[] = "write pop3 HOST PORT or pop3s HOST PORT, and tls=no, tls=may, tls=must or tls=verify";

const char *pop_line(struct pop *p, char *line)
{
  static const char *const levels[] = { "tls=no", "tls=may", "tls=must", "tls=verify", 0 };
  char *words[5] = { 0 }, *rest = line;
  size_t n = 0;

  for (rest += strspn(rest, " \t"); *rest; rest += strspn(rest, " \t")) {
    if (n == 4) return form;
    words[n++] = rest;
    rest += strcspn(rest, " \t");
    if (*rest) *rest++ = 0;
  }
  if (n < 3) return form;
  p->pop3s = !strcmp(words[0], "pop3s");
  if (!p->pop3s && strcmp(words[0], "pop3")) return form;
  p->tls = p->pop3s ? UPSTREAM_TLS_VERIFY : UPSTREAM_TLS_NO;
  if (n == 4)
    for (p->tls = 0; levels[p->tls] && strcmp(levels[p->tls], words[3]); ++p->tls) ;
  if (p->tls > UPSTREAM_TLS_VERIFY) return form;
  if (p->pop3s && p->tls < UPSTREAM_TLS_MUST) return "pop3s is TLS always: leave out tls=, or write tls=must";
  p->host = words[1];
  p->port = words[2];
  return 0;
}
