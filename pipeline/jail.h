#ifndef CM_JAIL_H
#define CM_JAIL_H

/* A profile put to work: made beforehand, entered by the process that then becomes
 * the program. */

#include "deny.h"
#include "profile.h"

/* Where a program in a jail finds $CM_ENVELOPE and $CM_FIELDS: what it could not reach
 * by the name that they had outside is open for it, and the name is that of its own
 * descriptor. */
enum { JAIL_ENVELOPE = 4, JAIL_FIELDS = 5 };
#define JAIL_ENVELOPE_NAME "/proc/self/fd/4"
#define JAIL_FIELDS_NAME "/proc/self/fd/5"

/* All zero at first, and used again for the next. */
struct jail {
  stralloc name;           /* of the profile that is in the next two */
  struct profile profile;
  struct deny deny;
  int rules;               /* of Landlock; -1: none */
  const char *directory;   /* to be in, or 0 */
  const char *failed;      /* what jail_enter() could not do */
};

/* Make ready for the program whose file is path, 0-terminated, which may become another
 * name of it; level: what of Landlock is to be used. The files open[0] and open[1], if not
 * -1, may be opened again. 1; -1: error says why. */
int jail_make(struct jail *j, const char *name, stralloc *path, int level, const int open[2], stralloc *error);

/* What jail_make() has open is not needed any more. */
void jail_end(struct jail *j);

/* Enter; in a child of vfork too. 1; -1 with errno, and failed says what. */
int jail_enter(void *jail);

#endif
