#include "edit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "authserv.h"
#include "copy.h"
#include "header.h"
#include "pattern.h"
#include "rfc2047.h"
#include "utf8.h"

#define LINE 998    /* bytes without its ending, RFC 5322, 2.1.1 */
#define WORD 20     /* bytes that fit into an encoded word if each becomes =XX, RFC 2047, 2 */
#define TAG 200     /* bytes of a tag */
#define USUAL 1000  /* bytes that are enough for most headers */
#define PREFIX "x-cleanmail-*"
#define CLASSED "x-spam*"

/* A second one of these, or one with other words, would deceive whoever reads the message. */
static const char *const reserved[] = {
  PREFIX, "received", "return-path", "delivered-to", "resent-*", "from", "sender", "reply-to",
  "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references",
  "mime-version", "content-*"
};

static int is_reserved(const char *name, size_t len)
{
  size_t i;

  for (i = 0; i < sizeof reserved / sizeof *reserved; ++i)
    if (pattern_match(reserved[i], strlen(reserved[i]), name, len)) return 1;
  return 0;
}

static int is_field(const char *line, size_t len)
{
  size_t n = 0;

  while (n < len && line[n] > 32 && line[n] < 127 && line[n] != ':') ++n;
  return n && n < len && line[n] == ':' && !is_reserved(line, n);
}

static int printable(stralloc *out, const char *line, size_t len)
{
  size_t i = out->len;

  if (!stralloc_catb(out, line, len)) return 0;
  for (; i < out->len; ++i)
    if ((out->s[i] < 32 || out->s[i] > 126) && out->s[i] != '\t') out->s[i] = '?';
  return stralloc_append(out, "\n");
}

int edit_fields(stralloc *fields, const char *lines, size_t len)
{
  const char *nl;
  size_t n, next;
  int taken = 0;

  for (; len; lines += next, len -= next) {
    nl = memchr(lines, '\n', len);
    n = nl ? (size_t) (nl - lines) : len;
    next = n + !!nl;
    while (n && strchr(" \t\r", lines[n - 1])) --n;
    /* A continuation goes where its field goes. */
    if (n && *lines != ' ' && *lines != '\t') taken = is_field(lines, n);
    if (!n || n > LINE || fields->len + n >= EDIT_FIELDS) taken = 0;
    if (taken && !printable(fields, lines, n)) return 0;
  }
  return 1;
}

/* The tag without blanks around it, in UTF-8, without anything that does not print. */
static int clean(const char *tag, stralloc *out)
{
  size_t len = strnlen(tag, TAG), n, i;

  out->len = 0;
  while (len && strchr(" \t\r\n", *tag)) ++tag, --len;
  for (i = 0; i < len; i += n) {
    n = utf8_length(tag + i, len - i);
    if (!n) {
      if (!stralloc_append(out, "?")) return 0;
      n = 1;
    } else if (n > 1 || (tag[i] >= 32 && tag[i] != 127)) {
      if (!stralloc_catb(out, tag + i, n)) return 0;
    }
  }
  while (out->len && out->s[out->len - 1] == ' ') --out->len;
  return 1;
}

static int needs_words(const stralloc *tag)
{
  size_t i;

  for (i = 0; i < tag->len; ++i)
    if ((unsigned char) tag->s[i] > 127 || (tag->s[i] == '=' && i + 1 < tag->len && tag->s[i + 1] == '?')) return 1;
  return 0;
}

