#ifndef CM_MEMORY_H
#define CM_MEMORY_H

/* What became of the messages of one account, by their UIDL, so that none is
 * judged twice: a file below $CM_HOME/state/pop3, to which records are added.
 * Nothing is brought to the disk: what is torn or damaged is not there, and the
 * message is judged again. */

#include <stdint.h>
#include <sys/types.h>

#include "owfat.h"

enum { MEMORY_ID = 16, MEMORY_HASH = 32 };

enum memo_kind {
  MEMO_HEADER = 1,  /* the text goes before the body of the message, which is unchanged */
  MEMO_WHOLE,       /* the text stands for all of the message */
  MEMO_FAILED       /* it could not be judged; no text */
};

struct memo {
  unsigned char uid[MEMORY_ID];    /* memory_id() of the UIDL */
  unsigned char hash[MEMORY_HASH]; /* SHA-256 of the message as it came */
  unsigned char top[MEMORY_ID];    /* memory_id() of its header, the first body bytes */
  uint64_t body;
  uint64_t time;                   /* seconds since 1970; of MEMO_FAILED: of the first failure */
  uint64_t size;                   /* octets of what the client gets */
  uint64_t textlen;
  uint32_t kind, failures;
};

struct memory {
  int fd;                    /* -1: there is no file, or none yet */
  off_t end;                 /* behind the last record that is whole */
  unsigned long limit;       /* bytes of the file */
  char name[2 * MEMORY_ID + 1];
};

void memory_id(const void *data, size_t len, unsigned char id[MEMORY_ID]);

/* Which file is it? Nothing is made yet. */
void memory_begin(struct memory *m, const char *host, const char *port, const char *user, unsigned long limit);

/* Walk its records: take gets each, and where it stands. Where the same UIDL comes
 * again the later one counts. 1, or -1 with errno. */
int memory_walk(struct memory *m, void (*take)(void *with, const struct memo *memo, off_t at), void *with);

/* The record at this place again. 1; 0: it is damaged. */
int memory_get(const struct memory *m, off_t at, struct memo *memo);

/* Is its text whole? It stands in the file from *text on. 1 or 0. */
int memory_text(const struct memory *m, off_t at, const struct memo *memo, off_t *text);

/* Add a record with the text of memo->textlen bytes that is at text, or with text
 * 0 in the file fd. Files of accounts that nobody asked about for so many days go
 * when a new one is made. Where it stands, or 0 with errno (ENOSPC: the limit). */
off_t memory_add(struct memory *m, const struct memo *memo, const char *text, int fd, unsigned long days);

/* Write the file anew with the records that stand at these places only, which
 * become their new places; 0 is passed over. 1, or 0: the file is as it was, and
 * the places must be asked for again. */
int memory_keep(struct memory *m, off_t *at, size_t count);

#endif
