#ifndef CM_SHARE_H
#define CM_SHARE_H

/* A letter that only some of those have got that it is for: who they are stands in the
 * journal, and the next run sends it to the others alone. */

#include "journal.h"
#include "parcel.h"

/* Make addressees of p->to, with what the journal says of each of them and this very text.
 * p->note and the text's hash are known. 1, or 0 without memory. */
int share_begin(struct journal *j, struct parcel *p);

/* Write down who has it now, and to whom it is refused. 1; 0: there is none; -1: the journal
 * cannot be written. */
int share_note(struct journal *j, struct parcel *p);

/* All is over, and nothing needs to be known of them any more. 1 or -1. */
int share_forget(struct journal *j, const struct parcel *p);

/* The letter of the note `from` is now that of the note `to`. 1; -1: the journal cannot be
 * written, or out of memory. */
int share_rename(struct journal *j, struct note *from, struct note *to);

#endif
