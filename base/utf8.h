#ifndef CM_UTF8_H
#define CM_UTF8_H

#include <stddef.h>

/* The length of the well-formed sequence (RFC 3629) that text, which has len > 0
 * bytes, begins with: 1 to 4. 0: there is none. */
size_t utf8_length(const char *text, size_t len);

/* May these n bytes, a sequence, be shown? Controls may not, of both sets, nor
 * what turns the direction of writing or ends a line in Unicode. 1 or 0. */
int utf8_shows(const char *text, size_t n);

#endif
