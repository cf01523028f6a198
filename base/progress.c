#include "progress.h"

#include <unistd.h>

#include "clock.h"
#include "copy.h"
#include "owfat.h"

#define PAUSE 100  /* milliseconds */

static int watched = -1, shown;

static void say(const char *a, const char *b, const char *c, const char *d)
{
  static stralloc line;

  if (stralloc_copys(&line, a) && stralloc_cats(&line, b) && stralloc_cats(&line, c) && stralloc_cats(&line, d))
    copy_write(2, line.s, line.len);
}

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
  say("\r", what, " ", digits);
}

void progress_end(void)
{
  if (!shown) return;
  shown = 0;
  say("\r\033[K", "", "", "");
}
