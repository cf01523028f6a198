#include "choice.h"

#include <string.h>

#include "reason.h"
#include "reply.h"

int choice_take(struct choice *table, size_t count, const char *argument)
{
  const char *equals = strchr(argument, '=');
  size_t i, len = equals ? (size_t) (equals - argument) : 0;

  for (i = 0; i < count; ++i) {
    if (!equals || strlen(table[i].result) != len || memcmp(table[i].result, argument, len)) continue;
    table[i].verdict = verdict_parse(equals + 1);
    if (table[i].verdict == -1) stage_die("not a verdict: ", equals + 1);
    return 1;
  }
  return 0;
}

void choice_read(struct choice *table, size_t count, char **arguments)
{
  for (; *arguments; ++arguments)
    if (!choice_take(table, count, *arguments)) stage_die("not RESULT=VERDICT: ", *arguments);
}

void choice_end(const struct choice *c, const char *text, const char *field)
{
  static stralloc line, reason;
  int verdict = c->verdict, against = verdict_rank(verdict) > 0, made;

  /* Without a status code, so that on-error applies. */
  if (verdict == VERDICT_BROKEN) {
    made = reply_reason(VERDICT_DELIVER, text, strlen(text), &reason) && stralloc_0(&reason);
    verdict = VERDICT_DEFER;
  } else
    made = stralloc_copys(&line, verdict == VERDICT_DEFER ? "4" : against ? "5" : "2") &&
           stralloc_cats(&line, against ? c->status : ".0.0") && stralloc_cats(&line, " ") &&
           stralloc_cats(&line, text) && reason_make(verdict, line.s, line.len, &reason);
  if (!made) stage_nomem();
  stage_end(verdict, reason.s, "\n", field);
}
