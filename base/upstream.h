#ifndef CM_UPSTREAM_H
#define CM_UPSTREAM_H

/* control/upstream: who gets the mail of a port. */

#include "owfat.h"

struct upstream {
  stralloc words;            /* of the line, each 0-terminated */
  const char *host, *port;   /* of `smtp HOST PORT`; 0: it is a queue */
  const char **program;      /* of `queue PROGRAM ARGS`, ends with 0 */
};

/* Read it. 1, or 0 with what is wrong with it in trouble, static. */
int upstream_read(struct upstream *u, const char **trouble);

#endif
