#ifndef CM_SETTLE_H
#define CM_SETTLE_H

#include "milter.h"

/* The message is over: have it judged, do what the verdict says, tell the server, write the
 * mail log, and go back to nothing. */
void settle(struct milter *m);

#endif
