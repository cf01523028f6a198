#include "listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "copy.h"
#include "escape.h"
#include "header.h"
#include "pattern.h"
#include "release.h"
#include "rfc2047.h"
#include "stored.h"
#include "utf8.h"

#define WIDEST 40   /* of a column on a terminal */
#define EVERY 250   /* milliseconds between two reports */

enum { TIME, ID, STATE, SIZE, PORT, STAGE, FROM, TO, SUBJECT, COLUMNS };
static const char *const names[COLUMNS] =
  { "time", "id", "state", "size", "port", "stage", "from", "to", "subject" };
static const char *const states[] =
  { "stored", "released", "partly", "indoubt", "releasing", "stored" };

static stralloc cells[COLUMNS];
static stralloc rows;       /* for a terminal: all of them, 0 behind each cell */
static size_t widths[COLUMNS];

void listing_progress(const char *what, long at, long of)
{
  static long long last;
  static int shown;
  long long now;

  if (!what) {
    if (shown) fputs("\r\033[K", stderr);
    return;
  }
  if (at % 64 || !isatty(2)) return;
  now = clock_ms();
  if (!last) last = now;
  if (now - last < EVERY) return;
  last = now;
  shown = 1;
  fprintf(stderr, "\r%s %ld of %ld", what, at, of);
}

/* A row ---------------------------------------------------------------------- */

static int set(int column, const char *text, size_t len)
{
  cells[column].len = 0;
  return stralloc_ready(cells + column, 1) && escape_cat(cells + column, text, len, "\t");
}

/* The first Subject, decoded, cut, with nothing in it that acts. */
static int subject(int fd)
{
  static struct header h;
  static stralloc line, text;
  struct field f = { 0 };
  size_t i, n;

  text.len = line.len = cells[SUBJECT].len = 0;
  if (fd == -1 || header_read(&h, fd) != 1) return 1;
  while (header_next(&h, &f))
    if (field_is(&f, "Subject")) {
      if (!field_unfold(&f, &line) || !rfc2047_decode(line.s, line.len > 1000 ? 1000 : line.len, &text)) return 0;
      break;
    }
  for (i = 0; i < text.len && i < 200; i += n ? n : 1) {
    n = utf8_length(text.s + i, text.len - i);
    if (!(n && utf8_shows(text.s + i, n) ? stralloc_catb(cells + SUBJECT, text.s + i, n)
                                         : stralloc_append(cells + SUBJECT, "?"))) return 0;
  }
  return 1;
}

static int recipients(const struct stored *s)
{
  const char *at = s->recipients.s;
  size_t len;

  cells[TO].len = 0;
  for (; *at; at += len + !!at[len]) {
    len = strcspn(at, "\n");
    if ((cells[TO].len && !stralloc_append(cells + TO, ",")) || !escape_cat(cells + TO, at, len, "\t ,")) return 0;
  }
  return 1;
}

/* 1, or 0 without memory. */
static int describe(int dir, const char *id)
{
  static struct stored s;
  int i, state, fd, whole = stored_read(dir, id, &s) == 1, good;
  char size[24];

  for (i = 0; i < COLUMNS; ++i) if (!set(i, "", 0)) return 0;
  if (!set(ID, id, strlen(id))) return 0;
  fd = stored_open(dir, id, ".eml");
  good = subject(fd);
  if (fd != -1) close(fd);
  if (!whole || !good) return good && set(STATE, "damaged", 7);
  state = release_state(dir, &s);
  snprintf(size, sizeof size, "%lu", s.size);
  return set(TIME, s.time, strcspn(s.time, ".")) && stralloc_append(cells + TIME, "Z") &&
         set(STATE, state < 0 ? "damaged" : states[state], strlen(state < 0 ? "damaged" : states[state])) &&
         set(SIZE, size, strlen(size)) && set(PORT, s.port, strlen(s.port)) &&
         set(STAGE, s.stage, strlen(s.stage)) && set(FROM, s.sender, strlen(s.sender)) && recipients(&s);
}

