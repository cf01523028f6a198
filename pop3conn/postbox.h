#ifndef CM_POSTBOX_H
#define CM_POSTBOX_H

/* An open mailbox, whichever protocol its server speaks. */

#include "account.h"
#include "sha256.h"
#include "spool.h"

enum {
  POSTBOX_UID = 70,         /* bytes of the name that a server has for a letter; RFC 1939, 7 */
  POSTBOX_LETTERS = 100000  /* that a mailbox may have */
};

struct letter {
  char uid[POSTBOX_UID + 2];  /* UIDL, or IMAP's UID; "": it has none, or one that others have, too */
  unsigned long number;       /* of POP3 */
  unsigned long long size;    /* as the server says */
  int deleted;                /* IMAP: \Deleted stands */
};

/* A letter as it was fetched. */
struct message {
  struct spool spool;         /* lines end in CRLF */
  unsigned char hash[SHA256_SIZE];
  int plain;                  /* it needs no encoding for SMTP */
};

struct postbox;

struct protocol {
  int (*open)(struct postbox *m, const stralloc *secret);
  int (*list)(struct postbox *m);
  int (*ahead)(struct postbox *m, const struct letter *const *l, size_t count);
  int (*fetch)(struct postbox *m, const struct letter *l, struct message *to);
  int (*delete)(struct postbox *m, const struct letter *l);
  int (*close)(struct postbox *m);
  int (*idle)(struct postbox *m, unsigned long seconds);
};

extern const struct protocol pop3_protocol, imap_protocol;

struct postbox {
  const struct account *account;
  const struct protocol *protocol;
  const char *trouble;        /* after a failure, in a few words, static */
  char validity[24];          /* UIDVALIDITY; "" where there is none */
  unsigned long long large;   /* behind postbox_fetch: bytes of a letter that has more than the
                               * account takes, or that many came; 0: that is not why */
  int marks;                  /* what is deleted only gets its mark, and stays in the list */
  struct letter *letters;     /* after postbox_list */
  size_t count;
};

/* Connect, have TLS as the account wants it, log in, and choose the folder. 1; 0: the
 * password is refused; -1: not now. In the last two cases see trouble. */
int postbox_open(struct postbox *m, const struct account *a);

/* Learn which letters there are. 1; -1: lost, or a list that nobody can trust. */
int postbox_list(struct postbox *m);

/* Room for one more letter, empty: for protocols. 0: there are too many, or no memory. */
struct letter *postbox_more(struct postbox *m);

/* Behind the last one, for protocols: a name that two letters have is nobody's. 1, or 0
 * without memory. */
int postbox_unique(struct postbox *m);

/* Ask for count letters before they are read; they are then fetched in this order, all of
 * them, but for what postbox_close leaves behind. 1; -1: lost. */
int postbox_ahead(struct postbox *m, const struct letter *const *l, size_t count);

/* Read a whole letter; spool_end() is the caller's, and so is spool_drop(), whatever this
 * returns. 1; 0: the server does not give it, and the session goes on: see trouble. -1:
 * lost, or cut short, or empty: there is no letter. */
int postbox_fetch(struct postbox *m, const struct letter *l, struct message *to);

/* It is to go. Only postbox_close makes that true. 1; 0: the server refuses; -1: lost. */
int postbox_delete(struct postbox *m, const struct letter *l);

/* End the session. 1: what was deleted is gone. -1: nobody knows. */
int postbox_close(struct postbox *m);

/* IMAP: wait for something new; what was deleted is gone before. 1: there is; 0: time is
 * over, or the protocol knows no such thing; -1: lost. */
int postbox_idle(struct postbox *m, unsigned long seconds);

#endif
