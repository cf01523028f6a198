#ifndef CM_SPEAK_H
#define CM_SPEAK_H

/* The process that speaks TLS for a server: its descriptors are those of serving.h. */

#define SPEAK_MEMORY (64ul << 20)  /* address space of who speaks TLS, with the libraries */

struct speaking {
  const char *directory;     /* of certificates, for the log */
  unsigned long handshake, idle;  /* seconds */
  const char *id;            /* of log lines */
  int silent;                /* the program wants no answer on SSLCTLFD */
};

/* Shake hands with the client, tell the program, and pump until it is over. */
void speak(const struct speaking *how) __attribute__((noreturn));

#endif
