#include "facts.h"

#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "table.h"

static stralloc rows, groups, sentences;  /* groups: each row's, with a 0 behind it */

static void add(int ok)
{
  if (!ok) die(111, "out of memory");
}

int facts_people(void)
{
  static int known, people;

  if (!known) people = isatty(1);
  known = 1;
  return people;
}

void facts_row(const char *key, const char *group, const char *const cells[4])
{
  size_t i;

  if (facts_people()) add(stralloc_cats(&groups, group) && stralloc_0(&groups) && stralloc_cats(&rows, "  "));
  else add(stralloc_cats(&rows, key) && stralloc_cats(&rows, "\t") && stralloc_cats(&rows, group) && stralloc_cats(&rows, "\t"));
  for (i = 0; i < 4; ++i) add(stralloc_cats(&rows, cells[i]) && stralloc_cats(&rows, i < 3 ? "\t" : "\n"));
}

void facts_say(const char *key, const char *about, const char *words)
{
  if (!facts_people()) add(stralloc_cats(&sentences, key) && stralloc_cats(&sentences, "\t"));
  add(stralloc_cats(&sentences, about) && stralloc_cats(&sentences, facts_people() ? ": " : "\t") &&
      stralloc_cats(&sentences, words) && stralloc_cats(&sentences, "\n"));
}

/* The rows below each other, and each group below its name. */
static void arrange(stralloc *out)
{
  static stralloc table;
  const char *group = groups.s, *before = "", *line, *nl;

  add(table_align(&rows, &table));
  for (line = table.s; line && line < table.s + table.len; line = nl + 1) {
    nl = memchr(line, '\n', (size_t) (table.s + table.len - line));
    if (strcmp(group, before)) add(stralloc_cats(out, *before ? "\n" : "") && stralloc_cats(out, group) && stralloc_cats(out, "\n"));
    add(stralloc_catb(out, line, (size_t) (nl + 1 - line)));
    before = group;
    group += strlen(group) + 1;
  }
  if (rows.len && sentences.len) add(stralloc_cats(out, "\n"));
}

int facts_print(void)
{
  static stralloc out;

  if (facts_people()) arrange(&out);
  else add(stralloc_cat(&out, &rows));
  add(stralloc_cat(&out, &sentences));
  return copy_write(1, out.s, out.len);
}
