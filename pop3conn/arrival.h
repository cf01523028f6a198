#ifndef CM_ARRIVAL_H
#define CM_ARRIVAL_H

/* Letters of an IMAP session that were asked for, on their way in. A server may say all that
 * belongs to several commands before it answers the first of them, and in what order it
 * likes: which letter it is its UID says, and nothing else. What came early waits, in
 * files as every message (spool.h). */

#include "imapc.h"
#include "postbox.h"

/* Ask for one; more: for another one at once. IMAPC_OK or IMAPC_LOST. */
int arrival_ask(struct imapc *c, const char *uid, int more);

/* Have one, asked for or not. IMAPC_OK: it is in *to, whole; IMAPC_NO: it will not come, why
 * is in *trouble; where the server itself said so that is its refusal; IMAPC_LOST. In *large,
 * where that is why it will not come, of how many bytes it is. */
int arrival_take(struct imapc *c, const char *uid, struct message *to, unsigned long long *large, const char **trouble);

extern const char arrival_refused[];

/* Hear what there is to hear of letters that are not wanted any more: behind it no command
 * is without its answer. IMAPC_OK or IMAPC_LOST. */
int arrival_drain(struct imapc *c);

/* Let go of them. */
void arrival_forget(void);

#endif