/* Filters -------------------------------------------------------------------- */

static int column(const char *word, size_t len)
{
  int i;

  for (i = 0; i < COLUMNS; ++i)
    if (strlen(names[i]) == len && !memcmp(names[i], word, len)) return i;
  return -1;
}

/* Does one of the addresses match? */
static int any(const char *pattern, const stralloc *list)
{
  size_t at, len;

  for (at = 0; at <= list->len; at += len + 1) {
    len = byte_chr(list->s + at, list->len - at, ',');
    if (pattern_match(pattern, strlen(pattern), list->s + at, len)) return 1;
  }
  return 0;
}

/* 1 or 0; what is no filter ends the program. */
static int passes(const char *filter)
{
  size_t len = strcspn(filter, "=");
  const char *value = filter + len + 1;
  int c = column(filter, len), order;

  if (!filter[len]) die(100, "not a filter: ", filter);
  if (!strncmp(filter, "since=", 6) || !strncmp(filter, "until=", 6)) {
    order = strncmp(cells[TIME].s, value, strlen(value) < cells[TIME].len ? strlen(value) : cells[TIME].len);
    return *filter == 's' ? order >= 0 : order <= 0;
  }
  if (c == -1) die(100, "not a filter: ", filter);
  if (c == TO) return any(value, cells + TO);
  return pattern_match(value, strlen(value), cells[c].s, cells[c].len);
}

/* Output --------------------------------------------------------------------- */

static int print(int tabs)
{
  static stralloc line;
  int i;

  line.len = 0;
  for (i = 0; i < COLUMNS; ++i) {
    if (!tabs) {
      if (cells[i].len > widths[i]) widths[i] = cells[i].len;
      if (!stralloc_cat(&rows, cells + i) || !stralloc_0(&rows)) return 0;
    } else if (!stralloc_cat(&line, cells + i) || !stralloc_append(&line, i < COLUMNS - 1 ? "\t" : "\n")) return 0;
  }
  return tabs ? copy_write(1, line.s, line.len) == 1 : 1;
}

/* All rows, each column as wide as its widest cell. What is too wide is cut. */
static void align(void)
{
  const char *at = rows.s, *end = rows.len ? at + rows.len : at;
  int i;

  for (i = 0; i < COLUMNS; ++i) {
    if (widths[i] < strlen(names[i])) widths[i] = strlen(names[i]);
    if (widths[i] > WIDEST) widths[i] = WIDEST;
    printf(i < COLUMNS - 1 ? "%-*s  " : "%.*s\n", (int) widths[i], names[i]);
  }
  for (i = 0; at < end; at += strlen(at) + 1, i = (i + 1) % COLUMNS) {
    if (i == COLUMNS - 1) printf("%s\n", at);
    else if (i == SIZE) printf("%*s  ", (int) widths[i], at);
    else printf("%-*.*s  ", (int) widths[i], (int) widths[i], at);
  }
}

int listing(int dir, char *const *filters, int tabs)
{
  struct storedid *e;
  long n, i;
  size_t f;
  int damaged = 0;

  for (f = 0; filters[f]; ++f)
    if (describe(dir, "")) passes(filters[f]);
  n = stored_ids(dir, &e);
  if (n == -1) diesys(111, "unable to read the store");
  for (i = 0; i < n; ++i) {
    listing_progress("read", i, n);
    if (!e[i].message) continue;
    if (!describe(dir, e[i].id)) die(111, "out of memory");
    for (f = 0; filters[f] && passes(filters[f]); ++f) ;
    if (filters[f]) continue;
    damaged |= *cells[STATE].s == 'd';
    if (!print(tabs)) diesys(111, "unable to write");
  }
  listing_progress(0, n, n);
  free(e);
  if (!tabs) align();
  return damaged ? -1 : 1;
}
