#ifndef CM_MAILDIR_H
#define CM_MAILDIR_H

/* Delivery into maildirs, maildir(5). Several are delivered to as one: all
 * messages are begun and brought to the disk, then all are made visible. */

#include <stddef.h>

#include "owfat.h"

#define MAILDIR_DIR 201   /* with the 0 behind it */
#define MAILDIR_NAME 160  /* "tmp/" or "new/", the unique name, and a 0 */

/* One delivery: base is a directory open for the caller's whole delivery. */
struct maildir {
  int base;
  char dir[MAILDIR_DIR];    /* the maildir's name below base */
  char name[MAILDIR_NAME];  /* below the maildir: tmp/..., or new/... once it is visible */
};

/* The directory name for an address, 0-terminated: lower case; each byte
 * outside a-z 0-9 @ . _ + = - and each leading dot is written %XX. So it is never
 * a path, and no two addresses that differ in more than case share one. 1, or
 * 0: the address is empty, or its name longer than 200 bytes. */
int maildir_name(const char *address, char dir[MAILDIR_DIR]);

/* Make the maildir of this name below base where it is missing; it appears
 * complete or not at all. base is not yet on disk: the caller syncs it, also
 * where nothing was missing, as another process may have made it just now.
 * 1, or -1 with errno. */
int maildir_make(int base, const char *dir);

/* A file below base without a name, for reading and writing: it goes when it
 * is closed. A descriptor, or -1 with errno. */
int maildir_spool(int base);

/* Begin a message for m->base and m->dir: a new file in tmp. A descriptor for
 * reading and writing, or -1 with errno and nothing to undo. */
int maildir_begin(struct maildir *m);

/* The message is complete: bring it to the disk and close it. 1, or -1 with
 * errno, closed all the same. */
int maildir_finish(int fd);

/* Make it visible in new. The directory is not yet on disk. 1, or -1 with
 * errno: it is still in tmp. */
int maildir_show(struct maildir *m);

/* Bring the directory new to the disk. 1, or -1 with errno. */
int maildir_sync(const struct maildir *m);

/* Take the message away again, wherever it is. */
void maildir_undo(const struct maildir *m);

#endif
