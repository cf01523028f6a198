#include "clock.h"

#include <time.h>

static long long read_clock(clockid_t id)
{
  struct timespec t;

  clock_gettime(id, &t);
  return (long long) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long long clock_ms(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

long long clock_about(void)
{
  return read_clock(CLOCK_MONOTONIC_COARSE);
}
