#ifndef CM_SERVING_H
#define CM_SERVING_H

/* The server's side of cm-tls, for one connection: which process does what. */

#include "speaker.h"

struct serving {
  struct speaker speaker;
  struct account program;
  int at_once;               /* the handshake comes before the program */
  const char *id;            /* of log lines */
  int port;                  /* tlsport_find() */
};

/* Start what will have TLS spoken with the client on 0 and 1, and become the program. */
void serving_become(const struct serving *wanted, char **program) __attribute__((noreturn));

#endif
