#include "rfc2231.h"

#include <string.h>

#include "charset.h"
#include "hex.h"

/* How a reader of mail may go through the parameters. */
enum {
  STRICT = 0,  /* by the grammar: comments, quoted strings with \ in them */
  LOOSE  = 1,  /* neither comments nor \; a value without quotes goes to the next ; */
  NAIVE  = 2,  /* cut at every ; and then strip the quotes */
  TIGHT  = 4,  /* with one of them: the blanks of a fold go with it */
  AS_IS  = 8,  /* cut at every ; and strip nothing */
  GREEDY = 16  /* cut only at a ; that another parameter follows, and strip the quotes */
};

/* Noticed while parsing: here readers differ, though the grammar may be kept. */
enum { DOUBT = 64 };

struct param {
  const char *name;
  size_t namelen;
  size_t value, len;   /* piece of values */
  unsigned int segment;
  int segmented, extended, bare;
};

static struct param params[RFC2231_PARAMS];
static size_t count;
static stralloc values;

void readings_clear(struct readings *r)
{
  r->text.len = 0;
  r->count = 0;
  r->noticed = 0;
}

int readings_add(struct readings *r, const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < r->count; ++i)
    if (r->list[i].len == len && (!len || !memcmp(r->text.s + r->list[i].at, text, len))) return 1;
  if (r->count == READINGS_MAX) {
    r->noticed |= READINGS_OVER;
    return 1;
  }
  if (!stralloc_catb(&r->text, text, len)) return 0;
  r->list[r->count].at = r->text.len - len;
  r->list[r->count++].len = len;
  return 1;
}

static int blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the comment that begins at s; its end if it does not end. */
static const char *comment(const char *s, const char *end)
{
  unsigned int depth = 0;

  for (; s < end; ++s) {
    if (*s == '\\' && s + 1 < end) ++s;
    else if (*s == '(') ++depth;
    else if (*s == ')' && !--depth) return s + 1;
  }
  return end;
}

static const char *skip(const char *s, const char *end, int style)
{
  while (s < end) {
    if (blank(*s)) ++s;
    else if (!(style & ~TIGHT) && *s == '(') s = comment(s, end);
    else break;
  }
  return s;
}

int rfc2231_word(const char *s, size_t len, stralloc *word)
{
  const char *end = s + len, *next;

  word->len = 0;
  while (s < end && *s != ';') {
    next = skip(s, end, STRICT);
    if (next > s && next < end && word->len && *next != '/' && word->s[word->len - 1] != '/') break;
    s = next;
    if (s == end || *s == ';') break;
    if (*s != '"' && !stralloc_append(word, s)) return 0;
    ++s;
  }
  case_lowerb(word->s, word->len);
  return 1;
}

/* Are the blanks at s within a name, before the * of a segment or an extended value? */
static int starred(const char *s, const char *end)
{
  while (s < end && blank(*s)) ++s;
  return s < end && *s == '*';
}

/* "name", "name*", "name*3" and "name*3*". What is no part of a name is taken
 * away from before and behind it. */
static void dissect(struct param *p)
{
  const char *end = p->name + p->namelen, *star, *s;

  for (s = p->name; s < end; ++s)
    if ((*s == ',' || *s == ')' || *s == '"' || *s == '\'' || *s <= ' ' || *s > 126) && s + 1 < end &&
        !starred(s, end)) p->name = s + 1;
  while (end > p->name && (end[-1] == '"' || end[-1] <= ' ' || end[-1] > 126)) --end;
  p->namelen = (size_t) (end - p->name);
  star = memchr(p->name, '*', p->namelen);

  p->segmented = p->extended = 0;
  p->segment = 0;
  if (!star) return;
  for (p->namelen = (size_t) (star - p->name); p->namelen && blank(p->name[p->namelen - 1]); ) --p->namelen;
  for (++star; star < end && blank(*star); ++star) ;
  for (; star < end && *star >= '0' && *star <= '9'; ++star) {
    p->segmented = 1;
    if (p->segment < 100000) p->segment = p->segment * 10 + (unsigned int) (*star - '0');
  }
  while (star < end && blank(*star)) ++star;
  p->extended = star < end ? *star == '*' : !p->segmented;
}

