#ifndef CM_ENVELOPE_H
#define CM_ENVELOPE_H

/* The recipients of the message, of the file that CM_ENVELOPE names. */

#include "owfat.h"

/* Put them into to, each 0-terminated. How many; 0 where nothing is known of
 * them. A file that cannot be read, or is not whole, ends the stage. */
size_t envelope_recipients(stralloc *to);

#endif
