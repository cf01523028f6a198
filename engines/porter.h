#ifndef CM_PORTER_H
#define CM_PORTER_H

/* One process for all connections of a port on which TLS is wanted: it takes each,
 * tlsport.h, and hands it to another that has OpenSSL ready. Certificates and keys
 * are opened by it alone. */

#include "speaker.h"

/* Start it, and become the server whose programs find it. handshakes: at a time, at most
 * SPEAKER_MOST; who comes then waits. */
void porter_begin(const struct speaker *s, unsigned int handshakes, char **server) __attribute__((noreturn));

#endif
