#ifndef CM_LEARNER_H
#define CM_LEARNER_H

/* Those that learn from messages: commands that read one on descriptor 0 and
 * exit 0 when they have learned it. */

#include "owfat.h"

/* Use the command whose words stand in text, with blanks between them.
 * 1, or 0: no words, too many commands, or no memory. */
int learner_add(const char *text, size_t len);

/* Use the commands of control/learn whose line begins with the verb.
 * So many; 0: none; -1 with errno. */
int learner_read(const char *verb);

/* Let all of them learn the message of fd. 1; 0: one of them did not, and why
 * says so, 0-terminated. */
int learner_teach(int fd, stralloc *why);

#endif
