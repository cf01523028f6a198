#ifndef CM_EARLY_H
#define CM_EARLY_H

#include "session.h"

/* Clients that do not wait for their turn, as programs do that send in bulk, or that
 * speak another protocol. Each gives back 0, or the last reply of the session, which
 * is over then; the log has one line. On pipes, as in trying by hand, everything may
 * be there at once. */

/* Before the greeting: does the client speak within control/greetdelay? */
const char *early_greeting(struct session *s);

/* Before it has said its name: are its first bytes no line of text? Waits for them. They may
 * have no end, or come one by one: */
const char *early_foreign(struct session *s);

/* The same of a line that is whole. */
const char *early_strange(struct session *s, const char *line, size_t len);

/* Is there something behind a command that must be the last of its group (RFC 2920,
 * 3.1), or was PIPELINING not offered yet? */
const char *early_command(struct session *s, enum verb verb);

#endif
