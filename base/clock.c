#include "clock.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifdef __LP64__
#define FEW 50  /* calls that cost less than to prepare for more */
#else
#define FEW 0   /* the two need not mean the same struct */
#endif

static struct timespec now(clockid_t id)
{
  static unsigned int asked;
  struct timespec t = { 0, 0 };

  if (asked++ < FEW) syscall(SYS_clock_gettime, id, &t);
  else clock_gettime(id, &t);
  return t;
}

static long long milliseconds(struct timespec t)
{
  return (long long) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long long last;

long long clock_ms(void)
{
  return last = milliseconds(now(CLOCK_MONOTONIC));
}

long long clock_about(void)
{
  return last = milliseconds(now(CLOCK_MONOTONIC_COARSE));
}

long long clock_last(void)
{
  return last;
}

struct timespec clock_day(void)
{
  return now(CLOCK_REALTIME);
}
