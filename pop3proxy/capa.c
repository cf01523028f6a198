#include "capa.h"

#include <string.h>

#include "ucspitls.h"

#define LINES 100  /* of the server's answer that are looked at; more is the end of it */

/* Those of which the name of the user can be read, and set anew. */
static const char *const readable[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", 0 };
/* Those that only pass. None that binds itself to a TLS that ends with us. */
static const char *const passing[] = { "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "NTLM", 0 };

static int among(const char *const *names, const char *name, size_t len)
{
  for (; *names; ++names)
    if (strlen(*names) == len && !case_diffb(*names, len, name)) return 1;
  return 0;
}

int capa_mechanism(const struct session *s, const char *name, size_t len)
{
  return among(readable, name, len) || (!s->set.carried && among(passing, name, len));
}

/* The length of the first word of a line. */
static size_t word(const char *line, size_t len)
{
  const char *blank = memchr(line, ' ', len);

  return blank ? (size_t) (blank - line) : len;
}

static int mechanisms(struct session *s, const char *names, size_t len)
{
  size_t n;

  for (; len; names += n, len -= n) {
    if (*names == ' ') {
      n = 1;
      continue;
    }
    n = word(names, len);
    if (capa_mechanism(s, names, n) && (!stralloc_append(&s->sasl, " ") || !stralloc_catb(&s->sasl, names, n)))
      return 0;
  }
  return 1;
}

static int printable(const char *line, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (line[i] < 32 || line[i] > 126) return 0;
  return 1;
}

static int take(struct session *s, const char *line, size_t len)
{
  static const struct { const char *name; unsigned int offer; } names[] = {
    { "PIPELINING", OFFERS_PIPELINING }, { "TOP", OFFERS_TOP }, { "UIDL", OFFERS_UIDL }, { "UTF8", OFFERS_UTF8 },
    { "LANG", OFFERS_LANG }, { "USER", OFFERS_USER }, { "AUTH-RESP-CODE", OFFERS_AUTHCODE },
  };
  static const char *const limits[] = { "EXPIRE", "LOGIN-DELAY", 0 };
  size_t i, n = word(line, len);

  for (i = 0; i < sizeof names / sizeof *names; ++i)
    if (strlen(names[i].name) == n && !case_diffb(names[i].name, n, line)) s->offers |= names[i].offer;
  if (n == 4 && !case_diffb("UTF8", 4, line) && len == 9 && !case_diffb(" USER", 5, line + 4)) s->offers |= OFFERS_UTF8USER;
  if (n == 4 && !case_diffb("SASL", 4, line)) return mechanisms(s, line + n, len - n);
  if (among(limits, line, n) && len < 100 && printable(line, len))
    return stralloc_catb(&s->limits, line, len) && stralloc_cats(&s->limits, "\r\n");
  return 1;
}

int capa_ask(struct session *s)
{
  char *line;
  size_t len, lines;
  int r, ok = 1;

  if (s->offers & OFFERS_ASKED) return 1;
  s->offers = OFFERS_ASKED;
  s->sasl.len = s->limits.len = 0;
  r = session_ask(s, "CAPA", 4);
  if (r == POP3C_LOST) return -1;
  for (lines = 0; r == POP3C_OK && (r = pop3c_line(&s->server, &line, &len, s->set.timeoutremote)) == 1; ++lines) {
    if (lines == LINES) r = pop3c_fail(&s->server, "offers without an end");
    else ok &= take(s, line, len);
    if (r == -1) break;
  }
  if (r == -1) {
    session_lost(s);
    session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is lost; try again later");
    return -1;
  }
  if (!ok || !stralloc_0(&s->sasl) || !stralloc_0(&s->limits)) s->over = 1;
  --s->sasl.len;
  --s->limits.len;
  return 1;
}

void capa_answer(struct session *s)
{
  static stralloc all;
  unsigned int o = OFFERS_TOP | OFFERS_UIDL | OFFERS_USER;
  const char *sasl = " PLAIN LOGIN", *limits = "";

  if (pop3c_isopen(&s->server)) {
    if (capa_ask(s) == -1) return;
    o = s->offers;
    sasl = s->sasl.s;
    limits = s->limits.s;
  }
  if (!stralloc_copys(&all, "+OK this is offered\r\n") ||
      (o & OFFERS_TOP && !stralloc_cats(&all, "TOP\r\n")) ||
      (o & OFFERS_UIDL && !stralloc_cats(&all, "UIDL\r\n")) ||
      (o & OFFERS_USER && !s->open && !stralloc_cats(&all, "USER\r\n")) ||
      (*sasl && !s->open && (!stralloc_cats(&all, "SASL") || !stralloc_cats(&all, sasl) || !stralloc_cats(&all, "\r\n"))) ||
      (!s->open && ucspitls_offered() && !stralloc_cats(&all, "STLS\r\n")) ||
      (o & OFFERS_AUTHCODE && !stralloc_cats(&all, "AUTH-RESP-CODE\r\n")) ||
      !stralloc_cats(&all, limits) ||
      (o & OFFERS_UTF8 && !stralloc_cats(&all, o & OFFERS_UTF8USER ? "UTF8 USER\r\n" : "UTF8\r\n")) ||
      (o & OFFERS_LANG && !stralloc_cats(&all, "LANG\r\n")) ||
      !stralloc_cats(&all, "RESP-CODES\r\nPIPELINING\r\n.") || !stralloc_0(&all)) s->over = 1;
  else session_reply(s, all.s);
}
