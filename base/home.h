#ifndef CM_HOME_H
#define CM_HOME_H

/* Directories of the suite's home, $CM_HOME. */

/* Open the directory of this name below the directory open at parent; where it
 * is missing it is made, mode 0700, and is on disk on return. A descriptor, or
 * -1 with errno. */
int home_below(int parent, const char *name);

/* The same below the home itself. EPERM: somebody else can change what is there, trust.h. */
int home_open(const char *name);

/* Root becomes the owner of this directory, for good: what belonged to root in it
 * would be in the way of the programs that write there, and root has no business
 * below it. Others stay who they are. 1, or -1 with errno. */
int home_become(int dir);

#endif
