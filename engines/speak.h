#ifndef CM_SPEAK_H
#define CM_SPEAK_H

/* The process that speaks TLS for a server. */

#define SPEAK_MEMORY (64ul << 20)  /* address space of who speaks TLS, with the libraries */

struct speaking {
  /* The client, and what speaker.h says of the others. */
  int in, out, data, control, end, keys;
  const char *directory;     /* of certificates, for the log */
  unsigned long handshake, idle;  /* seconds */
  unsigned long most;        /* connections of one that is ready; then another begins */
  const char *id;            /* of log lines */
  int silent;                /* the program wants no answer on SSLCTLFD */
  int confined;              /* it is already */
};

/* Shake hands with the client, tell the program, and pump until it is over. */
void speak(const struct speaking *how) __attribute__((noreturn));

#endif
