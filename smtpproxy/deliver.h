#ifndef CM_DELIVER_H
#define CM_DELIVER_H

#include "session.h"

/* Do what the result's verdict says and queue the client's reply, by the table
 * of cm-smtpd(8): nobody hears 2xx before the upstream said so for this very
 * message, or our own record is on the disk. */
void deliver(struct session *s);

#endif
