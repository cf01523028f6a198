#ifndef CM_BATCH_H
#define CM_BATCH_H

/* The letters of a round that are in hand: some that the mailbox was asked for, some that are to
 * be handed over together, and those that may be deleted at the next fsync. One process has
 * one batch. */

#include "account.h"
#include "journal.h"
#include "postbox.h"

struct round {
  const struct account *account;
  struct journal *journal;
  struct postbox box;
  unsigned long fetched, taken, refused, later;  /* letters */
  int lost;                           /* the mailbox is */
  int trouble;                        /* something is to be tried again */
};

/* A new one, from the mailbox's first letter on. */
void batch_begin(void);

/* Have all letters of the mailbox been asked for, and come? */
int batch_over(const struct round *r);

/* Ask for more letters, while those that came are on their way. 1, or 0: nothing more may be
 * done. */
int batch_ask(struct round *r);

/* Fetch what was asked for, and have it judged. 1; 0: the mailbox is lost, or nothing more
 * may be done. */
int batch_gather(struct round *r);

/* Hand over what stands ready, when it is on the disk that it is going. 1; 0: no more today. */
int batch_send(struct round *r);

/* Bring the journal to the disk, and delete what may go since: the one place where letters
 * are deleted. 1, or 0: nothing more may be done. */
int batch_commit(struct round *r);

/* Say in the log what is wrong with a letter of this id, or "-"; that the journal cannot be
 * written; that the mailbox is lost. 0. */
int batch_failed(struct round *r, const char *id, const char *what, const char *why);
int batch_unwritten(struct round *r);
int batch_lost(struct round *r);

#endif
