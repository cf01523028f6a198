#ifndef CM_LISTING_H
#define CM_LISTING_H

/* List a store: a row for each message, the oldest first, that all filters let
 * through: FIELD=PATTERN, or since=TIME, until=TIME. tabs: with tabs between the
 * columns, else aligned. 1; -1: some of it could not be read, which was told.
 * A filter that is none ends the program. */
int listing(int dir, char *const *filters, int tabs);

/* Show on a terminal on descriptor 2 how far long work is. what 0: it is over. */
void listing_progress(const char *what, long at, long of);

#endif
