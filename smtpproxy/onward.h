#ifndef CM_ONWARD_H
#define CM_ONWARD_H

#include "session.h"

/* With whom a recipient shares a transaction. */

/* The client's reply if this recipient has to come in another transaction, or 0. */
const char *onward_parts(const struct session *s, const struct address *a);

#endif