/* Append what stands between s and end to values. */
static int take(const char *s, const char *end, int style, unsigned int *noticed)
{
  for (; s < end; ++s) {
    if (*s == '"' && style & (NAIVE | GREEDY)) continue;
    if (*s == '\\' && !(style & ~TIGHT) && s + 1 < end) ++s;
    else if (*s == '\r' || *s == '\n') {
      *noticed |= READINGS_FOLD;
      while (style & TIGHT && s + 1 < end && blank(s[1])) ++s;
      continue;
    }
    if (!stralloc_append(&values, s)) return 0;
  }
  return 1;
}

/* Does another parameter begin behind the ; at s, or nothing any more? */
static int follows(const char *s, const char *end)
{
  for (++s; s < end && blank(*s); ++s) ;
  if (s == end) return 1;
  for (; s < end && *s > ' ' && *s != '=' && *s != ';'; ++s) ;
  while (s < end && blank(*s)) ++s;
  return s < end && *s == '=';
}

/* The value at s goes to values. Returns behind it, or 0 without memory. */
static const char *value(const char *s, const char *end, int style, unsigned int *noticed)
{
  const char *last;

  if (s < end && *s == '"' && !(style & (NAIVE | AS_IS | GREEDY))) {
    for (last = ++s; last < end && *last != '"'; ++last) {
      if (*last == '\\' || *last == ';') *noticed |= DOUBT;
      if (*last == '\\' && !(style & LOOSE) && last + 1 < end) ++last;
    }
    if (last == end) *noticed |= READINGS_ODD;
    else if (last + 1 < end && !blank(last[1]) && last[1] != ';' && last[1] != '(') *noticed |= DOUBT;
    return take(s, last, style, noticed) ? last + (last < end) : 0;
  }
  for (last = s; last < end && (*last != ';' || (style & GREEDY && !follows(last, end))); ++last) {
    if (*last == '"' || *last == '(' || *last == '\\') *noticed |= DOUBT;
    if (!(style & ~TIGHT) && (blank(*last) || *last == '(')) break;
  }
  for (end = last; end > s && blank(end[-1]); --end) ;
  return take(s, end, style & ~TIGHT ? style : style | LOOSE, noticed) ? last : 0;
}

/* Fill the table. 1, or 0 without memory. */
static int parse(const char *s, size_t len, int style, unsigned int *noticed)
{
  const char *end = s + len;
  struct param *p = params;
  int apart;

  count = values.len = 0;
  if (!stralloc_ready(&values, 1)) return 0;
  /* Who is not strict does not miss the word before the parameters. */
  for (s = skip(s, end, style); !(style & ~TIGHT) && s < end && *s != ';' && !blank(*s); ++s) {
    if (*s == '=') *noticed |= READINGS_ODD;
    if (*s == '(') s = comment(s, end) - 1;
  }
  for (;; s = skip(s, end, style)) {
    s = skip(s, end, style);
    for (apart = 0; s < end && *s == ';'; s = skip(s + 1, end, style)) apart = 1;
    if (s == end) return 1;
    if (!apart) *noticed |= READINGS_ODD;
    if (count == RFC2231_PARAMS) {
      *noticed |= READINGS_OVER;
      return 1;
    }
    for (p = params + count, p->name = s; s < end && *s != '=' && *s != ';'; ++s)
      if ((blank(*s) && !starred(s, end)) || (*s == '(' && !(style & ~TIGHT))) break;
    p->namelen = (size_t) (s - p->name);
    s = skip(s, end, style);
    if (s == end || *s != '=') {
      *noticed |= READINGS_ODD;
      continue;
    }
    p->value = values.len;
    s = skip(s + 1, end, style);
    p->bare = s < end && *s != '"';
    s = value(s, end, style, noticed);
    if (!s) return 0;
    p->len = values.len - p->value;
    dissect(p);
    ++count;
  }
}

/* The segments in this order are one reading. */
static int join(struct param *const *list, size_t n, struct readings *r)
{
  static stralloc plain, out;
  const char *charset = "", *s, *quote;
  size_t i, len, charsetlen = 0;

  plain.len = out.len = 0;
  if (!stralloc_ready(&plain, 1) || !stralloc_ready(&out, 1)) return 0;
  for (i = 0; i < n; ++i) {
    s = values.s + list[i]->value;
    len = list[i]->len;
    if (!list[i]->extended) {
      if (!stralloc_catb(&plain, s, len)) return 0;
      continue;
    }
    /* charset'language'value */
    if (!i && (quote = memchr(s, '\'', len))) {
      charset = s;
      charsetlen = (size_t) (quote - s);
      len -= charsetlen + 1;
      s = quote + 1;
      if ((quote = memchr(s, '\'', len))) {
        len -= (size_t) (quote + 1 - s);
        s = quote + 1;
      }
    }
    if (!hex_unescape(s, len, &plain)) return 0;
  }
  return charset_cat(charset, charsetlen, plain.s, plain.len, &out) &&
         readings_add(r, out.s, out.len);
}

