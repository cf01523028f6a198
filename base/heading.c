#include "heading.h"

#include <errno.h>
#include <string.h>

#include "delimit.h"
#include "line.h"

enum {
  JUNK = 3,          /* lines in a header that are none of it, and still are looked at */
  FIELDS = 20,       /* fields behind an empty line that are looked at */
  DENSE = 40         /* characters without a blank: no line of a header */
};

/* A line that begins with one of the characters that only some take for a fold. */
static int odd_fold(const struct mime *m, const char *s)
{
  return m->reading & MIME_READ_JUNK && m->header.raw.len && (*s == '\v' || *s == '\f');
}

static int goes_on(struct mime *m, const char *s, const char *end)
{
  if (line_field(s, end)) return 1;
  if (m->header.raw.len && (*s == ' ' || *s == '\t')) {
    if (line_spent(m, s, end)) m->faults |= FAULT(WHITE_LINE);
    while (s < end && (*s == ' ' || *s == '\t')) ++s;
    if (s == end || (*s | 32) != 'c' || !line_claims(s, end)) return 1;
    /* To those who do not believe in the line before it, this is none of its folds. */
    m->faults |= FAULT(STRAY_HEADER);
    if (m->reading & MIME_READ_STRAY) m->pos = m->scan = (size_t) (s - m->buffer);
    return 1;
  }
  if (odd_fold(m, s)) return 1;
  return end - s > 5 && !memcmp(s, "From ", 5) && m->level[m->depth].message;
}

/* Add up to the end of the line to the header. 1, or 0 without memory. */
static int gather(struct mime *m, int drop)
{
  const char *s = m->buffer + m->scan, *end = m->buffer + m->fill, *next = line_next(m, s, end);
  size_t len = (size_t) ((next ? next : end) - s);

  /* A CR at the end of the buffer may be half a line ending. */
  if (!next && len > 1 && end[-1] == '\r' && !m->eof) --len;
  if (len > LINE_USUAL + 2) m->faults |= FAULT(LONG_LINE);
  m->fresh = !!next;
  m->pos = m->scan += len;
  if (drop && (m->level[m->depth].junk++ >= JUNK || !m->header.raw.len)) return 1;
  /* Some take it for the rest of the field before it. */
  if (drop && m->header.raw.s[m->header.raw.len - 1] == '\n' && !stralloc_append(&m->header.raw, " ")) return 0;
  if (odd_fold(m, s) && m->header.raw.s[m->header.raw.len - 1] == '\n') {
    if (!stralloc_append(&m->header.raw, " ")) return 0;
    ++s;
    --len;
  }
  if (next && next[-1] == '\r')
    return stralloc_catb(&m->header.raw, s, len - 1) && stralloc_append(&m->header.raw, "\n");
  if (next && next[-1] != '\n' && len > 1 && next[-2] == '\r')
    return stralloc_catb(&m->header.raw, s, len - 2) && stralloc_append(&m->header.raw, "\n");
  return stralloc_catb(&m->header.raw, s, len);
}

/* Is there a field about content at s, or behind a few other fields? Before the first field of a
 * header there may be other lines too: some do not end it at an empty line before them. */
static int goes_on_as_header(const struct mime *m, const char *s, const char *end)
{
  size_t n;
  int lines;

  for (lines = 0; lines < FIELDS && s < end && !line_end(m, s, end); ++lines) {
    if ((*s | 32) == 'c' && line_claims(s, end)) return 1;
    if (end - s > 1 && s[0] == '-' && s[1] == '-') return 0;
    if (m->header.raw.len && !line_field(s, end) && *s != ' ' && *s != '\t') return 0;
    while (s < end && !(n = line_end(m, s, end))) ++s;
    if (s < end) s += n;
  }
  return 0;
}

int heading_resumes(struct mime *m)
{
  struct mime_part *part = m->level + m->depth;
  const char *s, *end;
  size_t n;

  if (!line_look(m)) return -1;
  end = m->buffer + m->fill;
  for (s = m->buffer + m->scan; s < end && (n = line_end(m, s, end)); s += n) ;
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  if (s == end || (!(strchr("CcMmNnFfBb", *s) && line_describes(s, end)) && !goes_on_as_header(m, s, end))) return 0;
  m->faults |= FAULT(STRAY_HEADER);
  if (!(m->reading & MIME_READ_STRAY) || part->late++) return 0;
  m->pos = m->scan = (size_t) (s - m->buffer);
  if (line_field(s, end)) return 1;
  if (!m->header.raw.len) {
    part->late = 2;
    return 1;
  }
  /* The rest of a field, which goes on where the header ended. */
  return stralloc_append(&m->header.raw, " ") ? 1 : -1;
}

