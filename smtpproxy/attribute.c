#include "attribute.h"

#include <string.h>

#include "control.h"
#include "ip.h"
#include "xtext.h"

#define VALUEMAX 255

static const char *const names[ATTRIBUTES] = {
  "NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT", "IDENT", "SOURCE"
};

static int is(const stralloc *s, const char *word)
{
  return s->len == strlen(word) && !case_diffb(s->s, s->len, word);
}

static int address(stralloc *s)
{
  size_t skip = s->len > 5 && !case_diffb(s->s, 5, "IPV6:") ? 5 : 0;
  char text[IP_TEXT];
  struct ip ip;

  if (!ip_scan(s->s + skip, s->len - skip, &ip)) return 0;
  ip_format(&ip, text);
  return stralloc_copys(s, text) && stralloc_0(s);
}

static int port(const stralloc *s)
{
  size_t i;
  unsigned long n;

  for (i = 0; i < s->len; ++i)
    if (s->s[i] < '0' || s->s[i] > '9') return 0;
  return s->len < 6 && control_scan(s->s, s->len, &n) && n < 65536;
}

static int name(stralloc *s)
{
  size_t i;

  for (i = 0; i < s->len; ++i)
    if (s->s[i] <= 32 || s->s[i] > 126) s->s[i] = '?';
  return s->len <= VALUEMAX;
}

static int check(enum attribute which, stralloc *s)
{
  if (is(s, "[UNAVAILABLE]") || is(s, "[TEMPUNAVAIL]")) return stralloc_copyb(s, "", 1);
  switch (which) {
    case ATTRIBUTE_ADDR: case ATTRIBUTE_DESTADDR: return address(s);
    case ATTRIBUTE_PORT: case ATTRIBUTE_DESTPORT: return port(s);
    case ATTRIBUTE_PROTO: return is(s, "SMTP") || is(s, "ESMTP");
    case ATTRIBUTE_SOURCE: return is(s, "LOCAL") || is(s, "REMOTE");
    default: return name(s);
  }
}

/* ATTRIBUTES: none of them has this name. */
static unsigned int find(const char *word, size_t len)
{
  unsigned int i = 0;

  while (i < ATTRIBUTES && (len != strlen(names[i]) || case_diffb(word, len, names[i]))) ++i;
  return i;
}

static int take(const char *word, size_t n, unsigned int has, struct attributes *a)
{
  const char *equals = memchr(word, '=', n);
  size_t key = equals ? (size_t) (equals - word) : 0;
  unsigned int i = find(word, key);

  if (!(has >> i & 1) || a->given >> i & 1) return 0;
  a->given |= 1u << i;
  if (!xtext_decode(&a->value[i], equals + 1, n - key - 1) || !check(i, &a->value[i])) return 0;
  a->value[i].len = strlen(a->value[i].s);
  return 1;
}

int attribute_read(const char *args, size_t len, unsigned int has, struct attributes *a)
{
  size_t n;

  a->given = 0;
  while (len) {
    for (n = 0; n < len && args[n] != ' '; ++n) ;
    if (n && !take(args, n, has, a)) return 0;
    args += n + (n < len);
    len -= n + (n < len);
  }
  return a->given != 0;
}

int attribute_names(unsigned int has, stralloc *to)
{
  unsigned int i;
  int ok = 1;

  for (i = 0; i < ATTRIBUTES; ++i)
    if (has >> i & 1) ok = ok && stralloc_cats(to, " ") && stralloc_cats(to, names[i]);
  return ok;
}

unsigned int attribute_offered(const stralloc *words)
{
  size_t at, i;
  unsigned int has = 0;

  for (at = 0; at < words->len; at = i) {
    for (i = ++at; i < words->len && words->s[i] != ' '; ++i) ;
    has |= 1u << find(words->s + at, i - at);
  }
  return has & ((1u << ATTRIBUTES) - 1);
}
