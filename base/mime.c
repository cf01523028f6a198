#include "mime.h"

#include <errno.h>
#include <string.h>

#include "delimit.h"
#include "heading.h"
#include "line.h"
#include "uu.h"

enum { BEGIN, HEADER, INSIDE, BODY, ENDING, LIMITED, FAILED };

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

/* Leave the delimiter at scan behind; pos is where the part before it ends. */
static void cross(struct mime *m)
{
  const char *end = m->buffer + m->fill, *next = line_next(m, m->buffer + m->scan, end);

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
    if (!line_look(m)) return 0;
    next = line_next(m, m->buffer + m->scan, m->buffer + m->fill);
    m->pos = m->scan = next ? (size_t) (next - m->buffer) : m->fill;
    if (next || m->eof) m->skip = 0;
  }
  m->fresh = 1;
  return 1;
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
    switch (heading_resumes(m)) {
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

static enum mime_event header(struct mime *m)
{
  switch (heading_read(m)) {
    case -1: return fail(m);
    case 0: return limit(m, "header too large");
  }
  return announce(m);
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
  const char *next = line_next(m, m->buffer + m->scan, m->buffer + m->fill);
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
    next = line_next(m, s, end);
    return (next ? next : end) - s;
  }
  return line_end(m, s, end) || uu_data(s, end, kind) ? -1 : 0;
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
    found = delimit_line(m, s, end);
    /* Nothing says that it is a multipart, and some take it for one. */
    if (!found && m->level[m->depth].vague && line_describes_next(m, s, end)) m->faults |= FAULT(STRAY_HEADER);
  } else if (*s == ' ' || *s == '\t') found = delimit_indented(m, s, end);
  if (found == 1) to = before(m);
  else if (m->level[m->depth].uu) last = closes(m, s, end);
  else if ((*s | 32) == 'c')
    strays = m->level[m->depth].kinds & CONTENT_MULTIPART ? line_describes(s, end) : line_claims(s, end);
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
      if (!line_look(m)) return fail(m);
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
      next = line_next(m, s, end);
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
    delimit_remember(m, part);
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
