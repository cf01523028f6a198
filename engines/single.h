#ifndef CM_SINGLE_H
#define CM_SINGLE_H

/* The names of the one file in a compressed file. */

#include "owfat.h"

/* Append, each with a 0 behind it, the name that a gzip or uuencoded file of
 * this kind, which begins with bytes, gives what it holds, and what remains of
 * its own name without the extension. 1, or 0 without memory. */
int single_names(const char *kind, const char *bytes, size_t have,
                 const char *name, size_t len, stralloc *names);

#endif
