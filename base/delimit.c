#include "delimit.h"

#include <string.h>

#include "line.h"

/* How a line from s on compares with a boundary: it goes on behind it; it is the line to those who
 * forgive something; it is the line. */
enum { DIFFERS, LONGER, SIMILAR, SAME };

/* *closing: it is the last of its multipart. */
static int compare(const struct mime *m, const char *s, const char *end,
                   const char *boundary, size_t len, int *closing)
{
  int same;

  *closing = 0;
  if ((size_t) (end - s) < len) return DIFFERS;
  same = !memcmp(s, boundary, len);
  /* Some do not tell capital letters from small ones. */
  if (!same && case_diffb(s, len, boundary)) return DIFFERS;
  s += len;
  if (line_spent(m, s, end)) return same ? SAME : SIMILAR;
  if (end - s >= 2 && s[0] == '-' && s[1] == '-') {
    *closing = 1;
    if (line_spent(m, s + 2, end)) return same ? SAME : SIMILAR;
  }
  return len && same ? LONGER : DIFFERS;
}

/* The same with what only some pass over: blanks before the boundary, and quotes around it. */
static int resembles(const struct mime *m, const char *s, const char *end,
                     const char *boundary, size_t len, int *closing)
{
  int how = compare(m, s, end, boundary, len, closing);

  if (how || s == end || !len) return how;
  if (*s == ' ' || *s == '\t') {
    while (s < end && (*s == ' ' || *s == '\t')) ++s;
    return compare(m, s, end, boundary, len, closing) >= SIMILAR ? SIMILAR : DIFFERS;
  }
  if (*s != '"' || (size_t) (end - s) < len + 2 || memcmp(s + 1, boundary, len) || s[len + 1] != '"') return DIFFERS;
  s += len + 2;
  *closing = end - s >= 2 && s[0] == '-' && s[1] == '-';
  return line_spent(m, s + 2 * *closing, end) ? SIMILAR : DIFFERS;
}

/* Is it a multipart that no boundary was given for? */
static int unbound(const struct mime_part *part)
{
  return part->kinds & CONTENT_MULTIPART && (part->guessed || part->vague || !part->boundaries);
}

/* A multipart without a boundary: some readers take the first line that looks
 * like a delimiter. They do so too if the boundary that is given has not yet been seen
 * and a header follows. 1: there is one more now; 0; -1 without memory. */
static int guess(struct mime *m, const char *s, const char *end)
{
  struct mime_part *part = m->level + m->depth;
  size_t len;

  if (m->depth && !(part->kinds & CONTENT_MULTIPART) && !part->boundaries && unbound(part - 1)) --part;
  if (!(part->kinds & CONTENT_MULTIPART) || (part->crossed && !part->guessed) ||
      part->boundaries == MIME_BOUNDARIES || m->open == MIME_OPEN) return 0;
  if ((part->boundaries || part->vague) && !line_describes_next(m, s, end)) return 0;
  for (len = 0; s + len < end && s[len] > ' ' && s[len] < 127 && len < 200; ++len) ;
  if (!len) return 0;
  part->guessed = 1;
  m->faults |= FAULT(BOUNDARY_MISSING);
  part->boundary[part->boundaries].at = m->boundary.len;
  part->boundary[part->boundaries++].len = len;
  ++m->open;
  return stralloc_catb(&m->boundary, s, len) ? 1 : -1;
}

/* What a boundary is known by when its multipart is over. */
static uint64_t hash(const char *s, size_t len)
{
  uint64_t h = 14695981039346656037U;

  for (; len; --len, ++s) h = (h ^ (unsigned char) *s) * 1099511628211U;
  return h;
}

void delimit_remember(struct mime *m, const struct mime_part *part)
{
  unsigned int i;

  if (!part->depth) return;
  for (i = 0; i < m->ghosts; ++i)
    if (m->ghost[i].level >= (int) part->depth) m->ghost[i].level = (int) part->depth - 1;
  for (i = 0; i < part->boundaries; ++i) {
    if (m->ghosts == MIME_GHOSTS)
      memmove(m->ghost, m->ghost + 1, --m->ghosts * sizeof *m->ghost);
    m->ghost[m->ghosts].hash = hash(m->boundary.s + part->boundary[i].at, part->boundary[i].len);
    m->ghost[m->ghosts].len = part->boundary[i].len;
    m->ghost[m->ghosts++].level = (int) part->depth - 1;
  }
}

/* Is the line such a boundary? */
static int haunted(struct mime *m, const char *s, const char *end)
{
  const char *last;
  unsigned int i;

  for (last = s; last < end && !line_end(m, last, end); ++last) ;
  while (last > s && (last[-1] == ' ' || last[-1] == '\t')) --last;
  for (i = m->ghosts; i--; ) {
    m->closing = (size_t) (last - s) == m->ghost[i].len + 2 && last[-1] == '-' && last[-2] == '-';
    if ((size_t) (last - s) != m->ghost[i].len + 2 * (size_t) m->closing) continue;
    if (hash(s, m->ghost[i].len) != m->ghost[i].hash) continue;
    m->target = m->ghost[i].level;
    m->level[m->target].closed = 1;
    return 1;
  }
  return 0;
}

/* How the line, from s on, is a delimiter of an open part; target and closing then say of which.
 * Of the boundaries that it begins with, one that is the whole line counts more than
 * a longer one, and that more than a shorter one. */
static int seek(struct mime *m, const char *s, const char *end)
{
  struct mime_part *part;
  int k, how, best = 0, closing;
  size_t length = 0;
  unsigned int i;

  for (k = m->depth; k >= 0; --k) {
    part = m->level + k;
    for (i = 0; i < part->boundaries; ++i) {
      how = resembles(m, s, end, m->boundary.s + part->boundary[i].at, part->boundary[i].len, &closing);
      if (how < best || !how || (how == best && part->boundary[i].len <= length)) continue;
      best = how;
      length = part->boundary[i].len;
      m->target = k;
      m->closing = closing && how >= SIMILAR;
    }
  }
  return best;
}

int delimit_line(struct mime *m, const char *s, const char *end)
{
  int best = seek(m, s + 2, end), guessed = best ? 0 : guess(m, s + 2, end);

  if (guessed == -1) return -1;
  if (guessed) best = seek(m, s + 2, end);
  if (best < SIMILAR && m->ghosts && haunted(m, s + 2, end)) return 1;
  if (best && best < SAME) m->faults |= FAULT(BOUNDARY_LINE);
  if (best) m->level[m->target].crossed = 1;
  return best ? 1 : 0;
}

int delimit_indented(struct mime *m, const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  if (end - s < 3 || s[0] != '-' || s[1] != '-' || seek(m, s + 2, end) < SIMILAR) return 0;
  m->level[m->target].crossed = 1;
  m->faults |= FAULT(BOUNDARY_LINE);
  return 1;
}
