#include "unread.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control.h"
#include "known.h"

enum { LONGEST = 31, NEAR = 2 };

/* A file's or a directory's own name, up to the / before STAGE. */
static size_t length(const struct known *k)
{
  return strcspn(k->name, "/");
}

int unread_known(const char *name)
{
  const struct known *k;

  for (k = known; k->name; ++k)
    if (strlen(name) == length(k) && !memcmp(name, k->name, length(k))) return 1;
  return 0;
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* How many letters must be added, taken away, changed or exchanged with the next one. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
  size_t d[LONGEST + 1][LONGEST + 1], i, j;

  for (i = 0; i <= n; ++i) d[i][0] = i;
  for (j = 0; j <= m; ++j) d[0][j] = j;
  for (i = 1; i <= n; ++i)
    for (j = 1; j <= m; ++j) {
      d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + !!case_diffb(a + i - 1, 1, b + j - 1));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[n][m];
}

const char *unread_near(const char *name)
{
  static char found[LONGEST + 1];
  size_t n = strlen(name), best = NEAR + 1, away;
  const struct known *k;

  for (k = known; n <= LONGEST && k->name; ++k) {
    away = distance(name, n, k->name, length(k));
    /* Of a short word two letters are too much: me is not mx. */
    if (away >= best || away * 3 > length(k)) continue;
    best = away;
    memcpy(found, k->name, length(k));
    found[length(k)] = 0;
  }
  return best <= NEAR ? found : 0;
}

static int shown(const struct dirent *e)
{
  return *e->d_name != '.';
}

int unread_names(const char *folder, stralloc *names)
{
  struct dirent **list;
  int n = scandir(folder, &list, shown, alphasort), i;

  names->len = 0;
  if (n == -1) return -1;
  for (i = 0; i < n; ++i) {
    if (!stralloc_cats(names, list[i]->d_name) || !stralloc_0(names)) die(111, "out of memory");
    free(list[i]);
  }
  free(list);
  return 1;
}

void unread_lines(const char *file, stralloc *lines)
{
  static stralloc data;
  const char *line;
  size_t at = 0, len;

  data.len = 0;
  if (control_read(file, &data) != 1) return;
  while (control_next(&data, &at, &line, &len, 0))
    if (!stralloc_catb(lines, line, len) || !stralloc_cats(lines, "\n")) die(111, "out of memory");
}

static int secret(const char *name)
{
  const struct known *k;

  for (k = known; k->name; ++k)
    if (!strcmp(k->name, name)) return k->flags & KNOWN_SECRET;
  return 0;
}

void unread_all(const char *folder, stralloc *lines)
{
  static stralloc names, path;
  struct stat st;
  size_t at;

  if (unread_names(folder, &names) == -1) return;
  for (at = 0; at < names.len; at += strlen(names.s + at) + 1) {
    if (!stralloc_copys(&path, folder) || !stralloc_cats(&path, "/") || !stralloc_cats(&path, names.s + at) ||
        !stralloc_0(&path)) die(111, "out of memory");
    if (!secret(names.s + at) && !stat(path.s, &st) && S_ISREG(st.st_mode)) unread_lines(path.s, lines);
  }
}

int unread_word(const stralloc *lines, const char *word)
{
  static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  size_t n = strlen(word), i, end;

  for (i = 0; i + n <= lines->len; ++i) {
    end = i + n;
    if (memcmp(lines->s + i, word, n) || (i && memchr(more, lines->s[i - 1], sizeof more - 1))) continue;
    if (end == lines->len || !memchr(more, lines->s[end], sizeof more - 1)) return 1;
  }
  return 0;
}
