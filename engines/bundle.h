#ifndef CM_BUNDLE_H
#define CM_BUNDLE_H

/* Archives: what is in them is looked at a level deeper than depth, as look.h has it. */

#include "file.h"

/* A zip, by its directory and, where that is torn or missing, by what stands before it. */
void bundle_zip(struct file *file, unsigned int depth);

/* An archive that libarchive calls word, from start on. */
void bundle_archive(const struct file *file, off_t start, const char *word, unsigned int depth);

/* An archive somewhere in what is none: behind a program or a picture. */
void bundle_behind(struct file *file, unsigned int depth);

#endif