static int quoted(stralloc *out, const char *bytes, size_t len)
{
  static const char hex[] = "0123456789ABCDEF";
  char code[3] = "=";
  size_t i;

  for (i = 0; i < len; ++i) {
    unsigned char c = (unsigned char) bytes[i];

    code[1] = hex[c >> 4];
    code[2] = hex[c & 15];
    if (((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9')) {
      if (!stralloc_catb(out, bytes + i, 1)) return 0;
    } else if (!stralloc_catb(out, c == ' ' ? "_" : code, c == ' ' ? 1 : 3)) return 0;
  }
  return 1;
}

/* The tag as encoded words. Blanks between two of them are not shown (RFC
 * 2047, 6.2), so that the one behind the tag goes inside if another follows. */
static int words(stralloc *out, const stralloc *tag, int another)
{
  size_t i, n, used = 0;

  for (i = 0; i < tag->len; i += n) {
    n = utf8_length(tag->s + i, tag->len - i);
    if (!used && !stralloc_cats(out, i ? "?= =?utf-8?q?" : "=?utf-8?q?")) return 0;
    if (!quoted(out, tag->s + i, n)) return 0;
    used += n;
    if (used > WORD - 4) used = 0;
  }
  return stralloc_cats(out, another ? "_?=" : "?=");
}

static int starts_with(const struct field *f, const stralloc *tag)
{
  static stralloc line, said;

  said.len = 0;
  if (!field_unfold(f, &line) || !rfc2047_decode(line.s, line.len, &said)) return -1;
  return said.len >= tag->len && !memcmp(said.s, tag->s, tag->len);
}

/* A Subject field with the tag in it; f: the old one, or 0. */
static int subject(stralloc *out, const struct field *f, const stralloc *tag, const char *eol)
{
  const char *value = f ? f->value : eol, *end = f ? f->value + f->valuelen : eol + strlen(eol);
  const char *nl;
  size_t begin = out->len, first;
  int another;

  while (value < end && (*value == ' ' || *value == '\t')) ++value;
  another = end - value > 2 && value[0] == '=' && value[1] == '?';
  if (!stralloc_cats(out, "Subject: ") ||
      !(needs_words(tag) ? words(out, tag, another) : stralloc_catb(out, tag->s, tag->len))) return 0;
  nl = memchr(value, '\n', (size_t) (end - value));
  first = (size_t) ((nl ? nl : end) - value);
  if (first && *value != '\r' && !(out->len - begin + first > LINE ? stralloc_cats(out, eol) : 1)) return 0;
  if (first && *value != '\r' && !stralloc_append(out, " ")) return 0;
  return stralloc_catb(out, value, (size_t) (end - value));
}

static int field_line(stralloc *out, const char *name, const char *value, const char *eol)
{
  return stralloc_cats(out, name) && stralloc_cats(out, value) && stralloc_cats(out, eol);
}

/* What goes above the old header. */
static int top(stralloc *out, const struct edit *e, const char *eol)
{
  size_t i;

  if (!field_line(out, "X-CleanMail-Result: ", e->result, eol)) return 0;
  if (e->id && *e->id && !field_line(out, "X-CleanMail-MessageID: ", e->id, eol)) return 0;
  for (i = 0; e->fields && i < e->fields->len; ++i)
    if (e->fields->s[i] == '\n' ? !stralloc_cats(out, eol) : !stralloc_append(out, e->fields->s + i))
      return 0;
  return 1;
}

/* Does a stage say what a classifier said? Then nobody else may have said it. */
static int classified(const stralloc *fields)
{
  const char *at = fields ? fields->s : 0, *end = at ? at + fields->len : 0, *nl;

  for (; at && at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (pattern_match(CLASSED, sizeof CLASSED - 1, at, (size_t) ((nl ? nl : end) - at))) return 1;
    if (!nl) break;
  }
  return 0;
}

/* Does the field look like one of ours? Whoever believes our Authentication-Results
 * must not find one that came with the message (RFC 8601, 5). 1; 0; -1 with errno. */
static int pretends(const struct field *f, int said)
{
  const char *id;

  if (pattern_match(PREFIX, sizeof PREFIX - 1, f->name, f->namelen)) return 1;
  if (said && pattern_match(CLASSED, sizeof CLASSED - 1, f->name, f->namelen)) return 1;
  if (!field_is(f, AUTHSERV_FIELD)) return 0;
  id = authserv_id();
  return id ? authserv_claims(f->value, f->valuelen, id) != 0 : -1;
}

/* The old fields: without those that look like ours, the subject tagged. */
static int old(stralloc *out, const struct header *h, struct field *f, const struct edit *e,
               const stralloc *tag, const char *eol)
{
  int begins, ours, said = classified(e->fields);

  do {
    ours = pretends(f, said);
    if (ours == -1) return 0;
    if (ours) continue;
    begins = 1;
    if (tag->len && field_is(f, "Subject") && (begins = starts_with(f, tag)) == -1) return 0;
    if (!(begins ? stralloc_catb(out, f->start, f->len) : subject(out, f, tag, eol))) return 0;
  } while (header_next(h, f));
  return 1;
}

static int has_subject(const struct header *h)
{
  struct field f = { 0 };

  while (header_next(h, &f))
    if (field_is(&f, "Subject")) return 1;
  return 0;
}

const char *edit_ending(const struct header *h)
{
  const char *nl = memchr(h->raw.s, '\n', h->raw.len);

  return !h->raw.len || (nl && nl > h->raw.s && nl[-1] == '\r') ? "\r\n" : "\n";
}

int edit_header(const struct header *h, const struct edit *e, stralloc *out)
{
  static stralloc tag;
  struct field f = { 0 };
  const char *eol = edit_ending(h);
  size_t before;
  int any = header_next(h, &f);

  errno = ENOMEM;
  out->len = 0;
  before = (size_t) (f.start - h->raw.s);
  /* Only a line that is no field can stand before the first one, and be all there is. */
  if (!clean(e->tag ? e->tag : "", &tag) || !stralloc_catb(out, h->raw.s, before) ||
      (before && h->raw.s[before - 1] != '\n' && !stralloc_cats(out, eol)) || !top(out, e, eol)) return 0;
  if (tag.len && !has_subject(h) && !subject(out, 0, &tag, eol)) return 0;
  if (any && !old(out, h, &f, e, &tag, eol)) return 0;
  if (h->end < h->body) return stralloc_catb(out, h->raw.s + h->end, h->body - h->end);
  return h->body < h->raw.len ? stralloc_cats(out, eol) : 1;
}

static int read_and_build(int fd, const struct edit *e, struct header *h, stralloc *out)
{
  int result;

  if (lseek(fd, 0, SEEK_SET) == -1) return -1;
  /* First, since the memory for the old header is large and its end not used. */
  errno = ENOMEM;
  if (!stralloc_ready(out, USUAL)) return -1;
  result = header_read(h, fd);
  if (result != 1 || edit_header(h, e, out)) return result;
  return -1;
}

/* Reading the header has read some of the body, often all of it. */
static struct header given;

int edit_top(int fd, const struct edit *e, int to, unsigned long *size, unsigned long *body)
{
  static stralloc out;
  int result = read_and_build(fd, e, &given, &out);

  if (result != 1) return result;
  *body = given.body;
  if (*size < given.raw.len) *size = given.raw.len;
  *size += out.len - given.body;
  return copy_write(to, out.s, out.len);
}

int edit_message(int fd, const struct edit *e, int to, unsigned long *size)
{
  unsigned long body, all = *size;
  int result = edit_top(fd, e, to, size, &body);

  if (result != 1) return result;
  if (copy_write(to, given.raw.s + body, given.raw.len - body) == -1) return -1;
  return all > given.raw.len ? copy_rest(fd, to) : 1;
}
