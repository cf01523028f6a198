#ifndef CM_FOLDER_H
#define CM_FOLDER_H

#include "owfat.h"

/* Append the name of a folder of IMAP, 0-terminated and in UTF-8, as IMAP4rev1 writes it:
 * modified UTF-7, RFC 3501, 5.1.3. 1; 0: it is not UTF-8; -1 without memory. */
int folder_encode(stralloc *to, const char *name);

#endif
