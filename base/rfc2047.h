#ifndef CM_RFC2047_H
#define CM_RFC2047_H

#include "owfat.h"

/* Append to out what len bytes of an unfolded field value say, with the
 * encoded words of RFC 2047 decoded and the blanks between two of them gone.
 * What is in a character set that charset_cat() knows becomes UTF-8; a word in another
 * is appended as the bytes it stands for. Words are found as mail
 * readers find them: wherever =?charset?B or Q?text?= stands, whatever the
 * character set and the length, with blanks in the text; bytes of the text that mean nothing are
 * skipped (B) or stand for themselves (Q). Anything else stays as it is.
 * The result may hold any byte. 1, or 0 without memory. */
int rfc2047_decode(const char *text, size_t len, stralloc *out);

#endif
