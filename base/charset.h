#ifndef CM_CHARSET_H
#define CM_CHARSET_H

#include "owfat.h"

/* Append len bytes of text in the named character set as UTF-8, if it is one that does not
 * write ASCII as ASCII (UTF-7, UTF-16, UTF-32, EBCDIC), or iso-8859-1 or windows-1252;
 * else, and where nothing else is possible, as they are. Of EBCDIC only what every code page
 * has in the same place is known: letters, digits, and the usual signs of file names.
 * 1, or 0 without memory. */
int charset_cat(const char *charset, size_t charsetlen, const char *text, size_t len, stralloc *out);

#endif
