#include "macros.h"

#include <string.h>

static const char steps[] = "CHMRTNE";

/* The number of the step that the command is; -1: it has no macros here. */
static int number(char command)
{
  const char *at = command ? strchr(steps, command) : 0;

  return at ? (int) (at - steps) : -1;
}

int macros_take(struct macros *m, const struct frame *f)
{
  int step;

  if (!f->len || f->len > MACROS_MAX || (f->len > 1 && f->data[f->len - 1])) return -1;
  step = number(*f->data);
  m->next = *f->data;
  return step == -1 || stralloc_copyb(&m->step[step], f->data + 1, f->len - 1);
}

void macros_step(struct macros *m, char command)
{
  int step = number(command);

  if (step != -1)
    for (step += m->next == command; step < MACROS_STEPS; ++step) m->step[step].len = 0;
  m->next = 0;
}

const char *macros_find(const struct macros *m, const char *name)
{
  const char *at, *end, *value;
  int step;

  for (step = MACROS_STEPS - 1; step >= 0; --step) {
    if (!m->step[step].len) continue;
    at = m->step[step].s;
    for (end = at + m->step[step].len; at < end; at = value + strlen(value) + 1) {
      value = at + strlen(at) + 1;
      if (value >= end) break;
      if (!strcmp(at, name)) return value;
    }
  }
  return "";
}
