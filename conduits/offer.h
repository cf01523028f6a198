#ifndef CM_OFFER_H
#define CM_OFFER_H

/* What a mail server and we agree on, at the beginning of a milter session: the version, what
 * may be changed, what need not be sent and what need not be answered. */

#include "frame.h"

enum {  /* what may be changed */
  OFFER_ADD        = 0x01,  /* fields of the header: add and insert */
  OFFER_BODY       = 0x02,
  OFFER_RECIPIENT  = 0x04,  /* add one */
  OFFER_FORGET     = 0x08,  /* take one away */
  OFFER_CHANGE     = 0x10,  /* fields of the header */
  OFFER_HOLD       = 0x20,  /* the server's own quarantine */
  OFFER_MACROS     = 0x100  /* which macros are sent */
};

enum {  /* what is not done */
  OFFER_NOBODY     = 0x10,
  OFFER_NOEOH      = 0x40,
  OFFER_STILL_HEADER  = 0x80,     /* no answers to each of these */
  OFFER_NOUNKNOWN  = 0x100,
  OFFER_NODATA     = 0x200,
  OFFER_SKIP       = 0x400,       /* the rest of a body need not come, if we say so */
  OFFER_STILL_CONNECT = 0x1000,
  OFFER_STILL_HELO    = 0x2000,
  OFFER_STILL_MAIL    = 0x4000,
  OFFER_STILL_RCPT    = 0x8000,
  OFFER_STILL_DATA    = 0x10000,
  OFFER_STILL_UNKNOWN = 0x20000,
  OFFER_STILL_EOH     = 0x40000,
  OFFER_STILL_BODY    = 0x80000,
  OFFER_BLANK      = 0x100000     /* values keep the blank behind the colon */
};

struct offer {
  uint32_t version;  /* 2 to 6; 0: nothing is agreed on yet */
  uint32_t actions;  /* OFFER_ADD ..., what the server lets us do */
  uint32_t steps;    /* OFFER_NOBODY ..., what it will not do */
};

/* Take the server's offer, cut down to the steps that are wanted. 0, or why there can be
 * no session. */
const char *offer_take(const struct frame *f, uint32_t wanted, struct offer *o);

/* Our answer to it. 1, or 0 without memory. */
int offer_answer(const struct offer *o, stralloc *out);

#endif
