#include "canon.h"

#include <string.h>

/* Fields ------------------------------------------------------------------- */

static int is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Every LF becomes CRLF. */
static int simple(const char *at, const char *end, stralloc *out)
{
  const char *nl;

  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) return stralloc_catb(out, at, (size_t) (end - at));
    if (!stralloc_catb(out, at, (size_t) (nl - at - (nl > at && nl[-1] == '\r'))) ||
        !stralloc_cats(out, "\r\n")) return 0;
  }
  return 1;
}

/* On one line, each run of blanks one blank, none at the ends. */
static int relaxed(const char *at, const char *end, stralloc *out, int *blank)
{
  for (; at < end; ++at) {
    if (*at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n')) continue;
    if (is_blank(*at)) {
      if (!*blank) *blank = 1;
      continue;
    }
    if (*blank == 1 && !stralloc_append(out, " ")) return 0;
    *blank = 0;
    if (!stralloc_append(out, at)) return 0;
  }
  return 1;
}

static int lower(const char *name, size_t len, stralloc *out)
{
  size_t i = out->len;

  if (!stralloc_catb(out, name, len)) return 0;
  for (; i < out->len; ++i)
    if (out->s[i] >= 'A' && out->s[i] <= 'Z') out->s[i] = (char) (out->s[i] + 32);
  return stralloc_append(out, ":");
}

int canon_field(enum canon kind, const struct field *f, const char *cut, const char *cutend,
                stralloc *out)
{
  const char *end = f->start + f->len;
  int blank = 2;  /* 2: at the beginning, where none is wanted */

  if (end > f->start && end[-1] == '\n') --end;
  if (end > f->start && end[-1] == '\r') --end;
  if (!cut) cut = cutend = end;
  if (cutend > end) cutend = end;
  if (kind == CANON_SIMPLE) {
    if (!simple(f->start, cut, out) || !simple(cutend, end, out)) return 0;
  } else if (!lower(f->name, f->namelen, out) || !relaxed(f->value, cut, out, &blank) ||
             !relaxed(cutend, end, out, &blank)) return 0;
  return stralloc_cats(out, "\r\n");
}

/* Bodies ------------------------------------------------------------------- */

static void flush(struct canon_body *b)
{
  b->put(b->to, b->bytes, b->len);
  b->len = 0;
}

static void put(struct canon_body *b, const char *bytes, size_t len)
{
  b->size += len;
  if (b->len + len > sizeof b->bytes) flush(b);
  if (len > sizeof b->bytes) b->put(b->to, bytes, len);
  else {
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
  }
}

/* What waited for something to follow. */
static void settle(struct canon_body *b)
{
  for (; b->newlines; --b->newlines) put(b, "\r\n", 2);
  if (b->blank) put(b, " ", 1);
  if (b->cr) put(b, "\r", 1);
  b->blank = b->cr = 0;
  b->any = 1;
}

/* How many bytes at p mean just themselves. */
static size_t plain(const struct canon_body *b, const char *p, const char *end)
{
  const char *start = p;

  if (b->kind == CANON_SIMPLE) while (p < end && *p != '\n' && *p != '\r') ++p;
  else while (p < end && *p != '\n' && *p != '\r' && !is_blank(*p)) ++p;
  return (size_t) (p - start);
}

void canon_add(struct canon_body *b, const char *p, size_t len)
{
  const char *end = p + len;
  size_t n;

  for (; p < end; p += n) {
    n = 1;
    if (*p == '\n') {
      ++b->newlines;
      b->blank = b->cr = 0;
      continue;
    }
    if (b->cr) settle(b);
    if (*p == '\r') b->cr = 1;
    else if (b->kind == CANON_RELAXED && is_blank(*p)) b->blank = 1;
    else {
      n = plain(b, p, end);
      settle(b);
      put(b, p, n);
    }
  }
}

void canon_end(struct canon_body *b)
{
  if (b->cr) settle(b);
  if (b->any || b->kind == CANON_SIMPLE) put(b, "\r\n", 2);
  flush(b);
}
