#ifndef CM_TRUST_H
#define CM_TRUST_H

/* Who can change what a directory says or keeps, besides root and us? */

#include <sys/stat.h>

/* 0, or in words why it is not to be relied on: anybody may make names in it, or it belongs to
 * somebody else. home: the suite's, whose owner may; or 0. */
const char *trust_why(const struct stat *dir, const struct stat *home);

/* The same of a directory above one that matters: names in it must stay what they are. */
const char *trust_above(const struct stat *dir, const struct stat *home);

#endif
