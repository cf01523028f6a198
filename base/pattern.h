#ifndef CM_PATTERN_H
#define CM_PATTERN_H

#include <stddef.h>

/* Does the text match the pattern: ? stands for one byte, * for any number of
 * bytes, letters of ASCII match in both cases. 1 or 0. The time is at most
 * the product of both lengths; nothing is allocated. */
int pattern_match(const char *pattern, size_t patternlen, const char *text, size_t len);

/* Can it match no address: a domain alone, as it stands in qmail's rcpthosts, or one behind an @
 * without a * before that? 1 or 0. */
int pattern_vain(const char *pattern, size_t len);

#endif
