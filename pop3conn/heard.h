#ifndef CM_HEARD_H
#define CM_HEARD_H

/* What a server of IMAP has said: each answer is read whole, and what of it matters is in
 * the struct imapc, or given to those who want letters. */

#include "imapc.h"

/* What it says next: IMAPC_ITSELF without a tag; IMAPC_OK, _NO (BAD, too) to the oldest command
 * that had no answer, whose number is now `answered`; IMAPC_MORE: it waits for more; _LOST. What
 * belongs to a command may stand before the answer to an earlier one. */
int heard_next(struct imapc *c);

/* The rest of a line is for people, but for what stands in brackets at its beginning. 1; 0:
 * something is wrong, and why is in trouble. */
int heard_text(struct imapc *c);

#endif
