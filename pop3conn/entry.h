#ifndef CM_ENTRY_H
#define CM_ENTRY_H

/* A line of the journal: STATE TIME SIZE HASH NAME CHECKSUM, behind a first one that says
 * whose journal it is: cm-fetch VERSION TOKEN MAILBOX CHECKSUM. */

#include "journal.h"

enum { ENTRY_LINE = 512 };  /* bytes */

/* What a note says now, with its line feed. Its length. */
size_t entry_compose(const struct note *n, char line[ENTRY_LINE]);

/* Is the checksum at the end of a line of *len bytes right? Then *len is what stands before
 * it. 1 or 0. */
int entry_sound(const char *line, size_t *len);

/* Take what a sound line tells, 0-terminated, into the journal's notes. 1; 0: it tells nothing,
 * although nobody but us has written it; -1: out of memory. */
int entry_take(struct journal *j, const char *line);

/* The first line, with its line feed, of the journal of this mailbox. Its length. */
size_t entry_first(const struct journal *j, const char *mailbox, char line[ENTRY_LINE]);

/* Does a journal begin with these bytes? 0, and its token; else why not, static. */
const char *entry_begins(const char *line, size_t len, char token[JOURNAL_TOKEN + 1]);

#endif
