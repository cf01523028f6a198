#ifndef CM_OPENING_H
#define CM_OPENING_H

/* What a file is by the first words of its text. */

#include <stddef.h>

/* The word of its kind, or 0. */
const char *opening_find(const char *bytes, size_t len);

#endif
