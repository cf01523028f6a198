#ifndef CM_STARTTLS_H
#define CM_STARTTLS_H

/* TLS between the client and us, RFC 3207. Another program speaks it, beside this
 * one, by the convention UCSPI-TLS: cm-tls(8). */

#include "session.h"

/* Learn from the environment what there is: TLS that can be had, or that is spoken
 * already. 1, or 0 with trouble: control/tlsrequired wants more than that. */
int starttls_look(struct session *s, stralloc *trouble);

/* Is it to be offered at EHLO? */
int starttls_offered(const struct session *s);

/* Must this command wait until it is spoken? */
int starttls_before(const struct session *s, enum verb verb);

/* Take the command: the session begins anew, inside of TLS. Its reply; 0 where that
 * has been told. */
const char *starttls(struct session *s, size_t argslen);

/* The client's side has ended: was it cut off, without the word that it ends, by
 * whomever? Without TLS nobody can tell: 0. */
int starttls_cut(const struct session *s);

#endif
