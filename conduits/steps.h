#ifndef CM_STEPS_H
#define CM_STEPS_H

#include "milter.h"

/* Take the server's packets, one after the other, until it leaves or cannot be served any more. */
void steps_serve(struct milter *m);

#endif
