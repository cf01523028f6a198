#ifndef CM_TLSC_H
#define CM_TLSC_H

/* The client side of TLS: cm-tlsd(8) speaks it with a server, in a process of its
 * own between the server and us. */

enum { TLSC_ANY, TLSC_VERIFY };  /* any certificate, or one that is good for the host */

struct tlsc {
  const char *said;  /* what was agreed on, "PROTOCOL CIPHER any|verified sha256:... NAME", or why
                      * there is nothing; static, printable */
  int process;       /* the process, a pidfd */
};

/* Shake hands on fd with a host, of this name or address, within so many seconds.
 * fd is no longer the caller's. A descriptor on which the rest goes in clear, close
 * on exec; -1: see said. Whom to believe about certificates: control/tlsca. */
int tlsc_start(struct tlsc *t, int fd, const char *host, int level, unsigned long seconds);

/* The connection is over, and that descriptor closed: end the process, too. */
void tlsc_end(int process);

#endif
