#include "uu.h"

#include <string.h>

static const char binhex[] = "(This file must be converted with BinHex";

static int over(const char *s, const char *end)
{
  return s == end || *s == '\r' || *s == '\n';
}

static const char *next_line(const char *s, const char *end)
{
  while (!over(s, end)) ++s;
  if (s < end && *s == '\r') ++s;
  return s < end && *s == '\n' ? s + 1 : s;
}

static const char *skip_blanks(const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) ++s;
  return s;
}

/* Behind the empty lines at s. */
static const char *skip_empty(const char *s, const char *end)
{
  const char *last;

  while (s < end && over(last = skip_blanks(s, end), end) && last < end) s = next_line(last, end);
  return s;
}

int uu_data(const char *s, const char *end, enum transfer_kind kind)
{
  const char *p = s;
  size_t bytes;

  if (kind == TRANSFER_YENC || kind == TRANSFER_BINHEX) return 1;
  if (kind == TRANSFER_BASE64) {
    while (p < end && ((*p >= '/' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
                       *p == '+' || *p == '=')) ++p;
    return p > s && over(p, end);
  }
  while (p < end && *p >= ' ' && *p <= '`') ++p;
  if (p == s || !over(p, end)) return 0;
  /* A length, and no more characters than go with it and a checksum. */
  bytes = (size_t) (*s - ' ') & 63;
  return (size_t) (p - s) <= 1 + (bytes + 2) / 3 * 4 + 2;
}

/* begin MODE NAME. Some readers ask for no mode, and some skip empty lines. */
static int begin(const char *s, const char *end, struct uu *uu)
{
  const char *last, *data, *mode;

  uu->kind = end - s > 13 && !memcmp(s, "begin-base64 ", 13) ? TRANSFER_BASE64 : TRANSFER_UU;
  if (uu->kind == TRANSFER_UU && (end - s < 7 || memcmp(s, "begin ", 6))) return 0;
  s = skip_blanks(s + (uu->kind == TRANSFER_BASE64 ? 13 : 6), end);
  for (mode = s; s < end && *s >= '0' && *s <= '7'; ++s) ;
  if (s - mode < 3 || s - mode > 6 || (s < end && *s != ' ' && *s != '\t')) s = mode;
  mode = s == mode ? 0 : mode;
  s = skip_blanks(s, end);
  last = s;
  while (!over(last, end)) ++last;
  data = skip_empty(next_line(last, end), end);
  uu->name = s;
  for (s = last; s > uu->name && (s[-1] == ' ' || s[-1] == '\t'); --s) ;
  uu->namelen = (size_t) (s - uu->name);
  if (!uu->namelen) return 0;
  /* Without a mode it may be prose: only a whole line of data is then believed. */
  if (!mode && (data + 61 > end || *data != 'M' || !over(data + 61, end))) return 0;
  return uu_data(data, end, uu->kind);
}

/* The value of a parameter in a line of yEnc; name goes to the line's end. */
static int ybegin(const char *s, const char *end, struct uu *uu)
{
  const char *last, *p;

  if (end - s < 8 || memcmp(s, "=ybegin ", 8)) return 0;
  for (last = s; !over(last, end); ++last) ;
  uu->kind = TRANSFER_YENC;
  uu->name = last;
  for (p = s; last - p > 6; ++p)
    if (!memcmp(p, " name=", 6)) {
      uu->name = skip_blanks(p + 6, last);
      break;
    }
  while (last > uu->name && (last[-1] == ' ' || last[-1] == '\t')) --last;
  uu->namelen = (size_t) (last - uu->name);
  return uu->namelen > 0;
}

/* The name stands at the beginning of the encoded data, behind its length. */
static int mac(const char *s, const char *end, struct uu *uu)
{
  static char plain[128];
  struct transfer t = { .kind = TRANSFER_BINHEX, .left = 1 };
  size_t n;

  if ((size_t) (end - s) < sizeof binhex || memcmp(s, binhex, sizeof binhex - 1)) return 0;
  s = skip_empty(next_line(s, end), end);
  if (s == end || *s != ':') return 0;
  n = transfer_decode(&t, s, end - s < 100 ? (size_t) (end - s) : 100, plain);
  if (!n || !plain[0] || (size_t) (unsigned char) plain[0] >= n) return 0;
  uu->kind = TRANSFER_BINHEX;
  uu->name = plain + 1;
  uu->namelen = (unsigned char) plain[0];
  return 1;
}

int uu_begins(const char *s, const char *end, struct uu *uu)
{
  if (s == end) return 0;
  if (*s == '=') return ybegin(s, end, uu);
  return *s == '(' ? mac(s, end, uu) : *s == 'b' && begin(s, end, uu);
}

int uu_ends(const char *s, const char *end, enum transfer_kind kind)
{
  const char *last = kind == TRANSFER_BASE64 ? "====" : "end", *p;
  size_t len = strlen(last);

  if (kind == TRANSFER_YENC) return end - s > 5 && !memcmp(s, "=yend", 5);
  if (kind == TRANSFER_BINHEX) {
    for (p = s; !over(p, end); ++p) ;
    while (p > s && (p[-1] == ' ' || p[-1] == '\t')) --p;
    return p - s > 1 && p[-1] == ':';
  }
  if ((size_t) (end - s) < len || memcmp(s, last, len)) return 0;
  return over(skip_blanks(s + len, end), end);
}
