#ifndef CM_FILE_H
#define CM_FILE_H

#include <sys/types.h>

#include "kind.h"
#include "zip.h"

/* One file that is looked at. */
struct file {
  int fd;
  off_t size;
  const char *name;
  size_t len;
  char *head;          /* its first bytes, which whoever opened it frees */
  size_t have;
  const struct kind *kind;
  struct zip zip;
  int zipped;          /* there is a directory of a zip at its end */
};

/* Look at the beginning of fd and at its end: what is it? The name, of len bytes, stays the
 * caller's. Whatever goes wrong ends the program, as stage.h has it. */
void file_open(struct file *file, int fd, const char *name, size_t len);

/* Is this the name's extension? Large and small letters are the same. */
int file_ends_in(const char *name, size_t len, const char *end);

#endif
