#ifndef CM_QUOTA_H
#define CM_QUOTA_H

/* The limits of a store, cm-store(5), and its sweeper. Nothing goes that is
 * younger than the least age: then the store is full, and who wants to put
 * something in hears so. The file `usage` in the store counts along, so that a
 * store of many messages is not read for each new one. */

/* Each 0: no limit. */
struct quota {
  unsigned long days;      /* older ones go */
  unsigned long files;     /* messages; the oldest go for a new one */
  unsigned long size;      /* their bytes; likewise */
  unsigned long age;       /* seconds for which none goes because of files and size */
  int ledger;              /* what goes leaves a line in the ledger */
};

#define QUOTA_FILES 100000  /* of the quarantine, where control/storefiles is missing */
#define QUOTA_AGE 86400     /* where control/storeage is missing */

/* The limits of the quarantine: control/storedays, storefiles, storesize,
 * storeage. 1, or -1 with errno (EINVAL: one is not a number). */
int quota_read(struct quota *q);

/* Set one of them by a word, "days=31", "files=1000", "size=10g" or "age=3600". 1, or
 * 0: it is no such word. */
int quota_word(struct quota *q, const char *word);

/* Make room for a message of so many bytes, and count it. 1; -1 with errno:
 * EDQUOT, there is none; EBUSY: another process holds `usage` for too long. */
int quota_take(int dir, const struct quota *q, unsigned long bytes);

/* It did not come, or went: count it no more. A failure is mended by the next count. */
void quota_give(int dir, unsigned long bytes);

/* What sweeping found and did. */
struct swept {
  unsigned long files, bytes;  /* that are left */
  unsigned long gone;          /* messages that went by the limits */
  unsigned long litter;        /* files of processes that died, older than a day */
};

/* Apply the limits now, take away what dead processes left in the store and in its
 * tmp, and count anew. 1, or -1 with errno. */
int quota_sweep(int dir, const struct quota *q, struct swept *s);

#endif
