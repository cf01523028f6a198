#ifndef CM_MACROS_H
#define CM_MACROS_H

/* What a mail server says beside the steps of a transaction: macros, "{client_addr}" or "i",
 * and their values. Those of a step come right before it, and hold until it comes again. */

#include "frame.h"

#define MACROS_STEPS 7

struct macros {
  stralloc step[MACROS_STEPS];
  char next;  /* the command that is due now */
};

#define MACROS_MAX 65536  /* bytes at one step */

/* Take those of a packet in the place of the step's old ones. 1; 0 without memory; -1: it is no
 * such packet. */
int macros_take(struct macros *m, const struct frame *f);

/* This command has come: what was said at it before, or at steps behind it, holds no more. */
void macros_step(struct macros *m, char command);

/* The value that was said last, in m until the next packet; "" if nobody said one. */
const char *macros_find(const struct macros *m, const char *name);

#endif
