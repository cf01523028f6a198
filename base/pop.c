#include "pop.h"

#include <string.h>

#define TLS ", and tls=no, tls=may, tls=must or tls=verify"

static const char *const form[] = { "write pop3 HOST PORT or pop3s HOST PORT" TLS,
                                    "write pop3, pop3s, imap or imaps, HOST PORT" TLS };

static int protocol(struct pop *p, const char *word, int imap)
{
  static const char *const words[] = { "pop3", "pop3s", "imap", "imaps", 0 };
  int i;

  for (i = 0; words[i] && strcmp(words[i], word); ++i) ;
  p->imap = i >> 1;
  p->pop3s = i & 1;
  return words[i] && (!p->imap || imap);
}

static const char *line(struct pop *p, char *rest, int imap)
{
  static const char *const levels[] = { "tls=no", "tls=may", "tls=must", "tls=verify", 0 };
  char *words[5] = { 0 };
  size_t n = 0;

  for (rest += strspn(rest, " \t"); *rest; rest += strspn(rest, " \t")) {
    if (n == 4) return form[imap];
    words[n++] = rest;
    rest += strcspn(rest, " \t");
    if (*rest) *rest++ = 0;
  }
  if (n < 3 || !protocol(p, words[0], imap)) return form[imap];
  /* Who has a password of his own to send sends it to nobody by accident. */
  p->tls = p->pop3s || imap ? UPSTREAM_TLS_VERIFY : UPSTREAM_TLS_NO;
  if (n == 4)
    for (p->tls = 0; levels[p->tls] && strcmp(levels[p->tls], words[3]); ++p->tls) ;
  if (p->tls > UPSTREAM_TLS_VERIFY) return form[imap];
  if (p->pop3s && p->tls < UPSTREAM_TLS_MUST)
    return p->imap ? "imaps is TLS always: leave out tls=, or write tls=must"
                   : "pop3s is TLS always: leave out tls=, or write tls=must";
  p->host = words[1];
  p->port = words[2];
  return 0;
}

const char *pop_line(struct pop *p, char *text)
{
  return line(p, text, 0);
}

const char *pop_mailbox(struct pop *p, char *text)
{
  return line(p, text, 1);
}
