#ifndef CM_ZIP_H
#define CM_ZIP_H

/* Which names a zip file has, under every reading of it: those of the central
 * directory, those of the local headers, those in an extra field (0x7075), and
 * those of headers that no directory mentions. No content is read; that is
 * libarchive's part. */

#include <sys/types.h>

#include "kind.h"

struct zip_name {
  const char *text;
  size_t len;
  off_t local;    /* where its local header is; -1: that is not known */
  int stray;      /* no directory mentions that local header */
  int encrypted;
  int central;    /* the name is that of a central directory */
};

struct zip {
  off_t size;      /* of the file */
  off_t first;     /* the first local header of the directory; or the first of all */
  off_t directory; /* the central directory; -1: there is none */
  off_t end;       /* behind the record that ends it; -1 likewise */
  unsigned long entries;  /* that it says it has */
  int encrypted;   /* the directory itself is */
  int mixed;       /* directory and local headers disagree about size or method; or entries
                    * share bytes, which makes much of little */
  int torn;        /* the directory has fewer entries than it says */
};

typedef void zip_visit(void *arg, const struct zip_name *name);

/* Is there a directory at the end of the file? Fills zip. 1 or 0. */
int zip_find(int fd, struct zip *zip);

/* Visit the names of the directory. */
void zip_directory(int fd, const struct zip *zip, zip_visit *visit, void *arg);

/* Visit all names, and update zip->first. */
void zip_names(int fd, struct zip *zip, zip_visit *visit, void *arg);

/* docx, jar, ... or zip, by the names of the directory. */
const struct kind *zip_kind(int fd, const struct zip *zip);

#endif
