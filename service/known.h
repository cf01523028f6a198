#ifndef CM_KNOWN_H
#define CM_KNOWN_H

/* The control files that programs of the suite read, cm-control(5). */

enum {
  KNOWN_SECRET = 1,  /* never shown */
  KNOWN_PORT = 2     /* looked for in the port's directory alone */
};

/* A name with a / is a directory, with a file for each STAGE or NAME. */
struct known { const char *reader, *name, *usual, *what; int flags; };

/* All of them; behind the last is one whose name is 0. */
extern const struct known known[];

#endif
