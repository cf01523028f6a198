#ifndef CM_TAP_H
#define CM_TAP_H

/* TAP for unit tests in C: ok(condition, "a sentence about the module"),
 * and `return done_testing();` at the end of main. */

#include <stdio.h>

static int tap_count, tap_failed;

static inline void ok(int pass, const char *name)
{
  tap_failed += !pass;
  printf("%sok %d - %s\n", pass ? "" : "not ", ++tap_count, name);
  if (!pass) fprintf(stderr, "# failed: %d - %s\n", tap_count, name);
}

static inline int done_testing(void)
{
  printf("1..%d\n", tap_count);
  return tap_failed ? 1 : 0;
}

#endif
