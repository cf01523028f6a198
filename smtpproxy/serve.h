#ifndef CM_SERVE_H
#define CM_SERVE_H

#include "session.h"

/* Serve the client, command by command, until it leaves or has to. The session
 * has begun, and the greeting is queued. */
void serve(struct session *s);

/* The first line of a session, also of one that begins anew. */
const char *serve_greeting(struct session *s);

/* There is no next line of the client, r: what stream_line said. The client hears why,
 * and the session is over. */
void serve_lost(struct session *s, int r);

#endif
