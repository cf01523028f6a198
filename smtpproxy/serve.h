#ifndef CM_SERVE_H
#define CM_SERVE_H

#include "session.h"

/* Serve the client, command by command, until it leaves or has to. The session
 * has begun, and the greeting is queued. */
void serve(struct session *s);

#endif
