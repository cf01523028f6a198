#ifndef CM_STATE_H
#define CM_STATE_H

/* Small state that processes share without a daemon: a file of fixed size below
 * $CM_HOME/state, in which a key has a few counters and two times. It forgets: the
 * cell used longest ago makes room for a new one in its bucket. A cell that was
 * written only in part, or damaged, is a cell that is not there. Nothing is
 * brought to the disk: a loss of power may cost what is recent, or all. */

#include <stddef.h>
#include <stdint.h>

enum {
  STATE_COUNTS = 6,        /* counters of a cell */
  STATE_BUCKET = 8,        /* cells that are looked at for one key */
  STATE_LEAST  = 1024,     /* cells of a file */
  STATE_MOST   = 262080,   /* 16 MiB with the head, what pipeline/job.c lets a stage write */
  STATE_KEYMAX = 1000      /* bytes of a key; of a longer one the rest does not count */
};

struct state {
  int fd;
  unsigned long buckets;
  unsigned char secret[16];  /* that nobody may choose keys for one bucket */
};

/* What there is for a key. first, last and count are the caller's; times are
 * seconds since 1970, and last is what makes a cell old. */
struct cell {
  uint64_t first, last;
  uint32_t count[STATE_COUNTS];
  unsigned long bucket;    /* from here on the module's */
  unsigned int place;
  unsigned char key[16];
};

/* Open $CM_HOME/state/NAME, and make it for so many cells (of 64 bytes each) where
 * it is missing; a file that is none of this version, or not whole, is put aside as
 * NAME.bad and made anew. An existing one keeps its size. 1, or -1 with errno. */
int state_open(struct state *s, const char *name, unsigned long cells);

/* Find the key's cell and lock its bucket until state_set or state_leave. One whose
 * last is before `since` counts as not there. Only one at a time.
 * 1; 0: there is none, cell is zero; -1 with errno (EBUSY: another process has the
 * bucket for too long): nothing is locked. */
int state_get(struct state *s, const char *key, size_t len, uint64_t since, struct cell *cell);

/* Write it, and unlock. 1, or -1 with errno: what was there before is there, or nothing. */
int state_set(struct state *s, const struct cell *cell);

/* Unlock. */
void state_leave(struct state *s, const struct cell *cell);

/* Copy the next cell that is in use, in no order; *at: where to go on, 0 at first.
 * Nothing is locked. 1; 0: there is no more; -1 with errno. */
int state_next(const struct state *s, unsigned long *at, struct cell *cell);

/* Take one of so many slots that the key has. It is held until s->fd is closed, by
 * this process or, however it ends, by the kernel; a program that it starts has none.
 * 1; 0: all are taken; -1 with errno. */
int state_slot(struct state *s, const char *key, size_t len, unsigned int most);

#endif
