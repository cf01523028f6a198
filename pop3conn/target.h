#ifndef CM_TARGET_H
#define CM_TARGET_H

/* For whom a letter is; cm-fetch(8). */

#include "account.h"
#include "header.h"
#include "hop.h"

/* Put its recipients, a line each, into to, 0-terminated behind its length. 1; 0: it is
 * nobody's; -1: no memory, or a control file cannot be read: errno. */
int target_find(const struct account *a, const struct header *header, const struct hop *hop, stralloc *to);

#endif
