#include "verdict.h"

#include <string.h>

enum { DELIVERS = 1, REDIRECTS = 2, REFUSES = 4 };

static const struct row {
  int verdict, rank, does;
  const char *name, *word;
} rows[] = {
  { VERDICT_DELIVER,         0, DELIVERS,           "accept/deliver", "deliver" },
  { VERDICT_UNKNOWN,         1, DELIVERS,           "accept/deliver, unknown result", "" },
  { VERDICT_JUNK,            2, DELIVERS,           "accept/deliver, junk", "junk" },
  { VERDICT_REJECT_DELIVER,  3, DELIVERS | REFUSES, "reject/deliver", "" },
  { VERDICT_REJECT_REDIRECT, 4, REDIRECTS | REFUSES, "reject/redirect", "" },
  { VERDICT_REDIRECT,        5, REDIRECTS,          "accept/redirect", "" },
  { VERDICT_DEFER,           6, 0,                  "defer", "defer" },
  { VERDICT_REJECT,          7, REFUSES,            "reject/delete", "" },
  { VERDICT_DELETE,          8, 0,                  "accept/delete", "" },
  { VERDICT_WHITELISTED,    -1, DELIVERS,           "accept/deliver, whitelisted", "whitelisted" },
  { VERDICT_BROKEN,         -1, 0,                  "broken", "" },
};
#define ROWS (sizeof rows / sizeof *rows)

static const struct row *row(int verdict)
{
  size_t i;

  for (i = 0; i < ROWS - 1; ++i)
    if (rows[i].verdict == verdict) return rows + i;
  return rows + ROWS - 1;
}

/* "accept/deliver, junk" is one word as "accept/deliver/junk". */
static int spells(const char *word, const char *name)
{
  for (; *word && *name; ++word, ++name) {
    if (*name == ',') {
      if (*word != '/') return 0;
      ++name;
    } else if (*word != *name) return 0;
  }
  return !*word && !*name;
}

const char *verdict_name(int verdict)
{
  return row(verdict)->name;
}

int verdict_parse(const char *word)
{
  size_t i;

  for (i = 0; i < ROWS; ++i)
    if (rows[i].verdict <= 255 && *word &&
        (!strcmp(word, rows[i].word) || spells(word, rows[i].name))) return rows[i].verdict;
  return -1;
}

int verdict_rank(int verdict)
{
  return row(verdict)->rank;
}

int verdict_delivers(int verdict)
{
  return !!(row(verdict)->does & DELIVERS);
}

int verdict_redirects(int verdict)
{
  return !!(row(verdict)->does & REDIRECTS);
}

int verdict_refuses(int verdict)
{
  return !!(row(verdict)->does & REFUSES);
}
