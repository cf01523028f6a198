#ifndef CM_HOPS_H
#define CM_HOPS_H

/* The hosts that a message came through: the client, and what the fields
 * Received say. The latter may be forged, all but those of hosts that we trust. */

#include "header.h"
#include "ip.h"

#define HOPS_MAX 16  /* the nearest; more are left out */

enum hops_which { HOPS_ALL, HOPS_ALL_BUT_FIRST, HOPS_LAST_ONLY };

/* Put the addresses into hops, the nearest first, none twice, without private
 * and trusted ones. client may be 0. The first host is where the message began;
 * the last, that is the nearest, is among them even if it is the only one. How
 * many, or -1 without memory. */
int hops_read(const struct header *header, const struct ip *client, enum hops_which which,
              struct ip hops[HOPS_MAX]);

#endif