/* Pass over what only some readers know to be none of the header, before it and in it. 1 if
 * there was such a thing. */
static int pass(struct mime *m, const char *s, const char *end)
{
  const char *from = s;

  if (!(m->reading & MIME_READ_JUNK)) return 0;
  if (!m->header.raw.len) {
    if (end - s > 3 && !memcmp(s, "\xef\xbb\xbf", 3)) s += 3;
    while (s < end && (*s == ' ' || *s == '\t')) ++s;
    if (s > from) m->faults |= FAULT(HEADER);
  }
  m->pos = m->scan = (size_t) (s - m->buffer);
  return s > from;
}

/* A name without a colon, which stands on the next line: 1 if it went to the header, 0 if not,
 * -1 without memory. */
static int broken_name(struct mime *m, const char *s, const char *end)
{
  const char *last = s, *next;
  size_t n;

  while (last < end && *last > ' ' && *last < 127 && *last != ':') ++last;
  n = line_end(m, last, end);
  next = last + n;
  if (last == s || !n || next == end || (*next != ' ' && *next != '\t')) return 0;
  while (next < end && (*next == ' ' || *next == '\t')) ++next;
  if (next == end || *next != ':') return 0;
  m->faults |= FAULT(HEADER);
  m->pos = m->scan = (size_t) (next - m->buffer);
  return stralloc_catb(&m->header.raw, s, (size_t) (last - s)) ? 1 : -1;
}

/* Is the line what only encoded data is? */
static int dense(const char *s, const char *end)
{
  size_t n;

  for (n = 0; s + n < end && s[n] > ' ' && s[n] < 127 && n < DENSE; ++n) ;
  return n == DENSE;
}

enum { TROUBLE = -1, AGAIN, OVER, GATHER };

/* The line at s begins a line of the header. OVER: the header ends before or with it; GATHER: it
 * is part of it, or with *drop may be; AGAIN: some of it was passed over. */
static int decide(struct mime *m, const char *s, const char *end, int *drop)
{
  struct mime_part *part = m->level + m->depth;
  int found, named;

  if (line_end(m, s, end)) {
    m->pos = m->scan = (size_t) (line_next(m, s, end) - m->buffer);
    return OVER;
  }
  found = *s == '-' && end - s > 1 && s[1] == '-' ? delimit_line(m, s, end) : 0;
  if (found == -1) return TROUBLE;
  *drop = !goes_on(m, s, end);
  /* In a header it is what began further outside that ends. Some do not look for that there. */
  if (found && m->reading & MIME_READ_JUNK && m->header.raw.len && (m->closing || m->target + 1 < m->depth)) {
    found = 0;
    *drop = 1;
  }
  if (part->late == 1) {
    part->late = 2;
    *drop = found = 0;
  }
  if (!found && *drop && (named = broken_name(m, s, end))) {
    *drop = 0;
    return named == -1 ? TROUBLE : GATHER;
  }
  if (!found && !*drop) return GATHER;
  m->faults |= FAULT(HEADER);
  return found || !(m->reading & MIME_READ_JUNK) || dense(s, end) ? OVER : GATHER;
}

int heading_read(struct mime *m)
{
  size_t most = m->depth ? MIME_HEADER : HEADER_MAX;
  const char *s, *end;
  int drop = 0, what;

  for (;;) {
    if (!line_look(m)) return -1;
    s = m->buffer + m->scan;
    end = m->buffer + m->fill;
    if (s == end) return 1;
    if (m->fresh) {
      what = pass(m, s, end) ? AGAIN : decide(m, s, end, &drop);
      if (what == TROUBLE) break;
      if (what == OVER) return 1;
      if (what == AGAIN) continue;
    }
    if (!gather(m, drop)) break;
    if (m->header.raw.len > most) return 0;
  }
  errno = ENOMEM;
  return -1;
}
