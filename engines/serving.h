#ifndef CM_SERVING_H
#define CM_SERVING_H

/* The server's side of cm-tls: which process does what. */

#include <pwd.h>

enum { DONE = 0, CUT = 1, WRONG = 100, TROUBLE = 111 };  /* exit codes */

#define SERVING_MEMORY (64ul << 20)  /* address space of who speaks TLS, with the libraries */

struct serving {
  int at_once;               /* the handshake comes before the program */
  const char *directory;     /* of certificates */
  const char *empty;         /* to make the root directory; or 0 */
  const struct passwd *account;   /* of who speaks TLS; 0: ours */
  unsigned long handshake, idle;  /* seconds */
  const char *id;            /* of log lines */
};

/* Say why, and end. */
void serving_stop(int code, const char *what, const char *why) __attribute__((noreturn));

/* Start what speaks TLS with the client on 0 and 1, and become the program. */
void serving_become(const struct serving *wanted, char **program) __attribute__((noreturn));

#endif
