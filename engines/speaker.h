#ifndef CM_SPEAKER_H
#define CM_SPEAKER_H

/* The program with OpenSSL, and the places of its descriptors. */

#include "account.h"

#define SPEAKER "cm-tlsd"
#define SPEAKER_MOST 1000  /* connections of one that is ready, and handshakes at a time */

/* The client is on 0 and 1, the log on 2. */
enum {
  SPEAKER_DATA = 3,     /* the program: its plain bytes, */
  SPEAKER_CONTROL = 4,  /* its SSLCTLFD, and */
  SPEAKER_END = 5,      /* what tells it that an end was in order */
  SPEAKER_KEYS = 6,     /* keys_ask() */
  SPEAKER_FREE = 7      /* and nothing from here on */
};

struct speaker {
  struct account who;
  const char *directory;          /* of certificates, a control file */
  const char *handshake, *idle;   /* seconds, digits */
  const char *most;               /* connections of one that is ready, digits */
};

/* Become the speaker of a connection, or, where command is 0, one that is ready to
 * fork such, ready.h; with these descriptors, -1 for none. id: of log lines. */
void speaker_become(const struct speaker *s, char command, const char *id, const int fd[SPEAKER_FREE])
  __attribute__((noreturn));

#endif
