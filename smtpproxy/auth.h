#ifndef CM_AUTH_H
#define CM_AUTH_H

/* AUTH, RFC 4954: the upstream is asked, and the client's answers pass through
 * our hands and are kept nowhere. Whom the upstream knows may relay, and the
 * connection to it belongs to that user from then on. */

#include "session.h"

#define AUTH_LINE 12288  /* bytes of a line of the exchange; RFC 4954, 4 */

/* May AUTH be offered: does the upstream have it, and are the ways to it and from
 * the client such that a password may go there? 1 or 0. */
int auth_open(const struct session *s);

/* Append the line of it in the answer to EHLO, with CRLF before it. */
int auth_offer(const struct session *s, stralloc *reply);

/* The command with what stands behind it, all of the exchange. The reply, or 0: that
 * is queued already. */
const char *auth_take(struct session *s, const char *args, size_t len);

/* How many bytes of a command line may be written down; known: it was understood. */
size_t auth_shown(const struct session *s, int known, const char *line, size_t len);

#endif
