#ifndef CM_NOTES_H
#define CM_NOTES_H

/* What the journal knows of the letters that a mailbox has, and what that means for them. */

#include "journal.h"
#include "postbox.h"

enum { NOTES_SEEN = 1, NOTES_DELETED = 2 };  /* note.seen: it is in the mailbox; it was told to go */

/* The note of a letter that has a name there; 0: out of memory. */
struct note *notes_of(struct journal *j, const struct postbox *m, const struct letter *l);

/* That of one that has none: what it says is its name, and which of those that say the same it
 * is. It is seen then. */
struct note *notes_of_text(struct journal *j, const unsigned char *hash);

/* Mark what is in the mailbox, and nothing else. 1, or 0: out of memory. */
int notes_look(struct journal *j, const struct postbox *m);

/* A letter that was sent, or sent to some, under another name, with the same text, and is in the
 * mailbox no more: the server has given it a new name. 0: there is none. */
struct note *notes_before(const struct journal *j, const unsigned char *hash);

/* The days are over that it stays behind its delivery. */
int notes_over(const struct account *a, const struct note *n);

/* Larger than the account takes, by what the mailbox says or by what came. */
int notes_large(const struct account *a, const struct letter *l, const struct note *n);

/* It is to be fetched: to be handed on, or, as it was sent, to be deleted. */
int notes_want(const struct account *a, const struct postbox *m, const struct letter *l, const struct note *n);

#endif
