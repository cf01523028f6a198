#ifndef CM_HOLDER_H
#define CM_HOLDER_H

/* The process that holds an engine, and the scanners that it forks: children of
 * the daemon as it is itself. It reads signatures, they read messages; neither
 * has a descriptor of a client but that of the message that is scanned. */

#include <sys/types.h>

#include "clam.h"

struct holder_settings {
  char *databases[CLAM_DATABASES];
  size_t count;
  struct clam_limits limits;
  unsigned long memory;     /* bytes a scanner may take besides the engine */
  unsigned long check;      /* seconds between two looks at the databases */
};

/* What comes from a holder. */
struct note {
  char kind;                /* NOTE_... */
  pid_t pid;
  unsigned int serial;
  char text[CLAM_ANSWER];
};
#define NOTE_LOADED 'L'     /* the text is the version, a line break, the number */
#define NOTE_FAILED 'F'     /* the text says why */
#define NOTE_CHANGED 'C'    /* the databases */
#define NOTE_FORKED 'P'     /* the scanner of this serial; pid -1: it was not, the text says why */

/* What goes to a scanner, with the descriptor, and what comes from it: the
 * answer of clam_scan(), or a digest, or nothing: it could not be read. */
#define JOB_SCAN 's'
#define JOB_DIGEST 'd'

/* Be a holder, until the channel is closed. Each serial number, an unsigned int,
 * that comes through it brings the channel of a new scanner, which works in the
 * directory. */
void holder_run(int channel, const char *directory, const struct holder_settings *s) __attribute__((noreturn));

#endif
