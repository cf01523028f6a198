#include "command.h"

#include <string.h>

#include "control.h"
#include "smtpc.h"

static const struct { const char *word; enum verb verb; } verbs[] = {
  { "HELO", VERB_HELO }, { "EHLO", VERB_EHLO }, { "MAIL", VERB_MAIL }, { "RCPT", VERB_RCPT },
  { "DATA", VERB_DATA }, { "RSET", VERB_RSET }, { "NOOP", VERB_NOOP }, { "QUIT", VERB_QUIT },
  { "VRFY", VERB_VRFY }, { "HELP", VERB_HELP }, { "BDAT", VERB_BDAT },
  { "EXPN", VERB_UNOFFERED }, { "ETRN", VERB_UNOFFERED }, { "TURN", VERB_UNOFFERED },
  { "ATRN", VERB_UNOFFERED }, { "STARTTLS", VERB_STARTTLS }, { "AUTH", VERB_AUTH },
  { "XCLIENT", VERB_XCLIENT }, { "XFORWARD", VERB_XFORWARD },
  { "GET", VERB_FOREIGN }, { "POST", VERB_FOREIGN }, { "PUT", VERB_FOREIGN },
  { "HEAD", VERB_FOREIGN }, { "OPTIONS", VERB_FOREIGN }, { "CONNECT", VERB_FOREIGN },
  { "PROXY", VERB_FOREIGN },
};

enum verb command_verb(const char *line, size_t len, const char **args, size_t *argslen)
{
  size_t i, n = 0;

  *args = line;
  *argslen = 0;
  if (memchr(line, 0, len) || memchr(line, '\r', len)) return VERB_UNKNOWN;
  while (len && (line[len - 1] == ' ' || line[len - 1] == '\t')) --len;
  while (n < len && line[n] != ' ' && line[n] != '\t') ++n;
  *args = line + n;
  *argslen = len - n;
  while (*argslen && (**args == ' ' || **args == '\t')) ++*args, --*argslen;

  for (i = 0; i < sizeof verbs / sizeof *verbs; ++i)
    if (strlen(verbs[i].word) == n && !case_diffb(line, n, verbs[i].word)) return verbs[i].verb;
  return n > 1 && line[n - 1] == ':' ? VERB_FOREIGN : VERB_UNKNOWN;
}

static int is_atext(unsigned char c)
{
  static const char special[] = "()<>[]:;@\\,.\"";

  return c > 126 ? c > 127 : c > 32 && !memchr(special, c, sizeof special - 1);
}

/* RFC 5321, 4.1.2: Dot-string (also with the dots in odd places that exist in
 * the wild) or Quoted-string. The length, or 0. */
static size_t localpart(const char *s, size_t len)
{
  size_t i = 0;

  if (len && *s == '"') {
    for (i = 1; i < len && s[i] != '"'; ++i) {
      if (s[i] == '\\') ++i;
      if (i >= len || (unsigned char) s[i] < 32 || s[i] == 127) return 0;
    }
    return i < len ? i + 1 : 0;
  }
  while (i < len && (is_atext((unsigned char) s[i]) || s[i] == '.')) ++i;
  return i;
}

static int is_label(unsigned char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '-' || c == '_' || c > 127;
}

/* Labels with single dots between them, or an address literal. The length, or 0. */
static size_t domain(const char *s, size_t len)
{
  size_t i = 0;

  if (len && *s == '[') {
    for (i = 1; i < len && s[i] != ']'; ++i)
      if (!is_label((unsigned char) s[i]) && s[i] != '.' && s[i] != ':') return 0;
    return i < len && i > 1 ? i + 1 : 0;
  }
  for (; i < len && (is_label((unsigned char) s[i]) || s[i] == '.'); ++i)
    if (s[i] == '.' && (!i || s[i - 1] == '.')) return 0;
  return i && s[i - 1] == '.' ? 0 : i;
}

int command_path(const char *word, const char **args, size_t *argslen, struct address *a)
{
  const char *s = *args, *end = s + *argslen;
  size_t n = strlen(word);
  int bracket;

  if (*argslen < n || case_diffb(s, n, word)) return 0;
  for (s += n; s < end && *s == ' '; ++s) ;
  bracket = s < end && *s == '<';
  s += bracket;
  if (s < end && *s == '@') return -1;

  n = localpart(s, (size_t) (end - s));
  a->domain = n;
  if (n && s + n < end && s[n] == '@') {
    a->domain = n + 1;
    n = domain(s + a->domain, (size_t) (end - s) - a->domain);
    if (!n) return 0;
    n += a->domain;
  }
  if (n > COMMAND_ADDRESS || (!n && !bracket)) return 0;
  memcpy(a->text, s, n);
  a->text[n] = 0;
  a->len = n;
  for (a->utf8 = 0; n; --n) a->utf8 |= (unsigned char) a->text[n - 1] > 127;

  s += a->len;
  if (bracket && (s == end || *s++ != '>')) return 0;
  if (s < end && *s != ' ') return 0;
  while (s < end && *s == ' ') ++s;
  *args = s;
  *argslen = (size_t) (end - s);
  return 1;
}

