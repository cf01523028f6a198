#include "dot.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* START: of a line. CR, DOT, DOTCR: these bytes are held back, for the next one
 * decides what they are. */
enum { START, TEXT, CR, DOT, DOTCR };

void dot_begin(struct dot *d, enum dot_mode mode)
{
  memset(d, 0, sizeof *d);
  d->mode = mode;
  d->state = START;
}

/* The first byte below 14 (NUL, LF, CR and a few harmless ones), or end. */
static const char *control(const char *p, const char *end)
{
  const uint64_t each = UINT64_MAX / 255;
  uint64_t word;

#ifdef __SSE2__
  const __m128i most = _mm_set1_epi8(13);
  __m128i text;
  unsigned int found;

  for (; end - p >= 16; p += 16) {
    text = _mm_loadu_si128((const __m128i *) (const void *) p);
    found = (unsigned int) _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(text, most), text));
    if (found) return p + __builtin_ctz(found);
  }
#endif
  for (; end - p >= 8; p += 8) {
    memcpy(&word, p, 8);
    if ((word - each * 14) & ~word & (each * 128)) break;
  }
  while (p < end && (unsigned char) *p >= 14) ++p;
  return p;
}

static void newline(struct dot *d, size_t rest, int after_lf)
{
  d->line += rest;
  if (d->line > d->longest) d->longest = d->line;
  d->line = 0;
  d->after_lf = after_lf;
  d->state = START;
}

/* A dot alone on a line that is not the end of data, because of a lone LF. */
static const char *lone(struct dot *d, size_t *n, int after_lf)
{
  d->dotted = 1;
  newline(d, 1, after_lf);
  *n = 3;
  return ".\r\n";
}

/* As many bytes as pass unchanged, whole lines if they can. */
static size_t text(struct dot *d, const char *in, size_t len, const char **piece, size_t *n)
{
  const char *p = in, *line = in, *end = in + len;

  *piece = in;
  while (d->state == TEXT && (p = control(p, end)) < end) {
    if (*p == '\r') {
      if (p + 1 == end || p[1] != '\n') {
        d->state = CR;
        break;
      }
      newline(d, (size_t) (p - line), 0);
      line = p += 2;
      if (p < end && *p != '.') d->state = TEXT;
    } else if (*p == '\n') {
      d->bare = 1;
      if (d->mode == DOT_REFUSE) ++p;
      else if (p > in) break;
      else {
        newline(d, 0, 1);
        *piece = "\r\n";
        *n = 2;
        return 1;
      }
    } else {
      if (!*p) d->nul = 1;
      ++p;
    }
  }
  d->line += (size_t) (p - line);
  *n = (size_t) (p - in);
  return *n + (d->state == CR);
}

/* One step of the machine, on at least one byte. */
static size_t step(struct dot *d, const char *in, size_t len, const char **piece, size_t *n)
{
  switch (d->state) {
    case START:
      d->state = TEXT;
      if (*in != '.') return 0;
      d->dotted |= d->mode == DOT_LINES;
      if (d->mode == DOT_LINES) return 0;
      if (d->mode != DOT_ENCODE) {
        d->state = DOT;
        return 1;
      }
      d->dotted = 1;
      ++d->line;
      *piece = "..";
      *n = 2;
      return 1;
    case DOT:
      if (*in == '\r') {
        d->state = DOTCR;
        return 1;
      }
      d->state = TEXT;
      if (*in == '.') d->dotted = 1;
      if (*in != '\n' || d->mode == DOT_REFUSE) return 0;
      d->bare = 1;
      *piece = lone(d, n, 1);
      return 1;
    case DOTCR:
      if (*in != '\n') {
        d->state = CR;
        return 0;
      }
      if (d->after_lf) *piece = lone(d, n, 0);
      else d->ended = 1;
      return 1;
    case CR:
      if (*in == '\n') {
        newline(d, 0, 0);
        *piece = "\r\n";
        *n = 2;
        return 1;
      }
      d->bare = 1;
      d->state = TEXT;
      ++d->line;
      *piece = d->mode == DOT_REFUSE ? "\r" : " ";
      *n = 1;
      return 0;
    default:
      return text(d, in, len, piece, n);
  }
}

size_t dot_next(struct dot *d, const char *in, size_t len, const char **piece, size_t *n)
{
  size_t used = 0;

  *piece = in;
  *n = 0;
  while (!*n && used < len && !d->ended) used += step(d, in + used, len - used, piece, n);
  d->size += *n;
  return used;
}

int dot_plain(const struct dot *d)
{
  return d->ended && !d->dotted && (!d->bare || d->mode != DOT_REFUSE);
}

size_t dot_encode(struct dot *d, const char *in, size_t len, char *out, size_t size,
                  size_t *made)
{
  const char *piece;
  size_t used = 0, room, n;

  *made = 0;
  while (used < len && (room = size - *made) >= DOT_ROOM) {
    used += dot_next(d, in + used, len - used < room ? len - used : room, &piece, &n);
    memcpy(out + *made, piece, n);
    *made += n;
  }
  return used;
}

size_t dot_end(struct dot *d, char *out)
{
  size_t n = 0;

  if (d->state == CR) {
    d->bare = 1;
    out[n++] = ' ';
  }
  if (d->state != START) {
    memcpy(out + n, "\r\n", 2);
    n += 2;
  }
  if (d->mode == DOT_LINES) d->ended = 1;
  else {
    memcpy(out + n, ".\r\n", 3);
    n += 3;
  }
  d->size += n;
  return n;
}
