#include "spfrecord.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "spfmacro.h"

#define VERSION "v=spf1"
#define VERSIONLEN (sizeof VERSION - 1)

static const struct mechanism {
  const char *name;
  enum spf_kind kind;
  enum { NEVER, MAY, MUST } domain;  /* may a domain stand behind it? */
  int cidr;                          /* and lengths of networks? */
} mechanisms[] = {
  { "all",     SPF_ALL,     NEVER, 0 },
  { "include", SPF_INCLUDE, MUST,  0 },
  { "a",       SPF_A,       MAY,   1 },
  { "mx",      SPF_MX,      MAY,   1 },
  { "ptr",     SPF_PTR,     MAY,   0 },
  { "ip4",     SPF_IP4,     MUST,  0 },
  { "ip6",     SPF_IP6,     MUST,  0 },
  { "exists",  SPF_EXISTS,  MUST,  0 },
};
#define MECHANISMS (sizeof mechanisms / sizeof *mechanisms)

int spf_is_record(const char *text, size_t len)
{
  return len >= VERSIONLEN && !strncasecmp(text, VERSION, VERSIONLEN) &&
         (len == VERSIONLEN || text[VERSIONLEN] == ' ');
}

static int is(const char *text, size_t len, const char *word)
{
  return len == strlen(word) && !strncasecmp(text, word, len);
}

/* Take slashes and a number from the end of text. 1; 0: they are not there and
 * *bits stays; -1: the number is none. */
static int take_bits(const char *text, size_t *len, const char *slashes, unsigned int most,
                     unsigned int *bits)
{
  size_t start = *len, i, n = strlen(slashes);
  unsigned int value = 0;

  while (start && text[start - 1] >= '0' && text[start - 1] <= '9') --start;
  if (start == *len || start < n || memcmp(text + start - n, slashes, n)) return 0;
  if (*len - start > 3 || (text[start] == '0' && *len - start > 1)) return -1;
  for (i = start; i < *len; ++i) value = value * 10 + (unsigned int) (text[i] - '0');
  if (value > most) return -1;
  *bits = value;
  *len = start - n;
  return 1;
}

static int read_network(const char *text, size_t len, struct spf_term *t)
{
  char copy[IP_TEXT];
  int six = t->kind == SPF_IP6;

  t->network.len = six ? 16 : 4;
  t->network.bits = six ? 128 : 32;
  if (take_bits(text, &len, "/", t->network.bits, &t->network.bits) == -1) return 0;
  if (len >= sizeof copy) return 0;
  memcpy(copy, text, len);
  copy[len] = 0;
  return inet_pton(six ? AF_INET6 : AF_INET, copy, t->network.bytes) == 1;
}

/* What stands behind the mechanism's name. */
static int read_argument(const struct mechanism *m, const char *text, size_t len,
                         struct spf_term *t)
{
  t->bits4 = 32;
  t->bits6 = 128;
  if (m->cidr && (take_bits(text, &len, "//", 128, &t->bits6) == -1 ||
                  take_bits(text, &len, "/", 32, &t->bits4) == -1)) return 0;
  if (!len) return m->domain != MUST;
  if (*text != ':' || m->domain == NEVER) return 0;
  ++text;
  --len;
  if (t->kind == SPF_IP4 || t->kind == SPF_IP6) return read_network(text, len, t);
  t->domain = text;
  t->domainlen = len;
  return spf_macros(text, len, SPF_IN_DOMAIN);
}

static int read_modifier(const char *text, size_t len, size_t name, struct spf_term *t)
{
  enum spf_place place = SPF_IN_DOMAIN;

  t->kind = is(text, name, "redirect") ? SPF_REDIRECT : is(text, name, "exp") ? SPF_EXP : SPF_OTHER;
  if (t->kind == SPF_OTHER) place = SPF_IN_MODIFIER;
  t->domain = text + name + 1;
  t->domainlen = len - name - 1;
  return spf_macros(t->domain, t->domainlen, place);
}

static int is_letter(char c)
{
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static int read_term(const char *text, size_t len, struct spf_term *t)
{
  static const char others[] = "0123456789-_.";
  size_t name, i;

  t->domain = 0;
  t->qualifier = *text && strchr("+-~?", *text) ? *text : 0;
  if (t->qualifier) {
    ++text;
    --len;
  }
  for (name = 0; name < len && text[name]; ++name)
    if (!is_letter(text[name]) && (!name || !strchr(others, text[name]))) break;
  if (!name) return 0;
  if (!t->qualifier && name < len && text[name] == '=') return read_modifier(text, len, name, t);
  if (!t->qualifier) t->qualifier = '+';
  for (i = 0; i < MECHANISMS; ++i) {
    if (!is(text, name, mechanisms[i].name)) continue;
    t->kind = mechanisms[i].kind;
    return read_argument(mechanisms + i, text + name, len - name, t);
  }
  return 0;
}

int spf_next_term(const char *text, size_t len, size_t *at, struct spf_term *term)
{
  const char *end;

  if (!*at) *at = VERSIONLEN;
  while (*at < len && text[*at] == ' ') ++*at;
  if (*at >= len) return 0;
  term->start = text + *at;
  end = memchr(term->start, ' ', len - *at);
  term->len = end ? (size_t) (end - term->start) : len - *at;
  *at += term->len;
  return read_term(term->start, term->len, term) ? 1 : -1;
}

int spf_check_record(const char *text, size_t len, struct spf_term *term)
{
  unsigned int redirects = 0, exps = 0;
  size_t at = 0;
  int result;

  while ((result = spf_next_term(text, len, &at, term)) == 1) {
    redirects += term->kind == SPF_REDIRECT;
    exps += term->kind == SPF_EXP;
    if (redirects > 1 || exps > 1) return 0;
  }
  return result == 0;
}
