#ifndef CM_SERVING_H
#define CM_SERVING_H

/* The server's side of cm-tls: which process does what. */

#include <sys/types.h>

#define SERVING_SPEAKER "cm-tlsd"

/* What the speaker has, besides the client on 0 and 1 and the log on 2. */
enum {
  SERVING_DATA = 3,     /* the program: its plain bytes, */
  SERVING_CONTROL = 4,  /* its SSLCTLFD, and */
  SERVING_END = 5,      /* what tells it that an end was in order */
  SERVING_KEYS = 6,     /* keys_ask() */
  SERVING_FREE = 7      /* and nothing from here on */
};

struct serving_account {
  const char *name;          /* "": who we are */
  uid_t uid;
  gid_t gid;
};

struct serving {
  int at_once;               /* the handshake comes before the program */
  const char *directory;     /* of certificates */
  struct serving_account speaker, program;
  const char *handshake, *idle;   /* seconds, digits */
  const char *id;            /* of log lines */
};

/* Start what will have TLS spoken with the client on 0 and 1, and become the program. */
void serving_become(const struct serving *wanted, char **program) __attribute__((noreturn));

#endif
