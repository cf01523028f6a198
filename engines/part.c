#include "part.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"
#include "stage.h"

enum { MOST = 4 << 20, FIELD = 64 };

/* The character that the reference at *p stands for, which is passed over; or &. */
static char character(const char **p, const char *end)
{
  char digits[12], *stop;
  const char *semicolon = memchr(*p, ';', (size_t) (end - *p < 11 ? end - *p : 11));
  unsigned long code;
  size_t n;

  if (!semicolon || semicolon - *p < 3 || (*p)[1] != '#') return '&';
  n = (size_t) (semicolon - *p) - 2;
  memcpy(digits, *p + 2, n);
  digits[n] = 0;
  code = *digits == 'x' ? strtoul(digits + 1, &stop, 16) : strtoul(digits, &stop, 10);
  if (*stop || code >= 128) return '&';
  *p = semicolon;
  return (char) code;
}

/* The text of the file, or of its beginning: without NUL, which makes one of
 * UTF-16, and without references. Its length. */
static size_t load(int fd, char **text)
{
  off_t size = lseek(fd, 0, SEEK_END);
  size_t want = size < MOST ? (size_t) size : MOST, len = 0;
  ssize_t r;
  const char *p, *end;
  char *to;

  if (size > MOST) look_flag(FLAG_BYTES);
  *text = malloc(want + 1);
  if (!*text) stage_nomem();
  for (; len < want && (r = pread(fd, *text + len, want - len, (off_t) len)) > 0; len += (size_t) r) ;
  for (to = *text, p = to, end = to + len; p < end; ++p)
    if (*p) *to++ = *p == '&' ? character(&p, end) : *p;
  *to = 0;
  return (size_t) (to - *text);
}

/* Behind a tag and the text that follows it: > may stand in an attribute, < may not. */
static const char *behind(const char *tag, const char *end)
{
  const char *next = memchr(tag + 1, '<', (size_t) (end - tag) - 1);

  return next ? next : end;
}

/* What is behind the tag itself. */
static const char *content(const char *tag, const char *end)
{
  char quote = 0;

  for (; tag < end && (quote || *tag != '>'); ++tag)
    if (quote) quote = *tag == quote ? 0 : quote;
    else if (*tag == '"' || *tag == '\'') quote = *tag;
  return tag < end ? tag + 1 : end;
}

/* The value of an attribute of the tag that begins here: where it begins, its
 * length; or 0. */
static const char *attribute(const char *tag, const char *end, const char *name, size_t *len)
{
  size_t n = strlen(name);
  const char *p = tag, *stop;

  while ((p = memmem(p, (size_t) (end - p), name, n))) {
    stop = p + n;
    if (p == tag || !strchr(" \t\r\n", p[-1])) {
      p = stop;
      continue;
    }
    stop += strspn(stop, " \t\r\n");
    if (*stop++ != '=') {
      p = stop - 1;
      continue;
    }
    stop += strspn(stop, " \t\r\n");
    if (*stop != '"' && *stop != '\'') return 0;
    p = stop + 1;
    stop = memchr(p, *stop, (size_t) (end - p));
    *len = stop ? (size_t) (stop - p) : 0;
    return stop ? p : 0;
  }
  return 0;
}

static int ends_in(const char *text, size_t len, const char *end)
{
  size_t n = strlen(end);

  return len > n && text[len - n - 1] == '/' && !strncasecmp(text + len - n, end, n);
}

/* Is it fetched from a network? A file somewhere is what companies have for a template. */
static int is_remote(const char *target, size_t len)
{
  const char *colon = memchr(target, ':', len);

  return colon && colon - target > 1 && strncasecmp(target, "file:", 5);
}

void part_relations(int fd)
{
  static const char *const kinds[] = { "attachedTemplate", "oleObject", "frame", "aFChunk", "subDocument" };
  char *text;
  size_t len = load(fd, &text), n, i;
  const char *p = text, *end = text + len, *stop, *value;

  for (; (p = memchr(p, '<', (size_t) (end - p))); p = stop) {
    stop = behind(p, end);
    value = attribute(p, stop, "Target", &n);
    if (!value || !is_remote(value, n) || !(value = attribute(p, stop, "Type", &n))) continue;
    for (i = 0; i < sizeof kinds / sizeof *kinds; ++i)
      if (ends_in(value, n, kinds[i])) look_flag(FLAG_LINK);
  }
  free(text);
}

static int is_dde(const char *field)
{
  field += strspn(field, " \t\r\n\"");
  return !strncasecmp(field, "dde", 3);
}

/* The instruction of a field may be in several pieces. */
void part_fields(int fd)
{
  char *text, field[FIELD] = "";
  size_t len = load(fd, &text), have = 0, n;
  const char *p = text, *end = text + len, *stop, *value;

  for (; (p = memchr(p, '<', (size_t) (end - p))); p = stop) {
    stop = behind(p, end);
    value = attribute(p, stop, "w:instr", &n);
    if (value && is_dde(value)) look_flag(FLAG_LINK);
    if (memmem(p, (size_t) (stop - p), "\"begin\"", 7)) field[have = 0] = 0;
    if (p[1] == '/' || !memmem(p, (size_t) (stop - p), "instrText", 9)) continue;
    for (value = content(p, stop); value < stop && have < FIELD - 1; ++value) field[have++] = *value;
    field[have] = 0;
    if (is_dde(field)) look_flag(FLAG_LINK);
  }
  free(text);
}
