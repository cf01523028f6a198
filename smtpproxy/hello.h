#ifndef CM_HELLO_H
#define CM_HELLO_H

#include "session.h"

/* HELO and EHLO (RFC 5321, 4.1.1.1), of which args, of len bytes, are what stands behind the
 * command. A transaction that was open is over. Each gives back its reply, which stays until
 * the next. EHLO connects to the upstream, where there is but one way, to offer no more than
 * that does. */
const char *hello_helo(struct session *s, const char *args, size_t len);
const char *hello_ehlo(struct session *s, const char *args, size_t len);

/* The largest message that is taken, in bytes, as SIZE (RFC 1870) says; 0: no limit. */
unsigned long hello_size(const struct session *s);

#endif
