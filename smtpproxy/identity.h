#ifndef CM_IDENTITY_H
#define CM_IDENTITY_H

/* Who the client is, and what that alone gives it. The environment says so, and
 * whoever stands between it and us, if control/proxy or control/xclient has him. */

#include "session.h"

/* From the environment, at the start of a session. */
void identity_begin(struct session *s);

#endif
