#ifndef CM_CHATTER_H
#define CM_CHATTER_H

#include "owfat.h"

/* Put into the log, cm-log(5), what a stage wrote to its descriptor 2, one event
 * a line, and why it is broken, if cause is not empty. dropped: bytes of it that
 * were not kept. Without loud a stage that is not broken is heard only as
 * control/loglevel says. */
void chatter_write(const char *id, const char *stage, const stralloc *text, unsigned long dropped,
                   const stralloc *cause, int loud);

#endif
