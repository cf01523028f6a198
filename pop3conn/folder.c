#include "folder.h"

#include <string.h>

#include "sasl.h"
#include "utf8.h"

/* UTF-16, most significant byte first, of one sequence of UTF-8. */
static int wide(stralloc *to, const char *s, size_t n)
{
  unsigned long c = (unsigned char) *s & (n == 1 ? 0x7f : 0xffU >> (n + 1)), pair[2];
  char bytes[4];
  size_t i;

  for (i = 1; i < n; ++i) c = c << 6 | ((unsigned char) s[i] & 0x3f);
  pair[0] = c > 0xffff ? 0xd800 + ((c - 0x10000) >> 10) : c;
  pair[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
  for (i = 0; i < 4; ++i) bytes[i] = (char) (pair[i / 2] >> (i % 2 ? 0 : 8));
  return stralloc_catb(to, bytes, c > 0xffff ? 4 : 2);
}

/* Base64 with a comma for the slash, and without padding. */
static int shift(stralloc *to, const stralloc *utf16)
{
  size_t i = to->len + 1;

  if (!stralloc_cats(to, "&") || !sasl_encode(to, utf16->s, utf16->len)) return 0;
  for (; i < to->len && to->s[i] != '='; ++i)
    if (to->s[i] == '/') to->s[i] = ',';
  to->len = i;
  return stralloc_cats(to, "-");
}

int folder_encode(stralloc *to, const char *name)
{
  stralloc utf16 = { 0 };
  size_t n, left = strlen(name);
  int r = 1;

  for (; left && r == 1; name += n, left -= n) {
    n = utf8_length(name, left);
    if (!n) r = 0;
    else if (n > 1) {
      if (!wide(&utf16, name, n)) r = -1;
      continue;
    }
    if (r == 1 && utf16.len && !shift(to, &utf16)) r = -1;
    utf16.len = 0;
    if (r == 1 && (!stralloc_catb(to, name, 1) || (*name == '&' && !stralloc_cats(to, "-")))) r = -1;
  }
  if (r == 1 && utf16.len && !shift(to, &utf16)) r = -1;
  stralloc_free(&utf16);
  return r;
}
