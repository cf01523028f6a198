#ifndef CM_MAILBOX_H
#define CM_MAILBOX_H

/* An open mailbox, whichever protocol its server speaks. */

#include "account.h"
#include "sha256.h"
#include "spool.h"

enum {
  MAILBOX_UID = 70,         /* bytes of the name that a server has for a letter; RFC 1939, 7 */
  MAILBOX_LETTERS = 100000  /* that a mailbox may have */
};

struct letter {
  char uid[MAILBOX_UID + 2];  /* UIDL, or IMAP's UID; "": it has none, or one that others have, too */
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

struct mailbox;

struct protocol {
  int (*open)(struct mailbox *m, const stralloc *secret);
  int (*list)(struct mailbox *m);
  int (*ahead)(struct mailbox *m, const struct letter *const *l, size_t count);
  int (*fetch)(struct mailbox *m, const struct letter *l, struct message *to);
  int (*delete)(struct mailbox *m, const struct letter *l);
  int (*close)(struct mailbox *m);
  int (*idle)(struct mailbox *m, unsigned long seconds);
};

extern const struct protocol pop3_protocol, imap_protocol;

struct mailbox {
  const struct account *account;
  const struct protocol *protocol;
  const char *trouble;        /* after a failure, in a few words, static */
  char validity[24];          /* UIDVALIDITY; "" where there is none */
  struct letter *letters;     /* after mailbox_list */
  size_t count;
};

/* Connect, have TLS as the account wants it, log in, and choose the folder. 1; 0: the
 * password is refused; -1: not now. In the last two cases see trouble. */
int mailbox_open(struct mailbox *m, const struct account *a);

/* Learn which letters there are. 1; -1: lost, or a list that nobody can trust. */
int mailbox_list(struct mailbox *m);

/* Room for one more letter, empty: for protocols. 0: there are too many, or no memory. */
struct letter *mailbox_more(struct mailbox *m);

/* Behind the last one, for protocols: a name that two letters have is nobody's. 1, or 0
 * without memory. */
int mailbox_unique(struct mailbox *m);

/* Ask for count letters before they are read; they are then fetched in this order, all of
 * them, but for what mailbox_close leaves behind. 1; -1: lost. */
int mailbox_ahead(struct mailbox *m, const struct letter *const *l, size_t count);

/* Read a whole letter; spool_end() is the caller's, and so is spool_drop(), whatever this
 * returns. 1; 0: the server does not give it, and the session goes on: see trouble. -1:
 * lost, or cut short, or empty: there is no letter. */
int mailbox_fetch(struct mailbox *m, const struct letter *l, struct message *to);

/* It is to go. Only mailbox_close makes that true. 1; 0: the server refuses; -1: lost. */
int mailbox_delete(struct mailbox *m, const struct letter *l);

/* End the session. 1: what was deleted is gone. -1: nobody knows. */
int mailbox_close(struct mailbox *m);

/* IMAP: wait for something new; what was deleted is gone before. 1: there is; 0: time is
 * over, or the protocol knows no such thing; -1: lost. */
int mailbox_idle(struct mailbox *m, unsigned long seconds);

#endif
