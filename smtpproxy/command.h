#ifndef CM_COMMAND_H
#define CM_COMMAND_H

/* A command line of SMTP taken apart, RFC 5321 section 4.1. What goes to the
 * upstream is built from what was understood, never copied from the line. */

#include "owfat.h"

enum verb {
  VERB_HELO, VERB_EHLO, VERB_MAIL, VERB_RCPT, VERB_DATA, VERB_RSET, VERB_NOOP,
  VERB_QUIT, VERB_VRFY, VERB_HELP, VERB_AUTH, VERB_STARTTLS,
  VERB_XCLIENT, VERB_XFORWARD,
  VERB_UNKNOWN,    /* nothing we know */
  VERB_UNOFFERED,  /* known, and not offered: EXPN, ETRN, TURN ... */
  VERB_BDAT,       /* not offered, and its bytes would follow */
  VERB_FOREIGN     /* not SMTP at all: GET, POST, CONNECT, a header field */
};

/* Which command? args and argslen are what stands behind it, without blanks
 * around. A line with a NUL or a CR inside is VERB_UNKNOWN. */
enum verb command_verb(const char *line, size_t len, const char **args, size_t *argslen);

#define COMMAND_ADDRESS 320  /* bytes of an address: RFC 5321, 4.5.3.1.1-2, and the @ */

/* An address, and which of its bytes are the domain. */
struct address {
  char text[COMMAND_ADDRESS + 1];  /* without brackets, 0-terminated; "" is <> */
  size_t len;
  size_t domain;    /* where the domain begins; len if there is none */
  int utf8;         /* has bytes above ASCII, RFC 6531 */
};

/* Read word ("FROM:" or "TO:") and a path in brackets, or bare, from *args on.
 * Both are moved behind it. 1; 0: no such syntax; -1: a source route. */
int command_path(const char *word, const char **args, size_t *argslen, struct address *address);

/* Could the address make a server behind us relay: %, !, a second @, a pipe
 * or an address literal? 1 or 0. */
int command_relays(const struct address *address);

/* The parameters of MAIL and RCPT that may be carried, RFC 1870, 6152, 6531,
 * 3461, 4954. A string that was not given is empty. All are checked against their
 * syntax and 0-terminated. */
struct params {
  int size_given, body8, body7, smtputf8;
  unsigned long size;
  stralloc ret, envid, notify, orcpt, auth;
};

/* Read the parameters of a MAIL (rcpt 0) or RCPT (1) from args. offers: which
 * SMTPC_ extensions were offered. 1; 501: malformed or twice; 555: not one
 * that was offered; 451: out of memory. */
int command_params(const char *args, size_t argslen, int rcpt, unsigned int offers,
                   struct params *params);

#endif
