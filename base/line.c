#include "line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int line_look(struct mime *m)
{
  size_t want;
  ssize_t r;

  if (m->eof || m->fill - m->scan >= MIME_LOOK) return 1;
  memmove(m->buffer, m->buffer + m->pos, m->fill - m->pos);
  m->at += (off_t) m->pos;
  m->fill -= m->pos;
  m->scan -= m->pos;
  m->pos = 0;
  while (!m->eof && m->fill - m->scan < MIME_LOOK) {
    want = m->room - m->fill < m->chunk ? m->room - m->fill : m->chunk;
    r = pread(m->fd, m->buffer + m->fill, want, m->at + (off_t) m->fill);
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) return 0;
    if (!r) m->eof = 1;
    m->fill += (size_t) r;
  }
  return 1;
}

/* The first byte that may be NUL, LF or CR: nothing up to CR but TAB is common
 * in mail. Eight bytes at a time: where one is below 14, subtracting 14 from each
 * sets its upper bit. */
static const char *stop(const char *s, const char *end)
{
  const uint64_t ones = UINT64_MAX / 255;
  uint64_t eight;

  for (; end - s >= 8; s += 8) {
    memcpy(&eight, s, 8);
    if ((eight - ones * 14) & ~eight & ones * 128) break;
  }
  while (s < end && (unsigned char) *s > '\r') ++s;
  return s;
}

const char *line_next(struct mime *m, const char *s, const char *end)
{
  for (; (s = stop(s, end)) < end; ++s) {
    if (*s == '\n') {
      m->lines |= 1;
      return s + 1;
    }
    if (!*s) m->faults |= FAULT(NUL);
    if (*s != '\r') continue;
    if (s + 1 < end && s[1] == '\n') {
      m->lines |= 2;
      return s + 2;
    }
    if (s + 1 == end && !m->eof) return 0;
    m->faults |= FAULT(BARE_CR);
    if (m->reading & MIME_READ_CR) return s + 1;
    if (m->reading & MIME_READ_PAIR) return s + 1 + (s + 1 < end);
  }
  return 0;
}

size_t line_end(const struct mime *m, const char *s, const char *end)
{
  if (s < end && *s == '\n') return 1;
  if (s < end && *s == '\r') {
    if (s + 1 < end && s[1] == '\n') return 2;
    if (m->reading & MIME_READ_CR) return 1;
    if (m->reading & MIME_READ_PAIR) return 1 + (s + 1 < end);
  }
  return 0;
}

int line_spent(const struct mime *m, const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  return s == end || line_end(m, s, end);
}

int line_field(const char *s, const char *end)
{
  const char *name = s;

  while (s < end && *s > ' ' && *s < 127 && *s != ':') ++s;
  if (s == name) return 0;
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  return s == end || *s == ':';
}

int line_describes(const char *s, const char *end)
{
  static const char *const fields[] = {
    "content-type:", "content-disposition:", "content-transfer-encoding:", "mime-version:",
    "name=", "filename=", "boundary=",
  };
  size_t i, len = (size_t) (end - s);

  for (i = 0; i < sizeof fields / sizeof *fields; ++i)
    if (len > strlen(fields[i]) && !case_diffb(s, strlen(fields[i]), fields[i])) return 1;
  return 0;
}

int line_claims(const char *s, const char *end)
{
  const char *v, *to;

  if ((*s | 32) != 'c' || !line_describes(s, end)) return 0;
  for (v = (const char *) memchr(s, ':', (size_t) (end - s)) + 1; v < end && (*v == ' ' || *v == '\t'); ++v) ;
  for (to = v; to < end && *to > ' ' && *to < 127 && !strchr(":;,", *to); ++to) ;
  if ((s[8] | 32) == 't' && (s[9] | 32) == 'y') return !!memchr(v, '/', (size_t) (to - v));
  if ((s[8] | 32) == 'd')
    return (to - v == 6 && !case_diffb(v, 6, "inline")) || (to - v == 10 && !case_diffb(v, 10, "attachment"));
  return transfer_kind(v, (size_t) (to - v)) != TRANSFER_UNKNOWN;
}

int line_describes_next(const struct mime *m, const char *s, const char *end)
{
  while (s < end && !line_end(m, s, end)) ++s;
  return line_describes(s + line_end(m, s, end), end);
}
