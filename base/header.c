#include "header.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The length of the name that the line begins with, and where its colon is; 0 if it is no field. */
static size_t name(const char *line, size_t len, size_t *at)
{
  size_t n = 0, colon;

  while (n < len && line[n] > 32 && line[n] < 127 && line[n] != ':') ++n;
  /* Old mail may put blanks before the colon (RFC 5322, 4.5), and readers accept it. */
  for (colon = n; colon < len && (line[colon] == ' ' || line[colon] == '\t'); ++colon) ;
  *at = colon;
  return n && colon < len && line[colon] == ':' ? n : 0;
}

static size_t namelength(const char *line, size_t len)
{
  size_t colon;

  return name(line, len, &colon);
}

enum { MORE, OVER };

#define ROOM 2048   /* bytes that there is room for at first */
#define PIECE 8192  /* bytes that are read at once, at most */
#define PAGE 4096
#define BITE 512    /* bytes that are copied at once */

/* Walk whole lines from header->end on. last: nothing comes behind raw. */
static int walk(struct header *h, int last)
{
  const char *line, *nl;
  size_t left, len;

  while ((left = h->raw.len - h->end)) {
    line = h->raw.s + h->end;
    nl = memchr(line, '\n', left);
    if (!nl && !last) return MORE;
    len = nl ? (size_t) (nl + 1 - line) : left;
    if (*line == '\n' || (len > 1 && *line == '\r' && line[1] == '\n')) {
      h->body = h->end + len;
      return OVER;
    }
    if (!namelength(line, len) && !(h->end && (*line == ' ' || *line == '\t')) &&
        !(!h->end && len > 5 && !memcmp(line, "From ", 5))) break;
    h->end += len;
  }
  h->body = h->end;
  return left || last ? OVER : MORE;
}

/* How much to read: mostly the header fits into what is left of the first page, and the next
 * one need not be touched. */
static size_t piece(const struct header *h)
{
  size_t room = h->raw.a - h->raw.len, left = PAGE - (uintptr_t) h->raw.s % PAGE;

  if (!h->raw.len && left > PAGE / 4 && left < room) return left;
  return room < PIECE ? room : PIECE;
}

int header_read(struct header *h, int fd)
{
  ssize_t r;

  h->raw.len = h->end = h->body = 0;
  do {
    if (h->raw.len > HEADER_MAX) return 0;
    if (h->raw.a < h->raw.len + ROOM && !stralloc_ready(&h->raw, 2 * h->raw.len + ROOM)) {
      errno = ENOMEM;
      return -1;
    }
    do r = read(fd, h->raw.s + h->raw.len, piece(h)); while (r == -1 && errno == EINTR);
    if (r == -1) return -1;
    h->raw.len += (size_t) r;
  } while (walk(h, r == 0) == MORE);
  return 1;
}

static int append(struct header *h, const char *bytes, size_t n)
{
  if (h->raw.a < h->raw.len + n && !stralloc_ready(&h->raw, 2 * h->raw.len + n)) return 0;
  return stralloc_catb(&h->raw, bytes, n);
}

int header_take(struct header *h, const char *top, size_t toplen, const char *rest, size_t restlen)
{
  size_t n;
  int ok;

  h->raw.len = h->end = h->body = 0;
  ok = stralloc_ready(&h->raw, toplen + 2 * BITE) && append(h, top, toplen);
  while (ok && walk(h, !restlen) == MORE) {
    if (h->raw.len > HEADER_MAX) return 0;
    n = restlen < BITE ? restlen : BITE;
    ok = append(h, rest, n);
    rest += n;
    restlen -= n;
  }
  if (!ok) errno = ENOMEM;
  return ok ? 1 : -1;
}

/* Where the line ends that begins here, with those that continue it. */
static const char *unfolded(const char *line, const char *end)
{
  const char *nl;

  while (line < end) {
    nl = memchr(line, '\n', (size_t) (end - line));
    line = nl ? nl + 1 : end;
    if (line < end && *line != ' ' && *line != '\t') break;
  }
  return line;
}

int header_next(const struct header *h, struct field *f)
{
  const char *end, *nl;
  size_t colon;

  if (!h->raw.s) return 0;
  end = h->raw.s + h->end;
  f->start = f->start ? f->start + f->len : h->raw.s;
  if (f->start == h->raw.s && h->end > 5 && !memcmp(f->start, "From ", 5) &&
      !namelength(f->start, h->end)) f->start = unfolded(f->start, end);
  if (f->start >= end) return 0;

  nl = unfolded(f->start, end);
  f->len = (size_t) (nl - f->start);
  f->name = f->start;
  f->namelen = name(f->start, f->len, &colon);
  f->value = f->namelen ? f->start + colon + 1 : nl;
  f->valuelen = (size_t) (nl - f->value);
  return 1;
}

int field_is(const struct field *f, const char *name)
{
  return f->namelen == strlen(name) && !case_diffb(f->name, f->namelen, name);
}

int field_unfold(const struct field *f, stralloc *line)
{
  size_t i;

  line->len = 0;
  if (!stralloc_ready(line, f->valuelen + 1)) return 0;
  for (i = 0; i < f->valuelen; ++i) {
    if (f->value[i] == '\n' || f->value[i] == '\r') continue;
    if (!line->len && (f->value[i] == ' ' || f->value[i] == '\t')) continue;
    line->s[line->len++] = f->value[i];
  }
  while (line->len && (line->s[line->len - 1] == ' ' || line->s[line->len - 1] == '\t')) --line->len;
  return 1;
}
