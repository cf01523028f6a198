#ifndef CM_IDENTITY_H
#define CM_IDENTITY_H

/* Who the client is, and what that alone gives it. The environment says so, and
 * whoever stands between it and us, if control/proxy or control/xclient has him. */

#include "session.h"

/* From the environment, at the start of a session. */
void identity_begin(struct session *s);

/* The client is another than who has connected, and has come there to another place than
 * ours: 0 is what was not said, "" what is not known. 1, or 0 without memory. */
int identity_become(struct session *s, const char *ip, const char *port, const char *host,
                    const char *to, const char *to_port);

/* Who sent the message of this transaction, as stages and the mail log have it: the client,
 * or who it speaks for. */
const char *identity_ip(const struct session *s);
const char *identity_host(const struct session *s);
const char *identity_helo(const struct session *s);
const char *identity_protocol(const struct session *s);

#endif
