#ifndef CM_POP_H
#define CM_POP_H

/* A server of mailboxes as control files name it: pop3 HOST PORT or pop3s HOST PORT,
 * where it may be that imap or imaps, too, and tls= behind it; cm-control(5). */

#include "upstream.h"

struct pop {
  const char *host, *port;
  int imap;                     /* it speaks IMAP, and not POP3 */
  int pop3s;                    /* TLS from the first byte on; of imaps, too */
  int tls;                      /* UPSTREAM_TLS_ */
};

/* Take a line apart, 0-terminated, which is changed and has to stay where it is. 0, or
 * what is wrong with it. */
const char *pop_line(struct pop *p, char *line);

/* The same where it may be a server of IMAP, and without tls= it is tls=verify. */
const char *pop_mailbox(struct pop *p, char *line);

#endif
