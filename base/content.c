#include "content.h"

#include <string.h>

#include "rfc2047.h"

enum {
  BOUNDARY_USUAL = 70,  /* RFC 2046, 5.1.1 */
  BOUNDARY_MAX   = 998
};

static int begins(const stralloc *s, const char *prefix)
{
  return s->len >= strlen(prefix) && !memcmp(s->s, prefix, strlen(prefix));
}

static unsigned int kind(const stralloc *type, unsigned long long *faults)
{
  const char *slash = memchr(type->s, '/', type->len);
  unsigned int kinds = 0;

  if (begins(type, "multipart")) kinds |= CONTENT_MULTIPART;
  if (begins(type, "message/")) kinds |= CONTENT_MESSAGE;
  if (begins(type, "message/partial")) *faults |= FAULT(PARTIAL);
  /* RFC 2045, 5.2: what cannot be parsed is text/plain. */
  if (!slash || slash == type->s || slash + 1 == type->s + type->len) {
    *faults |= FAULT(TYPE);
    return kinds | CONTENT_TEXT;
  }
  if (begins(type, "text/")) kinds |= CONTENT_TEXT;
  return kinds ? kinds : CONTENT_OTHER;
}

/* What was noticed about readings becomes faults of the content. */
static void notice(struct content *c, unsigned int noticed)
{
  if (noticed & READINGS_ODD) c->faults |= FAULT(PARAMETER);
  if (noticed & READINGS_TWICE) c->faults |= FAULT(PARAMETER_TWICE);
  if (noticed & READINGS_FOLD) c->faults |= FAULT(FOLD);
  if (noticed & READINGS_OVER) c->limit = "too many parameters";
}

/* Names: the readings of two parameters, which readers look for in both
 * fields, with encoded words decoded as they all do. */
static int names(struct content *c, const char *value, size_t valuelen)
{
  static struct readings raw;
  static stralloc name;
  const char *text;
  size_t i, len;

  readings_clear(&raw);
  if (!rfc2231_param(value, valuelen, "filename", &raw) ||
      !rfc2231_param(value, valuelen, "name", &raw)) return 0;
  for (i = 0; i < raw.count; ++i) {
    text = raw.text.s + raw.list[i].at;
    len = raw.list[i].len;
    name.len = 0;
    if (!stralloc_ready(&name, 1) || !rfc2047_decode(text, len, &name) ||
        !readings_add(&c->names, name.s, name.len)) return 0;
    if (name.len != len || memcmp(name.s, text, len)) c->faults |= FAULT(ENCODED_WORD);
  }
  notice(c, raw.noticed);
  return 1;
}

static int boundary(struct content *c, const char *text, size_t len)
{
  while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) --len;
  if (!len) c->faults |= FAULT(BOUNDARY_EMPTY);
  if (len > BOUNDARY_USUAL) c->faults |= FAULT(BOUNDARY_LONG);
  if (len > BOUNDARY_MAX) {
    c->limit = "boundary too long";
    return 1;
  }
  return readings_add(&c->boundaries, text, len);
}

/* Where a token ends, RFC 2045, 5.1, and RFC 2231, 7: a boundary without quotes may be cut there.
 * What is left must be more than the dashes that most boundaries begin with. */
static size_t token(const char *text, size_t len)
{
  size_t n = 0, dashes = 0;

  for (; n < len && !strchr("()<>@,;:\\\"/[]?=*'%", text[n]) && text[n] > ' '; ++n) dashes += text[n] == '-';
  return n < len && n > dashes ? n : 0;
}

