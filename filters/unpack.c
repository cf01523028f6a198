#include "unpack.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "copy.h"
#include "stage.h"

int unpack_file(void)
{
  int fd = memfd_create("part", MFD_CLOEXEC);

  if (fd == -1) stage_diesys("unable to create a file");
  return fd;
}

static void put(int to, const char *bytes, size_t len)
{
  if (copy_write(to, bytes, len) == -1) stage_diesys("unable to write a part");
}

/* The Content-Type fields of the part. */
static void describe(int fd, const struct mime_part *part, int to)
{
  static struct header h;
  struct field f = { 0 };
  size_t want = (size_t) (part->body - part->start);

  h.raw.len = 0;
  if (!stralloc_ready(&h.raw, want + 1)) stage_nomem();
  if (pread(fd, h.raw.s, want, part->start) != (ssize_t) want) stage_diesys("unable to read message");
  h.end = h.raw.len = want;
  while (header_next(&h, &f))
    if (field_is(&f, "content-type")) put(to, f.start, f.len);
  put(to, "\n", 1);
}

int unpack(int fd, const struct mime_part *part, enum transfer_kind kind, enum transfer_style style,
           int as_message)
{
  static char in[16384], out[16384 + 4];
  struct transfer transfer = { .kind = kind, .style = style };
  off_t at;
  size_t want;
  ssize_t r;
  int to = unpack_file();

  if (as_message && part->kinds & CONTENT_MULTIPART) describe(fd, part, to);
  else if (as_message && !(part->kinds & CONTENT_MESSAGE)) put(to, "\n", 1);
  for (at = part->body; at <= part->end; at += r) {
    want = part->end - at < (off_t) sizeof in ? (size_t) (part->end - at) : sizeof in;
    r = want ? pread(fd, in, want, at) : 0;
    if (r == -1 || (want && !r)) stage_diesys("unable to read message");
    put(to, out, transfer_decode(&transfer, in, (size_t) r, out));
    if (!r) break;
  }
  if (lseek(to, 0, SEEK_SET) == -1) stage_diesys("unable to read a part");
  return to;
}
