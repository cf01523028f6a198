#include "xtext.h"

#include <string.h>

static const char digits[] = "0123456789ABCDEF";

int xtext_encode(stralloc *to, const char *value, size_t len)
{
  char plus[3] = "+";
  size_t i;
  int ok = 1;

  for (i = 0; ok && i < len; ++i) {
    plus[1] = digits[(unsigned char) value[i] >> 4];
    plus[2] = digits[(unsigned char) value[i] & 15];
    if (value[i] > 32 && value[i] < 127 && value[i] != '+' && value[i] != '=')
      ok = stralloc_append(to, value + i);
    else ok = stralloc_catb(to, plus, 3);
  }
  return ok;
}

static int digit(char c)
{
  const char *d = memchr(digits, c >= 'a' && c <= 'f' ? c - 32 : c, 16);

  return d ? (int) (d - digits) : -1;
}

int xtext_decode(stralloc *to, const char *text, size_t len)
{
  size_t i;
  char c;

  to->len = 0;
  for (i = 0; i < len; ++i) {
    c = text[i];
    if (c < 33 || c > 126) return 0;
    if (c == '+') {
      if (i + 2 >= len || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return 0;
      c = (char) (digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    }
    if (!stralloc_append(to, &c)) return 0;
  }
  if (!stralloc_0(to)) return 0;
  --to->len;
  return 1;
}
