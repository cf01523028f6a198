/* A file of its own, for programs that must not link libowfat. */
#include "control.h"

#include <limits.h>

int control_scan(const char *text, size_t len, unsigned long *value)
{
  unsigned long n = 0;
  size_t i = 0;
  unsigned int shift = 0;

  for (; i < len && text[i] >= '0' && text[i] <= '9'; ++i) {
    if (n > (ULONG_MAX - 9) / 10) return 0;
    n = n * 10 + (unsigned long) (text[i] - '0');
  }
  if (!i) return 0;
  if (i < len) {
    switch (text[i++] | 32) {
      case 'k': shift = 10; break;
      case 'm': shift = 20; break;
      case 'g': shift = 30; break;
      default: return 0;
    }
  }
  if (i != len || n > ULONG_MAX >> shift) return 0;
  *value = n << shift;
  return 1;
}
