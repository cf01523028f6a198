#ifndef CM_SMTPTLS_H
#define CM_SMTPTLS_H

#include "smtpc.h"

/* TLS with an upstream, as its line in control/upstream wants it; smtpc_open does
 * all of that. 1: the connection goes on in TLS, c->tls says how. 0: it goes on in
 * clear, where that may be. -1: it is closed, and c->unsafe says that TLS is to blame.
 *
 * At once, on a connection on which nothing was said: */
int smtptls_begin(struct smtpc *c, const struct upstream *to, int *fd, unsigned long seconds);

/* Behind STARTTLS, RFC 3207, in a session that has said EHLO; it has to be said again. */
int smtptls_start(struct smtpc *c, const struct upstream *to, unsigned long connect, unsigned long reply);

#endif
