/* getenv for the small static programs, where it takes the place of musl's. That one calls
 * strncmp for each variable there is; with some dozens of variables, asked some dozens of
 * times, it was an eighth of what cm-smtpd itself computes for a message. This one looks at
 * a variable's first letter before it does anything else. glibc keeps its own. */

#include <stdlib.h>
#include <unistd.h>

#ifndef __GLIBC__

char *getenv(const char *name)
{
  char **e;
  size_t n;

  for (e = environ; *name && e && *e; ++e) {
    if (**e != *name) continue;
    for (n = 1; name[n] && name[n] == (*e)[n]; ++n) ;
    if (!name[n] && (*e)[n] == '=') return *e + n + 1;
  }
  return 0;
}

#endif
