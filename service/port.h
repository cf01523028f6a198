#ifndef CM_PORT_H
#define CM_PORT_H

/* The directory of a port, of cm-smtpd, cm-pop3d or cm-milter, and what others share of it. */

#include <pwd.h>

/* How many of these words are a line of control/upstream for a mail server; 0: they are
 * none. */
size_t port_upstream(char **words);

/* The same for the server that has the mailboxes: of POP3, or also of IMAP. */
size_t port_mailboxes(char **words, int imap);

/* Text for control/upstream. */
extern const char port_upstream_is[];

/* Make control/pipeline, the suite's, to be changed here; or the least. */
void port_pipeline(void);

/* Make control/quarantine. */
void port_quarantine(void);

struct port {
  const struct passwd *acct;
  const char *tls;       /* the account that speaks TLS; 0: none is spoken */
  const char *proxy;     /* network of a load balancer, whose header comes before TLS; 0: there is none */
  int pop;               /* it is for mailboxes */
  const char *address, *port;
  char **upstream;       /* words; 0: a mail server asks, and has the mail */
};

/* Make control, and the text of run. */
void port_make(const struct port *p);

#endif
