#ifndef CM_PEER_H
#define CM_PEER_H

/* Who and where, as the UCSPI server says it in the environment: the variables
 * of the protocol that $PROTO names, TCP if there is none. */

/* $TCPREMOTEIP and the like: name is "REMOTEIP". Or, set by an inetd of another
 * kind, $REMOTE_ADDR. "" if nobody says. */
const char *peer_fact(const char *name);

/* The name of our port: that of its directory, where we work; of joe/account it is joe. */
const char *peer_port(void);

#endif
