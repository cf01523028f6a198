#ifndef CM_FACTS_H
#define CM_FACTS_H

/* What is told of a port on descriptor 1: for people cells below each other, in groups; for
 * programs a line for each fact, of a key and what it is, with tabs between. Without memory all
 * of these end the program with 111. */

#include "owfat.h"

/* Is it for people? */
int facts_people(void);

/* Four cells of a group. Those of one group come one after the other. */
void facts_row(const char *key, const char *group, const char *const cells[4]);

/* A sentence about something, behind all rows. */
void facts_say(const char *key, const char *about, const char *words);

/* Write them all. 1; -1 with errno. */
int facts_print(void);

#endif
