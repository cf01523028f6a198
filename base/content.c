#include "content.h"

#include <string.h>

#include "rfc2047.h"

enum {
  BOUNDARY_USUAL = 70,  /* RFC 2046, 5.1.1 */
  BOUNDARY_MAX   = 998
};

const char *fault_name(enum fault fault)
{
  static const char *const names[] = {
    "nul", "bare-cr", "mixed-lines", "long-line", "8bit-header", "header", "no-version", "type",
    "type-twice", "parameter", "parameter-twice", "disposition-twice", "encoding", "encoding-twice",
    "encoded-parts", "names", "encoded-word", "boundaries", "boundary-missing", "boundary-size",
    "boundary-line", "end-missing", "after-end", "partial", "external",
  };
  size_t i;

  for (i = 0; i < sizeof names / sizeof *names; ++i)
    if (fault == 1U << i) return names[i];
  return "";
}

static int begins(const stralloc *s, const char *prefix)
{
  return s->len >= strlen(prefix) && !memcmp(s->s, prefix, strlen(prefix));
}

static unsigned int kind(const stralloc *type, unsigned long *faults)
{
  const char *slash = memchr(type->s, '/', type->len);
  unsigned int kinds = 0;

  if (begins(type, "multipart")) kinds |= CONTENT_MULTIPART;
  if (begins(type, "message/")) kinds |= CONTENT_MESSAGE;
  if (begins(type, "message/partial")) *faults |= FAULT_PARTIAL;
  if (begins(type, "message/external-body")) *faults |= FAULT_EXTERNAL;
  /* RFC 2045, 5.2: what cannot be parsed is text/plain. */
  if (!slash || slash == type->s || slash + 1 == type->s + type->len) {
    *faults |= FAULT_TYPE;
    return kinds | CONTENT_TEXT;
  }
  if (begins(type, "text/")) kinds |= CONTENT_TEXT;
  return kinds ? kinds : CONTENT_OTHER;
}

/* Names: the readings of two parameters, which readers look for in both
 * fields, with encoded words decoded as they all do. */
static int names(struct content *c, const struct field *f)
{
  static struct readings raw;
  static stralloc name;
  const char *text;
  size_t i, len;

  readings_clear(&raw);
  if (!rfc2231_param(f->value, f->valuelen, "filename", &raw) ||
      !rfc2231_param(f->value, f->valuelen, "name", &raw)) return 0;
  for (i = 0; i < raw.count; ++i) {
    text = raw.text.s + raw.list[i].at;
    len = raw.list[i].len;
    name.len = 0;
    if (!stralloc_ready(&name, 1) || !rfc2047_decode(text, len, &name) ||
        !readings_add(&c->names, name.s, name.len)) return 0;
    if (name.len != len || memcmp(name.s, text, len)) c->faults |= FAULT_ENCODED_WORD;
  }
  c->names.noticed |= raw.noticed;
  return 1;
}

static int boundaries(struct content *c, const struct field *f)
{
  static struct readings raw;
  const char *text;
  size_t i, len;

  readings_clear(&raw);
  if (!rfc2231_param(f->value, f->valuelen, "boundary", &raw)) return 0;
  for (i = 0; i < raw.count; ++i) {
    text = raw.text.s + raw.list[i].at;
    for (len = raw.list[i].len; len && strchr(" \t", text[len - 1]) && text[len - 1]; --len) ;
    if (!len || len > BOUNDARY_USUAL) c->faults |= FAULT_BOUNDARY_SIZE;
    if (len > BOUNDARY_MAX) c->limit = "boundary too long";
    else if (!readings_add(&c->boundaries, text, len)) return 0;
  }
  c->boundaries.noticed |= raw.noticed;
  return 1;
}

static int type(struct content *c, const struct field *f)
{
  static stralloc word;

  if (c->kinds) c->faults |= FAULT_TYPE_TWICE;
  if (!rfc2231_word(f->value, f->valuelen, &word) || !stralloc_ready(&word, 1)) return 0;
  if (!c->kinds && !stralloc_copy(&c->type, &word)) return 0;
  c->kinds |= kind(&word, &c->faults);
  return names(c, f) && boundaries(c, f);
}

static int disposition(struct content *c, const struct field *f, int *seen)
{
  static stralloc word;

  if ((*seen)++) c->faults |= FAULT_DISPOSITION_TWICE;
  if (!rfc2231_word(f->value, f->valuelen, &word)) return 0;
  /* RFC 2183, 2.8: an unknown word is attachment. */
  if (word.len != 6 || memcmp(word.s, "inline", 6)) c->attached = 1;
  return names(c, f);
}

static int encoding(struct content *c, const struct field *f)
{
  static stralloc word;
  enum transfer_kind kind;

  if (c->encodings) c->faults |= FAULT_ENCODING_TWICE;
  if (!rfc2231_word(f->value, f->valuelen, &word) || !stralloc_ready(&word, 1)) return 0;
  kind = transfer_kind(word.s, word.len);
  if (kind == TRANSFER_UNKNOWN) c->faults |= FAULT_ENCODING;
  if (!c->encodings) c->encoding = kind;
  c->encodings |= 1U << kind;
  return 1;
}

int content_read(struct content *c, const struct header *h, int digest)
{
  struct field f = { 0 };
  int done, dispositions = 0;

  c->kinds = c->encodings = 0;
  c->attached = c->described = c->version = 0;
  c->limit = 0;
  c->faults = 0;
  c->encoding = TRANSFER_PLAIN;
  readings_clear(&c->names);
  readings_clear(&c->boundaries);

  while (header_next(h, &f)) {
    if (field_is(&f, "mime-version")) c->version = 1;
    if (f.namelen < 12 || (*f.name | 32) != 'c') continue;
    if (field_is(&f, "content-type")) done = type(c, &f);
    else if (field_is(&f, "content-disposition")) done = disposition(c, &f, &dispositions);
    else if (field_is(&f, "content-transfer-encoding")) done = encoding(c, &f);
    else continue;
    if (!done) return 0;
    c->described = 1;
  }
  if (!c->kinds) {
    if (!stralloc_copys(&c->type, digest ? "message/rfc822" : "text/plain")) return 0;
    c->kinds = digest ? CONTENT_MESSAGE | CONTENT_TEXT : CONTENT_TEXT;
  }
  if (!c->encodings) c->encodings = 1U << TRANSFER_PLAIN;

  if ((c->names.noticed | c->boundaries.noticed) & READINGS_ODD) c->faults |= FAULT_PARAMETER;
  if ((c->names.noticed | c->boundaries.noticed) & READINGS_TWICE) c->faults |= FAULT_PARAMETER_TWICE;
  if ((c->names.noticed | c->boundaries.noticed) & READINGS_OVER)
    c->limit = "too many parameters";
  if (c->names.count > 1) c->faults |= FAULT_NAMES;
  if (c->boundaries.count > 1) c->faults |= FAULT_BOUNDARIES;
  if (c->kinds & CONTENT_MULTIPART && !c->boundaries.count) c->faults |= FAULT_BOUNDARY_MISSING;
  if (c->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE) && c->encodings != 1U << TRANSFER_PLAIN)
    c->faults |= FAULT_ENCODED_PARTS;
  return 1;
}