static int boundaries(struct content *c, const char *value, size_t valuelen)
{
  static struct readings raw;
  static stralloc decoded;
  const char *text;
  size_t i, len, n;

  readings_clear(&raw);
  if (!rfc2231_param(value, valuelen, "boundary", &raw)) return 0;
  for (i = 0; i < raw.count; ++i) {
    text = raw.text.s + raw.list[i].at;
    len = raw.list[i].len;
    if (!boundary(c, text, len)) return 0;
    for (n = 0; n < len && (text[n] == ' ' || text[n] == '\t'); ++n) ;
    if (n && n < len && !boundary(c, text + n, len - n)) return 0;
    for (n = 0; n < len && text[n] != ' ' && text[n] != '\t'; ++n) ;
    if (n && n < len && !boundary(c, text, n)) return 0;
    if (len > 2 && *text == '\'' && text[len - 1] == '\'' && !boundary(c, text + 1, len - 2)) return 0;
    if (raw.noticed & READINGS_BARE && (n = token(text, len)) && !boundary(c, text, n)) return 0;
    for (n = len; n && text[n - 1] != ',' && text[n - 1] != '"'; --n) ;
    if (n && n < len && !boundary(c, text + n, len - n)) return 0;
    if (len < 8 || !memchr(text, '?', len)) continue;
    decoded.len = 0;
    if (!rfc2047_decode(text, len, &decoded)) return 0;
    if (decoded.len != len && decoded.len && !boundary(c, decoded.s, decoded.len)) return 0;
  }
  notice(c, raw.noticed);
  if (raw.noticed & READINGS_DIFFER) c->faults |= FAULT(BOUNDARY_CONFLICT);
  return 1;
}

/* message/external-body: that by FTP and mail is what RFC 2046 had, and lists
 * announce drafts with it; nothing fetches it any more. */
static int external(struct content *c, const char *value, size_t valuelen)
{
  static struct readings raw;
  static const char *const known[] = { "ftp", "anon-ftp", "tftp", "mail-server", "local-file", "afs" };
  size_t i, k, good = 0;

  readings_clear(&raw);
  if (!rfc2231_param(value, valuelen, "access-type", &raw)) return 0;
  for (i = 0; i < raw.count; ++i)
    for (k = 0; k < sizeof known / sizeof *known; ++k)
      good += raw.list[i].len == strlen(known[k]) &&
              !case_diffb(raw.text.s + raw.list[i].at, raw.list[i].len, known[k]);
  if (!raw.count || good < raw.count) c->faults |= FAULT(EXTERNAL);
  return 1;
}

static int type(struct content *c, const char *value, size_t len)
{
  static stralloc word;
  unsigned int kinds;

  if (!rfc2231_word(value, len, &word) || !stralloc_ready(&word, 1)) return 0;
  if (!c->kinds && !stralloc_copy(&c->type, &word)) return 0;
  kinds = kind(&word, &c->faults);
  if (c->kinds) c->faults |= c->kinds == kinds ? FAULT(TYPE_TWICE) : FAULT(TYPE_CONFLICT);
  c->kinds |= kinds;
  if (begins(&word, "message/external-body") && !external(c, value, len)) return 0;
  return readings_add(&c->types, word.s, word.len) && names(c, value, len) && boundaries(c, value, len);
}

static int disposition(struct content *c, const char *value, size_t len, int *seen)
{
  static stralloc word;

  if ((*seen)++) c->faults |= FAULT(DISPOSITION_TWICE);
  if (!rfc2231_word(value, len, &word)) return 0;
  /* RFC 2183, 2.8: an unknown word is attachment. */
  if (word.len != 6 || memcmp(word.s, "inline", 6)) c->attached = 1;
  return names(c, value, len);
}

/* Readers that search the field for a word they know find what others do not. */
static int forgiving(struct content *c, const char *value, size_t len)
{
  static const struct { const char *word; enum transfer_kind kind; } words[] = {
    { "base64", TRANSFER_BASE64 }, { "quoted", TRANSFER_QUOTED }, { "uu", TRANSFER_UU },
    { "yenc", TRANSFER_YENC }, { "binhex", TRANSFER_BINHEX },
  };
  unsigned int before = c->encodings;
  static stralloc plain;
  size_t i, k, n = 0;

  plain.len = 0;
  if (!rfc2047_decode(value, len, &plain) || !stralloc_0(&plain)) return 0;
  for (i = 0; i + 1 < plain.len; ++i)
    if ((unsigned char) plain.s[i] > ' ' && plain.s[i] != '-' && plain.s[i] != '_')
      plain.s[n++] = (char) (plain.s[i] >= 'A' && plain.s[i] <= 'Z' ? plain.s[i] + 32 : plain.s[i]);
  plain.s[n] = 0;
  for (k = 0; k < sizeof words / sizeof *words; ++k)
    if (strstr(plain.s, words[k].word)) c->encodings |= 1U << words[k].kind;
  if (c->encodings != before) c->faults |= FAULT(ENCODING);
  return 1;
}