/* The segments, in the order of the text: by number with the first or the last
 * of two equal ones, up to a gap, and as they stand. */
static int assemble(struct param **list, size_t n, struct readings *r)
{
  struct param *first[RFC2231_SEGMENTS] = { 0 }, *last[RFC2231_SEGMENTS] = { 0 };
  size_t i, all = 0, gap = 0;
  int sorted = 1;

  for (i = 0; i < n; ++i) {
    if (list[i]->segment >= RFC2231_SEGMENTS) {
      r->noticed |= READINGS_OVER;
      return 1;
    }
    if (i && list[i - 1]->segment >= list[i]->segment) sorted = 0;
    if (first[list[i]->segment]) r->noticed |= READINGS_TWICE;
    else first[list[i]->segment] = list[i];
    last[list[i]->segment] = list[i];
  }
  if (!sorted && !join(list, n, r)) return 0;
  while (gap < RFC2231_SEGMENTS && first[gap]) ++gap;
  for (i = 0; i < RFC2231_SEGMENTS; ++i) {
    if (!first[i]) continue;
    first[all] = first[i];
    last[all++] = last[i];
  }
  if (gap != all) r->noticed |= READINGS_ODD;
  return join(first, all, r) && join(last, all, r) && (gap == all || !gap || join(first, gap, r));
}

static int collect(const char *name, struct readings *r)
{
  struct param *list[RFC2231_PARAMS], *p, *first = 0;
  size_t n = 0, whole = 0;

  for (p = params; p < params + count; ++p) {
    if (p->namelen != strlen(name) || case_diffb(p->name, p->namelen, name)) continue;
    if (p->bare) r->noticed |= READINGS_BARE;
    if (first && !p->segmented && (p->len != first->len ||
        memcmp(values.s + p->value, values.s + first->value, p->len))) r->noticed |= READINGS_DIFFER;
    if (p->segmented) list[n++] = p;
    else if (++whole && !join(&p, 1, r)) return 0;
    if (!p->segmented) first = p;
  }
  if (whole > 1) r->noticed |= READINGS_TWICE;
  if (whole && n) r->noticed |= READINGS_DIFFER;
  return !n || assemble(list, n, r);
}

/* As those have it who take comments away before they look at anything else. */
static int without_comments(const char *s, size_t len, unsigned int *noticed)
{
  static stralloc plain;
  const char *end = s + len, *from;
  int quotes = 0;

  for (plain.len = 0; s < end; ++s) {
    if (*s == '"') quotes = !quotes;
    if (*s == '(' && !quotes) s = comment(s, end) - 1;
    else {
      from = s;
      if (*s == '\\' && s + 1 < end) ++s;
      if (!stralloc_catb(&plain, from, (size_t) (s + 1 - from))) return 0;
    }
  }
  return stralloc_ready(&plain, 1) && parse(plain.s, plain.len, STRICT, noticed);
}

int rfc2231_param(const char *text, size_t len, const char *name, struct readings *r)
{
  unsigned int noticed = memchr(text, '(', len) ? DOUBT : 0, more = 0;
  int style;

  if (!parse(text, len, STRICT, &noticed) || !collect(name, r)) return 0;
  r->noticed |= noticed & (READINGS_ODD | READINGS_OVER | READINGS_FOLD);
  for (style = STRICT; style <= (NAIVE | TIGHT); ++style) {
    if (style == STRICT || style == (LOOSE | NAIVE)) continue;
    if (!(noticed & (style & TIGHT ? READINGS_FOLD : DOUBT | READINGS_ODD))) continue;
    if (!parse(text, len, style, &more) || !collect(name, r)) return 0;
    r->noticed |= more & READINGS_OVER;
    noticed |= more & READINGS_FOLD;
  }
  if (memchr(text, '(', len) && (!without_comments(text, len, &more) || !collect(name, r))) return 0;
  if (!(noticed & (DOUBT | READINGS_ODD))) return 1;
  if (!parse(text, len, GREEDY, &more) || !collect(name, r)) return 0;
  /* Quotes that are kept make another boundary, but no other extension of a name. */
  return strcmp(name, "boundary") || (parse(text, len, AS_IS, &more) && collect(name, r));
}
