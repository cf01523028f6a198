#include "expect.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "verdict.h"

static const char *recipient;
static struct plan plan;
static struct attach rules[PLAN_STAGES];
static const struct stage *owner[PLAN_STAGES];  /* of the rules */
static size_t owners;

static const char *const limits[] = { "depth", "entries", "bytes", "time", "broken", "unsupported", 0 };

/* What scanners call the EICAR test file. */
static const char *const eicars[] = {
  "Eicar-Signature.UNOFFICIAL", "Eicar-Test-Signature", "Win.Test.EICAR_HDB-1", 0
};

static int runs(const struct stage *s, const char *program)
{
  const char *slash = strrchr(s->argv[0], '/');

  return !s->shadow && plan_enabled(s, recipient, strlen(recipient)) &&
         !strcmp(slash ? slash + 1 : s->argv[0], program);
}

void expect_read(const char *file, const char *to)
{
  static stralloc error;
  size_t i;

  recipient = to;
  switch (plan_read(file, &plan, &error)) {
    case 0: die(111, "no pipeline file ", file);
    case -1: die(111, error.s);
  }
  for (i = 0; i < plan.count; ++i) {
    if (!runs(plan.stages + i, "cm-filter-attach") || !plan.stages[i].argv[1]) continue;
    switch (attach_read(plan.stages[i].argv[1], rules + owners, &error)) {
      case 0: die(111, "no rules file ", plan.stages[i].argv[1]);
      case -1: die(111, error.len ? error.s : "out of memory");
    }
    owner[owners++] = plan.stages + i;
  }
}

const struct attach *expect_rules(size_t n)
{
  return n < owners ? rules + n : 0;
}

/* Is this flag one of those that are limits? */
static int is_limit(const char *flag)
{
  size_t i;

  for (i = 0; limits[i]; ++i)
    if (!strcmp(limits[i], flag)) return 1;
  return 0;
}

/* The stage answers with this code: of several answers the worst counts. */
static void add(struct expected *e, const struct stage *s, int verdict)
{
  if (s->codes[verdict] != -1) verdict = s->codes[verdict];
  if (e->stage && verdict_rank(verdict) <= verdict_rank(e->verdict)) return;
  e->stage = s->name;
  e->verdict = verdict;
}

/* The verdict of the first argument PATTERN=VERDICT whose pattern matches a name. */
static int mapped(const struct stage *s, const char *const *names, int usual)
{
  const char *equals;
  size_t i, n;

  for (i = 1; s->argv[i]; ++i)
    for (n = 0; (equals = strrchr(s->argv[i], '=')) && names[n]; ++n)
      if (pattern_match(s->argv[i], (size_t) (equals - s->argv[i]), names[n], strlen(names[n])) &&
          verdict_parse(equals + 1) != -1) return verdict_parse(equals + 1);
  return usual;
}

struct expected expect_virus(void)
{
  struct expected e = { VERDICT_DELIVER, 0 };
  size_t i;

  for (i = 0; i < plan.count; ++i)
    if (runs(plan.stages + i, "cm-filter-virus"))
      add(&e, plan.stages + i, mapped(plan.stages + i, eicars, VERDICT_REJECT));
  return e;
}

struct expected expect_spam(void)
{
  static const char *const spam[] = { "spam", 0 }, *const reject[] = { "reject", 0 };
  struct expected e = { VERDICT_DELIVER, 0 };
  const struct stage *s;
  size_t i, w;
  int verdict;

  for (i = 0; i < plan.count; ++i) {
    s = plan.stages + i;
    if (runs(s, "cm-filter-spamd")) {
      verdict = mapped(s, spam, VERDICT_JUNK);
      /* GTUBE has a score of 1000. */
      for (w = 1; s->argv[w]; ++w)
        if (!strncmp(s->argv[w], "drop=", 5) && strtod(s->argv[w] + 5, 0) <= 999) verdict = VERDICT_REJECT;
      add(&e, s, verdict);
    }
    if (runs(s, "cm-filter-rspamd")) add(&e, s, mapped(s, reject, VERDICT_REJECT));
  }
  return e;
}

static int class(const struct attach *a, const char *fault)
{
  int i;

  for (i = 0; i < FAULTS; ++i)
    if (!strcmp(fault_name((enum fault) i), fault)) return a->mime[i];
  return VERDICT_DELIVER;
}

struct expected expect_attach(const char *name, const char *flag, const char *fault)
{
  struct expected e = { VERDICT_DELIVER, 0 };
  struct decision d, f;
  size_t i;

  for (i = 0; i < owners; ++i) {
    add(&e, owner[i], VERDICT_DELIVER);
    if (name) {
      d = attach_ask(rules + i, name, strlen(name), 1);
      add(&e, owner[i], d.verdict);
      if (d.listed && d.answer == ATTACH_PASS) flag = 0;
    }
    if (flag) {
      f = attach_flag(rules + i, flag);
      add(&e, owner[i], !f.listed && is_limit(flag) ? rules[i].limitpolicy : f.verdict);
    }
    if (fault) add(&e, owner[i], class(rules + i, fault));
  }
  return e;
}
