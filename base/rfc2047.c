#include "rfc2047.h"

#include <string.h>

#include "charset.h"
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
  return charset_cat(w->charset, language ? (size_t) (language - w->charset) : w->charsetlen,
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
