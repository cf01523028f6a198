#ifndef CM_REASON_H
#define CM_REASON_H

/* The first line of a report, of words that come from elsewhere. */

#include "owfat.h"

/* Make the first line of len bytes of text the reason of the verdict, as
 * reply_reason() does, with a status code in any case: 2.0.0 for a message that
 * may pass. 0-terminated. 1, or 0 without memory. */
int reason_make(int verdict, const char *text, size_t len, stralloc *reason);

#endif
