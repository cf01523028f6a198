#include "uu.h"

#include <string.h>

static int over(const char *s, const char *end)
{
  return s == end || *s == '\r' || *s == '\n';
}

int uu_data(const char *s, const char *end, int base64)
{
  const char *p = s;
  size_t bytes;

  if (base64) {
    while (p < end && ((*p >= '/' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
                       *p == '+' || *p == '=')) ++p;
    return p > s && over(p, end);
  }
  while (p < end && *p >= ' ' && *p <= '`') ++p;
  if (p == s || !over(p, end)) return 0;
  /* A length, and no more characters than go with it and a checksum. */
  bytes = (size_t) (*s - ' ') & 63;
  return (size_t) (p - s) <= 1 + (bytes + 2) / 3 * 4 + 2;
}

int uu_begins(const char *s, const char *end, struct uu *uu)
{
  const char *last;
  unsigned int digits;

  uu->base64 = end - s > 13 && !memcmp(s, "begin-base64 ", 13);
  if (!uu->base64 && (end - s < 7 || memcmp(s, "begin ", 6))) return 0;
  for (s += uu->base64 ? 13 : 6, digits = 0; s < end && *s >= '0' && *s <= '7'; ++s) ++digits;
  if (digits < 3 || digits > 4 || s == end || (*s != ' ' && *s != '\t')) return 0;
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  for (last = s; !over(last, end); ++last) ;
  uu->name = s;
  for (s = last; s > uu->name && (s[-1] == ' ' || s[-1] == '\t'); --s) ;
  uu->namelen = (size_t) (s - uu->name);
  if (!uu->namelen) return 0;
  if (last < end && *last == '\r') ++last;
  if (last < end && *last == '\n') ++last;
  return uu_data(last, end, uu->base64);
}

int uu_ends(const char *s, const char *end, int base64)
{
  const char *last = base64 ? "====" : "end";
  size_t len = strlen(last);

  if ((size_t) (end - s) < len || memcmp(s, last, len)) return 0;
  for (s += len; s < end && (*s == ' ' || *s == '\t'); ++s) ;
  return over(s, end);
}
