#ifndef CM_SERVE_H
#define CM_SERVE_H

#include "session.h"

/* Take the client's commands until the session is over. */
void serve(struct session *s);

#endif
