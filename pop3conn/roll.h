#ifndef CM_ROLL_H
#define CM_ROLL_H

/* The letters of an IMAP folder, as its server lists them. */

#include "imapc.h"
#include "postbox.h"

/* What FETCHes say from now on goes into m->letters. */
void roll_begin(struct imapc *c, struct postbox *m);

/* All was said, and imapc_want() may be called again. Letters that have a UID and no size are
 * entered, too, with 0. 1; 0: there are too many, and c->trouble says so. */
int roll_end(void);

#endif
