#include "words.h"

#include <string.h>

#include "control.h"
#include "score.h"
#include "stage.h"

/* NAME=VALUE of a name that there is. */
static int take(const char *arg, struct word *words)
{
  size_t n = strcspn(arg, "=");

  for (; arg[n] && words->name; ++words)
    if (strlen(words->name) == n && !memcmp(words->name, arg, n)) {
      words->value = arg + n + 1;
      return 1;
    }
  return 0;
}

const char *words_read(char **args, struct word *words, const char *file, const char *usual,
                       const char *usage)
{
  static stralloc line;
  const char *address = 0;

  for (; *args; ++args) {
    if (take(*args, words)) continue;
    if (address || !strpbrk(*args, "/:") || strchr(*args, '=')) stage_die("usage: ", usage);
    address = *args;
  }
  if (address) return address;
  switch (control_line(file, &line)) {
    case -1: stage_diesys("unable to read ", file);
    case 0: return usual;
  }
  return line.s;
}

static void wrong(const struct word *word, const char *what)
{
  stage_die("not ", what, ": ", word->name, "=", word->value);
}

int words_verdict(const struct word *word)
{
  int verdict = verdict_parse(word->value);

  if (verdict == -1) wrong(word, "a verdict");
  return verdict;
}

unsigned long words_size(const struct word *word)
{
  unsigned long size;

  if (!control_scan(word->value, strlen(word->value), &size)) wrong(word, "a size");
  return size;
}

long words_score(const struct word *word)
{
  long points;

  if (!score_scan(word->value, strlen(word->value), &points)) wrong(word, "a score");
  return points;
}
