#ifndef CM_NETWORKS_H
#define CM_NETWORKS_H

/* A control file that lists networks: ADDRESS or ADDRESS/BITS a line, of IPv4
 * and IPv6. */

#include "ip.h"
#include "owfat.h"

/* Read it, by its name "control/FILE", into networks: struct ip, one behind the
 * other. 1; 0: there is no such file, and no network; -1 with the reason, which
 * names file and line, in trouble, 0-terminated. */
int networks_read(const char *name, stralloc *networks, stralloc *trouble);

/* Is the address in one of them? 1 or 0. */
int networks_have(const stralloc *networks, const struct ip *ip);

#endif
