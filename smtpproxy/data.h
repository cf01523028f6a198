#ifndef CM_DATA_H
#define CM_DATA_H

#include "session.h"

/* The way of one message from 354 to the last reply: receive it, filter it, do
 * what the verdict says, tell the client, write its line of the mail log. The
 * caller resets the transaction. */
void data_take(struct session *s);

#endif
