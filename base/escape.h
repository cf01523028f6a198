#ifndef CM_ESCAPE_H
#define CM_ESCAPE_H

#include "owfat.h"

/* Append len bytes of text so that they stay within a line and do nothing to
 * the terminal that shows them: a backslash, a byte outside printable ASCII and
 * a byte of the string also is written \xHH. 1, or 0 without memory. */
int escape_cat(stralloc *to, const char *text, size_t len, const char *also);

#endif
