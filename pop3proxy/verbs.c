#include "verbs.h"

#include <string.h>

/* What may stand behind a verb. */
enum { NOTHING, ANYTHING, NUMBER, MAYBE, TWO };

static const struct { char name[5]; enum verb verb; int takes; } table[] = {
  { "RETR", VERB_RETR, NUMBER }, { "DELE", VERB_DELE, NUMBER }, { "TOP", VERB_TOP, TWO },
  { "LIST", VERB_LIST, MAYBE }, { "UIDL", VERB_UIDL, MAYBE }, { "STAT", VERB_STAT, NOTHING },
  { "NOOP", VERB_NOOP, NOTHING }, { "RSET", VERB_RSET, NOTHING }, { "QUIT", VERB_QUIT, NOTHING },
  { "CAPA", VERB_CAPA, NOTHING }, { "USER", VERB_USER, ANYTHING }, { "PASS", VERB_PASS, ANYTHING },
  { "APOP", VERB_APOP, ANYTHING }, { "AUTH", VERB_AUTH, ANYTHING }, { "STLS", VERB_STLS, NOTHING },
  { "UTF8", VERB_UTF8, NOTHING }, { "LANG", VERB_LANG, ANYTHING },
};

/* A number of up to nine digits at *p, and the blanks before it. 1 or 0. */
static int number(const char **p, const char *end, unsigned long *n)
{
  const char *begin;

  while (*p < end && **p == ' ') ++*p;
  begin = *p;
  for (*n = 0; *p < end && **p >= '0' && **p <= '9' && *p - begin < 9; ++*p)
    *n = *n * 10 + (unsigned long) (**p - '0');
  return *p > begin && (*p == end || **p == ' ');
}

static int arguments(struct verbs *v, int takes)
{
  const char *p = v->args, *end = p + v->argslen;

  if (takes == ANYTHING) return 1;
  while (end > p && end[-1] == ' ') --end;
  if (p == end) return takes == NOTHING || takes == MAYBE;
  if (takes == NOTHING || !number(&p, end, &v->number) || !v->number) return 0;
  v->text[v->len++] = ' ';
  v->len += fmt_ulong(v->text + v->len, v->number);
  if (takes == TWO) {
    if (!number(&p, end, &v->lines)) return 0;
    v->text[v->len++] = ' ';
    v->len += fmt_ulong(v->text + v->len, v->lines);
  }
  return p == end;
}

void verbs_read(struct verbs *v, const char *line, size_t len)
{
  const char *blank = memchr(line, ' ', len);
  size_t i, n = blank ? (size_t) (blank - line) : len;

  v->verb = VERB_UNKNOWN;
  v->args = blank ? blank + 1 : line + len;
  v->argslen = blank ? len - n - 1 : 0;
  v->number = v->lines = 0;
  for (i = 0; i < len; ++i)
    if (line[i] == 0 || line[i] == '\r' || line[i] == '\n') return;
  for (i = 0; i < sizeof table / sizeof *table; ++i) {
    if (strlen(table[i].name) != n || case_diffb(table[i].name, n, line)) continue;
    v->len = n;
    memcpy(v->text, table[i].name, n);
    v->verb = arguments(v, table[i].takes) ? table[i].verb : VERB_MALFORMED;
    return;
  }
}
