/* The text of a message as DATA carries it, against a decoder that looks at the
 * whole of it at once: cut anywhere, it gives the same; and what is encoded has
 * one end, at its end, and says what it said. The first byte: where to cut. */

#include "dot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "owfat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static void put(stralloc *out, const char *bytes, size_t len)
{
  must(stralloc_catb(out, bytes, len));
}

static int same(const stralloc *a, const stralloc *b)
{
  return a->len == b->len && (!a->len || !memcmp(a->s, b->s, a->len));
}

/* RFC 5321, 4.5.2, and what <dot.h> says of a CR or LF that stands alone. Returns
 * how many bytes were used up to the end of data, 0: it has none. */
static size_t plain(const char *in, size_t len, int mend, stralloc *out, int *bare)
{
  size_t i = 0;
  int begins = 1, after_lf = 0;

  out->len = 0;
  for (*bare = 0; i < len; ++i) {
    int crlf = in[i] == '\r' && i + 1 < len && in[i + 1] == '\n';

    if (begins && in[i] == '.') {
      int end = i + 2 < len && in[i + 1] == '\r' && in[i + 2] == '\n';

      begins = 0;
      if (end && !(mend && after_lf)) return i + 3;
      if (end || (mend && i + 1 < len && in[i + 1] == '\n')) {
        put(out, ".", 1);
      }
      continue;
    }
    begins = 0;
    if (crlf) {
      put(out, "\r\n", 2);
      ++i;
      begins = 1;
      after_lf = 0;
    } else if (in[i] == '\n' || in[i] == '\r') {
      *bare = 1;
      if (!mend) put(out, in + i, 1);
      else if (in[i] == '\r') put(out, " ", 1);
      else {
        put(out, "\r\n", 2);
        begins = after_lf = 1;
      }
    } else put(out, in + i, 1);
  }
  return 0;
}

/* Decode in pieces of step bytes, all in blocks of their own; how much was used. */
static size_t decode(struct dot *d, enum dot_mode mode, const char *in, size_t len, size_t step, stralloc *out)
{
  size_t at = 0, used, n, block;
  const char *piece;

  out->len = 0;
  dot_begin(d, mode);
  while (at < len && !d->ended) {
    block = len - at < step ? len - at : step;
    for (used = 0; used < block && !d->ended; ) {
      size_t before = d->size, now = dot_next(d, in + at + used, block - used, &piece, &n);

      must(now <= block - used && (now || n) && n <= (block - used > DOT_ROOM ? block - used : DOT_ROOM));
      must(d->size == before + n);
      put(out, piece, n);
      used += now;
    }
    at += used;
  }
  return at;
}

static void encode(const char *in, size_t len, size_t step, stralloc *out)
{
  struct dot d;
  char room[600], tail[DOT_TAIL];
  size_t at = 0, used, made, block;

  out->len = 0;
  dot_begin(&d, DOT_ENCODE);
  while (at < len) {
    block = len - at < step ? len - at : step;
    used = dot_encode(&d, in + at, block, room, DOT_ROOM + step % (sizeof room - DOT_ROOM), &made);
    must(used <= block && made <= sizeof room && (used || made));
    put(out, room, made);
    at += used;
  }
  put(out, tail, dot_end(&d, tail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static stralloc wire, want, got, sent, back;
  size_t step = size ? 1 + data[0] : 1, used;
  struct dot d;
  int mend, bare;

  if (size) ++data, --size;
  wire.len = want.len = 0;
  put(&wire, (const char *) data, size);
  put(&wire, "\r\n.\r\n.\r\n", 8);
  for (mend = 0; mend < 2; ++mend) {
    used = plain(wire.s, wire.len, mend, &want, &bare);
    must(used == decode(&d, mend ? DOT_NORMALIZE : DOT_REFUSE, wire.s, wire.len, step, &got));
    must(d.ended && used && same(&want, &got) && d.bare == bare);
    if (!dot_plain(&d)) continue;
    put(&got, ".\r\n", 3);
    must(decode(&d, DOT_REFUSE, got.s, got.len, step, &back) == got.len && !d.bare && same(&back, &want));
  }
  encode((const char *) data, size, step, &sent);
  must(decode(&d, DOT_REFUSE, sent.s, sent.len, step, &back) == sent.len && d.ended && !d.bare);
  encode(back.s, back.len, 1 + step / 2, &got);
  must(same(&got, &sent));
  return 0;
}
