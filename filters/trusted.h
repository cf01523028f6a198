#ifndef CM_TRUSTED_H
#define CM_TRUSTED_H

/* control/trusted: networks whose hosts hand on other people's mail to us, so
 * that nothing is held against them. */

#include "ip.h"

/* Read it. 0, or what is wrong with it; without it nobody is trusted. */
const char *trusted_begin(void);

/* Is the address in one of the networks? 1 or 0. */
int trusted_has(const struct ip *ip);

/* End the stage for a client that has authenticated itself, or that is in one of
 * them. */
void trusted_exempt(void);

#endif
