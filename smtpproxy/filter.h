#ifndef CM_FILTER_H
#define CM_FILTER_H

#include "session.h"

/* Run the port's pipeline on the transaction's message and fill its result; a
 * message to be handed on stands in t->filtered. A port without stages decides
 * nothing and spawns nothing. While the stages run the upstream is kept awake
 * and the client is watched: when it goes away, they are killed.
 * 1: there is a result, if only defer. -1: the client is gone or the session
 * must end (errno EINTR); nothing may be delivered. */
int filter_run(struct session *s);

#endif
