#ifndef CM_DELIMIT_H
#define CM_DELIMIT_H

/* The lines between the parts of a message that mime.h walks through: those of each boundary
 * that is open, under each reading of it, of those that were open before, and of
 * those that nobody gave but some readers find. */

#include "mime.h"

/* Is the line that begins with -- at s a delimiter? If it is, target and closing say of which
 * part. One that goes on behind -- begins a part too: for some readers it ends nothing.
 * 1, 0, or -1 without memory. */
int delimit_line(struct mime *m, const char *s, const char *end);

/* Is the line at s one to those who pass over blanks before it? 1 or 0. */
int delimit_indented(struct mime *m, const char *s, const char *end);

/* The boundaries of a part that is over are known on in the part around it: some
 * readers forget none. Of too many the oldest go. */
void delimit_remember(struct mime *m, const struct mime_part *part);

#endif