/* Is there more in the value than the word? */
static int wordy(const char *value, size_t len, size_t word)
{
  size_t i, n = 0;

  for (i = 0; i < len; ++i) n += (unsigned char) value[i] > ' ';
  return n != word || len > 60;
}

static int encoding(struct content *c, const char *value, size_t len)
{
  static stralloc word;
  unsigned int before = c->encodings;
  enum transfer_kind kind;

  if (!rfc2231_word(value, len, &word) || !stralloc_ready(&word, 1)) return 0;
  kind = transfer_kind(word.s, word.len);
  if (kind == TRANSFER_UNKNOWN) c->faults |= FAULT(ENCODING);
  if (before) c->faults |= before == 1U << kind ? FAULT(ENCODING_TWICE) : FAULT(ENCODING_CONFLICT);
  else c->encoding = kind;
  c->encodings |= 1U << kind;
  return kind == TRANSFER_UNKNOWN || wordy(value, len, word.len) ? forgiving(c, value, len) : 1;
}

/* What some readers take for a name where no other is given, if it looks like the
 * name of a file: Content-Description, and the end of Content-Location. */
static int substitute(struct content *c, const struct field *f)
{
  static stralloc raw, name;
  const char *s, *end, *at;

  name.len = 0;
  if (!field_unfold(f, &raw) || !rfc2047_decode(raw.s, raw.len, &name)) return 0;
  s = name.s;
  end = s + name.len;
  if (field_is(f, "content-location")) {
    for (at = s; at < end && *at != '?' && *at != '#'; ++at) ;
    for (end = at; at > s && at[-1] != '/'; --at) ;
    if (at - s > 2 && at[-2] == '/') return 1;  /* a host and nothing behind it */
    s = at;
  }
  if (s == end || memchr(s, ' ', (size_t) (end - s)) || !memchr(s, '.', (size_t) (end - s))) return 1;
  return readings_add(&c->names, s, (size_t) (end - s));
}

/* Is there a CR that ends no line (1), or another control character (2)? 0: neither; -1
 * without memory. plain gets the value without them, as some readers have it. */
static int controls(const struct field *f, stralloc *plain)
{
  const char *s, *end = f->value + f->valuelen;
  int found = 0;

  for (s = f->start; s < end; ++s)
    if (*s == '\r') found |= s + 1 < end && s[1] != '\n';
    /* ISO 2022: another character set from here on, as old Japanese mail has it. */
    else if (*s == 27 && s + 1 < end && (s[1] == '$' || s[1] == '(')) continue;
    else if ((unsigned char) *s < ' ' && *s != '\t' && *s != '\n') found |= 2;
  if (!found) return 0;
  plain->len = 0;
  for (s = f->value; s < end; ++s)
    if (((unsigned char) *s >= ' ' || *s == '\t' || *s == '\n') && !stralloc_append(plain, s)) return -1;
  return found;
}

/* Has the field this name, with a comment behind it at most? */
static int is_about(const struct field *f, const char *name)
{
  size_t len = strlen(name);

  return field_is(f, name) || (f->namelen > len && f->name[len] == '(' && !case_diffb(f->name, len, name));
}

/* A name may be in pieces and the pieces in several fields. */
static int collect(stralloc *pieces, const char *value, size_t len)
{
  const char *from = memchr(value, ';', len);

  if (!from || !memchr(from, '*', len - (size_t) (from - value))) return 1;
  return stralloc_catb(pieces, from, len - (size_t) (from - value));
}

