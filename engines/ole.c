#include "ole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wide.h"

enum {
  HEADER = 512, FIRST = 109,  /* bytes of the header; sectors of the FAT that it names */
  ENTRY = 128, MINI = 64
};
#define NONE 0xfffffffau      /* and above: no sector */

static uint32_t get(const unsigned char *p, unsigned int n)
{
  uint32_t value = 0;

  while (n) value = value << 8 | p[--n];
  return value;
}

/* Where a sector is in the file: the header has the place of one. */
static off_t place(const struct ole *o, uint32_t sector)
{
  return ((off_t) sector + 1) << o->shift;
}

/* Read one sector, as far as it is there. 1, 0: it is not; -1 with errno. */
static int load(struct ole *o, uint32_t sector, unsigned char *to)
{
  size_t size = (size_t) 1 << o->shift;
  ssize_t r = sector < o->sectors ? pread(o->fd, to, size, place(o, sector)) : 0;

  if (r == -1) return -1;
  memset(to + r, 0, size - (size_t) r);
  if (!r) o->broken = 1;
  return r > 0;
}

/* Append a sector of numbers to a table. 1, 0: not there or no room; -1. */
static int append(struct ole *o, uint32_t sector, uint32_t *table, uint32_t most, uint32_t *count)
{
  unsigned char bytes[4096];
  uint32_t i, n = (1u << o->shift) / 4;
  int r = load(o, sector, bytes);

  if (r != 1) return r;
  for (i = 0; i < n && *count < most; ++i) table[(*count)++] = get(bytes + 4 * i, 4);
  return i == n;
}

/* The sectors of the FAT: the first in the header, more in a chain. */
static int load_fat(struct ole *o, const unsigned char *header)
{
  unsigned char bytes[4096];
  uint32_t most = o->sectors + (1u << o->shift) / 4, i, n = (1u << o->shift) / 4 - 1, links;
  uint32_t sector, next = get(header + 68, 4);

  o->fat = calloc(most, sizeof *o->fat);
  if (!o->fat) return -1;
  for (i = 0; i < FIRST; ++i) {
    sector = get(header + 76 + 4 * i, 4);
    if (sector < NONE && append(o, sector, o->fat, most, &o->fats) == -1) return -1;
  }
  for (links = 0; next < NONE && links < o->sectors; ++links) {
    if (load(o, next, bytes) != 1) break;
    for (i = 0; i < n; ++i) {
      sector = get(bytes + 4 * i, 4);
      if (sector < NONE && append(o, sector, o->fat, most, &o->fats) == -1) return -1;
    }
    next = get(bytes + 4 * n, 4);
  }
  return 1;
}

static uint32_t follow(struct ole *o, uint32_t sector)
{
  if (sector < o->fats) return o->fat[sector];
  o->broken = 1;
  return NONE;
}

static int load_mini(struct ole *o, uint32_t sector)
{
  uint32_t most = o->sectors * ((1u << o->shift) / 4), links;

  if (most > 1u << 24) most = 1u << 24;
  if (sector >= NONE) return 1;
  o->mini = calloc(most ? most : 1, sizeof *o->mini);
  if (!o->mini) return -1;
  for (links = 0; sector < NONE && links < o->sectors; ++links) {
    switch (append(o, sector, o->mini, most, &o->minis)) {
      case -1: return -1;
      case 0: return 1;
    }
    sector = follow(o, sector);
  }
  return 1;
}

static void take(struct ole *o, const unsigned char *p)
{
  struct ole_entry *e = o->entries + o->count++;
  uint32_t len = get(p + 64, 2);
  char name[WIDE_MAX(31)];
  size_t n = wide_utf8(p, len < 2 || len > 64 ? 0 : len - 2, name);

  memcpy(e->name, name, n < OLE_NAME ? n : OLE_NAME - 1);
  e->name[n < OLE_NAME ? n : OLE_NAME - 1] = 0;
  e->storage = p[66] == 1 || p[66] == 5;
  e->parent = -1;
  e->size = get(p + 120, 4);
  if (o->shift > 9) e->size |= (uint64_t) get(p + 124, 4) << 32;
  memcpy(e->class, p + 80, 16);
  e->left = get(p + 68, 4);
  e->right = get(p + 72, 4);
  e->child = get(p + 76, 4);
  e->start = get(p + 116, 4);
}

static int load_directory(struct ole *o, uint32_t sector)
{
  unsigned char bytes[4096];
  uint32_t i, links, n = (1u << o->shift) / ENTRY;

  o->entries = calloc(OLE_ENTRIES, sizeof *o->entries);
  if (!o->entries) return -1;
  for (links = 0; sector < NONE && links < o->sectors; ++links) {
    switch (load(o, sector, bytes)) {
      case -1: return -1;
      case 0: return 1;
    }
    for (i = 0; i < n; ++i)
      if (o->count == OLE_ENTRIES) return o->broken = 1;
      else take(o, bytes + i * ENTRY);
    sector = follow(o, sector);
  }
  return 1;
}

