#ifndef CM_NOTICE_H
#define CM_NOTICE_H

#include "incoming.h"

/* Make the message that a client gets in the place of this one. 1, or 0 with
 * errno. */
int notice_make(const struct session *s, struct incoming *t);

#endif
