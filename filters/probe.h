#ifndef CM_PROBE_H
#define CM_PROBE_H

/* Sample messages on their way to one port, each in a session of its own: for
 * cm-selftest. What makes the whole test impossible ends the program with 111. */

#include "owfat.h"

extern struct probe {
  stralloc sender, recipient;  /* 0-terminated */
  unsigned long sent;          /* messages */
  stralloc text;               /* of the last answer, see smtpc.h */
  const char *trouble;         /* after -1 */
} probe;

/* Where it goes: HOST:PORT or [IPV6]:PORT. 1, or 0: it is neither. */
int probe_where(const char *word);

/* From whom to whom; 0: as the control files of the port say. */
void probe_addresses(const char *from, const char *to);

/* Send a message with this name in its subject: text is header fields, an empty
 * line and a body. The last code, or -1: there was no answer. */
int probe_send(const char *name, const stralloc *text);

#endif
