#ifndef CM_PROXY_H
#define CM_PROXY_H

/* The header that a proxy puts before the bytes of a connection, to say whose they
 * are: the PROXY protocol, versions 1 and 2. */

#include "ip.h"

#define PROXY_FIRST 12    /* bytes that every header has, and that tell which it is */
#define PROXY_V1 107      /* bytes of a line of version 1, CRLF too */
#define PROXY_V2 16       /* of version 2, to the length of the rest */
#define PROXY_REST 4096   /* that we take; addresses have 36 at most, the rest is passed over */
#define PROXY_MADE 52     /* of the header that we make */

struct proxy {
  int known;              /* there are addresses; else the proxy speaks for itself, or does not know */
  struct ip from, to;     /* the client, and where it connected to; both are of one family */
  unsigned int from_port, to_port;
};

/* Read a line of version 1, of len bytes, CRLF too. 1, or 0: it is none. */
int proxy_v1(const char *line, size_t len, struct proxy *p);

/* The length of what follows the first 16 bytes of version 2; -1: it is none, or too long. */
int proxy_rest(const char *header);

/* Read a header of version 2 of so many bytes as it says. 1, or 0: it is none. */
int proxy_v2(const char *header, size_t len, struct proxy *p);

/* Make one of version 2. How many bytes. */
size_t proxy_make(const struct proxy *p, char header[PROXY_MADE]);

#endif
