#ifndef CM_GATHER_H
#define CM_GATHER_H

/* From the packets of a server to a client, an envelope and a message in a file. Each takes one
 * packet. 1; 0: that is none the protocol knows, or one that no server sends: the session must
 * end. Without memory m->over is set. */

#include "milter.h"

int gather_connect(struct milter *m, const struct frame *f);
int gather_helo(struct milter *m, const struct frame *f);
int gather_mail(struct milter *m, const struct frame *f);
int gather_recipient(struct milter *m, const struct frame *f);
int gather_field(struct milter *m, const struct frame *f);
int gather_body(struct milter *m, const struct frame *f);

/* The message is over: its last piece of body. It stands in m->item, or m->large or m->trouble
 * says why not. */
int gather_end(struct milter *m, const struct frame *f);

#endif
