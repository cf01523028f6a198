#include "escape.h"

#include <string.h>

int escape_cat(stralloc *to, const char *text, size_t len, const char *also)
{
  static const char digits[] = "0123456789abcdef";
  char four[4] = { '\\', 'x', 0, 0 };
  unsigned char c;

  for (; len; --len, ++text) {
    c = (unsigned char) *text;
    if (c >= ' ' && c < 127 && c != '\\' && !strchr(also, c)) {
      if (!stralloc_append(to, text)) return 0;
      continue;
    }
    four[2] = digits[c >> 4];
    four[3] = digits[c & 15];
    if (!stralloc_catb(to, four, 4)) return 0;
  }
  return 1;
}
