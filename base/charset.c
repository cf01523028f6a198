#include "charset.h"

#include <string.h>

static int named(const char *charset, size_t len, const char *name)
{
  return len == strlen(name) && !case_diffb(charset, len, name);
}

static int begins(const char *charset, size_t len, const char *name)
{
  return len >= strlen(name) && !case_diffb(charset, strlen(name), name);
}

/* A character as UTF-8. */
static int put(unsigned long code, stralloc *out)
{
  char utf8[4];
  size_t n = 0;

  if (code < 0x80) utf8[n++] = (char) code;
  else if (code < 0x800) utf8[n++] = (char) (0xc0 | code >> 6);
  else if (code < 0x10000) utf8[n++] = (char) (0xe0 | code >> 12);
  else utf8[n++] = (char) (0xf0 | (code >> 18 & 7));
  if (code >= 0x10000) utf8[n++] = (char) (0x80 | (code >> 12 & 63));
  if (code >= 0x800) utf8[n++] = (char) (0x80 | (code >> 6 & 63));
  if (code >= 0x80) utf8[n++] = (char) (0x80 | (code & 63));
  return stralloc_catb(out, utf8, n);
}

/* windows-1252 (iso-8859-1 too: nobody means C1 controls). */
static int latin(const unsigned char *s, size_t len, stralloc *out)
{
  static const unsigned short c1[32] = {
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
    0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
  };
  size_t i;

  for (i = 0; i < len; ++i)
    if (!put(s[i] >= 0x80 && s[i] < 0xa0 ? c1[s[i] - 0x80] : s[i], out)) return 0;
  return 1;
}

/* UTF-16 and UTF-32; without a mark at the beginning the order is big unless the name says
 * or the first character is of ASCII in the other order. */
static int wide(const unsigned char *s, size_t len, size_t width, int little, stralloc *out)
{
  unsigned long code, high = 0;
  size_t i, k;

  if (len >= width && little == -1) little = s[0] == 0xff || (s[0] && !s[1]);
  for (i = 0; i + width <= len; i += width) {
    for (code = 0, k = 0; k < width; ++k) code = code << 8 | s[little ? i + width - 1 - k : i + k];
    if (code == 0xfeff) continue;
    if (width == 2 && code >= 0xd800 && code < 0xdc00) {
      high = code;
      continue;
    }
    if (high && code >= 0xdc00 && code < 0xe000) code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
    high = 0;
    if (!put(code, out)) return 0;
  }
  return 1;
}

static int digit(char c)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *found = c ? strchr(alphabet, c) : 0;

  return found ? (int) (found - alphabet) : -1;
}

/* UTF-7, RFC 2152: between + and what is no base64 there is UTF-16. */
static int seven(const char *s, size_t len, stralloc *out)
{
  static stralloc units;
  const char *end = s + len;
  unsigned long bits;
  unsigned int count;
  char c;

  while (s < end) {
    if (*s != '+') {
      if (!stralloc_append(out, s++)) return 0;
      continue;
    }
    if (++s < end && *s == '-') {
      if (!stralloc_append(out, "+")) return 0;
      ++s;
      continue;
    }
    for (units.len = 0, bits = count = 0; s < end && digit(*s) >= 0; ++s) {
      bits = (bits << 6 | (unsigned long) digit(*s)) & 0xffff;
      if ((count += 6) < 8) continue;
      c = (char) (bits >> (count -= 8));
      if (!stralloc_append(&units, &c)) return 0;
    }
    if (s < end && *s == '-') ++s;
    if (!wide((const unsigned char *) units.s, units.len, 2, 0, out)) return 0;
  }
  return 1;
}

/* From 0x40 on; # is where code pages differ. */
static int ebcdic(const unsigned char *s, size_t len, stralloc *out)
{
  static const char table[] =
    " ##########.#(##"
    "#############)##"
    "-/#########,%_#\?"
    "##########:#####"
    "#abcdefghi######"
    "#jklmnopqr######"
    "##stuvwxyz######"
    "################"
    "#ABCDEFGHI######"
    "#JKLMNOPQR######"
    "##STUVWXYZ######"
    "0123456789######";
  size_t i;

  for (i = 0; i < len; ++i)
    if (!stralloc_append(out, s[i] < 0x40 ? "#" : table + (s[i] - 0x40))) return 0;
  return 1;
}

int charset_cat(const char *charset, size_t n, const char *text, size_t len, stralloc *out)
{
  const unsigned char *s = (const unsigned char *) text;

  if (named(charset, n, "iso-8859-1") || named(charset, n, "windows-1252") ||
      named(charset, n, "latin1") || named(charset, n, "cp1252")) return latin(s, len, out);
  if (named(charset, n, "utf-7") || named(charset, n, "unicode-1-1-utf-7") || named(charset, n, "utf7"))
    return seven(text, len, out);
  if (begins(charset, n, "utf-16") || begins(charset, n, "utf16") || begins(charset, n, "ucs-2") ||
      begins(charset, n, "unicode") || begins(charset, n, "iso-10646-ucs-2"))
    return wide(s, len, 2, (charset[n - 2] | 32) == 'l' ? 1 : (charset[n - 2] | 32) == 'b' ? 0 : -1, out);
  if (begins(charset, n, "utf-32") || begins(charset, n, "utf32") || begins(charset, n, "ucs-4"))
    return wide(s, len, 4, (charset[n - 2] | 32) == 'l' ? 1 : (charset[n - 2] | 32) == 'b' ? 0 : -1, out);
  if (begins(charset, n, "ebcdic") || begins(charset, n, "ibm0") || begins(charset, n, "ibm5") ||
      begins(charset, n, "cp0") || begins(charset, n, "cp500") || begins(charset, n, "cp1026") ||
      begins(charset, n, "cp1047") || begins(charset, n, "cp114") || begins(charset, n, "ibm1047") ||
      begins(charset, n, "ibm2") || begins(charset, n, "cp273")) return ebcdic(s, len, out);
  return stralloc_catb(out, text, len);
}
