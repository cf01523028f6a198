#include "pattern.h"

#include <string.h>

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
}

/* On a mismatch only the last * needs to take one byte more: an earlier one
 * could reach nothing that the last cannot. */
int pattern_match(const char *pattern, size_t patternlen, const char *text, size_t len)
{
  size_t p = 0, t = 0, star = patternlen, mark = 0;

  while (t < len) {
    if (p < patternlen && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < patternlen && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star < patternlen) {
      p = star + 1;
      t = ++mark;
    } else return 0;
  }
  while (p < patternlen && pattern[p] == '*') ++p;
  return p == patternlen;
}

/* Without a domain there is postmaster, RFC 5321 4.5.1. */
int pattern_vain(const char *pattern, size_t len)
{
  if (len && *pattern == '@') return 1;
  return memchr(pattern, '.', len) && !memchr(pattern, '@', len) && !memchr(pattern, '*', len) && !memchr(pattern, '?', len);
}
