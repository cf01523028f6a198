#ifndef CM_READY_H
#define CM_READY_H

/* A process that has OpenSSL, certificates and keys ready, and forks one for each
 * connection that a porter hands to it, which dies with that connection. It takes its
 * work at SPEAKER_DATA, a tlsport_call with its descriptors and one more, for keys, and
 * says one byte there when it has begun. */

#include "speak.h"

/* Do that, for a time. how: but for descriptors and the id. */
void ready(const struct speaking *how) __attribute__((noreturn));

#endif
