#include "tnef.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "inside.h"
#include "stage.h"
#include "wide.h"

enum { NAMES = 8, TEXT = 256, DATAS = 4 };

/* Attributes, with their types. */
enum {
  RENDER_DATA  = 0x00069002,  /* a new attachment */
  TITLE        = 0x00018010,
  TRANSPORT    = 0x00069001,  /* another name */
  DATA         = 0x0006800f,
  ATTACHMENT   = 0x00069005   /* more of its properties */
};

/* An attachment: what was found until the next one begins. Which of several
 * data is the right one readers may see in different ways. */
struct file {
  int fd;
  size_t count, datas;
  char names[NAMES][WIDE_MAX(TEXT)];
  struct { off_t at, len; } data[DATAS];
};

static unsigned long get(const unsigned char *p, unsigned int n)
{
  unsigned long value = 0;

  while (n) value = value << 8 | p[--n];
  return value;
}

static int load(int fd, unsigned char *to, size_t len, off_t at)
{
  ssize_t r = pread(fd, to, len, at);

  if (r == -1) stage_diesys("unable to read an attachment");
  return r == (ssize_t) len;
}

static void name(struct file *f, off_t at, off_t len, int wide)
{
  unsigned char raw[2 * TEXT];
  size_t n = len < (off_t) sizeof raw ? (size_t) len : sizeof raw;

  if (f->count == NAMES || !n || !load(f->fd, raw, n, at)) return;
  if (wide) n = wide_utf8(raw, n, f->names[f->count]);
  else memcpy(f->names[f->count], raw, n = n < TEXT ? n : TEXT);
  f->names[f->count++][n] = 0;
}

static void data(struct file *f, off_t at, off_t len)
{
  if (f->datas == DATAS) {
    look_flag(FLAG_BROKEN);
    return;
  }
  f->data[f->datas].at = at;
  f->data[f->datas++].len = len;
}

static void finish(struct file *f, const struct level *level)
{
  const char *word = "data";
  size_t i, k;
  int fd;

  for (k = 0; k < f->datas || (!k && f->count); ++k) {
    if (k < f->datas) {
      fd = inside_copy(f->fd, f->data[k].at, f->data[k].len);
      word = inside_entry(fd, f->names[0], strlen(f->names[0]), level);
      close(fd);
    }
    for (i = 0; i < f->count; ++i) look_name(level, word, f->names[i], strlen(f->names[i]));
  }
  f->count = f->datas = 0;
  f->names[0][0] = 0;
}

/* Bytes of a value of this type of MAPI; 0: it says so itself, -1: unknown. */
static int fixed(unsigned long type)
{
  switch (type) {
    case 0x01: case 0x02: case 0x03: case 0x04: case 0x0a: case 0x0b: return 4;
    case 0x05: case 0x06: case 0x07: case 0x14: case 0x40: return 8;
    case 0x48: return 16;
    case 0x0d: case 0x1e: case 0x1f: case 0x102: return 0;
  }
  return -1;
}

/* One value of a property of the attachment. */
static void value(struct file *f, unsigned long id, unsigned long type, off_t at, off_t len)
{
  if (id == 0x3707 || id == 0x3704 || id == 0x3001) name(f, at, len, type == 0x1f);
  if (id == 0x3701 && type == 0x102) data(f, at, len);
  /* A message is a TNEF of its own behind the name of an interface. */
  if (id == 0x3701 && type == 0x0d && len > 16) data(f, at + 16, len - 16);
}

/* A name in place of a number: passed over. Where it ends, or -1. */
static off_t named(int fd, off_t at)
{
  unsigned char head[24];

  if (!load(fd, head, 20, at)) return -1;
  if (!get(head + 16, 4)) return at + 24;
  if (!load(fd, head, 24, at)) return -1;
  return at + 24 + (off_t) ((get(head + 20, 4) + 3) & ~3ul);
}

/* The properties between at and end. 1, or 0: they make no sense. */
static int properties(struct file *f, off_t at, off_t end)
{
  unsigned char head[8];
  unsigned long count, values, type, id, len;
  int size;

  if (!load(f->fd, head, 4, at)) return 0;
  for (count = get(head, 4), at += 4; count && at < end; --count) {
    if (!load(f->fd, head, 4, at)) return 0;
    type = get(head, 2);
    id = get(head + 2, 2);
    at += 4;
    if (id >= 0x8000 && (at = named(f->fd, at)) == -1) return 0;
    size = fixed(type & 0xfff);
    values = 1;
    if (!size || type & 0x1000) {
      if (!load(f->fd, head, 4, at)) return 0;
      values = get(head, 4);
      at += 4;
    }
    for (; values && at < end; --values) {
      len = (unsigned long) size;
      if (!size) {
        if (!load(f->fd, head, 4, at)) return 0;
        len = get(head, 4);
        at += 4;
      }
      if (size == -1 || (off_t) len > end - at) return 0;
      value(f, id, type & 0xfff, at, (off_t) len);
      at += (off_t) ((len + 3) & ~3ul);
    }
  }
  return 1;
}

static void attribute(struct file *f, unsigned long id, off_t at, off_t len,
                      const struct level *level)
{
  if (id == RENDER_DATA) finish(f, level);
  if (id == TITLE || id == TRANSPORT) name(f, at, len, 0);
  if (id == DATA) data(f, at, len);
  if (id == ATTACHMENT && !properties(f, at, at + len)) look_flag(FLAG_BROKEN);
}

void tnef_look(int fd, const struct level *level)
{
  struct file f = { .fd = fd };
  unsigned char head[9];
  off_t at = 6, size = lseek(fd, 0, SEEK_END), len;

  for (; load(fd, head, 9, at) && look_entry(); at += 9 + len + 2) {
    len = (off_t) get(head + 5, 4);
    if ((head[0] != 1 && head[0] != 2) || len > size - at - 9) break;
    if (head[0] == 2) attribute(&f, get(head + 1, 4), at + 9, len, level);
  }
  if (size - at >= 9) look_flag(FLAG_BROKEN);
  finish(&f, level);
}
