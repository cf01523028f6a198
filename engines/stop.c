#include "stop.h"

#include <stdio.h>
#include <unistd.h>

void stop(int code, const char *what, const char *why)
{
  dprintf(2, "cm-tls: %s%s\n", what, why);
  _exit(code);
}
