#ifndef CM_REPLACE_H
#define CM_REPLACE_H

/* A file replaced by a new one under the same name: readers see the old or the
 * new, after a crash too. */

struct replace {
  int dir;           /* locked: others that replace a file there wait */
  int fd;            /* the new file, to be written */
  const char *file;  /* its name in dir */
  char fresh[256];   /* the new file's name until it is whole */
};

/* Lock the directory of name; waits up to a minute for another that did. What
 * is read from now on is what replace_commit replaces.
 * 1, or -1 with errno (EWOULDBLOCK: still locked). */
int replace_lock(struct replace *replace, const char *name);

/* Create the new file in place of what a crash may have left, with owner and
 * mode of the old one if there is one. 1, or -1 with errno. */
int replace_open(struct replace *replace);

/* See the new file to the disk and to its name. 1, or -1 with errno; the old
 * file is then still there, unless only the directory could not be synced. */
int replace_commit(struct replace *replace);

/* Remove the new file; errno stays. */
void replace_abort(struct replace *replace);

#endif
