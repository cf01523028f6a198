#ifndef CM_AUTHSERV_H
#define CM_AUTHSERV_H

/* Our id in the field Authentication-Results, RFC 8601, section 2.5: what makes
 * such a field ours. */

#include <stddef.h>

#define AUTHSERV_FIELD "Authentication-Results"

/* control/authserv-id, or else the name of this host. 0-terminated, the same
 * memory at each call; 0 with errno. */
const char *authserv_id(void);

/* Does the value of such a field say that it is by id, in any way a reader may
 * take it: with comments, quotes, blanks and controls, in any case, with a
 * version behind it? What stands behind the id, from the first ; on or empty; 0:
 * it does not. Time grows with len, not faster. */
const char *authserv_claims(const char *value, size_t len, const char *id);

#endif
