#ifndef CM_LOOKUP_H
#define CM_LOOKUP_H

/* A mail address in a list: what cm-list(5) says of look-ups. */

#include "list.h"

/* The entry that decides about a mail address: of the address itself, of
 * @domain, of the domain, of the domains above it, or the first pattern that
 * matches. No bytes at all are the empty sender, listed as <>. Of an address
 * above LIST_KEYMAX only the end counts. Case does not matter.
 * 1; 0: not listed; -1: list_trouble() says why. */
int list_find(struct list *list, const char *address, size_t len, struct entry *entry);

/* The same, but entries to which counts says 0 are passed over. */
int list_choose(struct list *list, const char *address, size_t len,
                int (*counts)(const struct entry *entry), struct entry *entry);

#endif
