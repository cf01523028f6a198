#include "inflate.h"

#include <unistd.h>
#include <zlib.h>

#include "stage.h"

static struct {
  z_stream z;
  int made, fd, over;
  off_t at;
  unsigned char block[8192];
} in;

int inflate_likely(const char *bytes, size_t len)
{
  const unsigned char *b = (const unsigned char *) bytes;

  return len > 2 && (b[0] & 15) == 8 && b[0] >> 4 < 8 && (b[0] * 256 + b[1]) % 31 == 0 && !(b[1] & 32);
}

void inflate_begin(int fd, off_t at)
{
  if ((in.made ? inflateReset(&in.z) : inflateInit(&in.z)) != Z_OK) stage_nomem();
  in.made = 1;
  in.fd = fd;
  in.at = at;
  in.z.avail_in = 0;
  in.over = 0;
}

size_t inflate_next(char *to, size_t len, int *broken)
{
  ssize_t r;
  int result = Z_OK;

  in.z.next_out = (unsigned char *) to;
  in.z.avail_out = (unsigned int) len;
  while (in.z.avail_out && !in.over) {
    if (!in.z.avail_in) {
      r = pread(in.fd, in.block, sizeof in.block, in.at);
      if (r == -1) stage_diesys("unable to read an attachment");
      in.at += r;
      in.z.next_in = in.block;
      in.z.avail_in = (unsigned int) r;
    }
    result = inflate(&in.z, Z_NO_FLUSH);
    if (result != Z_OK) in.over = 1;
  }
  if (result != Z_OK && result != Z_STREAM_END) *broken = 1;
  return len - in.z.avail_out;
}
