#include "attach.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "pattern.h"
#include "verdict.h"

#define NOTE 4096  /* bytes of the text in the note */

/* A pattern without a verdict of its own has that of its list. */
enum { POLICY = 127 };

/* Which verdicts a policy may have. */
static const int passes[] = { -1 };
static const int drops[] = {
  VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT, VERDICT_REJECT, VERDICT_DELETE, -1
};
static const int blocks[] = { VERDICT_DELIVER, VERDICT_JUNK, VERDICT_REJECT_DELIVER, -1 };
/* What was not read is never clean. */
static const int limits[] = {
  VERDICT_JUNK, VERDICT_REJECT_DELIVER, VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT, VERDICT_REJECT,
  VERDICT_DELETE, -1
};
static const int any[] = {
  VERDICT_DELIVER, VERDICT_JUNK, VERDICT_REJECT_DELIVER, VERDICT_REJECT_REDIRECT, VERDICT_REDIRECT,
  VERDICT_REJECT, VERDICT_DELETE, -1
};

/* What no ordinary mail does. Of everything else each reading is read, and that is enough. */
static const enum fault severe[] = {
  FAULT_NUL, FAULT_CONTROL, FAULT_TYPE_CONFLICT, FAULT_ENCODING_CONFLICT, FAULT_BOUNDARY_CONFLICT,
  FAULT_BOUNDARY_EMPTY, FAULT_AFTER_END, FAULT_PARTIAL, FAULT_EXTERNAL,
};

/* The next word of a line, 0-terminated in place; 0: no more. */
static char *word(char **line)
{
  char *start = *line, *end;

  while (*start == ' ' || *start == '\t') ++start;
  for (end = start; *end && *end != ' ' && *end != '\t'; ++end) ;
  *line = *end ? end + 1 : end;
  *end = 0;
  return *start ? start : 0;
}

static int allows(const int *allowed, int verdict)
{
  while (*allowed != -1 && *allowed != verdict) ++allowed;
  return *allowed != -1;
}

/* Patterns and flags, behind a verdict that is only for them. */
static const char *patterns(char *line, const int *allowed, stralloc *list)
{
  /* A word is a byte longer there than with the blank behind it here. */
  const size_t most = 2 * strlen(line) + 2;
  const char *pattern = word(&line);
  char verdict = POLICY, *to;

  if (pattern && strchr(pattern, '/')) {
    if (!allows(allowed, verdict_parse(pattern))) return "no verdict for this list";
    verdict = (char) verdict_parse(pattern);
    pattern = word(&line);
  }
  if (!stralloc_readyplus(list, most)) return "out of memory";
  for (to = list->s + list->len; pattern; pattern = word(&line)) {
    *to++ = verdict;
    while ((*to++ = *pattern++)) ;
  }
  list->len = (size_t) (to - list->s);
  return 0;
}

static const char *policy(char *line, const int *allowed, int *verdict)
{
  const char *name = word(&line);

  if (!name || word(&line)) return "a policy is one verdict";
  *verdict = verdict_parse(name);
  return allows(allowed, *verdict) ? 0 : "no verdict for this policy";
}

/* mime VERDICT CLASS ... */
static const char *mime(char *line, int *verdicts)
{
  const char *name = word(&line);
  int verdict, i;

  if (!name || !allows(any, verdict = verdict_parse(name))) return "no verdict for a class";
  while ((name = word(&line))) {
    for (i = 0; i < FAULTS; ++i)
      if (!strcmp(name, "*") || !strcmp(name, fault_name((enum fault) i))) {
        verdicts[i] = verdict;
        if (*name != '*') break;
      }
    if (i == FAULTS && *name != '*') return "no such class";
  }
  return 0;
}

static const char *note(char *line, stralloc *text)
{
  const char *file = word(&line);
  size_t i;

  if (!file || word(&line)) return "a note is one file";
  text->len = 0;
  if (control_read(file, text) != 1) return "unable to read the note";
  if (text->len > NOTE) return "the note is too long";
  for (i = 0; i < text->len; ++i)
    if ((text->s[i] < ' ' || text->s[i] > '~') && text->s[i] != '\n' && text->s[i] != '\t')
      return "the note is not plain ASCII";
  return 0;
}

/* What is wrong with the line, or 0. */
static const char *rule(struct attach *a, char *line)
{
  const char *key = word(&line);

  if (!strcmp(key, "pass")) return patterns(line, passes, &a->pass);
  if (!strcmp(key, "drop")) return patterns(line, drops, &a->drop);
  if (!strcmp(key, "block")) return patterns(line, blocks, &a->block);
  if (!strcmp(key, "drop-policy")) return policy(line, drops, &a->droppolicy);
  if (!strcmp(key, "block-policy")) return policy(line, blocks, &a->blockpolicy);
  if (!strcmp(key, "limit-policy")) return policy(line, limits, &a->limitpolicy);
  if (!strcmp(key, "mime")) return mime(line, a->mime);
  if (!strcmp(key, "note")) return note(line, &a->note);
  return "unknown word: a rule is pass, drop, block, drop-policy, block-policy, limit-policy, mime or note";
}

