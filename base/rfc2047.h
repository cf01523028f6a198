#ifndef CM_RFC2047_H
#define CM_RFC2047_H

#include "owfat.h"

/* Append to out what len bytes of an unfolded field value say, with the
 * encoded words of RFC 2047 decoded and the blanks between two of them gone.
 * us-ascii, utf-8, iso-8859-1 and windows-1252 become UTF-8; a word in another
 * character set is appended as the bytes it stands for. What is no well-formed
 * encoded word stays as it is. 1, or 0 without memory. */
int rfc2047_decode(const char *text, size_t len, stralloc *out);

#endif
