#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owfat.h"
#include "verdict.h"

#define pure  /* see owfat.h */
#include <cdb.h>
#include <cdb_make.h>
#undef pure

/* A file of cdb(5): pointers to 256 hash tables, then records, then the tables. */
#define TABLES 256
#define HEAD (TABLES * 8)
#define SLOTS 8  /* of a table that are looked at without a map */

/* The record that cm-list adds: every pattern with its value, a line each, so
 * that a look-up need not walk the file. It ends with a newline even if there
 * is none, which it has lost when a dump of lines was made a list again. */
static const char collected[] = ":patterns";

static size_t number(const char *s)
{
  const unsigned char *u = (const unsigned char *) s;

  return (size_t) u[0] | (size_t) u[1] << 8 | (size_t) u[2] << 16 | (size_t) u[3] << 24;
}

/* A file cut short has lost the end of its last table, one of zeros has none. */
static int whole(struct list *l)
{
  size_t i, pos, slots, last = 0;

  l->end = l->size;
  for (i = 0; i < HEAD; i += 8) {
    pos = number(l->head + i);
    slots = number(l->head + i + 4);
    if (pos < HEAD || pos > l->size || slots > (l->size - pos) / 8) return 0;
    if (pos < l->end) l->end = pos;
    if (pos + slots * 8 > last) last = pos + slots * 8;
  }
  return last == l->size;
}

static int take(struct list *l, int fd)
{
  struct stat st;
  ssize_t r;

  memset(l, 0, sizeof *l);
  if (fstat(fd, &st) == -1) return -1;
  if (!S_ISREG(st.st_mode) || st.st_size < HEAD || st.st_size > 0xffffffff) return 0;
  l->fd = fd;
  l->size = (size_t) st.st_size;
  l->head = malloc(HEAD);
  if (!l->head) return -1;
  r = pread(fd, l->head, HEAD, 0);
  return r == HEAD ? whole(l) : r == -1 ? -1 : 0;
}

int list_open(struct list *l, int fd)
{
  int result = take(l, fd);

  if (result != 1 && fd != -1) close(fd);
  return result;
}

/* Where a record may stand that has this key. 0: there is none; -1: the map has to tell. */
static long long locate(const struct list *l, const char *key, size_t len)
{
  uint32 hash = cdb_hash((const unsigned char *) key, len);
  const char *table = l->head + hash % TABLES * 8;
  size_t start = number(table), slots = number(table + 4), at = slots ? hash / TABLES % slots : 0, left, n, i;
  char slot[SLOTS * 8];

  for (left = slots; left; left -= n, at = (at + n) % slots) {
    n = slots - at < SLOTS ? slots - at : SLOTS;
    if (n > left) n = left;
    if (pread(l->fd, slot, n * 8, (off_t) (start + at * 8)) != (ssize_t) n * 8) return -1;
    for (i = 0; i < n * 8; i += 8) {
      if (!number(slot + i + 4)) return 0;
      if (number(slot + i) == hash) return (long long) number(slot + i + 4);
    }
  }
  return 0;
}

/* Most look-ups find nothing, and one read tells that: a map costs a process that does no
 * more than these twenty times as much. */
static int absent(const struct list *l, const char *key, size_t len)
{
  return !l->map && !locate(l, key, len);
}

static int unmapped;  /* errno */

static int map(struct list *l)
{
  unmapped = 0;
  if (l->map) return 1;
  l->map = mmap(0, l->size, PROT_READ, MAP_SHARED, l->fd, 0);
  if (l->map != MAP_FAILED) return 1;
  unmapped = errno;
  l->map = 0;
  return 0;
}

const char *list_trouble(void)
{
  return unmapped ? strerror(unmapped) : "damaged";
}

int list_get(struct list *l, const char *key, size_t len, struct entry *e)
{
  struct cdb c = { .size = (uint32) l->size, .fd = -1 };
  int found;

  if (absent(l, key, len)) return 0;
  if (!map(l)) return -1;
  c.map = l->map;
  found = cdb_findnext(&c, (const unsigned char *) key, len);
  if (found != 1) return found;
  if (c.dpos > l->size || c.dlen > l->size - c.dpos) return -1;
  e->value = l->map + c.dpos;
  e->valuelen = c.dlen;
  e->key = e->value - len;
  e->keylen = len;
  return 1;
}

static int walk(const struct list *l, size_t *at, struct entry *e)
{
  if (!*at) *at = HEAD;
  if (*at == l->end) return 0;
  if (l->end - *at < 8) return -1;
  e->keylen = number(l->map + *at);
  e->valuelen = number(l->map + *at + 4);
  *at += 8;
  if (e->keylen > l->end - *at || e->valuelen > l->end - *at - e->keylen) return -1;
  e->key = l->map + *at;
  e->value = e->key + e->keylen;
  *at += e->keylen + e->valuelen;
  return 1;
}

