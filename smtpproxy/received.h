#ifndef CM_RECEIVED_H
#define CM_RECEIVED_H

#include "session.h"

/* Put the Received field of the transaction into top, RFC 5321 section 4.4,
 * with CRLF at its end. Names that the client chose lose what is not plain.
 * 1, or 0 without memory. */
int received(const struct session *s, stralloc *top);

#endif
