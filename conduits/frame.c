#include "frame.h"

#include <errno.h>
#include <string.h>

static uint32_t number(const char *bytes)
{
  const unsigned char *b = (const unsigned char *) bytes;

  return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

/* What the length of the packet is that begins here. 0: nobody knows yet; -1: no good one. */
static long length(const struct stream *s)
{
  uint32_t n;

  if (s->len - s->pos < 4) return 0;
  n = number(s->buffer + s->pos);
  return n && n <= FRAME_MAX ? (long) n : -1;
}

int frame_ready(const struct stream *s)
{
  long n = length(s);

  return n == -1 || (n && s->len - s->pos >= 4 + (size_t) n);
}

int frame_read(struct stream *s, unsigned long seconds, struct frame *f)
{
  ssize_t r;
  long n;

  stream_limit(s, seconds);
  while (!frame_ready(s)) {
    r = stream_fill(s);
    if (r == 0 && s->pos < s->len) {
      errno = ECONNRESET;
      return -1;
    }
    if (r <= 0) return (int) r;
  }
  n = length(s);
  if (n == -1) {
    errno = EPROTO;
    return -1;
  }
  f->command = s->buffer[s->pos + 4];
  f->data = s->buffer + s->pos + 5;
  f->len = (size_t) n - 1;
  s->pos += 4 + (size_t) n;
  return 1;
}

const char *frame_text(const struct frame *f, size_t *at)
{
  const char *text = f->data + *at, *end;

  if (*at >= f->len) return 0;
  end = memchr(text, 0, f->len - *at);
  if (!end) return 0;
  *at += (size_t) (end + 1 - text);
  return text;
}

int frame_number(const struct frame *f, size_t *at, uint32_t *n)
{
  if (f->len < *at || f->len - *at < 4) return 0;
  *n = number(f->data + *at);
  *at += 4;
  return 1;
}

static void store(char *bytes, uint32_t n)
{
  bytes[0] = (char) (n >> 24);
  bytes[1] = (char) (n >> 16);
  bytes[2] = (char) (n >> 8);
  bytes[3] = (char) n;
}

int frame_put_number(stralloc *out, uint32_t n)
{
  char bytes[4];

  store(bytes, n);
  return stralloc_catb(out, bytes, 4);
}

size_t frame_begin(stralloc *out, char reply)
{
  return frame_put_number(out, 0) && stralloc_append(out, &reply) ? out->len - 1 : 0;
}

void frame_end(stralloc *out, size_t place)
{
  store(out->s + place - 4, (uint32_t) (out->len - place));
}

int frame_put(stralloc *out, char reply, const char *data, size_t len)
{
  size_t place = frame_begin(out, reply);

  if (!place || !stralloc_catb(out, data, len)) return 0;
  frame_end(out, place);
  return 1;
}
