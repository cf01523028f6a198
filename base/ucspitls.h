#ifndef CM_UCSPITLS_H
#define CM_UCSPITLS_H

/* TLS between a client and a front end: another program speaks it, beside this one,
 * cm-tls(8). It is one that all of a port use, tlsport.h, or was put before this one,
 * by the convention UCSPI-TLS. */

#include "owfat.h"
#include "stream.h"

/* Learn from the environment what there is, TLS that can be had or is spoken
 * already. 1, or 0 with trouble: control/tlsrequired wants more than that. */
int ucspitls_look(stralloc *trouble);

/* Is it to be had? */
int ucspitls_offered(void);

/* Does the environment, or control/tlsrequired, want that nothing goes on without? */
int ucspitls_required(void);

/* Protocol and cipher, where it is spoken already; or 0. */
const char *ucspitls_words(void);

/* Have it spoken from now on, on the same descriptors, within so many seconds:
 * nothing may be unread or unsent. id: of log lines. 1; 0: no more may be said on this
 * connection. */
int ucspitls_begin(struct stream *client, const char *id, unsigned long seconds);

/* The client's side has ended: was it cut off, without the word that it ends, by
 * whomever? Without TLS nobody can tell: 0. */
int ucspitls_cut(void);

#endif
