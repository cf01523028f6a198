#include "list.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owfat.h"
#include "pattern.h"
#include "verdict.h"

#define pure  /* see owfat.h */
#include <cdb.h>
#include <cdb_make.h>
#undef pure

/* A file of cdb(5): pointers to 256 hash tables, then records, then the tables. */
#define TABLES 256
#define HEAD (TABLES * 8)

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
    pos = number(l->map + i);
    slots = number(l->map + i + 4);
    if (pos < HEAD || pos > l->size || slots > (l->size - pos) / 8) return 0;
    if (pos < l->end) l->end = pos;
    if (pos + slots * 8 > last) last = pos + slots * 8;
  }
  return last == l->size;
}

int list_open(struct list *l, int fd)
{
  struct stat st;

  if (fstat(fd, &st) == -1) return -1;
  if (!S_ISREG(st.st_mode) || st.st_size < HEAD || st.st_size > 0xffffffff) return 0;
  l->size = (size_t) st.st_size;
  l->map = mmap(0, l->size, PROT_READ, MAP_SHARED, fd, 0);
  if (l->map == MAP_FAILED) return -1;
  return whole(l);
}

int list_get(const struct list *l, const char *key, size_t len, struct entry *e)
{
  struct cdb c = { .map = l->map, .size = (uint32) l->size, .fd = -1 };
  int found = cdb_findnext(&c, (const unsigned char *) key, len);

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

int list_next(const struct list *l, size_t *at, struct entry *e)
{
  int found;

  do found = walk(l, at, e); while (found == 1 && e->keylen && *e->key == *collected);
  return found;
}

static int is_pattern(const struct entry *e)
{
  return memchr(e->key, '*', e->keylen) || memchr(e->key, '?', e->keylen);
}

/* at: the @ in the address, or 0. A pattern that begins with @ is for domains. */
static int matches(const struct entry *e, const char *address, size_t len, const char *at)
{
  if (e->keylen && *e->key == '@' && at)
    return pattern_match(e->key, e->keylen, at, len - (size_t) (at - address));
  return pattern_match(e->key, e->keylen, address, len);
}

/* The next pattern of the collected ones: *lines goes on to the next line. */
static int line(const char **lines, const char *end, struct entry *e)
{
  const char *nl, *blank;
  size_t len;

  if (*lines == end) return 0;
  e->key = *lines;
  nl = memchr(e->key, '\n', (size_t) (end - e->key));
  len = nl ? (size_t) (nl - e->key) : (size_t) (end - e->key);
  blank = memchr(e->key, ' ', len);
  e->keylen = blank ? (size_t) (blank - e->key) : len;
  e->value = blank ? blank + 1 : e->key + len;
  e->valuelen = len - (size_t) (e->value - e->key);
  *lines = nl ? nl + 1 : end;
  return 1;
}

/* Of what was found: does it count? */
static int counted(int found, int (*counts)(const struct entry *), const struct entry *e)
{
  return found == 1 && counts ? counts(e) : found;
}

static int find_pattern(const struct list *l, const char *address, size_t len, const char *at,
                        int (*counts)(const struct entry *), struct entry *e)
{
  struct entry all;
  const char *lines;
  size_t where = 0;
  int found = list_get(l, collected, sizeof collected - 1, &all);

  if (found == -1) return -1;
  if (found && all.valuelen && all.value[all.valuelen - 1] == '\n') {
    for (lines = all.value; line(&lines, all.value + all.valuelen, e); )
      if (e->keylen && matches(e, address, len, at) && counted(1, counts, e)) return 1;
    return 0;
  }
  while ((found = list_next(l, &where, e)) == 1)
    if (is_pattern(e) && matches(e, address, len, at) && counted(1, counts, e)) return 1;
  return found;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
}

/* The domain, then the ones above it; a domain literal has none. */
static int find_domain(const struct list *l, const char *domain, const char *end,
                       int (*counts)(const struct entry *), struct entry *e)
{
  int found;

  while (domain < end) {
    if ((found = counted(list_get(l, domain, (size_t) (end - domain), e), counts, e))) return found;
    if (*domain == '[') break;
    domain = memchr(domain, '.', (size_t) (end - domain));
    if (!domain) break;
    ++domain;
  }
  return 0;
}

int list_choose(const struct list *l, const char *address, size_t len,
                int (*counts)(const struct entry *), struct entry *e)
{
  char text[LIST_KEYMAX] = "<>";
  const char *at, *end;
  size_t i;
  int found, empty = !len;

  while (len && address[len - 1] == '.') --len;
  if (len > LIST_KEYMAX) {
    address += len - LIST_KEYMAX;
    len = LIST_KEYMAX;
  }
  for (i = 0; i < len; ++i) text[i] = lower(address[i]);
  if (empty) len = 2;
  end = text + len;
  at = memrchr(text, '@', len);

  if ((at || empty) && (found = counted(list_get(l, text, len, e), counts, e))) return found;
  if (at && (found = counted(list_get(l, at, (size_t) (end - at), e), counts, e))) return found;
  /* No @ in so many bytes: they are the end of a domain. */
  if (at || len == LIST_KEYMAX)
    if ((found = find_domain(l, at ? at + 1 : text, end, counts, e))) return found;
  return find_pattern(l, text, len, at, counts, e);
}

int list_find(const struct list *l, const char *address, size_t len, struct entry *e)
{
  return list_choose(l, address, len, 0, e);
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
  for (i = 0; i < len; ++i) {
    if ((unsigned char) key[i] <= ' ' || key[i] == 127 || memchr("<>,;\"", key[i], 5)) return 0;
    key[i] = lower(key[i]);
  }
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
    if (!is_pattern(e)) continue;
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