int list_next(struct list *l, size_t *at, struct entry *e)
{
  int found;

  if (!map(l)) return -1;
  do found = walk(l, at, e); while (found == 1 && e->keylen && *e->key == *collected);
  return found;
}

int list_is_pattern(const struct entry *e)
{
  return memchr(e->key, '*', e->keylen) || memchr(e->key, '?', e->keylen);
}

/* Is the record of the patterns there, and empty? */
static int has_no_pattern(struct list *l)
{
  static const char none[] = "\11\0\0\0\1\0\0\0:patterns\n";
  char record[sizeof none - 1];
  long long at;

  if (l->map || l->plain) return l->plain;
  at = locate(l, collected, sizeof collected - 1);
  l->plain = at > 0 && pread(l->fd, record, sizeof record, at) == sizeof record &&
             !memcmp(record, none, sizeof record);
  return l->plain;
}

int list_patterns(struct list *l, struct entry *all)
{
  int found = has_no_pattern(l) ? 0 : list_get(l, collected, sizeof collected - 1, all);

  if (found == -1) return -1;
  if (!found) return l->plain ? 0 : 2;
  return all->valuelen && all->value[all->valuelen - 1] == '\n' ? 1 : 2;
}

static int blank(char c)
{
  return c == ' ' || c == '\t';
}

int list_condition(const struct entry *e, size_t *at, const char **word, size_t *len)
{
  size_t i = *at;

  while (i < e->valuelen && blank(e->value[i])) ++i;
  *at = i;
  if (i == e->valuelen || e->value[i] != '+') return 0;
  *word = e->value + ++i;
  while (i < e->valuelen && !blank(e->value[i])) ++i;
  *len = (size_t) (e->value + i - *word);
  *at = i;
  return 1;
}

int list_verdict(const struct entry *e, int otherwise, const char **reason, size_t *len)
{
  char word[40];
  const char *p, *end = e->value + e->valuelen, *start;
  int verdict = otherwise;
  size_t at = 0;

  while (list_condition(e, &at, &p, len)) ;
  p = e->value + at;
  while (p < end && blank(*p)) ++p;
  for (start = p; p < end && !blank(*p); ) ++p;
  if (p > start) {
    if ((size_t) (p - start) >= sizeof word) return -1;
    memcpy(word, start, (size_t) (p - start));
    word[p - start] = 0;
    verdict = verdict_parse(word);
  }
  while (p < end && blank(*p)) ++p;
  while (end > p && blank(end[-1])) --end;
  *reason = p;
  *len = (size_t) (end - p);
  return verdict;
}

size_t list_key(char *key, size_t len)
{
  size_t i;

  if (len == 2 && !memcmp(key, "<>", 2)) return len;
  while (len && key[len - 1] == '.') --len;
  if (!len || len > LIST_KEYMAX || *key == *collected || *key == '.' || key[len - 1] == '@')
    return 0;
  for (i = 0; i < len; ++i)
    if ((unsigned char) key[i] <= ' ' || key[i] == 127 || memchr("<>,;\"", key[i], 5)) return 0;
  case_lowerb(key, len);
  return len;
}

static int add(struct cdb_make *make, const char *key, size_t keylen, const char *value, size_t len)
{
  return cdb_make_add(make, (const unsigned char *) key, keylen,
                      (const unsigned char *) value, len) != -1;
}

/* libowfat 0.32 takes a write that failed for one that did not: are all bytes
 * there, and those at the beginning, which come last, the right ones? */
static int arrived(const struct cdb_make *make, int fd)
{
  char first[sizeof make->final];
  struct stat st;

  if (fstat(fd, &st) == -1 || pread(fd, first, sizeof first, 0) == -1) return 0;
  errno = ENOSPC;
  return st.st_size == (off_t) make->pos && !memcmp(first, make->final, sizeof first);
}

int list_write(int fd, const struct entry *entries, size_t count)
{
  static struct cdb_make make;
  static stralloc patterns;
  const struct entry *e;

  if (cdb_make_start(&make, fd) == -1) return -1;
  for (e = entries; e < entries + count; ++e) {
    if (!add(&make, e->key, e->keylen, e->value, e->valuelen)) return -1;
    if (!list_is_pattern(e)) continue;
    if (!stralloc_catb(&patterns, e->key, e->keylen) || !stralloc_append(&patterns, " ") ||
        !stralloc_catb(&patterns, e->value, e->valuelen) || !stralloc_append(&patterns, "\n")) {
      errno = ENOMEM;
      return -1;
    }
  }
  if (!patterns.len && !stralloc_append(&patterns, "\n")) {
    errno = ENOMEM;
    return -1;
  }
  if (!add(&make, collected, sizeof collected - 1, patterns.s, patterns.len)) return -1;
  return cdb_make_finish(&make) == -1 || !arrived(&make, fd) ? -1 : 1;
}
