#include "score.h"

#include <errno.h>
#include <string.h>

#include "control.h"

#define NUMBER 20    /* bytes of a number, RFC 5322 knows nothing of them */
#define TESTS  4000  /* bytes of the names of tests */
#define WIDTH  70    /* after so many bytes X-Spam-Status is folded */
#define STARS  50    /* of X-Spam-Level */

int score_scan(const char *text, size_t len, long *points)
{
  int minus = len && *text == '-', seen = 0, behind = -1;
  size_t i;
  long n = 0;

  for (i = len && (minus || *text == '+'); i < len; ++i) {
    if (text[i] == '.' && behind == -1) {
      behind = 0;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return 0;
    seen = 1;
    if (behind >= 3) continue;
    n = n * 10 + text[i] - '0';
    if (n > SCORE_MAX) return 0;
    behind += behind >= 0;
  }
  for (behind = behind < 0 ? 0 : behind; behind < 3; ++behind) n *= 10;
  if (n > SCORE_MAX) return 0;
  *points = minus ? -n : n;
  return seen && len <= NUMBER + 10;
}

int score_number(stralloc *out, long points)
{
  unsigned long n = (unsigned long) (points < 0 ? -points : points), rest = n % 1000;
  char digits[4] = { (char) ('0' + rest / 100), (char) ('0' + rest / 10 % 10), (char) ('0' + rest % 10), 0 };
  size_t len = 3;

  while (len > 1 && digits[len - 1] == '0') --len;
  return (points >= 0 || stralloc_cats(out, "-")) && stralloc_number(out, n / 1000) &&
         stralloc_cats(out, ".") && stralloc_catb(out, digits, len);
}

static int plain(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-' || c == '.';
}

int score_test(struct score *s, const char *name, size_t len)
{
  size_t i = s->tests.len;

  if (!len || len > TESTS - 1 || i > TESTS - 1 - len) return 1;
  if ((i && !stralloc_append(&s->tests, ",")) || !stralloc_catb(&s->tests, name, len)) return 0;
  for (i += !!i; i < s->tests.len; ++i)
    if (!plain(s->tests.s[i])) s->tests.s[i] = '?';
  return 1;
}

int score_cat(const struct score *s, stralloc *out)
{
  return stralloc_cats(out, "score ") && score_number(out, s->points) && stralloc_cats(out, " of ") &&
         score_number(out, s->required);
}

/* Is the word at the text? */
static int begins(const char *text, const char *word)
{
  return !strncmp(text, word, strlen(word));
}

static int tag(const struct score *s, stralloc *out)
{
  static stralloc line;
  const char *p;
  int r = control_line("control/spamtag", &line), ok;

  if (r != 1) return r;
  ok = stralloc_cats(out, "\nX-CleanMail-Tag: ");
  for (p = line.s; *p && ok; ++p) {
    if (begins(p, "_SCORE_")) ok = score_number(out, s->points), p += 6;
    else if (begins(p, "_REQD_")) ok = score_number(out, s->required), p += 5;
    else ok = stralloc_append(out, p);
  }
  errno = ENOMEM;
  return ok ? 1 : -1;
}

/* The shape that mail readers know: "Yes, score=7.5 required=5.0 tests=A,B". */
static int status(const struct score *s, stralloc *out)
{
  size_t i, begin = out->len;
  int ok = stralloc_cats(out, s->spam ? "\nX-Spam-Status: Yes, score=" : "\nX-Spam-Status: No, score=") &&
           score_number(out, s->points) && stralloc_cats(out, " required=") &&
           score_number(out, s->required) && stralloc_cats(out, " tests=") &&
           (s->tests.len || stralloc_cats(out, "none"));

  for (i = 0; ok && i < s->tests.len; ++i) {
    ok = stralloc_append(out, s->tests.s + i);
    if (s->tests.s[i] == ',' && out->len - begin > WIDTH) {
      ok = ok && stralloc_cats(out, "\n\t");
      begin = out->len;
    }
  }
  return ok;
}

static int level(const struct score *s, stralloc *out)
{
  long i;
  int ok = stralloc_cats(out, "\nX-Spam-Level: ");

  for (i = 0; i < STARS && i < s->points / 1000; ++i) ok = ok && stralloc_append(out, "*");
  return ok;
}

int score_fields(const struct score *s, int mark, stralloc *out)
{
  int r = stralloc_cats(out, "\nX-CleanMail-Score: ") && score_number(out, s->points);

  errno = ENOMEM;
  if (!r || !mark) return r ? 1 : -1;
  if (s->spam && tag(s, out) == -1) return -1;
  errno = ENOMEM;
  return (!s->spam || stralloc_cats(out, "\nX-Spam-Flag: YES")) && status(s, out) && level(s, out) &&
         stralloc_cats(out, "\nX-Spam-Score: ") && score_number(out, s->points) ? 1 : -1;
}
