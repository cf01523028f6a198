#include "rows.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const names[ROW_CELLS] =
  { "time", "id", "sender", "recipients", "from", "subject", "verdict", "reply" };

/* Read up to the end of the line that begins at `at`. Its length with the end; 0:
 * it has none yet; -1. One that is too long is skipped piece by piece. */
static ssize_t line(struct rows *r, off_t at)
{
  ssize_t n;
  char *nl;

  do n = pread(r->fd, r->bytes, ROWS_MAX, at); while (n == -1 && errno == EINTR);
  if (n <= 0) return n;
  nl = memchr(r->bytes, '\n', (size_t) n);
  if (!nl) return n == ROWS_MAX ? n : 0;
  return nl + 1 - r->bytes;
}

/* Take the cell that begins at *at out of its quotes, in place; *at becomes the
 * beginning of the next one, or 0. The single quote that keeps a spreadsheet from
 * running it goes, too. */
static char *unquote(char **at)
{
  char *cell = *at, *to = cell, *from = cell;
  size_t blanks;

  if (*from != '"') {
    from += strcspn(from, ",\r\n");
    to = from;
  } else {
    for (++from; *from && (*from != '"' || from[1] == '"'); ++from) {
      *to++ = *from;
      if (*from == '"') ++from;
    }
    if (*from) ++from;
  }
  *at = *from == ',' ? from + 1 : 0;
  *to = 0;
  blanks = *cell == '\'' ? strspn(cell + 1, " ") : 0;
  return *cell == '\'' && strchr("=+-@\xef", cell[1 + blanks]) && cell[1 + blanks] ? cell + 1 : cell;
}

int rows_open(struct rows *r, int fd, off_t next)
{
  ssize_t n;
  char *at;
  int i, column, found = 0;

  r->fd = fd;
  n = line(r, 0);
  if (n <= 0) return (int) n;
  r->bytes[n] = 0;
  for (i = 0; i < ROW_CELLS; ++i) r->columns[i] = -1;
  for (at = r->bytes, column = 0; at; ++column) {
    const char *name = unquote(&at);

    for (i = 0; i < ROW_CELLS; ++i)
      if (!strcmp(name, names[i]) && r->columns[i] == -1) {
        r->columns[i] = column;
        ++found;
      }
  }
  r->next = next > n ? next : n;
  return found == ROW_CELLS;
}

int rows_next(struct rows *r)
{
  ssize_t n = line(r, r->next);
  char *at = r->bytes;
  int i, column;

  if (n <= 0) return (int) n;
  r->next += n;
  r->bytes[n] = 0;
  for (i = 0; i < ROW_CELLS; ++i) r->cell[i] = "";
  for (column = 0; at; ++column) {
    const char *cell = unquote(&at);

    for (i = 0; i < ROW_CELLS; ++i) if (r->columns[i] == column) r->cell[i] = cell;
  }
  return 1;
}
