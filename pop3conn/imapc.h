#ifndef CM_IMAPC_H
#define CM_IMAPC_H

/* The client side of IMAP4rev1 and IMAP4rev2, RFC 3501 and 9051: commands, which may go
 * out before the answers to those before them have come, and answers, each with the tag
 * of its command and all that the server says besides. */

#include "owfat.h"
#include "pop.h"
#include "stream.h"
#include "token.h"

enum { IMAPC_LOST = -1, IMAPC_NO, IMAPC_OK, IMAPC_MORE, IMAPC_ITSELF };

enum {
  IMAPC_UNTAGGED = 250000,  /* answers without a tag while one with a tag is waited for */
  IMAPC_TEXT     = 500,     /* bytes of a text that are kept */
  IMAPC_AUTH     = 500      /* bytes of the names of mechanisms */
};

/* What a server can do. */
enum {
  IMAPC_STARTTLS = 1,
  IMAPC_SASLIR   = 2,   /* RFC 4959: the first response stands behind AUTHENTICATE */
  IMAPC_NOLOGIN  = 4,   /* LOGINDISABLED */
  IMAPC_UIDPLUS  = 8,   /* RFC 4315, or IMAP4rev2: UID EXPUNGE */
  IMAPC_MOVE     = 16,  /* RFC 6851, or IMAP4rev2 */
  IMAPC_IDLE     = 32,  /* RFC 2177, or IMAP4rev2 */
  IMAPC_KNOWN    = 64   /* it has said what it can do */
};

/* What a FETCH said of a letter. */
enum { LETTER_UID = 1, LETTER_SIZE = 2, LETTER_FLAGS = 4, LETTER_TEXT = 8, LETTER_NIL = 16, LETTER_LARGE = 32 };

struct imapc_letter {
  unsigned int has;         /* LETTER_ */
  unsigned long uid;        /* 1 to 2^32 - 1 */
  unsigned long long size;  /* RFC822.SIZE: what it says, not what it is */
  int deleted;              /* \Deleted is one of the flags */
};

struct imapc {
  struct stream stream;    /* stream.in is -1 while there is no connection */
  struct answer answer;
  unsigned int offers;     /* IMAPC_ flags added up */
  stralloc auth;           /* mechanisms that it offers, a blank before each */
  unsigned long sent, answered;  /* commands, their numbers are the tags */
  unsigned long untagged;  /* answers without a tag since the last that had one */
  unsigned long exists;    /* letters in the folder */
  int news;                /* there is one more than before; whoever looks sets it back */
  unsigned long validity;  /* UIDVALIDITY of the folder; 0: none */
  int readonly;
  int ready;               /* PREAUTH: it does not ask who we are */
  int leaving;             /* LOGOUT was said */
  stralloc text;           /* what it said last with a tag, or BYE: printable, 0-terminated */
  char code[32];           /* the word in brackets there, in capitals; "" */
  const char *trouble;     /* after IMAPC_LOST: what went wrong, static */
  const char *tls;         /* how it is spoken, in words, static; 0: it is not */
  int process;             /* what speaks it, for tlsc_end, where tls is not 0 */
  /* Who wants letters: each FETCH that names one ends in letter, behind all its text, in
   * pieces that do not stay, in text. 1; 0: something is wrong, and why is in trouble. */
  int (*letter)(void *with, const struct imapc_letter *l);
  int (*body)(void *with, const char *bytes, size_t len);
  void *with;
  unsigned long long most; /* bytes of a text; LETTER_LARGE: it had more, and was dropped */
  struct { unsigned long uid; unsigned long long size; } large;  /* the last that had; 0: none */
  char buffer[TOKEN_LINE + 2048];
};

/* Connect, with TLS as the server is to have it, read the greeting, and learn what it can
 * do. seconds: within which each line must come. IMAPC_OK; IMAPC_NO: it says BYE, see
 * text; IMAPC_LOST: in the last two cases it is closed. */
int imapc_open(struct imapc *c, const struct pop *to, unsigned long connect, unsigned long seconds);

int imapc_isopen(const struct imapc *c);
void imapc_close(struct imapc *c);

/* From now on letters, and their texts, are wanted by these; 0: by nobody. */
void imapc_want(struct imapc *c, int (*letter)(void *, const struct imapc_letter *),
                int (*body)(void *, const char *, size_t), void *with);

/* Say that something is wrong, and close. IMAPC_LOST. */
int imapc_fail(struct imapc *c, const char *trouble);

/* Ask what it can do, unless it has said so. IMAPC_OK or IMAPC_LOST. */
int imapc_capability(struct imapc *c);

/* Send a command, which gets its tag, and do not wait. more: another one follows at once. 1 or
 * -1. */
int imapc_send(struct imapc *c, const char *command, size_t len, int more);

/* Send what goes on behind IMAPC_MORE, without CRLF; of a secret nothing is left in
 * memory. 1 or -1. */
int imapc_go_on(struct imapc *c, const char *line, size_t len);

/* The answer to the oldest command that has none: IMAPC_OK, _NO (BAD, too), _LOST; _MORE: it
 * waits for more, and has no answer yet. See heard.h for less than a whole answer. */
int imapc_answer(struct imapc *c);

/* The one and the other. */
int imapc_ask(struct imapc *c, const char *command, size_t len);

/* Take what it says by itself, for so many seconds, or until there are news. 1: there are; 0: not;
 * IMAPC_LOST. */
int imapc_listen(struct imapc *c, unsigned long seconds);

/* Say LOGOUT, wait for the answer, close. IMAPC_OK, or what else. */
int imapc_logout(struct imapc *c);

/* Append a word, in quotes where it needs them. 1; 0: it cannot be said like that
 * (controls, 8-bit); -1 without memory. */
int imapc_word(stralloc *to, const char *word);

#endif
