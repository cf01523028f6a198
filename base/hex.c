#include "hex.h"

int hex_digit(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_byte(const char digits[2])
{
  int high = hex_digit(digits[0]), low = hex_digit(digits[1]);

  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int hex_unescape(const char *text, size_t len, stralloc *out)
{
  size_t i;
  int byte;

  if (!stralloc_readyplus(out, len)) return 0;
  for (i = 0; i < len; ++i) {
    byte = text[i] == '%' && len - i > 2 ? hex_byte(text + i + 1) : -1;
    out->s[out->len++] = byte < 0 ? text[i] : (char) byte;
    if (byte >= 0) i += 2;
  }
  return 1;
}
