#ifndef CM_PREPARE_H
#define CM_PREPARE_H

/* A message that was decided about, made ready to go. */

#include "decision.h"
#include "header.h"
#include "smtpbody.h"

struct prepare {
  const struct spool *message;   /* as it came; in a file, or spool_whole() */
  int plain;                     /* it needs no encoding */
  const struct header *header;   /* of it */
  const struct result *result;
  const struct spool *filtered;  /* as the pipeline left it; fd -1: not at all */
  int header_only;               /* of it: what goes before the body of message */
  const char *id, *sender;
  const stralloc *recipients;    /* a line each */
};

/* Set all of o: the pipeline's message; or ours, with the
 * header that the pipeline made of it, or with the result on top. One that is redirected
 * says whom it was for. 1; 0 with errno. */
int prepare(const struct prepare *p, struct outgoing *o);

#endif
