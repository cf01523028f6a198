#include "progress.h"

#include <unistd.h>

#include "clock.h"
#include "owfat.h"

#define PAUSE 100  /* milliseconds */

static int watched = -1, shown;

void progress_show(const char *what, unsigned long number)
{
  static long long next;
  char digits[FMT_ULONG + 1];
  long long now;

  if (watched == -1) watched = isatty(2);
  if (!watched || (now = clock_ms()) < next) return;
  next = now + PAUSE;
  shown = 1;
  digits[fmt_ulong(digits, number)] = 0;
  buffer_putm(buffer_2, "\r", what, " ", digits);
  buffer_flush(buffer_2);
}

void progress_end(void)
{
  if (!shown) return;
  shown = 0;
  buffer_putm(buffer_2, "\r\033[K");
  buffer_flush(buffer_2);
}
