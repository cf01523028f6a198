#ifndef CM_COURIER_H
#define CM_COURIER_H

/* Handing letters to the mail server: by SMTP or LMTP, many in one session, or to a
 * program in qmail-queue's place. */

#include "account.h"
#include "parcel.h"

/* Hand it over to those addressees whose fate is FATE_SEND, and say what became of each: the
 * fate of one that is as before, or FATE_LATER, has not been decided. Of the whole:
 * FATE_TAKEN: by a 2xx, or code 0. FATE_REFUSED: for good, for at least one, and the others
 * have it; FATE_LATER: not now, and nobody has it; FATE_PART: some have it, or never will;
 * FATE_DOUBT: no answer came behind the whole of it, which is logged. In p->said what the
 * server said first about somebody who has not got it, or else about anybody. */
enum fate courier_send(const struct account *a, struct parcel *p);

/* Behind FATE_PART: is there somebody to whom another letter can be handed? */
int courier_goes_on(void);

/* Whom it was handed to, for the log. */
const char *courier_name(const struct account *a);

/* End the session. */
void courier_end(void);

#endif
