#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "pattern.h"
#include "verdict.h"

#define BLANKS " \t\r"

/* The file being read, and what a complaint names. */
struct reader {
  struct plan *plan;
  char **words;        /* room for those of the lines to come */
  const char *problem; /* 0: none so far */
  const char *word;    /* the word it is about, or 0 */
};

static int fail(struct reader *r, const char *problem, const char *word)
{
  r->problem = problem;
  r->word = word;
  return 0;
}

/* Cut text into words where it has one of these characters and put their
 * pointers into words, 0 behind the last. */
static size_t split(char *text, const char *at, char **words)
{
  size_t n = 0;

  for (; *(text += strspn(text, at)); ++n) {
    words[n] = text;
    text += strcspn(text, at);
    if (*text) *text++ = 0;
  }
  words[n] = 0;
  return n;
}

/* The most that split() can need. */
static size_t most(const char *text)
{
  return strlen(text) / 2 + 2;
}

static int has(char **words, const char *wanted)
{
  while (*words && strcmp(*words, wanted)) ++words;
  return !!*words;
}

static int good_name(const char *name)
{
  size_t len = strlen(name);

  return len && len <= PLAN_NAME && len == strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

static int number(const char *text, unsigned long least, unsigned long most, unsigned long *value)
{
  return control_scan(text, strlen(text), value) && *value >= least && *value <= most;
}

static int max(struct reader *r, struct stage *s, char *value)
{
  return number(value, 1, ~0UL, &s->max) ? 1 : fail(r, "max= wants a size such as 256k, not ", value);
}

static int seconds(struct reader *r, struct stage *s, char *value)
{
  return number(value, 1, PLAN_TIMES, &s->time) ? 1 :
         fail(r, "time= wants seconds, 1 to 86400, not ", value);
}

static int memory(struct reader *r, struct stage *s, char *value)
{
  return number(value, 1UL << 20, ~0UL, &s->memory) ? 1 :
         fail(r, "mem= wants a size of 1m or more, not ", value);
}

static int niceness(struct reader *r, struct stage *s, char *value)
{
  unsigned long n;

  if (!number(value, 0, 19, &n)) return fail(r, "nice= wants a number from 0 to 19, not ", value);
  s->nice = (int) n;
  return 1;
}

/* More patterns behind those that are there. */
static int add(struct reader *r, char ***patterns, char *value)
{
  size_t have = 0;
  char **all;

  if (!*value || *value == ',' || value[strlen(value) - 1] == ',' || strstr(value, ",,"))
    return fail(r, "for= and not-for= want patterns with commas between them, not ", value);
  while (*patterns && (*patterns)[have]) ++have;
  all = realloc(*patterns, (have + most(value)) * sizeof *all);
  if (!all) return fail(r, "out of memory", 0);
  split(value, ",", all + have);
  *patterns = all;
  for (; all[have]; ++have)
    if (pattern_vain(all[have], strlen(all[have])))
      return fail(r, "no address matches this pattern, a whole domain is *@DOMAIN: ", all[have]);
  return 1;
}

static int only(struct reader *r, struct stage *s, char *value)
{
  return add(r, &s->only, value);
}

static int except(struct reader *r, struct stage *s, char *value)
{
  return add(r, &s->except, value);
}

static int onerror(struct reader *r, struct stage *s, char *value)
{
  s->onerror = verdict_parse(value);
  if (s->onerror == -1 || s->onerror == VERDICT_WHITELISTED)
    return fail(r, "on-error= wants a verdict such as defer or deliver, not ", value);
  if (s->onerror == VERDICT_DELIVER) s->onerror = VERDICT_UNKNOWN;
  return 1;
}

static int jail(struct reader *r, struct stage *s, char *value)
{
  if (!good_name(value)) return fail(r, "jail= wants the name of a profile, not ", value);
  s->jail = value;
  return 1;
}

static const struct option {
  const char *name;
  int (*read)(struct reader *r, struct stage *s, char *value);
  int repeats;
} options[] = {
  { "max=", max, 0 },
  { "time=", seconds, 0 },
  { "mem=", memory, 0 },
  { "nice=", niceness, 0 },
  { "for=", only, 1 },
  { "not-for=", except, 1 },
  { "on-error=", onerror, 0 },
  { "jail=", jail, 0 },
};
#define OPTIONS (sizeof options / sizeof *options)

/* CODE=VERDICT. */
static int map(struct reader *r, struct stage *s, char *word)
{
  size_t digits = strspn(word, "0123456789");
  unsigned long code;
  int verdict;

  if (digits > 3 || !control_scan(word, digits, &code) || code > 255)
    return fail(r, "an exit code is a number from 0 to 255, not ", word);
  if (s->codes[code] != -1) return fail(r, "exit code mapped twice: ", word);
  verdict = verdict_parse(word + digits + 1);
  if (verdict == -1)
    return fail(r, "unknown verdict (cm-pipeline(5) lists them): ", word);
  s->codes[code] = (signed char) verdict;
  return 1;
}

static int flag(struct reader *r, int *flag, const char *word)
{
  if (*flag) return fail(r, "option given twice: ", word);
  *flag = 1;
  return 1;
}

static int option(struct reader *r, struct stage *s, char *word, unsigned int *seen)
{
  const char *end = word + strspn(word, "0123456789");
  size_t i, len;

  if (end > word && *end == '=') return map(r, s, word);
  if (!strcmp(word, "always")) return flag(r, &s->always, word);
  if (!strcmp(word, "shadow")) return flag(r, &s->shadow, word);
  for (i = 0; i < OPTIONS; ++i) {
    len = strlen(options[i].name);
    if (strncmp(word, options[i].name, len)) continue;
    if (*seen & 1U << i && !options[i].repeats) return fail(r, "option given twice: ", word);
    *seen |= 1U << i;
    return options[i].read(r, s, word + len);
  }
  return fail(r, "unknown option (cm-pipeline(5) lists them): ", word);
}

/* The words of a line into a stage. */
static int stage(struct reader *r, struct stage *s, char **word)
{
  unsigned int seen = 0;
  size_t i;

  memset(s->codes, -1, sizeof s->codes);
  s->time = PLAN_TIME;
  s->memory = PLAN_MEMORY;
  s->onerror = VERDICT_DEFER;

  s->name = *word++;
  if (!good_name(s->name)) return fail(r, "a name is 1 to 30 letters, digits, - and _, not ", s->name);
  for (i = 0; i < r->plan->count; ++i)
    if (!strcmp(r->plan->stages[i].name, s->name)) return fail(r, "a second stage named ", s->name);

  if (!*word || (strcmp(*word, "check") && strcmp(*word, "rewrite")))
    return fail(r, "behind the name stands check or rewrite, not ", *word ? *word : "nothing");
  s->rewrite = **word++ == 'r';
  if (!has(word, ":")) return fail(r, "no : with blanks around it before the command", 0);
  for (; strcmp(*word, ":"); ++word)
    if (!option(r, s, *word, &seen)) return 0;
  if (!*++word) return fail(r, "no command behind : ", 0);
  s->argv = word;
  return 1;
}

/* May it stand in the paragraph it stands in? */
static int fits(struct reader *r, const struct stage *s)
{
  const struct stage *before = r->plan->count ? s - 1 : 0;

  if (!before || before->group != s->group) return 1;
  if (s->rewrite) return fail(r, "a rewriter stands alone, with empty lines around it: ", s->name);
  if (before->rewrite)
    return fail(r, "a rewriter stands alone, put an empty line behind it: ", before->name);
  return 1;
}

static int line(struct reader *r, char *text, unsigned int number, unsigned int group)
{
  struct plan *p = r->plan;
  struct stage *s = p->stages + p->count;
  char **words = r->words;

  if (p->count == PLAN_STAGES) return fail(r, "more than 200 stages", 0);
  r->words += split(text, BLANKS, words) + 1;
  s->line = number;
  s->group = group;
  if (!stage(r, s, words) || !fits(r, s)) return 0;
  ++p->count;
  return 1;
}

/* An error about a line, or (number 0) about the whole file. */
static int complain(stralloc *error, const char *file, unsigned int number, const char *problem,
                    const char *word)
{
  size_t i;

  error->len = 0;
  if (!stralloc_cats(error, file) || !stralloc_cats(error, ":") ||
      (number && (!stralloc_number(error, number) || !stralloc_cats(error, ":"))) ||
      !stralloc_cats(error, " ") || !stralloc_cats(error, problem) ||
      (word && !stralloc_catb(error, word, strnlen(word, 100)))) error->len = 0;
  for (i = 0; i < error->len; ++i)
    if (error->s[i] < 32 || error->s[i] > 126) error->s[i] = '?';
  if (!stralloc_0(error)) error->len = 0;
  return -1;
}

static int lines(struct reader *r, const char *file, char *text, stralloc *error)
{
  unsigned int number = 0, group = 0;
  size_t counted = 0;
  char *end;

  for (; text; text = end) {
    end = strchr(text, '\n');
    if (end) *end++ = 0;
    ++number;
    text += strspn(text, BLANKS);
    if (!*text && r->plan->count > counted) {
      ++group;
      counted = r->plan->count;
    }
    if (!*text || *text == '#') continue;
    if (!line(r, text, number, group)) return complain(error, file, number, r->problem, r->word);
  }
  return 1;
}

/* Room for all that the text can have. */
static int ready(struct reader *r, const char *text)
{
  size_t lines = 1;
  const char *nl;

  for (nl = strchr(text, '\n'); nl; nl = strchr(nl + 1, '\n')) ++lines;
  r->words = malloc((most(text) + 2 * lines) * sizeof *r->words);
  r->plan->stages = calloc(lines < PLAN_STAGES ? lines : PLAN_STAGES, sizeof *r->plan->stages);
  return r->words && r->plan->stages;
}

int plan_read(const char *file, struct plan *plan, stralloc *error)
{
  stralloc data = { 0 };
  struct reader r = { 0 };
  int result;

  memset(plan, 0, sizeof *plan);
  r.plan = plan;
  result = control_read(file, &data);
  if (result == 0) return 0;
  if (result == -1) return complain(error, file, 0, "unable to read: ", strerror(errno));
  if (data.len && memchr(data.s, 0, data.len)) return complain(error, file, 0, "has a NUL byte in it", 0);
  if (!stralloc_0(&data) || !ready(&r, data.s)) return complain(error, file, 0, "out of memory", 0);
  return lines(&r, file, data.s, error);
}

static int matches(char **patterns, const char *text, size_t len)
{
  for (; *patterns; ++patterns)
    if (pattern_match(*patterns, strlen(*patterns), text, len)) return 1;
  return 0;
}

int plan_enabled(const struct stage *stage, const char *recipient, size_t len)
{
  if (stage->only && !matches(stage->only, recipient, len)) return 0;
  return !stage->except || !matches(stage->except, recipient, len);
}
