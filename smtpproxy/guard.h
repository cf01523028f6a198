#ifndef CM_GUARD_H
#define CM_GUARD_H

#include "session.h"

/* Limits per client, control/limits: an IPv4 address or an IPv6 network of 64 bits.
 * Each takes the client's address as the session has it at that moment, and does
 * nothing where the port has no limits. What cannot be counted does not stop mail.
 *
 * Each gives back 0, or a reply that the client must hear; where s->over is then
 * set, it is the last one. */

/* A client is there: before the greeting, and again when the session has got another
 * address (PROXY, XCLIENT). A reply is always the last. */
const char *guard_connect(struct session *s);

/* A recipient was taken, or was refused for good; that has been said. */
const char *guard_recipient(struct session *s, int good);

/* A login has succeeded, or failed; that has been said. */
const char *guard_login(struct session *s, int good);

/* It begins a message, with s->t.sender. The reply is in the place of that to MAIL. */
const char *guard_mail(struct session *s);

#endif
