#ifndef CM_PATHS_H
#define CM_PATHS_H

#include "session.h"

/* MAIL and RCPT, with the reverse-path and the forward-paths (RFC 5321, 4.1.1.2 and 4.1.1.3):
 * args, of len bytes, are what stands behind the command. The upstream is asked first, and what
 * it answers is the reply. Each gives back its reply, or 0 where that has been queued already;
 * one that begins with 5 counts as an error of the client's. */
const char *paths_mail(struct session *s, const char *args, size_t len);
const char *paths_rcpt(struct session *s, const char *args, size_t len);

#endif
