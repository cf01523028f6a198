#include "wide.h"

static char *put(char *to, unsigned long c)
{
  static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
  unsigned int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

  for (i = n - 1; i; --i, c >>= 6) to[i] = (char) (0x80 | (c & 63));
  *to = (char) (lead[n] | c);
  return to + n;
}

size_t wide_utf8(const unsigned char *from, size_t len, char *to)
{
  char *start = to;
  unsigned long c, low;
  size_t i;

  for (i = 0; i + 1 < len; i += 2) {
    c = from[i] | (unsigned long) from[i + 1] << 8;
    low = i + 3 < len ? from[i + 2] | (unsigned long) from[i + 3] << 8 : 0;
    if (c >> 10 == 0x36 && low >> 10 == 0x37) {
      c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
      i += 2;
    }
    to = put(to, c);
  }
  return (size_t) (to - start);
}
