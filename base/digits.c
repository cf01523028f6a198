#include "digits.h"

#include <string.h>
#include <time.h>

#include "clock.h"

char *digits(char *to, unsigned long n, unsigned int base, unsigned int least)
{
  unsigned long rest = n;
  unsigned int count = 1, i;

  while (rest /= base) ++count;
  if (count < least) count = least;
  for (i = count; i; n /= base) to[--i] = "0123456789abcdef"[n % base];
  return to + count;
}

static char *part(char *to, int n, unsigned int least, char behind)
{
  to = digits(to, (unsigned long) n, 10, least);
  *to++ = behind;
  return to;
}

void digits_time(char text[DIGITS_TIME])
{
  struct timespec now = clock_day();
  struct tm t;

  /* Four digits of year: a clock beyond them is wrong, and must not write beyond the text. */
  if (!gmtime_r(&now.tv_sec, &t) || t.tm_year < 0 || t.tm_year > 8099) {
    memcpy(text, "0000-00-00T00:00:00.000Z", DIGITS_TIME);
    return;
  }
  text = part(text, t.tm_year + 1900, 4, '-');
  text = part(text, t.tm_mon + 1, 2, '-');
  text = part(text, t.tm_mday, 2, 'T');
  text = part(text, t.tm_hour, 2, ':');
  text = part(text, t.tm_min, 2, ':');
  text = part(text, t.tm_sec, 2, '.');
  text = part(text, (int) (now.tv_nsec / 1000000), 3, 'Z');
  *text = 0;
}
