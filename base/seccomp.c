#include "seccomp.h"

#include <sys/prctl.h>

#define FILTER 2  /* SECCOMP_MODE_FILTER */

int seccomp_enter(const struct seccomp_step *steps, size_t count)
{
  struct { unsigned short count; const struct seccomp_step *steps; } program;

  program.count = (unsigned short) count;
  program.steps = steps;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1) return -1;
  return prctl(PR_SET_SECCOMP, (unsigned long) FILTER, &program, 0UL, 0UL) == -1 ? -1 : 1;
}
