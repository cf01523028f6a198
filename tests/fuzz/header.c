/* A message's header: fields lie one behind the other, from the file or from
 * memory it is the same, words are decoded without end, and our changes to it leave the
 * body where it is. */

#include "header.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edit.h"
#include "maillog.h"
#include "rfc2047.h"
#include "rfc2231.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static void field(const struct field *f)
{
  static stralloc line, said;
  static struct readings r;
  size_t i;

  must(field_unfold(f, &line) && line.len <= f->valuelen);
  must(!line.len || (!memchr(line.s, '\n', line.len) && line.s[0] != ' ' && line.s[line.len - 1] != ' '));
  said.len = 0;
  must(rfc2047_decode(line.s ? line.s : "", line.len, &said) && said.len <= 4 * line.len);
  must(rfc2231_word(f->value, f->valuelen, &said));
  readings_clear(&r);
  must(rfc2231_param(f->value, f->valuelen, "filename", &r) && rfc2231_param(f->value, f->valuelen, "boundary", &r));
  must(r.count <= READINGS_MAX);
  for (i = 0; i < r.count; ++i) must(r.list[i].at + r.list[i].len <= r.text.len);
}

static void fields(const struct header *h, size_t size)
{
  struct field f = { 0 };
  const char *end = h->raw.s;

  must(h->end <= h->body && h->body <= h->raw.len && h->body <= size && h->body - h->end <= 2);
  while (header_next(h, &f)) {
    must(f.start >= end && f.name >= f.start && f.value > f.name + f.namelen - 1 && f.namelen);
    must(f.value + f.valuelen <= f.start + f.len && f.start + f.len <= h->raw.s + h->end);
    end = f.start + f.len;
    field(&f);
  }
}

/* Are the bytes of the file from at on those of the message behind its header? */
static int has_body(int fd, size_t at, const uint8_t *data, size_t len)
{
  static char piece[20000];

  return !len || (pread(fd, piece, len, (off_t) at) == (ssize_t) len && !memcmp(piece, data, len));
}

static void edited(int fd, const struct header *h, const uint8_t *data, size_t size)
{
  static stralloc added;
  static struct header now;
  struct edit edit = { "accept/deliver", "7f", size % 2 ? "[SPAM]" : 0, &added };
  unsigned long left = (unsigned long) size;
  struct field f = { 0 };
  int out = memfd_create("edited", MFD_CLOEXEC), results = 0, r;

  added.len = 0;
  must(out != -1 && edit_fields(&added, (const char *) data, size));
  must(lseek(fd, 0, SEEK_SET) == 0);
  r = edit_message(fd, &edit, out, &left);
  must(r == 1 && lseek(out, 0, SEEK_CUR) == (off_t) left && left >= size - h->body);
  must(has_body(out, left - (size - h->body), data + h->body, size - h->body));
  must(lseek(out, 0, SEEK_SET) == 0 && header_read(&now, out) == 1 && now.body == left - (size - h->body));
  while (header_next(&now, &f)) results += field_is(&f, "X-CleanMail-Result");
  must(results == 1);
  close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct header h, twin;
  static struct maillog row;
  int fd = memfd_create("message", MFD_CLOEXEC);
  size_t half = size / 3;

  if (size > 20000) size = 20000;
  must(fd != -1 && pwrite(fd, data, size, 0) == (ssize_t) size);
  must(header_read(&h, fd) == 1);
  must(header_take(&twin, (const char *) data, half, (const char *) data + half, size - half) == 1);
  must(h.end == twin.end && h.body == twin.body && (!h.body || !memcmp(h.raw.s, twin.raw.s, h.body)));
  fields(&h, size);
  must(maillog_header(&row, &h));
  edited(fd, &h, data, size);
  close(fd);
  return 0;
}
