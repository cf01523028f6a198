#ifndef CM_ATTACHMENT_H
#define CM_ATTACHMENT_H

#include <stdint.h>

#include "comb.h"
#include "finding.h"
#include "mime.h"
#include "sniff.h"

/* A part that is open: what was decided when it began, and what is found in its data. */
struct attachment {
  struct finding finding;
  int attachment;             /* it has a name, says so, or is neither text nor made of parts */
  int leaf, looked;           /* has data of its own; which are looked at */
  const char *meant;          /* the extension that goes with its type, or 0 */
  struct transfer transfer;
  struct sniff sniff;
  struct comb comb;
  int combed;
  unsigned int group;         /* of readings of the same data, or 0: there is one */
  uint64_t heard[TRANSFER_STYLES + TRANSFER_UNKNOWN];  /* what they came to */
  unsigned int hearings;
};

/* A part has begun: ask the rules about its names, and decide what of its data is looked at. */
void attachment_begin(struct attachment *a, const struct attach *rules, const struct mime_part *part,
                      const struct content *content);

/* Bytes of its data, as they stand in the message. */
void attachment_feed(struct attachment *a, const char *data, size_t len);

#endif
