#include "rfc2047.h"

#include <string.h>

#include "hex.h"
#include "transfer.h"

struct word {
  const char *charset, *text;
  size_t charsetlen, textlen, len;  /* len: of the whole word */
  int encoding;                     /* 'b' or 'q' */
};

/* 1; 0: no word begins here; -1: nor does one anywhere behind. */
static int parse(const char *s, size_t left, struct word *w)
{
  const char *end = s + left, *p, *q;

  if (left < 7 || s[0] != '=' || s[1] != '?') return 0;
  w->charset = s + 2;
  p = memchr(w->charset, '?', (size_t) (end - w->charset));
  if (!p) return -1;
  w->charsetlen = (size_t) (p - w->charset);
  if (end - p < 5 || p[2] != '?') return 0;
  w->encoding = p[1] | 32;
  if (w->encoding != 'b' && w->encoding != 'q') return 0;

  w->text = q = p + 3;
  while ((q = memchr(q, '?', (size_t) (end - q))) && q + 1 < end && q[1] != '=') ++q;
  if (!q || q + 1 >= end) return -1;
  w->textlen = (size_t) (q - w->text);
  w->len = (size_t) (q + 2 - s);
  return 1;
}

static size_t quoted(const char *in, size_t len, char *out)
{
  size_t i, n = 0;
  int byte;

  for (i = 0; i < len; ++i) {
    byte = in[i] == '=' && len - i > 2 ? hex_byte(in + i + 1) : -1;
    out[n++] = byte >= 0 ? (char) byte : in[i] == '_' ? ' ' : in[i];
    if (byte >= 0) i += 2;
  }
  return n;
}

static int named(const char *charset, size_t len, const char *name)
{
  return len == strlen(name) && !case_diffb(charset, len, name);
}

/* One byte of windows-1252 (of iso-8859-1 too: nobody means C1 controls). */
static int latin(unsigned char c, stralloc *out)
{
  static const unsigned short c1[32] = {
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
    0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
  };
  unsigned int code = c >= 0x80 && c < 0xa0 ? c1[c - 0x80] : c;
  char utf8[3];

  if (code < 0x80) {
    utf8[0] = (char) code;
    return stralloc_catb(out, utf8, 1);
  }
  if (code < 0x800) {
    utf8[0] = (char) (0xc0 | code >> 6);
    utf8[1] = (char) (0x80 | (code & 63));
    return stralloc_catb(out, utf8, 2);
  }
  utf8[0] = (char) (0xe0 | code >> 12);
  utf8[1] = (char) (0x80 | (code >> 6 & 63));
  utf8[2] = (char) (0x80 | (code & 63));
  return stralloc_catb(out, utf8, 3);
}

int rfc2047_charset(const char *charset, size_t charsetlen,
                    const char *text, size_t len, stralloc *out)
{
  size_t i;

  if (!named(charset, charsetlen, "iso-8859-1") && !named(charset, charsetlen, "windows-1252") &&
      !named(charset, charsetlen, "latin1") && !named(charset, charsetlen, "cp1252"))
    return stralloc_catb(out, text, len);
  for (i = 0; i < len; ++i)
    if (!latin((unsigned char) text[i], out)) return 0;
  return 1;
}

static int append(const struct word *w, stralloc *out)
{
  static stralloc plain;
  struct transfer base64 = { .kind = TRANSFER_BASE64 };
  const char *language = memchr(w->charset, '*', w->charsetlen);  /* RFC 2231, 5 */
  size_t n;

  if (!stralloc_ready(&plain, w->textlen + 8)) return 0;
  if (w->encoding == 'b') {
    n = transfer_decode(&base64, w->text, w->textlen, plain.s);
    n += transfer_decode(&base64, "", 0, plain.s + n);
  } else n = quoted(w->text, w->textlen, plain.s);
  return rfc2047_charset(w->charset, language ? (size_t) (language - w->charset) : w->charsetlen,
                         plain.s, n, out);
}

int rfc2047_decode(const char *text, size_t len, stralloc *out)
{
  const char *end = text + len, *p;
  struct word word;
  size_t blanks;
  int after = 0, found;  /* after: behind an encoded word? */

  while (text < end) {
    for (blanks = 0; text + blanks < end && strchr(" \t\r\n", text[blanks]) && text[blanks]; )
      ++blanks;
    found = parse(text + blanks, (size_t) (end - text) - blanks, &word);
    if (found == -1) return stralloc_catb(out, text, (size_t) (end - text));
    if (found) {
      if (!after && !stralloc_catb(out, text, blanks)) return 0;
      if (!append(&word, out)) return 0;
      text += blanks + word.len;
      after = 1;
      continue;
    }
    p = text + blanks < end ? text + blanks + 1 : end;
    while (p < end && *p != '=' && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n') ++p;
    if (!stralloc_catb(out, text, (size_t) (p - text))) return 0;
    text = p;
    after = 0;
  }
  return 1;
}
