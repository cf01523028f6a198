#ifndef CM_PARCEL_H
#define CM_PARCEL_H

/* A letter on its way from its mailbox to the mail server. */

#include "decision.h"
#include "header.h"
#include "hop.h"
#include "id.h"
#include "journal.h"
#include "postbox.h"
#include "smtpbody.h"

enum fate {
  FATE_LATER,    /* not now: nothing happened */
  FATE_REFUSED,  /* never: p->said tells why */
  FATE_TAKEN,    /* somebody has it, and that is on the disk, or in a mail server's hands */
  FATE_DOUBT,    /* a server may have it, or not */
  FATE_PART,     /* some of those that it is for have it, or never will, and the others may later */
  FATE_SEND      /* it is to be sent */
};

/* One of those that a letter is for. */
struct addressee {
  const char *address;        /* in `to` */
  size_t len;
  enum fate fate;             /* FATE_SEND: nothing is known yet */
  int known;                  /* that is what the journal says */
};

struct parcel {
  const struct letter *letter;
  struct note *note;          /* of the journal */
  char id[ID_SIZE];
  long long began;            /* clock_ms() */
  struct message message;     /* as it was fetched */
  struct header header;
  struct hop hop;
  stralloc recipients;        /* a line each, 0-terminated behind its length */
  struct result result;
  struct spool filtered;      /* as the pipeline left it; fd -1: not at all */
  int header_only;            /* of it: what goes before the body of message */
  struct outgoing out;        /* ready to go */
  stralloc to;                /* for whom that is: its recipients, or the quarantine */
  struct addressee *each;     /* of these; see share.h */
  size_t count, room;
  stralloc said;              /* what the server said, or why it is refused, 0-terminated */
  stralloc stored;            /* file in the store, 0-terminated; "" */
};

/* Before they are used: no file is any of theirs. */
void parcel_ready(struct parcel *p, size_t count);

/* Begin with a letter that is to be fetched; nothing is left of another. */
void parcel_begin(struct parcel *p, const struct letter *l);

/* Let the filters judge what was fetched, and do what they want done but for sending.
 * token: of this account, in letters that have been through our hands. */
enum fate parcel_judge(const struct account *a, struct parcel *p, const char *token);

/* Keep a copy of what is refused in the store, with the reason. 1, or -1: logged. */
int parcel_copy(struct parcel *p);

/* Its row of the mail log. */
void parcel_record(const struct account *a, struct parcel *p, const char *upstream);

#endif
