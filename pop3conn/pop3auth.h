#ifndef CM_POP3AUTH_H
#define CM_POP3AUTH_H

/* Logging in to a mailbox behind POP3: USER and PASS, or AUTH, RFC 5034, with the mechanism
 * that the account names; or, where it wants that and there is no TLS, APOP, RFC 1939, 7. */

#include "account.h"
#include "pop3c.h"

/* 1; 0: the password is refused; -1: not now. In the last two cases it is closed, and why is
 * in trouble, static or what the server said last. */
int pop3auth(struct pop3c *c, const struct account *a, const stralloc *secret, const char **trouble);

#endif