static int read_field(struct content *c, const struct field *f, const char *value, size_t len,
                      int *dispositions)
{
  if (is_about(f, "content-type")) return type(c, value, len);
  if (is_about(f, "content-disposition")) return disposition(c, value, len, dispositions);
  return encoding(c, value, len);
}

/* A field about content, and what becomes of it if words in it are decoded first. */
static int field(struct content *c, const struct field *f, int *dispositions)
{
  static stralloc line, plain;
  const char *semicolon, *word;
  int odd;

  if (!read_field(c, f, f->value, f->valuelen, dispositions)) return 0;
  c->described = 1;
  odd = controls(f, &plain);
  if (odd == -1 || (odd && !read_field(c, f, plain.s, plain.len, dispositions))) return 0;
  if (odd & 2) c->faults |= FAULT(CONTROL);
  word = memchr(f->value, '?', f->valuelen);
  if (!word || word == f->value || word[-1] != '=') return 1;
  semicolon = memchr(f->value, ';', f->valuelen);
  if (semicolon && semicolon < word) return 1;  /* as usual, in a parameter */
  plain.len = 0;
  c->faults |= FAULT(ENCODED_WORD);
  if (!field_unfold(f, &line) || !rfc2047_decode(line.s, line.len, &plain)) return 0;
  return read_field(c, f, plain.s, plain.len, dispositions);
}

int content_read(struct content *c, const struct header *h, int digest)
{
  static struct field spare[2];
  static stralloc pieces;
  struct field f = { 0 };
  size_t spares = 0, i, first = 0;
  int dispositions = 0;

  c->kinds = c->encodings = 0;
  c->attached = c->described = c->version = 0;
  c->limit = 0;
  c->faults = 0;
  c->encoding = TRANSFER_PLAIN;
  readings_clear(&c->types);
  readings_clear(&c->names);
  readings_clear(&c->boundaries);
  pieces.len = 0;

  while (header_next(h, &f)) {
    if (field_is(&f, "mime-version")) c->version = 1;
    if (f.namelen < 12 || (*f.name | 32) != 'c') continue;
    if (field_is(&f, "content-description") || field_is(&f, "content-location")) {
      if (spares < 2) spare[spares++] = f;
    } else if (is_about(&f, "content-type") || is_about(&f, "content-disposition") ||
               is_about(&f, "content-transfer-encoding")) {
      if (!field(c, &f, &dispositions) || !collect(&pieces, f.value, f.valuelen)) return 0;
      if (!first) first = pieces.len;
    }
  }
  if (first && pieces.len > first &&
      (!names(c, pieces.s, pieces.len) || !boundaries(c, pieces.s, pieces.len))) return 0;
  if (!c->kinds) {
    if (!stralloc_copys(&c->type, digest ? "message/rfc822" : "text/plain")) return 0;
    c->kinds = digest ? CONTENT_MESSAGE | CONTENT_TEXT : CONTENT_TEXT;
  }
  if (!c->encodings) c->encodings = 1U << TRANSFER_PLAIN;
  for (i = 0; i < spares && !c->names.count && !(c->kinds & CONTENT_MULTIPART); ++i)
    if (!substitute(c, spare + i)) return 0;

  if ((c->names.noticed | c->boundaries.noticed | c->types.noticed) & READINGS_OVER)
    c->limit = "too many parameters";
  if (c->names.count > 1) c->faults |= FAULT(NAMES);
  if (c->boundaries.count > 1) c->faults |= FAULT(BOUNDARIES);
  if (c->kinds & CONTENT_MULTIPART && !c->boundaries.count) c->faults |= FAULT(BOUNDARY_MISSING);
  if (c->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE) && c->encodings != 1U << TRANSFER_PLAIN)
    c->faults |= FAULT(ENCODED_PARTS);
  return 1;
}
