#ifndef CM_XTEXT_H
#define CM_XTEXT_H

/* xtext, RFC 3461 section 4: any bytes as printable ones without = and blanks. */

#include "owfat.h"

/* Append value, encoded. 1, or 0 without memory. */
int xtext_encode(stralloc *to, const char *value, size_t len);

/* Decode all of it into to, 0-terminated behind its length. 1; 0: it is none, or there is no
 * memory. What one has to write as +XX is taken as it is, too, if it is printable. */
int xtext_decode(stralloc *to, const char *text, size_t len);

#endif
