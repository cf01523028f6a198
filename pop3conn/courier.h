#ifndef CM_COURIER_H
#define CM_COURIER_H

/* Handing letters to the mail server: by SMTP or LMTP, many in one session, or to a
 * program in qmail-queue's place. */

#include "account.h"
#include "parcel.h"

/* Hand it over. FATE_TAKEN: by a 2xx, or code 0. FATE_REFUSED: for good, for at least one
 * of those it is for; FATE_LATER: not now, nobody has it, and no other is to be tried;
 * FATE_DOUBT: no answer came behind the whole of it, which is logged. In p->said what the
 * server said. */
enum fate courier_send(const struct account *a, struct parcel *p);

/* Whom it was handed to, for the log. */
const char *courier_name(const struct account *a);

/* End the session. */
void courier_end(void);

#endif
