#include "utf8.h"

size_t utf8_length(const char *text, size_t len)
{
  const unsigned char *p = (const unsigned char *) text;
  size_t n = *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0, i;

  if (*p < 0x80) return 1;
  if (!n || n > len) return 0;
  for (i = 1; i < n; ++i)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
      (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f)) return 0;
  return n;
}

int utf8_shows(const char *text, size_t n)
{
  const unsigned char *p = (const unsigned char *) text;

  if (n == 1) return *p >= ' ' && *p != 127;
  if (n == 2) return *p != 0xc2 || p[1] >= 0xa0;
  if (n == 3 && *p == 0xe2)
    return !(p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) &&
           !(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
  return 1;
}
