#include "file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "office.h"
#include "stage.h"

int file_ends_in(const char *name, size_t len, const char *end)
{
  size_t n = strlen(end);

  return len > n && name[len - n - 1] == '.' && !strncasecmp(name + len - n, end, n);
}

/* Disk images that say what they are in their last 512 bytes. */
static const char *trailer(const struct file *f)
{
  char last[8];

  if (f->size < 512 || pread(f->fd, last, sizeof last, f->size - 512) != sizeof last) return 0;
  if (!memcmp(last, "conectix", 8)) return "vhd";
  return memcmp(last, "koly\0\0\0\4", 8) ? 0 : "dmg";
}

void file_open(struct file *f, int fd, const char *name, size_t len)
{
  ssize_t r;
  const char *word;

  memset(f, 0, sizeof *f);
  f->fd = fd;
  f->name = name;
  f->len = len;
  f->head = malloc(KIND_HEAD);
  if (!f->head) stage_nomem();
  f->size = lseek(fd, 0, SEEK_END);
  r = pread(fd, f->head, KIND_HEAD, 0);
  if (f->size == -1 || r == -1) stage_diesys("unable to read an attachment");
  f->have = (size_t) r;
  f->zipped = zip_find(fd, &f->zip);
  f->kind = kind_find(f->head, f->have);
  word = trailer(f);
  if (word) f->kind = kind_named(word);
  if (!f->kind && kind_text(f->head, f->have) &&
      (file_ends_in(name, len, "eml") || file_ends_in(name, len, "mht") || file_ends_in(name, len, "mhtml")))
    f->kind = kind_named("eml");
  if (f->kind && f->kind->way == WAY_ZIP) f->kind = zip_kind(fd, &f->zip);
  if (f->kind && f->kind->way == WAY_OLE) f->kind = office_kind(fd);
}
