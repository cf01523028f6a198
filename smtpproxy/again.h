#ifndef CM_AGAIN_H
#define CM_AGAIN_H

/* The upstream has left while a message came in or its filters ran, as some do that have
 * little patience. None of the text has gone out yet, so nothing is in doubt: the
 * envelope can be said again to a new connection, once. */

#include "session.h"

/* Is there a connection that the transaction's text can go to? If it was lost, one is
 * opened that offers no less than the client was told, and if envelope is set MAIL and
 * RCPT are said again, as they were taken. 1; 0: the message must come later. */
int again(struct session *s, int envelope);

#endif
