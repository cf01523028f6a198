#ifndef CM_ONWARD_H
#define CM_ONWARD_H

#include "session.h"

/* Where a recipient's mail goes on to, control/routes, and with whom it shares a
 * transaction: one message goes to one upstream, and through the filters once. */

/* Before the upstream hears of a recipient, which is no trap: where there are routes
 * the first one chooses it, and it hears MAIL now. 0: the upstream may be asked; else
 * the client's reply, or "" where that has been queued already. */
const char *onward(struct session *s, const struct address *a);

/* The message is for this address alone, and its way may be another one. 1: there is
 * a connection, or it comes to a queue program; 0: there is none, logged. */
int onward_redirect(struct session *s, const char *address);

#endif
