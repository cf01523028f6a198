#ifndef CM_HEADING_H
#define CM_HEADING_H

/* The header of a part that mime.h walks through: where it ends, what belongs to it and
 * where it goes on, for readers that differ. */

#include "mime.h"

/* Gather the header that begins, or goes on, at scan, up to the beginning of the body.
 * 1; 0: it is too large; -1 with errno. */
int heading_read(struct mime *m);

/* Behind the empty line that ended a header of other than a message: does it go on
 * for those who do not believe in that line? 1, 0, or -1 with errno. */
int heading_resumes(struct mime *m);

#endif
