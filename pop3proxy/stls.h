#ifndef CM_STLS_H
#define CM_STLS_H

#include "session.h"
#include "verbs.h"

/* TLS between the client and us, RFC 2595: STLS, or from the start. */

/* Take the command. */
void stls(struct session *s);

/* Must this command wait until TLS is spoken? 1 or 0. */
int stls_before(enum verb verb);

#endif
