#include "mime.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "uu.h"

enum { BEGIN, HEADER, INSIDE, BODY, ENDING, LIMITED, FAILED };

enum {
  LINE_USUAL = 998,  /* RFC 5322, 2.1.1 */
  JUNK = 3,          /* lines in a header that are none of it, and still are looked at */
  FIELDS = 20,       /* fields behind an empty line that are looked at */
  DENSE = 40         /* characters without a blank: no line of a header */
};

void mime_open(struct mime *m, int fd, off_t start)
{
  m->fd = fd;
  m->at = start;
  m->state = BEGIN;
  m->depth = m->target = -1;
  m->fresh = 1;
  m->skip = m->eof = m->closing = m->reading = 0;
  m->pos = m->scan = m->fill = 0;
  m->parts = m->open = m->ghosts = m->lines = 0;
  m->faults = 0;
  m->room = m->chunk = sizeof m->buffer;
  m->boundary.len = 0;
}

static enum mime_event limit(struct mime *m, const char *what)
{
  m->limit = what;
  m->state = LIMITED;
  return MIME_LIMIT;
}

static enum mime_event fail(struct mime *m)
{
  m->state = FAILED;
  return MIME_FAILED;
}

static enum mime_event nomem(struct mime *m)
{
  errno = ENOMEM;
  return fail(m);
}

/* Have MIME_LOOK bytes from scan on, or all there are. 1, or 0 with errno. */
static int look(struct mime *m)
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

/* Behind the line ending that is next at or behind s, or 0: not in the buffer. */
static const char *line(struct mime *m, const char *s, const char *end)
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

/* The length of the line ending at s, 0 if there is none. */
static size_t newline(const struct mime *m, const char *s, const char *end)
{
  if (s < end && *s == '\n') return 1;
  if (s < end && *s == '\r') {
    if (s + 1 < end && s[1] == '\n') return 2;
    if (m->reading & MIME_READ_CR) return 1;
    if (m->reading & MIME_READ_PAIR) return 1 + (s + 1 < end);
  }
  return 0;
}

/* Is nothing but blanks left on the line? */
static int spent(const struct mime *m, const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  return s == end || newline(m, s, end);
}

static enum mime_event push(struct mime *m, int message, int digest)
{
  struct mime_part *part;

  if (m->depth == MIME_DEPTH) return limit(m, "parts more than 50 deep");
  if (m->parts == MIME_PARTS) return limit(m, "more than 1000 parts");
  part = m->level + ++m->depth;
  memset(part, 0, sizeof *part);
  part->number = ++m->parts;
  part->depth = (unsigned int) m->depth;
  part->start = m->at + (off_t) m->pos;
  part->message = message;
  part->digest = digest;
  m->header.raw.len = m->header.end = m->header.body = 0;
  m->state = HEADER;
  return MIME_OVER;
}

/* A part begins in this one. */
static enum mime_event enter(struct mime *m, const struct mime_part *part)
{
  int behind = part->closed;
  enum mime_event event = push(m, 0, part->digest);

  if (event == MIME_OVER) m->level[m->depth].behind = behind;
  return event;
}

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
  if (spent(m, s, end)) return same ? SAME : SIMILAR;
  if (end - s >= 2 && s[0] == '-' && s[1] == '-') {
    *closing = 1;
    if (spent(m, s + 2, end)) return same ? SAME : SIMILAR;
  }
  return len && same ? LONGER : DIFFERS;
}

/* Does a field about content begin at s, or what may be the rest of one? */
static int describes(const char *s, const char *end)
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

/* Is it one that cannot be but a field? In signatures such names stand in a list. */
static int claims(const char *s, const char *end)
{
  const char *v, *to;

  if ((*s | 32) != 'c' || !describes(s, end)) return 0;
  for (v = (const char *) memchr(s, ':', (size_t) (end - s)) + 1; v < end && (*v == ' ' || *v == '\t'); ++v) ;
  for (to = v; to < end && *to > ' ' && *to < 127 && !strchr(":;,", *to); ++to) ;
  if ((s[8] | 32) == 't' && (s[9] | 32) == 'y') return !!memchr(v, '/', (size_t) (to - v));
  if ((s[8] | 32) == 'd')
    return (to - v == 6 && !case_diffb(v, 6, "inline")) || (to - v == 10 && !case_diffb(v, 10, "attachment"));
  return transfer_kind(v, (size_t) (to - v)) != TRANSFER_UNKNOWN;
}

