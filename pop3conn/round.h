#ifndef CM_ROUND_H
#define CM_ROUND_H

/* One round: fetch what is new in the mailbox, hand it on, and delete what may go.
 *
 * A letter is deleted only if its note says `sent` and journal_commit() has returned since,
 * in the very session in which all of it was fetched, with the same content. Its states:
 *
 *     new -> going, committed -> handed over -> sent, committed -> deleted
 *
 * Whoever dies between two of them leaves a letter that is in the mailbox, or handed over
 * and known as `sent`, or `going`: that one is in doubt, is logged, and goes out again. */

#include "account.h"
#include "journal.h"
#include "postbox.h"

enum { ROUND_DONE = 0, ROUND_REFUSED = 1, ROUND_PASSWORD = 77, ROUND_LOCKED = 99, ROUND_CALL = 100, ROUND_TROUBLE = 111 };

/* Make a round; stay: and as long as the mailbox tells of new letters by itself (IMAP IDLE)
 * go on. The exit code that the last one is worth. */
int round_make(const struct account *a, struct journal *j, int stay);

/* Open the mailbox, for both of these. ROUND_DONE, or what else it is worth, which is logged. */
int round_let_in(struct postbox *m, const struct account *a);

/* Say on descriptor 1 what would happen, and do nothing. */
int round_show(const struct account *a, struct journal *j);

/* The name of an account's mailbox for its journal. 1, or 0 without memory. */
int round_mailbox(const struct account *a, stralloc *name);

#endif
