#ifndef CM_PROGRESS_H
#define CM_PROGRESS_H

/* How far a long work is, for the terminal that descriptor 2 may be; elsewhere
 * nothing is written. */

/* "WHAT NUMBER" on a line that the next one overwrites, ten times a second at most. */
void progress_show(const char *what, unsigned long number);

/* Empty that line, so that something else can be written. */
void progress_end(void);

#endif
