#include "spfmacro.h"

#include <string.h>
#include <time.h>

#define PARTS 512  /* of a value, between its delimiters */

static const char delimiters[] = ".-+,/_=", hexdigits[] = "0123456789ABCDEF";

/* %{ LETTER [DIGITS] [r] [DELIMITERS] } */
struct macro {
  char letter;          /* in lower case; or one of % _ - */
  int escape;           /* the letter was upper case */
  unsigned int keep;    /* how many parts from the right; 0: all */
  int reverse;
  const char *split;
  size_t splitlen;      /* 0: at dots */
};

/* Read the macro behind a %. Its length, or 0: it is none. */
static size_t read_macro(const char *text, size_t len, struct macro *m)
{
  size_t i = 1;

  if (len && strchr("%_-", *text) && *text) {
    m->letter = *text;
    return 1;
  }
  if (len < 3 || *text != '{') return 0;
  m->letter = (char) (text[i] | 32);
  m->escape = text[i] >= 'A' && text[i] <= 'Z';
  if (!text[i] || !strchr("slodiphcrtv", m->letter)) return 0;
  for (m->keep = 0, ++i; i < len && text[i] >= '0' && text[i] <= '9'; ++i)
    if (m->keep < PARTS) m->keep = m->keep * 10 + (unsigned int) (text[i] - '0');
  if (!m->keep && text[i - 1] == '0') return 0;
  m->reverse = i < len && (text[i] | 32) == 'r';
  if (m->reverse) ++i;
  for (m->split = text + i; i < len && text[i] && strchr(delimiters, text[i]); ) ++i;
  m->splitlen = (size_t) (text + i - m->split);
  return i < len && text[i] == '}' ? i + 1 : 0;
}

static int is_alnum(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* "." toplabel [ "." ]: what a domain-spec ends in, unless that is a macro. */
static int ends_in_toplabel(const char *text, size_t len)
{
  size_t start, i;
  int digits = 1;

  if (len && text[len - 1] == '.') --len;
  for (start = len; start && text[start - 1] != '.'; ) --start;
  if (!start || start == len || !is_alnum(text[start]) || !is_alnum(text[len - 1])) return 0;
  for (i = start; i < len; ++i) {
    if (!is_alnum(text[i]) && text[i] != '-') return 0;
    digits &= text[i] >= '0' && text[i] <= '9';
  }
  return !digits;
}

int spf_macros(const char *text, size_t len, enum spf_place place)
{
  struct macro m;
  size_t i, n, behind = 0;

  for (i = 0; i < len; ++i) {
    if (text[i] == '%') {
      n = read_macro(text + i + 1, len - i - 1, &m);
      if (!n || (place != SPF_IN_TEXT && strchr("crt", m.letter))) return 0;
      i += n;
      behind = i + 1;
    } else if (text[i] < '!' || text[i] > '~') {
      if (text[i] != ' ' || place != SPF_IN_TEXT) return 0;
    }
  }
  if (place != SPF_IN_DOMAIN || (len && behind == len)) return 1;
  return ends_in_toplabel(text + behind, len - behind);
}

static int nibbles(const struct ip *ip, stralloc *out)
{
  char pair[4] = { 0, '.', 0, '.' };
  size_t i;

  for (i = 0; i < ip->len; ++i) {
    pair[0] = hexdigits[ip->bytes[i] >> 4];
    pair[2] = hexdigits[ip->bytes[i] & 15];
    if (!stralloc_catb(out, pair, i + 1 < ip->len ? 4 : 3)) return 0;
  }
  return 1;
}

/* What the letter stands for. 1, or 0 without memory. */
static int value(const struct spf_facts *f, char letter, stralloc *out)
{
  char ip[IP_TEXT];

  out->len = 0;
  switch (letter) {
    case 's': return stralloc_cats(out, f->local) && stralloc_append(out, "@") &&
                     stralloc_cats(out, f->from);
    case 'l': return stralloc_cats(out, f->local);
    case 'o': return stralloc_cats(out, f->from);
    case 'd': return stralloc_cats(out, f->domain);
    case 'p': return stralloc_cats(out, f->validated(f->domain));
    case 'v': return stralloc_cats(out, f->ip.len == 4 ? "in-addr" : "ip6");
    case 'h': return stralloc_cats(out, f->helo);
    case 'r': return stralloc_cats(out, f->me);
    case 't': return stralloc_number(out, (unsigned long) time(0));
    default:
      if (letter == 'i' && f->ip.len == 16) return nibbles(&f->ip, out);
      ip_format(&f->ip, ip);
      return stralloc_cats(out, ip);
  }
}

/* One part; what is no unreserved character of an URL as %XX, if asked for. */
static int put(stralloc *out, const char *text, size_t len, int escape)
{
  char hex[4] = "%";

  if (!escape) return stralloc_catb(out, text, len);
  for (; len--; ++text) {
    if (is_alnum(*text) || (*text && strchr("-._~", *text))) {
      if (!stralloc_append(out, text)) return 0;
      continue;
    }
    hex[1] = hexdigits[(unsigned char) *text >> 4];
    hex[2] = hexdigits[*text & 15];
    if (!stralloc_cats(out, hex)) return 0;
  }
  return 1;
}

/* The value's parts, as the macro wants them. 1; 0: too many; -1: out of memory. */
static int transform(const struct macro *m, const stralloc *v, stralloc *out)
{
  static struct { const char *s; size_t len; } parts[PARTS];
  const char *split = m->splitlen ? m->split : ".";
  size_t splitlen = m->splitlen ? m->splitlen : 1, i, n = 0, start = 0, first, at;

  for (i = 0; i <= v->len; ++i) {
    if (i < v->len && !memchr(split, v->s[i], splitlen)) continue;
    if (n == PARTS) return 0;
    parts[n].s = v->s + start;
    parts[n++].len = i - start;
    start = i + 1;
  }
  first = m->keep && m->keep < n ? n - m->keep : 0;
  for (i = first; i < n; ++i) {
    at = m->reverse ? n - 1 - i : i;
    if (i > first && !stralloc_append(out, ".")) return -1;
    if (!put(out, parts[at].s, parts[at].len, m->escape)) return -1;
  }
  return 1;
}

static int is_ascii(const char *text)
{
  while (*text && !(*text & (char) 0x80)) ++text;
  return !*text;
}

int spf_expand(const struct spf_facts *facts, const char *text, size_t len, stralloc *out)
{
  static stralloc v;
  struct macro m;
  size_t i;
  int result;

  out->len = 0;
  for (i = 0; i < len; ++i) {
    if (out->len > SPF_EXPANDED) return 0;
    if (text[i] != '%') {
      if (!stralloc_append(out, text + i)) return -1;
      continue;
    }
    i += read_macro(text + i + 1, len - i - 1, &m);
    switch (m.letter) {
      case '%': result = stralloc_append(out, "%") ? 1 : -1; break;
      case '_': result = stralloc_append(out, " ") ? 1 : -1; break;
      case '-': result = stralloc_cats(out, "%20") ? 1 : -1; break;
      case 's':
      case 'l':
        if (!is_ascii(facts->local)) return 2;
        __attribute__((fallthrough));
      default: result = value(facts, m.letter, &v) ? transform(&m, &v, out) : -1;
    }
    if (result != 1) return result;
  }
  return stralloc_0(out) ? 1 : -1;
}