static void defaults(struct attach *a)
{
  size_t i;

  a->pass.len = a->drop.len = a->block.len = a->note.len = 0;
  a->droppolicy = VERDICT_REJECT;
  a->blockpolicy = VERDICT_REJECT_DELIVER;
  a->limitpolicy = VERDICT_REJECT_REDIRECT;
  for (i = 0; i < FAULTS; ++i) a->mime[i] = VERDICT_DELIVER;
  for (i = 0; i < sizeof severe / sizeof *severe; ++i) a->mime[severe[i]] = VERDICT_REJECT_REDIRECT;
}

int attach_read(const char *file, struct attach *a, stralloc *error)
{
  static stralloc data, copy;
  const char *line, *wrong = 0;
  size_t at = 0, len;
  unsigned int number = 0;
  int result;

  defaults(a);
  data.len = error->len = 0;
  result = control_read(file, &data);
  if (!result) return 0;
  if (result == -1) wrong = strerror(errno);

  while (!wrong && control_next(&data, &at, &line, &len, &number)) {
    if (memchr(line, 0, len)) wrong = "NUL in the line";
    else if (!stralloc_copyb(&copy, line, len) || !stralloc_0(&copy)) wrong = "out of memory";
    else if (copy.s[strspn(copy.s, " \t")]) wrong = rule(a, copy.s);
  }
  if (!wrong) return 1;
  if (!stralloc_cats(error, file) || !stralloc_cats(error, ":") ||
      (number && (!stralloc_number(error, number) || !stralloc_cats(error, ":"))) ||
      !stralloc_cats(error, " ") || !stralloc_cats(error, wrong) || !stralloc_0(error))
    error->len = 0;
  return -1;
}

/* Of the patterns for the file name, whose extension begins at dot, the verdict that ranks
 * highest, or -1 if there is none. Without a dot in it a pattern is for the extension. */
static int matches(const stralloc *list, int usual, const char *name, size_t len, size_t dot, int whole)
{
  const char *pattern;
  size_t at, n;
  int found = -1, hit, verdict;

  for (at = 0; at < list->len; at += n + 2) {
    pattern = list->s + at + 1;
    n = strlen(pattern);
    if (*pattern == '+') continue;
    if (n == 1 && *pattern == '*') hit = whole;
    else if (memchr(pattern, '.', n)) hit = pattern_match(pattern, n, name, len);
    else hit = dot < len && pattern_match(pattern, n, name + dot, len - dot);
    if (!hit) continue;
    verdict = list->s[at] == POLICY ? usual : list->s[at];
    if (found == -1 || verdict_rank(verdict) > verdict_rank(found)) found = verdict;
  }
  return found;
}

static struct decision decide(int pass, int drop, int block)
{
  struct decision d = { ATTACH_PASS, VERDICT_DELIVER, 1 };

  if (pass != -1) return d;
  d.answer = drop != -1 ? ATTACH_DROP : block != -1 ? ATTACH_BLOCK : ATTACH_PASS;
  d.verdict = drop != -1 ? drop : block != -1 ? block : VERDICT_DELIVER;
  d.listed = d.answer != ATTACH_PASS;
  return d;
}

struct decision attach_ask(const struct attach *a, const char *name, size_t len, int whole)
{
  size_t dot = len;

  while (dot && name[dot - 1] != '.') --dot;
  if (!dot) dot = len;
  return decide(matches(&a->pass, VERDICT_DELIVER, name, len, dot, whole),
                matches(&a->drop, a->droppolicy, name, len, dot, whole),
                matches(&a->block, a->blockpolicy, name, len, dot, whole));
}

static int flagged(const stralloc *list, int usual, const char *flag)
{
  size_t at;

  for (at = 0; at < list->len; at += strlen(list->s + at + 1) + 2)
    if (list->s[at + 1] == '+' && !strcmp(list->s + at + 2, flag))
      return list->s[at] == POLICY ? usual : list->s[at];
  return -1;
}

struct decision attach_flag(const struct attach *a, const char *flag)
{
  return decide(flagged(&a->pass, VERDICT_DELIVER, flag), flagged(&a->drop, a->droppolicy, flag),
                flagged(&a->block, a->blockpolicy, flag));
}

int attach_worse(const struct decision *a, const struct decision *b)
{
  if (a->answer != b->answer) return a->answer > b->answer;
  return verdict_rank(a->verdict) > verdict_rank(b->verdict);
}

int attach_curious(const struct attach *a)
{
  const stralloc *lists[2] = { &a->drop, &a->block };
  size_t i, at;

  for (i = 0; i < 2; ++i)
    for (at = 0; at < lists[i]->len; at += strlen(lists[i]->s + at + 1) + 2)
      if (strcmp(lists[i]->s + at + 1, "*")) return 1;
  return 0;
}
