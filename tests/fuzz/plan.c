/* A pipeline file, and behind a line of === what its stages report: every stage has a
 * name, a place and a command; what cannot be used is said in one printable
 * line; and a report comes out of it as lines that may stand in a header.
 * modules: pipeline/answer.c */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "owfat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

/* What plan_read takes is not meant to be freed; here it is, and there is no file. */
static void *taken[2 * 200 + 8];
static size_t takes;
static const char *source;
static size_t sourcelen;

static void *take(size_t count, size_t each)
{
  must(takes < sizeof taken / sizeof *taken);
  return taken[takes++] = calloc(count, each);
}

static void *again(void *old, size_t size)
{
  size_t i = 0;

  if (!old) return take(size, 1);
  while (taken[i] != old) must(++i < takes);
  return taken[i] = realloc(old, size);
}

static int give(stralloc *data)
{
  data->a = sourcelen + 1;
  data->s = take(data->a, 1);
  data->len = sourcelen;
  memcpy(data->s, source, sourcelen);
  return 1;
}

#define malloc(size) take(size, 1)
#define calloc(count, each) take(count, each)
#define realloc(old, size) again(old, size)
#define control_read(name, data) give(data)
#include "../../base/plan.c"
#undef malloc
#undef calloc
#undef realloc

#include "answer.h"

static void sound(const struct plan *p, const char *text, size_t size)
{
  const struct stage *s;

  must(p->count <= PLAN_STAGES);
  for (s = p->stages; s < p->stages + p->count; ++s) {
    must(*s->name && strlen(s->name) <= PLAN_NAME && !strchr(s->name, '/') && !strchr(s->name, '.'));
    must(s->argv && *s->argv && **s->argv && s->time && s->time <= PLAN_TIMES && s->line);
    must(s == p->stages ? !s->group : s->group == s[-1].group || s->group == s[-1].group + 1);
    must(!s->rewrite || s == p->stages || s->group != s[-1].group);
    plan_enabled(s, text, size < 300 ? size : 300);
  }
}

static void report(const char *text, size_t size)
{
  struct answer a = { 0 };
  size_t i;

  must(answer_read(&a, text, size));
  must(!a.fields.len || a.fields.s[a.fields.len - 1] == '\n');
  must(!a.trace.len || a.trace.s[a.trace.len - 1] == '\n');
  for (i = 0; i < a.fields.len; ++i) must(a.fields.s[i] == '\n' || a.fields.s[i] == '\t' || (a.fields.s[i] >= 32 && a.fields.s[i] < 127));
  for (i = 0; i < a.trace.len; ++i) must(a.trace.s[i] == '\n' || (a.trace.s[i] >= 32 && a.trace.s[i] < 127));
  must(a.score.len <= 15);
  stralloc_free(&a.reason);
  stralloc_free(&a.fields);
  stralloc_free(&a.tag);
  stralloc_free(&a.score);
  stralloc_free(&a.trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char mark[] = "\n===\n";
  static stralloc error;
  struct plan plan;
  const char *end = memmem(data, size, mark, sizeof mark - 1);
  size_t i;

  source = (const char *) data;
  sourcelen = end ? (size_t) (end + 1 - source) : size;
  switch (plan_read("f", &plan, &error)) {
    case 1: sound(&plan, source, size); break;
    case -1:
      must(error.len > 4 && !error.s[error.len - 1] && !memcmp(error.s, "f:", 2));
      for (i = 0; i + 1 < error.len; ++i) must(error.s[i] >= 32 && error.s[i] < 127);
      break;
    default: abort();
  }
  while (takes) free(taken[--takes]);
  if (end) report(end + sizeof mark - 1, size - sourcelen - sizeof mark + 2);
  return 0;
}
