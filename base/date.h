#ifndef CM_DATE_H
#define CM_DATE_H

#include "owfat.h"

/* Append the time now, RFC 5322, 3.3, in UTC. 1, or 0 without memory. */
int date_now(stralloc *line);

#endif
