#ifndef CM_JOURNAL_H
#define CM_JOURNAL_H

/* What has become of the letters of one mailbox: the file `journal` in the account's
 * directory, cm-fetch(8). Lines are appended, each with a checksum; the last one about a
 * letter counts. A line that is torn or damaged is one that is not there: what it told is
 * fetched again, and no letter is ever deleted for it.
 *
 *   going    it may be with the receiving server from here on, and nobody knows
 *   sent     that has taken it, or a verdict did: the mailbox may forget it
 *   refused  it is refused for good, and stays where it is
 *   left     it was there before the first run, and is none of ours
 *   large    it is too large
 *   part     some of those that it is for have it, and it goes out again to the others
 *   given    one of several that it is for has it, or
 *   denied   is refused for good: of these the name ends with the address
 *   gone     nothing is known of it any more */

#include <stddef.h>
#include <stdint.h>

#include "owfat.h"

enum journal_state {
  JOURNAL_GONE, JOURNAL_GOING, JOURNAL_SENT, JOURNAL_REFUSED, JOURNAL_LEFT, JOURNAL_LARGE, JOURNAL_PART, JOURNAL_GIVEN,
  JOURNAL_DENIED, JOURNAL_STATES
};

enum { JOURNAL_HASH = 16, JOURNAL_TOKEN = 32, JOURNAL_NAME = 400 };

/* What is known of a letter. */
struct note {
  unsigned char hash[JOURNAL_HASH];  /* of all that was fetched, as SHA-256 begins */
  uint64_t time;              /* of the line, seconds since 1970 */
  uint64_t size;              /* as the mailbox said */
  enum journal_state state;
  int seen;                   /* the caller's, 0 at first */
  char *name;                 /* VALIDITY UID, or VALIDITY UID RECIPIENT: its key */
  struct note *next;
};

struct journal {
  int dir, fd;                /* dir is locked as long as it is open */
  char token[JOURNAL_TOKEN + 1];  /* of this journal alone */
  unsigned long damaged;      /* lines that do not count */
  unsigned long lines, live;
  int dirty;                  /* something was written that may not be on the disk */
  int failed;                 /* errno of what failed once; nothing counts any more */
  struct note **table;
  size_t slots;
};

/* Lock the working directory and read its journal, which is that of a mailbox of this
 * name, or begin one; only look: no lock, and nothing is written. 1; 0: another process
 * has it; -1 with a line for the log in trouble, 0-terminated: then nothing may be fetched. */
int journal_open(struct journal *j, const char *mailbox, int look, stralloc *trouble);

/* The note about a name. 0: there is none. */
struct note *journal_find(const struct journal *j, const char *name);

/* The same, made where there is none (state gone). 0: out of memory. */
struct note *journal_note(struct journal *j, const char *name);

/* Write down what a note says now, in the file before this returns, and safe from the end
 * of this process; not yet from that of the machine. 1, or -1. */
int journal_write(struct journal *j, struct note *n, enum journal_state state);

/* Bring all of it to the disk. 1, or -1: what was written since the last time may be
 * lost, and must never be relied upon. */
int journal_commit(struct journal *j);

/* Each note in no order, 0 at first. A caller may write it. 0: no more. */
struct note *journal_next(const struct journal *j, const struct note *n);

/* Let the file have no more lines than it needs, if that is worth it. 1, or -1. */
int journal_tidy(struct journal *j, const char *mailbox);

#endif