/* The same of the line behind the one at s. */
static int describes_next(const struct mime *m, const char *s, const char *end)
{
  while (s < end && !newline(m, s, end)) ++s;
  return describes(s + newline(m, s, end), end);
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
  if ((part->boundaries || part->vague) && !describes_next(m, s, end)) return 0;
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

/* The boundaries of a part that is over are known on in the part around it: some
 * readers forget none. Of too many the oldest go. */
static void remember(struct mime *m, const struct mime_part *part)
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

  for (last = s; last < end && !newline(m, last, end); ++last) ;
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
  return spent(m, s + 2 * *closing, end) ? SIMILAR : DIFFERS;
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

/* Is the line that begins with -- at s a delimiter? One that goes on behind -- begins a part too:
 * for some readers it ends nothing. 1, 0, or -1 without memory. */
static int delimiter(struct mime *m, const char *s, const char *end)
{
  int best = seek(m, s + 2, end), guessed = best ? 0 : guess(m, s + 2, end);

  if (guessed == -1) return -1;
  if (guessed) best = seek(m, s + 2, end);
  if (best < SIMILAR && m->ghosts && haunted(m, s + 2, end)) return 1;
  if (best && best < SAME) m->faults |= FAULT(BOUNDARY_LINE);
  if (best) m->level[m->target].crossed = 1;
  return best ? 1 : 0;
}

/* Is it one to those who pass over blanks before it? */
static int indented(struct mime *m, const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  if (end - s < 3 || s[0] != '-' || s[1] != '-' || seek(m, s + 2, end) < SIMILAR) return 0;
  m->level[m->target].crossed = 1;
  m->faults |= FAULT(BOUNDARY_LINE);
  return 1;
}

/* Leave the delimiter at scan behind; pos is where the part before it ends. */
static void cross(struct mime *m)
{
  const char *end = m->buffer + m->fill, *next = line(m, m->buffer + m->scan, end);

  m->ending = m->at + (off_t) m->pos;
  m->pos = m->scan = next ? (size_t) (next - m->buffer) : m->fill;
  m->skip = !next;
  m->state = ENDING;
}

/* Go to the end of the line. 1, or 0 with errno. */
static int skip(struct mime *m)
{
  const char *next;

  while (m->skip) {
    if (!look(m)) return 0;
    next = line(m, m->buffer + m->scan, m->buffer + m->fill);
    m->pos = m->scan = next ? (size_t) (next - m->buffer) : m->fill;
    if (next || m->eof) m->skip = 0;
  }
  m->fresh = 1;
  return 1;
}

static int is_field(const char *s, const char *end)
{
  const char *name = s;

  while (s < end && *s > ' ' && *s < 127 && *s != ':') ++s;
  if (s == name) return 0;
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  return s == end || *s == ':';
}

/* A line that begins with one of the characters that only some take for a fold. */
static int odd_fold(const struct mime *m, const char *s)
{
  return m->reading & MIME_READ_JUNK && m->header.raw.len && (*s == '\v' || *s == '\f');
}

static int goes_on(struct mime *m, const char *s, const char *end)
{
  if (is_field(s, end)) return 1;
  if (m->header.raw.len && (*s == ' ' || *s == '\t')) {
    if (spent(m, s, end)) m->faults |= FAULT(WHITE_LINE);
    while (s < end && (*s == ' ' || *s == '\t')) ++s;
    if (s == end || (*s | 32) != 'c' || !claims(s, end)) return 1;
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
  const char *s = m->buffer + m->scan, *end = m->buffer + m->fill, *next = line(m, s, end);
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

  for (lines = 0; lines < FIELDS && s < end && !newline(m, s, end); ++lines) {
    if ((*s | 32) == 'c' && claims(s, end)) return 1;
    if (end - s > 1 && s[0] == '-' && s[1] == '-') return 0;
    if (m->header.raw.len && !is_field(s, end) && *s != ' ' && *s != '\t') return 0;
    while (s < end && !(n = newline(m, s, end))) ++s;
    if (s < end) s += n;
  }
  return 0;
}

/* Behind the empty line that ended a header of other than a message: does it go on
 * for those who do not believe in that line? 1, 0, or -1 with errno. */
static int resumes(struct mime *m)
{
  struct mime_part *part = m->level + m->depth;
  const char *s, *end;
  size_t n;

  if (!look(m)) return -1;
  end = m->buffer + m->fill;
  for (s = m->buffer + m->scan; s < end && (n = newline(m, s, end)); s += n) ;
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  if (s == end || (!(strchr("CcMmNnFfBb", *s) && describes(s, end)) && !goes_on_as_header(m, s, end))) return 0;
  m->faults |= FAULT(STRAY_HEADER);
  if (!(m->reading & MIME_READ_STRAY) || part->late++) return 0;
  m->pos = m->scan = (size_t) (s - m->buffer);
  if (is_field(s, end)) return 1;
  if (!m->header.raw.len) {
    part->late = 2;
    return 1;
  }
  /* The rest of a field, which goes on where the header ended. */
  return stralloc_append(&m->header.raw, " ") ? 1 : -1;
}

/* What the content says is what the part is. */
static enum mime_event adopt(struct mime *m, struct mime_part *part)
{
  static const char digest[] = "multipart/digest";
  const struct content *c = &m->content;
  size_t i;

  if (c->boundaries.count > MIME_BOUNDARIES || m->open + c->boundaries.count > MIME_OPEN)
    return limit(m, "too many boundaries");
  part->kinds = c->kinds;
  part->encodings = c->encodings;
  part->encoding = c->encoding;
  part->attached = c->attached;
  for (i = 0; i < c->boundaries.count; ++i) {
    part->boundary[i].at = m->boundary.len;
    part->boundary[i].len = c->boundaries.list[i].len;
    if (!stralloc_catb(&m->boundary, c->boundaries.text.s + c->boundaries.list[i].at,
                       c->boundaries.list[i].len)) return nomem(m);
  }
  m->open += part->boundaries = (unsigned int) c->boundaries.count;
  part->digest = 0;
  for (i = 0; i < c->types.count; ++i)
    part->digest |= c->types.list[i].len == strlen(digest) &&
                    !memcmp(c->types.text.s + c->types.list[i].at, digest, strlen(digest));
  m->part = part;
  m->state = c->kinds & CONTENT_MESSAGE ? INSIDE : BODY;
  return MIME_PART;
}

/* The header is over: what does it say? */
static enum mime_event announce(struct mime *m)
{
  struct mime_part *part = m->level + m->depth;
  struct content *c = &m->content;
  size_t i;

  part->body = m->at + (off_t) m->pos;
  m->header.end = m->header.body = m->header.raw.len;
  for (i = 0; i < m->header.end; ++i)
    if (m->header.raw.s[i] & 0x80) {
      m->faults |= FAULT(EIGHTBIT_HEADER);
      break;
    }
  if (!stralloc_ready(&m->header.raw, 1) || !content_read(&m->content, &m->header, part->digest))
    return nomem(m);
  if (!(c->kinds & CONTENT_MESSAGE) && !c->limit) {
    switch (resumes(m)) {
      case -1: return fail(m);
      case 1: return MIME_OVER;
    }
  }
  part->vague = !c->types.count || c->faults & FAULT(TYPE);
  if (part->vague && m->reading & MIME_READ_STRAY) c->kinds |= CONTENT_MULTIPART;
  m->faults |= c->faults;
  if (part->behind && (c->kinds & CONTENT_OTHER || c->attached || c->names.count))
    m->faults |= FAULT(AFTER_END);
  if (!m->depth && c->described && !c->version) m->faults |= FAULT(NO_VERSION);
  return c->limit ? limit(m, c->limit) : adopt(m, part);
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
  n = newline(m, last, end);
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

/* What is the line at s, which begins a line of the header? MIME_PART or a limit: the header was
 * over. *drop: it is none of it. MIME_OVER: go on with what is at scan, or in another state. */
static enum mime_event line_of_header(struct mime *m, const char *s, const char *end, int *drop)
{
  struct mime_part *part = m->level + m->depth;
  int found, named;

  if (newline(m, s, end)) {
    m->pos = m->scan = (size_t) (line(m, s, end) - m->buffer);
    return announce(m);
  }
  found = *s == '-' && end - s > 1 && s[1] == '-' ? delimiter(m, s, end) : 0;
  if (found == -1) return nomem(m);
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
    if (named == -1) return nomem(m);
    *drop = 0;
  } else if (found || *drop) {
    m->faults |= FAULT(HEADER);
    if (found || !(m->reading & MIME_READ_JUNK) || dense(s, end)) return announce(m);
  }
  return MIME_END;
}

static enum mime_event header(struct mime *m)
{
  size_t most = m->depth ? MIME_HEADER : HEADER_MAX;
  const char *s, *end;
  enum mime_event event;
  int drop = 0;

  for (;;) {
    if (!look(m)) return fail(m);
    s = m->buffer + m->scan;
    end = m->buffer + m->fill;
    if (s == end) return announce(m);
    if (m->fresh) {
      if (pass(m, s, end)) continue;
      event = line_of_header(m, s, end, &drop);
      if (event != MIME_END) {
        if (event != MIME_OVER || m->state != HEADER) return event;
        continue;
      }
    }
    if (!gather(m, drop)) return nomem(m);
    if (m->header.raw.len > most) return limit(m, "header too large");
  }
}

/* Data up to here. */
static enum mime_event emit(struct mime *m, size_t to)
{
  m->part = m->level + m->depth;
  m->data = m->buffer + m->pos;
  m->len = to - m->pos;
  m->pos = to;
  return m->part->kinds & CONTENT_MULTIPART ? MIME_BETWEEN : MIME_DATA;
}

/* Where the line ending before scan begins that belongs to a delimiter at scan. */
static size_t before(const struct mime *m)
{
  size_t n = m->scan;

  if (n > m->pos && m->buffer[n - 1] == '\n') {
    --n;
    if (n > m->pos && m->buffer[n - 1] == '\r') --n;
  } else if (n > m->pos && m->buffer[n - 1] == '\r' && m->reading & MIME_READ_CR) --n;
  else if (n > m->pos + 1 && m->buffer[n - 2] == '\r' && m->reading & MIME_READ_PAIR) n -= 2;
  return n;
}

/* The uu part that begins at scan. */
static enum mime_event enclose(struct mime *m, const struct uu *uu)
{
  const char *next = line(m, m->buffer + m->scan, m->buffer + m->fill);
  struct content *c = &m->content;
  struct mime_part *part;

  readings_clear(&c->types);
  readings_clear(&c->names);
  readings_clear(&c->boundaries);
  if (!readings_add(&c->names, uu->name, uu->namelen) ||
      !stralloc_copys(&c->type, "application/octet-stream")) return nomem(m);
  if (push(m, 0, 0) == MIME_LIMIT) return MIME_LIMIT;
  part = m->level + m->depth;
  m->pos = m->scan = (size_t) (next - m->buffer);
  part->body = m->at + (off_t) m->pos;
  part->uu = 1;
  part->kinds = c->kinds = CONTENT_OTHER;
  part->encoding = c->encoding = uu->kind;
  part->encodings = c->encodings = 1U << part->encoding;
  part->attached = c->attached = 1;
  c->faults = 0;
  m->part = part;
  m->state = BODY;
  return MIME_PART;
}

/* Is the uu part over at the line at s? The bytes of the line if that is its
 * last, 0 if the part ends before it, -1 if it goes on. */
static ssize_t closes(struct mime *m, const char *s, const char *end)
{
  enum transfer_kind kind = m->level[m->depth].encoding;
  const char *next;

  if (uu_ends(s, end, kind)) {
    next = line(m, s, end);
    return (next ? next : end) - s;
  }
  return newline(m, s, end) || uu_data(s, end, kind) ? -1 : 0;
}

/* What happens at the line that begins at scan? MIME_OVER: nothing, or the
 * state has changed. */
static enum mime_event turn(struct mime *m)
{
  const char *s = m->buffer + m->scan, *end = m->buffer + m->fill;
  size_t to = m->scan;
  ssize_t last = -1;
  int found = 0, begins = 0, strays = 0;
  struct uu uu;

  if (*s == '-' && end - s > 1 && s[1] == '-') {
    found = delimiter(m, s, end);
    /* Nothing says that it is a multipart, and some take it for one. */
    if (!found && m->level[m->depth].vague && describes_next(m, s, end)) m->faults |= FAULT(STRAY_HEADER);
  } else if (*s == ' ' || *s == '\t') found = indented(m, s, end);
  if (found == 1) to = before(m);
  else if (m->level[m->depth].uu) last = closes(m, s, end);
  else if ((*s | 32) == 'c')
    strays = m->level[m->depth].kinds & CONTENT_MULTIPART ? describes(s, end) : claims(s, end);
  else if (!found) begins = uu_begins(s, end, &uu);
  if (found == -1) return nomem(m);
  if (strays) m->faults |= FAULT(STRAY_HEADER);
  if (!(m->reading & MIME_READ_STRAY)) strays = 0;
  if (!found && last == -1 && !begins && !strays) return MIME_OVER;

  if (to > m->pos) return emit(m, to);  /* and come here again */
  if (found) cross(m);
  else if (strays) return enter(m, m->level + m->depth);
  else if (begins) return enclose(m, &uu);
  else {
    m->pos = m->scan += (size_t) last;
    m->ending = m->at + (off_t) m->pos;
    m->target = m->depth - 1;
    m->closing = 2;
    m->state = ENDING;
  }
  return MIME_OVER;
}

/* Can a line that begins so be more than content? */
static int notable(const struct mime_part *part, char c)
{
  if (c == '-' || c == 'b' || c == '=' || c == '(' || c == ' ' || c == '\t' || part->uu) return 1;
  return (c | 32) == 'c' && (part->kinds & (CONTENT_MULTIPART | CONTENT_OTHER) || part->attached);
}

static enum mime_event body(struct mime *m)
{
  const char *s, *end, *next;
  enum mime_event event;
  size_t to;

  for (;;) {
    if (!m->eof && m->fill - m->scan < MIME_LOOK) {
      to = m->fresh ? before(m) : m->scan;
      if (to > m->pos) return emit(m, to);
      if (!look(m)) return fail(m);
    }
    end = m->buffer + m->fill;
    for (s = m->buffer + m->scan; s < end; s = next) {
      if (m->fresh) {
        if (!m->eof && end - s < MIME_LOOK) break;
        if (notable(m->level + m->depth, *s)) {
          m->scan = (size_t) (s - m->buffer);
          event = turn(m);
          if (event != MIME_OVER || m->state != BODY) return event;
        }
      }
      next = line(m, s, end);
      m->fresh = !!next;
      if (!next) next = end - (end - s > 1 && end[-1] == '\r' && !m->eof);
      if (next - s > LINE_USUAL + 2) m->faults |= FAULT(LONG_LINE);
      if (!m->fresh && next < end) {
        s = next;
        break;
      }
    }
    m->scan = (size_t) (s - m->buffer);
    if (!m->eof || s < end) continue;
    if (m->scan > m->pos) return emit(m, m->scan);
    m->ending = m->at + (off_t) m->pos;
    m->target = -1;
    m->closing = 0;
    m->state = ENDING;
    return MIME_OVER;
  }
}

/* Close what is inside target, part by part, and then go on there. */
static enum mime_event ending(struct mime *m)
{
  struct mime_part *part;

  if (m->depth == -1) return MIME_OVER;
  if (m->lines == 3) m->faults |= FAULT(MIXED_LINES);
  part = m->level + m->depth;
  if (m->depth > m->target) {
    part->end = m->ending > part->body ? m->ending : part->body;
    if (part->kinds & CONTENT_MULTIPART && part->boundaries && !part->closed)
      m->faults |= FAULT(END_MISSING);
    m->open -= part->boundaries;
    remember(m, part);
    if (part->boundaries) m->boundary.len = part->boundary[0].at;
    --m->depth;
    m->part = part;
    return MIME_END;
  }
  m->state = BODY;
  m->part = part;
  if (m->closing == 2) return MIME_OVER;
  if (!skip(m)) return fail(m);
  if (m->closing) part->closed = 1;
  else {
    return enter(m, part);
  }
  return MIME_OVER;
}

int mime_readings(unsigned long long faults)
{
  return (faults & FAULT(BARE_CR) ? MIME_READ_CR | MIME_READ_PAIR : 0) |
         (faults & FAULT(HEADER) ? MIME_READ_JUNK : 0) | (faults & FAULT(STRAY_HEADER) ? MIME_READ_STRAY : 0);
}

enum mime_event mime_next(struct mime *m)
{
  enum mime_event event = MIME_OVER;

  while (event == MIME_OVER) {
    switch (m->state) {
      case BEGIN: event = push(m, 1, 0); break;
      case HEADER: event = header(m); break;
      case INSIDE: event = push(m, 1, 0); break;
      case BODY: event = body(m); break;
      case ENDING:
        event = ending(m);
        if (event == MIME_OVER && m->state == ENDING) return MIME_OVER;
        break;
      case LIMITED: return MIME_LIMIT;
      default: return MIME_FAILED;
    }
  }
  return event;
}
