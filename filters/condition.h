#ifndef CM_CONDITION_H
#define CM_CONDITION_H

/* The conditions of an entry in a list of senders, cm-list(5): +spf, +dkim,
 * +dmarc, +ip=NETWORK. They ask whether the address is what it seems to be. */

#include "list.h"

/* Has the entry any? 1 or 0. */
int condition_any(const struct entry *entry);

/* Are all of them known? 1 or 0. */
int condition_known(const struct entry *entry);

/* Do all of them hold for the address, by what earlier stages declared and by
 * the client's address? Of several networks one is enough. An unknown one does
 * not hold. 1; 0; -1 with errno: $CM_FIELDS cannot be read. */
int condition_holds(const struct entry *entry, const char *address);

#endif
