/* An address: the form that goes on to the upstream is read there as it was here,
 * nothing in it ends it, and one that is taken could not make anybody relay. What
 * stands behind a line end is a pattern, compared with the plainest way to match.
 * modules: smtpproxy/command.c */

#include "command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static int lower(unsigned char c)
{
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Row by row: is what we have of the pattern what we have of the text? */
static int matches(const char *pattern, size_t m, const char *text, size_t n)
{
  static unsigned char is[2][4100];
  size_t i, j, k;

  memset(is, 0, sizeof is);
  is[0][0] = 1;
  for (i = 0; i < m; ++i) {
    unsigned char *was = is[i % 2], *now = is[!(i % 2)];

    now[0] = pattern[i] == '*' && was[0];
    for (j = 0; j < n; ++j) {
      k = j + 1;
      if (pattern[i] == '*') now[k] = now[j] || was[k];
      else now[k] = was[j] && (pattern[i] == '?' || lower((unsigned char) pattern[i]) == lower((unsigned char) text[j]));
    }
  }
  return is[m % 2][n];
}

static void sound(const struct address *a)
{
  struct address b;
  char path[COMMAND_ADDRESS + 10] = "FROM:<";
  const char *at = path;
  size_t i, len = a->len + 7;
  int utf8 = 0;

  must(a->len <= COMMAND_ADDRESS && !a->text[a->len] && a->domain <= a->len);
  must(strlen(a->text) == a->len);
  for (i = 0; i < a->len; ++i) {
    must((unsigned char) a->text[i] >= 32 && a->text[i] != 127);
    utf8 |= (unsigned char) a->text[i] > 127;
  }
  must(utf8 == !!a->utf8);
  if (a->domain < a->len) must(a->domain && a->text[a->domain - 1] == '@');
  for (i = a->domain; i < a->len; ++i) must(!strchr(" <>@,;\\\"()", a->text[i]));
  memcpy(path + 6, a->text, a->len);
  path[6 + a->len] = '>';
  must(command_path("FROM:", &at, &len, &b) == 1 && !len);
  must(b.len == a->len && b.domain == a->domain && !strcmp(a->text, b.text));
  if (command_relays(a) || a->domain == a->len) return;
  must(*a->text != '-' && a->text[a->domain] != '[' && strchr(a->text, '@') == a->text + a->domain - 1);
  for (i = 0; i + 1 < a->domain; ++i) must(!strchr("%!@:/|", a->text[i]));
}

static void read_one(const char *before, const char *text, size_t size, const char *behind)
{
  static stralloc line;
  struct address a;
  const char *at;
  size_t len;

  must(stralloc_copys(&line, before) && stralloc_catb(&line, text, size) && stralloc_cats(&line, behind));
  at = line.s;
  len = line.len;
  if (command_path("FROM:", &at, &len, &a) != 1) return;
  must(at >= line.s && at + len == line.s + line.len);
  sound(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size + 1);
  const char *nl;
  size_t len, rest;

  must(text != 0);
  memcpy(text, data, size);
  nl = memchr(text, '\n', size);
  len = nl ? (size_t) (nl - text) : size;
  read_one("FROM:<", text, len, ">");
  read_one("FROM:", text, len, "");
  read_one("from: ", text, len, " SIZE=1");
  read_one("", text, len, "");
  rest = nl ? size - len - 1 : 0;
  if (nl && rest < 200 && len < 4000)
    must(pattern_match(nl + 1, rest, text, len) == matches(nl + 1, rest, text, len));
  free(text);
  return 0;
}
