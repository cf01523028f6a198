#include "pattern.h"

#include <string.h>

#include "tap.h"

static int match(const char *pattern, const char *text)
{
  return pattern_match(pattern, strlen(pattern), text, strlen(text));
}

/* The definition, as slow as it is plain. */
static int define(const char *p, const char *t)
{
  if (!*p) return !*t;
  if (*p == '*') return define(p + 1, t) || (*t && define(p, t + 1));
  return *t && (*p == '?' || (*p | 32) == (*t | 32)) && define(p + 1, t + 1);
}

/* The n-th word over the letters; 0 when there are no more of length max. */
static int word(unsigned int n, const char *letters, size_t max, char *out)
{
  unsigned int base = (unsigned int) strlen(letters);
  size_t len = 0;

  for (; n; n = (n - 1) / base) {
    if (len == max) return 0;
    out[len++] = letters[(n - 1) % base];
  }
  out[len] = 0;
  return 1;
}

static unsigned int disagreements(void)
{
  char p[6], t[7];
  unsigned int i, j, bad = 0;

  for (i = 0; word(i, "aB?*", 5, p); ++i)
    for (j = 0; word(j, "Ab", 6, t); ++j)
      if (match(p, t) != define(p, t)) ++bad;
  return bad;
}

int main(void)
{
  static char many[4000], stars[2000];

  ok(match("", "") && !match("", "a") && !match("a", ""), "nothing matches nothing only");
  ok(match("*", "") && match("*", "anything"), "* stands for any number of bytes");
  ok(match("?", "x") && !match("?", "") && !match("?", "xy"), "? stands for one byte");
  ok(match("*@EXAMPLE.org", "Joe@example.ORG"), "letters match in both cases");
  ok(!match("[", "{") && !match("@", "`"), "only letters have two cases");
  ok(match("caf\303\251*", "caf\303\251 au lait") && !match("\303\251", "\303\211"),
     "bytes beyond ASCII are compared as they are");
  ok(match("*ab", "aab") && match("a*b*c", "a-b-b-c") && !match("a*b*c", "a-c-b"),
     "a star takes more where the rest needs it");
  ok(pattern_match("a*", 1, "ab", 1) && !pattern_match("a*", 1, "ab", 2),
     "both lengths are respected");
  ok(!disagreements(), "every short pattern and text agree with the definition");

  memset(many, 'a', sizeof many);
  for (size_t i = 0; i < sizeof stars; i += 2) memcpy(stars + i, "a*", 2);
  stars[sizeof stars - 1] = 'b';
  ok(!pattern_match(stars, sizeof stars, many, sizeof many), "a hostile pattern ends");
  ok(pattern_vain("example.net", 11) && pattern_vain("@example.net", 12), "a domain alone matches no address");
  ok(!pattern_vain("*@example.net", 13) && !pattern_vain("joe@example.net", 15) && !pattern_vain("*.example.net", 13) &&
     !pattern_vain("postmaster", 10), "with an @, a * or no dot one may match");
  ok(!pattern_vain("joe?example.net", 15) && match("joe?example.net", "joe@example.net"), "as may one with a ? for the @");
  return done_testing();
}