int command_relays(const struct address *a)
{
  static const char hops[] = "%!@:/|";
  size_t i, local = a->domain < a->len ? a->domain - 1 : a->len;

  for (i = 0; i < local; ++i)
    if (memchr(hops, a->text[i], sizeof hops)) return 1;
  return a->text[0] == '-' || a->text[a->domain] == '[';
}

static int is_word(const char *s, size_t len, const char *word)
{
  return len == strlen(word) && !case_diffb(s, len, word);
}

/* RFC 3461, section 4: xtext. */
static int is_xtext(const char *s, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i) {
    if (s[i] < 33 || s[i] > 126 || s[i] == '=') return 0;
    if (s[i] == '+') {
      if (i + 2 >= len || !memchr("0123456789ABCDEF", s[i + 1], 16) ||
          !memchr("0123456789ABCDEF", s[i + 2], 16)) return 0;
      i += 2;
    }
  }
  return len > 0 && len <= 500;
}

static int is_notify(const char *s, size_t len)
{
  size_t n, words = 0;
  int never = 0;

  for (;; ++s, --len, ++words) {
    for (n = 0; n < len && s[n] != ','; ++n) ;
    if (is_word(s, n, "NEVER")) never = 1;
    else if (!is_word(s, n, "SUCCESS") && !is_word(s, n, "FAILURE") && !is_word(s, n, "DELAY")) return 0;
    s += n;
    len -= n;
    if (!len) return !never || !words;
  }
}

/* ORCPT: an address type, a semicolon, xtext. */
static int is_orcpt(const char *s, size_t len)
{
  size_t n = 0;

  while (n < len && is_label((unsigned char) s[n]) && !((unsigned char) s[n] & 128)) ++n;
  return n && n + 1 < len && s[n] == ';' && is_xtext(s + n + 1, len - n - 1);
}

static int take(stralloc *into, const char *value, size_t len, int good)
{
  if (!good || into->len) return 501;
  if (!stralloc_copyb(into, value, len) || !stralloc_0(into)) return 451;
  --into->len;
  return 1;
}

static int once(int *flag)
{
  return *flag ? 501 : (*flag = 1);
}

static int mailparam(const char *p, size_t n, const char *v, size_t len, unsigned int offers,
                     struct params *params)
{
  if ((offers & SMTPC_SIZE) && is_word(p, n, "SIZE"))
    return len && len <= 20 && v[len - 1] <= '9' && control_scan(v, len, &params->size)
           ? once(&params->size_given) : 501;
  if ((offers & SMTPC_8BITMIME) && is_word(p, n, "BODY")) {
    if (params->body7 || params->body8) return 501;
    if (is_word(v, len, "8BITMIME")) return once(&params->body8);
    return is_word(v, len, "7BIT") ? once(&params->body7) : 501;
  }
  if ((offers & SMTPC_SMTPUTF8) && is_word(p, n, "SMTPUTF8"))
    return len ? 501 : once(&params->smtputf8);
  if ((offers & SMTPC_DSN) && is_word(p, n, "RET"))
    return take(&params->ret, v, len, is_word(v, len, "FULL") || is_word(v, len, "HDRS"));
  if ((offers & SMTPC_DSN) && is_word(p, n, "ENVID"))
    return take(&params->envid, v, len, len <= 100 && is_xtext(v, len));
  if ((offers & SMTPC_AUTH) && is_word(p, n, "AUTH"))
    return take(&params->auth, v, len, is_xtext(v, len));
  return 555;
}

static int rcptparam(const char *p, size_t n, const char *v, size_t len, unsigned int offers,
                     struct params *params)
{
  if ((offers & SMTPC_DSN) && is_word(p, n, "NOTIFY"))
    return take(&params->notify, v, len, len && is_notify(v, len));
  if ((offers & SMTPC_DSN) && is_word(p, n, "ORCPT"))
    return take(&params->orcpt, v, len, is_orcpt(v, len));
  return 555;
}

int command_params(const char *args, size_t left, int rcpt, unsigned int offers,
                   struct params *params)
{
  const char *value;
  size_t n, key;
  int r;

  params->size_given = params->body8 = params->body7 = params->smtputf8 = 0;
  params->size = 0;
  params->ret.len = params->envid.len = params->notify.len = params->orcpt.len = params->auth.len = 0;
  while (left) {
    for (n = 0; n < left && args[n] != ' '; ++n) ;
    for (key = 0; key < n && args[key] != '='; ++key) ;
    value = args + key + (key < n);
    r = (rcpt ? rcptparam : mailparam)(args, key, value, n - key - (key < n), offers, params);
    if (r != 1) return r;
    args += n;
    left -= n;
    while (left && *args == ' ') ++args, --left;
  }
  return 1;
}
