#ifndef CM_EXCHANGE_H
#define CM_EXCHANGE_H

/* One transaction of SMTP or LMTP: a letter, and some of its addressees. */

#include "parcel.h"
#include "smtpc.h"

struct group {
  struct addressee **who;
  size_t count, room;
};

/* Hand a letter over in an open session with a server of this name, each answer within so
 * many seconds. Of each of the group, whose fate is FATE_SEND, its fate says what became of it;
 * that of those who are left as they were has not been decided. Where the server said so
 * its words for the first who has not got it, or else for the first, are in p->said, and the
 * log has them for each that has not, if the letter is for several. */
void exchange(struct smtpc *c, const char *name, struct parcel *p, const struct group *g, unsigned long seconds);

#endif
