#include "choice.h"

#include <string.h>

#include "reason.h"

static int set(struct choice *table, size_t count, const char *argument)
{
  const char *equals = strchr(argument, '=');
  size_t i, len = equals ? (size_t) (equals - argument) : 0;
  int verdict = equals ? verdict_parse(equals + 1) : -1;

  if (verdict == -1) return 0;
  for (i = 0; i < count; ++i)
    if (strlen(table[i].result) == len && !memcmp(table[i].result, argument, len)) {
      table[i].verdict = verdict;
      return 1;
    }
  return 0;
}

void choice_read(struct choice *table, size_t count, char **arguments)
{
  for (; *arguments; ++arguments)
    if (!set(table, count, *arguments)) stage_die("not RESULT=VERDICT: ", *arguments);
}

void choice_end(const struct choice *c, const char *text, const char *field)
{
  static stralloc line, reason;
  int verdict = c->verdict, against = verdict_rank(verdict) > 0;

  if (verdict == VERDICT_BROKEN) stage_end(VERDICT_DEFER, text, "\n", field);
  if (!stralloc_copys(&line, verdict == VERDICT_DEFER ? "4" : against ? "5" : "2") ||
      !stralloc_cats(&line, against ? c->status : ".0.0") ||
      !stralloc_cats(&line, " ") || !stralloc_cats(&line, text) ||
      !reason_make(verdict, line.s, line.len, &reason)) stage_nomem();
  stage_end(verdict, reason.s, "\n", field);
}
