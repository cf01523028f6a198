#include "table.h"

#include <string.h>

static size_t length(const stralloc *rows, size_t at)
{
  size_t n = 0;

  while (rows->s[at + n] != '\t' && rows->s[at + n] != '\n') ++n;
  return n;
}

/* The column behind the cell that ends here. */
static size_t next(const stralloc *rows, size_t end, size_t c)
{
  return rows->s[end] == '\n' ? 0 : c + 1 < TABLE_COLUMNS ? c + 1 : c;
}

int table_align(const stralloc *rows, stralloc *to)
{
  size_t width[TABLE_COLUMNS] = { 0 }, at, n, c, end;

  for (at = c = 0; at < rows->len; at = end + 1) {
    n = length(rows, at);
    end = at + n;
    if (width[c] < n) width[c] = n;
    c = next(rows, end, c);
  }
  for (at = c = 0; at < rows->len; at = end + 1) {
    n = length(rows, at);
    end = at + n;
    if (!stralloc_catb(to, rows->s + at, n)) return 0;
    if (rows->s[end] == '\n' ? !stralloc_cats(to, "\n") : !stralloc_cats(to, "  ")) return 0;
    for (; rows->s[end] == '\t' && n < width[c]; ++n)
      if (!stralloc_cats(to, " ")) return 0;
    c = next(rows, end, c);
  }
  return 1;
}
