#include "rar.h"

#include <unistd.h>

#include "stage.h"

enum { HEADER = 8192 };  /* bytes of a header that are looked at */

enum { ARCHIVE_FILE = 2, ARCHIVE_CRYPT = 4, ARCHIVE_END = 5, EXTRA_CRYPT = 1 };

/* What is left of a header. */
struct bytes {
  const unsigned char *p, *end;
};

/* A number in groups of seven bits, lowest first; 0 behind the end. */
static unsigned long long number(struct bytes *b)
{
  unsigned long long value = 0;
  unsigned int shift;

  for (shift = 0; b->p < b->end && shift < 63; shift += 7) {
    value |= (unsigned long long) (*b->p & 127) << shift;
    if (!(*b->p++ & 128)) break;
  }
  return value;
}

static void skip(struct bytes *b, unsigned long long n)
{
  b->p = n < (unsigned long long) (b->end - b->p) ? b->p + n : b->end;
}

/* A file whose extra records of so many bytes end the header. */
static void file(struct bytes b, unsigned long long extra, const struct level *level)
{
  struct bytes record = b;
  unsigned long long flags = number(&b), len;

  number(&b);
  number(&b);
  skip(&b, (flags & 2 ? 4u : 0u) + (flags & 4 ? 4u : 0u));
  number(&b);
  number(&b);
  len = number(&b);
  if (len > (unsigned long long) (b.end - b.p)) len = (unsigned long long) (b.end - b.p);
  if (extra > (unsigned long long) (record.end - record.p)) return;
  for (record.p = record.end - extra; record.p < record.end; ) {
    struct bytes one = record;

    extra = number(&one);
    record.p = one.p;
    skip(&record, extra);
    if (number(&one) != EXTRA_CRYPT) continue;
    look_flag(FLAG_ENCRYPTED);
    look_name(level, "encrypted", (const char *) b.p, (size_t) len);
  }
}

/* Version 5. */
static int five(int fd, off_t at, const struct level *level)
{
  unsigned char header[HEADER];
  unsigned long long size, type, flags, extra, data;
  unsigned int blocks;
  struct bytes b;
  ssize_t have;

  for (blocks = 0; blocks < LOOK_ENTRIES && !look_over(); ++blocks) {
    have = pread(fd, header, sizeof header, at);
    if (have == -1) stage_diesys("unable to read an attachment");
    if (have < 7) return 1;
    b.p = header + 4;
    b.end = header + have;
    size = number(&b);
    at += b.p - header;
    if (size < 2 || size > 1 << 21) return 1;
    if (size < (unsigned long long) (b.end - b.p)) b.end = b.p + size;
    type = number(&b);
    flags = number(&b);
    extra = flags & 1 ? number(&b) : 0;
    data = flags & 2 ? number(&b) : 0;
    if (type == ARCHIVE_CRYPT) return 0;
    if (type == ARCHIVE_END || data > 1ull << 40) return 1;
    if (type == ARCHIVE_FILE) file(b, extra, level);
    at += (off_t) (size + data);
  }
  return 1;
}

int rar_secrets(int fd, off_t start, const struct level *level)
{
  unsigned char head[12];
  int open = 1;

  if (pread(fd, head, sizeof head, start) != sizeof head) return 1;
  if (head[6]) open = five(fd, start + 8, level);
  else if (head[9] == 0x73) open = !(head[10] & 0x80);
  if (!open) look_flag(FLAG_ENCRYPTED);
  return open;
}
