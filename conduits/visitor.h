#ifndef CM_VISITOR_H
#define CM_VISITOR_H

/* The sessions of OpenSMTPD's server, as its events tell of them, smtpd-filters(7): who the
 * client is, and the message that comes in. */

#include "item.h"

#define VISITOR_ID 24      /* with the 0 behind it */
#define VISITOR_MOST 10000

enum visitor_state { VISITOR_QUIET, VISITOR_GATHERING, VISITOR_WAITING, VISITOR_JUDGED, VISITOR_DECIDED };

struct visitor {
  struct visitor *next;
  char id[VISITOR_ID], token[VISITOR_ID];
  stralloc ip, host, helo, user, tls, sender;  /* 0-terminated; len 0: not known */
  int extended;            /* it said EHLO */
  enum visitor_state state;
  struct item item;        /* gathered from state GATHERING on */
  int trouble;             /* errno: it could not be kept; 0: it could */
  stralloc answer;         /* decided: "proceed", or "reject|..." */
};

/* The session of this id, len bytes; made where make is 1 and there is none. 0: there is none,
 * no memory, or are VISITOR_MOST of them. */
struct visitor *visitor_find(const char *id, size_t len, int make);

/* It has ended: nothing is left of it. */
void visitor_leave(struct visitor *v);

/* A transaction begins, or is over: what there was of a message is forgotten. */
void visitor_reset(struct visitor *v, int begins);

/* Of those that wait to be judged the one that has done so for the longest; or 0. */
struct visitor *visitor_waiting(void);

/* Set a text. 1, or 0 without memory. */
int visitor_set(stralloc *to, const char *text, size_t len);

#endif
