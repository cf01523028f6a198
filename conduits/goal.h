#ifndef CM_GOAL_H
#define CM_GOAL_H

/* Where a message goes that was decided about: ./DIR/ or /DIR/, a maildir as in a .qmail file;
 * an address, for the program of control/queue; or store, the quarantine. */

#include "item.h"

/* Is the word one of these? 1 or 0. */
int goal_valid(const char *word);

/* Take it there, with what the pipeline has made of it. seconds: that the queue may take. said: gets a few
 * words about that for the mail log, 0-terminated. 1: it is there, on the disk. 0: it is not, and
 * the log says why. */
int goal_reach(const char *word, struct item *i, unsigned long seconds, stralloc *said);

#endif