/* Which storage everything is in: the entries of a storage are a tree. */
static int find_parents(struct ole *o)
{
  struct { uint32_t entry; int parent; } *stack = calloc(3 * OLE_ENTRIES + 1, sizeof *stack);
  unsigned char *seen = calloc(OLE_ENTRIES, 1);
  size_t depth = 0;
  struct ole_entry *e;
  int parent;
  uint32_t at;

  if (stack && seen && o->count) stack[depth++].parent = -1;
  while (depth) {
    at = stack[--depth].entry;
    parent = stack[depth].parent;
    if (at >= o->count || seen[at]) continue;
    seen[at] = 1;
    e = o->entries + at;
    e->parent = parent;
    if (parent != -1) {
      stack[depth].entry = e->left;
      stack[depth++].parent = parent;
      stack[depth].entry = e->right;
      stack[depth++].parent = parent;
    }
    stack[depth].entry = e->storage ? e->child : NONE;
    stack[depth++].parent = (int) at;
  }
  at = stack && seen;
  free(stack);
  free(seen);
  return at ? 1 : -1;
}

int ole_open(struct ole *o, int fd)
{
  unsigned char header[HEADER];
  ssize_t r = pread(fd, header, sizeof header, 0);
  off_t size = lseek(fd, 0, SEEK_END);

  memset(o, 0, sizeof *o);
  o->fd = fd;
  if (r == -1 || size == -1) return -1;
  o->shift = get(header + 30, 2);
  if (r != HEADER || memcmp(header, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) ||
      (o->shift != 9 && o->shift != 12)) return 0;
  o->cutoff = get(header + 56, 4);
  if (o->cutoff > 1 << 20) o->cutoff = 4096;
  if (size > (off_t) 1 << 31) return 0;
  o->sectors = (uint32_t) ((size + (1 << o->shift) - 1) >> o->shift) - 1;
  if (load_fat(o, header) == -1 || load_mini(o, get(header + 60, 4)) == -1 ||
      load_directory(o, get(header + 48, 4)) == -1) return -1;
  return find_parents(o);
}

/* Read a chain of whole sectors from offset on, neighbours at once. */
static ssize_t chain(struct ole *o, uint32_t sector, uint64_t offset, char *to, size_t len)
{
  uint32_t links = 0, next;
  size_t size = (size_t) 1 << o->shift, done = 0, run, skip;
  ssize_t r;

  for (; offset >= size && sector < NONE && links < o->sectors; ++links, offset -= size)
    sector = follow(o, sector);
  while (done < len && sector < NONE && links++ < o->sectors) {
    skip = (size_t) offset;
    offset = 0;
    run = size;
    next = follow(o, sector);
    while (next == sector + run / size && run - skip < len - done && links++ < o->sectors) {
      run += size;
      next = follow(o, next);
    }
    if (sector >= o->sectors) break;
    run -= skip;
    if (run > len - done) run = len - done;
    r = pread(o->fd, to + done, run, place(o, sector) + (off_t) skip);
    if (r == -1) return -1;
    if (!r) break;
    done += (size_t) r;
    sector = next;
  }
  if (done < len) o->broken = 1;
  return (ssize_t) done;
}

/* The same of a small stream, whose sectors are pieces of the root's stream. */
static ssize_t mini_chain(struct ole *o, uint32_t sector, uint64_t offset, char *to, size_t len)
{
  uint32_t links = 0;
  size_t done = 0, n;
  ssize_t r;

  for (; offset >= MINI && sector < o->minis && links < o->minis; ++links, offset -= MINI)
    sector = o->mini[sector];
  while (done < len && sector < o->minis && links++ < o->minis) {
    n = MINI - (size_t) offset;
    if (n > len - done) n = len - done;
    r = chain(o, o->entries[0].start, (uint64_t) sector * MINI + offset, to + done, n);
    if (r <= 0) return r ? r : (ssize_t) done;
    done += (size_t) r;
    offset = 0;
    sector = o->mini[sector];
  }
  if (done < len) o->broken = 1;
  return (ssize_t) done;
}

ssize_t ole_read(struct ole *o, const struct ole_entry *e, uint64_t offset, char *to, size_t len)
{
  if (e->storage || offset >= e->size) return 0;
  if (len > e->size - offset) len = (size_t) (e->size - offset);
  return (e->size < o->cutoff ? mini_chain : chain)(o, e->start, offset, to, len);
}

const struct ole_entry *ole_find(const struct ole *o, int parent, const char *name)
{
  size_t i;

  for (i = 0; i < o->count; ++i)
    if (o->entries[i].parent == parent && !strcasecmp(o->entries[i].name, name))
      return o->entries + i;
  return 0;
}

void ole_close(struct ole *o)
{
  free(o->fat);
  free(o->mini);
  free(o->entries);
}
