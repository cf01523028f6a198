#include "http.h"

#include <string.h>
#include <strings.h>

#include "hex.h"

#define FIELDS 100  /* lines of a header */
#define DIGITS 8    /* of a chunk's size */

/* The value of the field of this name, or 0. */
static const char *value(const char *line, const char *name)
{
  size_t n = strlen(name);

  if (strncasecmp(line, name, n) || line[n] != ':') return 0;
  for (line += n + 1; *line == ' ' || *line == '\t'; ++line) ;
  return line;
}

static void status(struct ask *a)
{
  char *line;

  ask_line(a, &line);
  if (strncmp(line, "HTTP/1.", 7) || !line[7] || line[8] != ' ') ask_refuse(a, "not HTTP");
  if (strncmp(line + 9, "200", 3) || (line[12] && line[12] != ' ')) ask_refuse(a, line + 9);
}

/* How the body comes: 1: in chunks; 0: by length, which is set. */
static int framing(struct ask *a, unsigned long *length)
{
  unsigned int lines, lengths = 0, chunks = 0;
  const char *v;
  char *line;

  for (lines = 0; ask_line(a, &line); ++lines) {
    if (lines == FIELDS || !strchr(line, ':')) ask_refuse(a, "not an HTTP header");
    if ((v = value(line, "Content-Length")) && (++lengths > 1 || !*v || v[scan_ulong(v, length)]))
      ask_refuse(a, "no length");
    if ((v = value(line, "Transfer-Encoding")) && (++chunks > 1 || strcasecmp(v, "chunked")))
      ask_refuse(a, "an unknown encoding");
  }
  if (lengths + chunks != 1) ask_refuse(a, "no length");
  return chunks > 0;
}

static unsigned long chunk(struct ask *a)
{
  unsigned long size = 0;
  char *line;
  size_t i;

  ask_line(a, &line);
  for (i = 0; i < DIGITS && hex_digit(line[i]) != -1; ++i) size = size << 4 | (unsigned long) hex_digit(line[i]);
  if (!i || (line[i] && !strchr("; \t", line[i]))) ask_refuse(a, "not a chunk");
  return size;
}

static void take(struct ask *a, unsigned long size, size_t max, stralloc *body)
{
  if (size > max || body->len > max - size) ask_refuse(a, "too large");
  ask_take(a, size, body);
}

static void chunks(struct ask *a, size_t max, stralloc *body)
{
  unsigned int lines = 0;
  unsigned long size;
  char *line;

  while ((size = chunk(a))) {
    take(a, size, max, body);
    if (ask_line(a, &line)) ask_refuse(a, "not a chunk");
  }
  while (ask_line(a, &line))
    if (++lines > FIELDS) ask_refuse(a, "not an HTTP header");
}

void http_answer(struct ask *a, size_t max, stralloc *body)
{
  unsigned long length = 0;

  status(a);
  if (framing(a, &length)) chunks(a, max, body);
  else take(a, length, max, body);
  ask_end(a);
}
