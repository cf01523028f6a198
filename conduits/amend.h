#ifndef CM_AMEND_H
#define CM_AMEND_H

/* What the server is told to change in the message that it has. It counts only with the answer
 * that follows. */

#include "milter.h"

/* Header and body, as far as the pipeline has made others. 1, or 0 with errno, and no half of a
 * packet is queued. */
int amend_message(struct milter *m);

/* This address in the place of all recipients. The same; EOPNOTSUPP: the server does not let us. */
int amend_recipients(struct milter *m, const char *where);

#endif
