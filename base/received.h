#ifndef CM_RECEIVED_H
#define CM_RECEIVED_H

/* The Received field of a message that came by SMTP, RFC 5321 section 4.4. */

#include "owfat.h"

/* What it says; texts that are not 0. */
struct received {
  const char *helo, *ip;     /* of the client */
  const char *host;          /* "": not known */
  const char *me, *id;
  const char *with;          /* the protocol, ours or clean */
  const char *tls;           /* its protocol and cipher; "" or 0: none */
  const char *recipient;     /* so many bytes of it; length 0: it is not said */
  size_t length;
};

/* Put it into top, with CRLF at its end. Names that the client chose lose what is not plain.
 * 1, or 0 without memory. */
int received(const struct received *r, stralloc *top);

#endif
