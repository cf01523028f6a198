#ifndef CM_MAILBOX_H
#define CM_MAILBOX_H

/* The mail addresses in a From, Sender or Reply-To field: address lists of RFC
 * 5322, sections 3.4 and 4.4. */

#include "owfat.h"

/* Append the addresses in len bytes of a field's value to sure and to maybe,
 * each followed by a 0 byte, which no address contains; comments, blanks and
 * the quotes of a local part are gone.
 *
 * sure: the addresses of a value that follows the grammar to its end, so that
 * everybody reads it alike. maybe: whatever else looks like an address in one
 * reading or another: in a value that breaks the grammar, in display names,
 * comments and quoted strings, as it is written, without comments, or decoded.
 * The same address may come more than once.
 *
 * Time and memory grow with len, not faster. 1, or 0 without memory. */
int mailbox_scan(const char *value, size_t len, stralloc *sure, stralloc *maybe);

#endif
