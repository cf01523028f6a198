#ifndef CM_TLSPORT_H
#define CM_TLSPORT_H

/* What speaks TLS with the clients of a port for whoever serves them, cm-tls(8): one
 * process takes all connections for which it is wanted. */

/* The descriptors of one: the client, both ways; plain bytes of the program that serves
 * it, a socket; where that gets the answer of UCSPI-TLS; and a pipe, into which c is
 * written when the client has ended in order. */
enum { TLSPORT_IN, TLSPORT_OUT, TLSPORT_DATA, TLSPORT_CONTROL, TLSPORT_END, TLSPORT_FDS };

/* What comes with them. */
struct tlsport_call {
  char command;  /* 'Y'; or 'y', no answer is wanted */
  char id[63];   /* of log lines, 0-terminated */
};

/* The variable that names its socket. */
#define TLSPORT "CM_TLSPORT"

/* Find it, and keep it from all programs that we start. A descriptor; -1: there is none. */
int tlsport_find(void);

/* Is it there? 1 or 0. */
int tlsport_alive(int port);

/* Have TLS spoken. 1, and it has all of these descriptors, too; -1 with errno. */
int tlsport_ask(int port, char command, const char *id, const int fd[TLSPORT_FDS]);

#endif
