#ifndef CM_INSPECT_H
#define CM_INSPECT_H

/* All attachments of a message, in every reading of it, brought before the rules.
 * What it cannot do for want of memory or files ends the program, as stage.h has it. */

#include "attach.h"
#include "cut.h"

struct inspection {
  const struct attach *rules;
  struct decision worst;       /* about any attachment */
  stralloc dropped;            /* the name of the first that has that answer if it is ATTACH_DROP */
  struct cuts cuts;            /* what is to be cut out */
  const char *limit;           /* the first limit that was passed, or 0 */
  unsigned long long faults;   /* classes of ambiguity */
};

/* The message that begins in fd at start. */
void inspect(struct inspection *inspection, int fd, off_t start);

#endif
