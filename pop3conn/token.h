#ifndef CM_TOKEN_H
#define CM_TOKEN_H

/* What a server of IMAP says, RFC 9051, section 9, word by word: a line, and where that
 * ends in {n} so many bytes and one more line. Whoever asks takes it as it comes; nothing
 * is kept but the line, so memory does not grow with what is said. */

#include <stddef.h>
#include <sys/types.h>

#include "stream.h"

enum {
  TOKEN_LINE    = 65536,  /* bytes of a line */
  TOKEN_PIECES  = 100,    /* lines of one answer, because of literals */
  TOKEN_DEPTH   = 50,     /* of its parentheses */
  TOKEN_SKIPPED = 65536   /* bytes of a literal that nobody wants */
};

enum token { TOKEN_LOST = -1, TOKEN_END, TOKEN_ATOM, TOKEN_STRING, TOKEN_LITERAL, TOKEN_OPEN, TOKEN_CLOSE };

struct answer {
  struct stream *stream;
  unsigned long seconds;       /* within which there must be more */
  long long end;               /* of clock_about(): all of it must be there; 0: no such time */
  char *at, *last;             /* what is left of the line */
  unsigned int pieces;
  const char *word;            /* of the last TOKEN_ATOM or TOKEN_STRING, without quotes, */
  size_t len;                  /* in the line */
  unsigned long long literal;  /* bytes of a literal that were not yet taken */
  const char *trouble;         /* after -1 and TOKEN_LOST: what is wrong, static */
};

/* Is there a whole line to be read without waiting? 1 or 0. */
int token_waits(const struct answer *a);

/* Read the first line of the next answer. 1 or -1. */
int token_begin(struct answer *a);

/* Its next word. A literal must be taken before the next one. */
enum token token_next(struct answer *a);

/* More bytes of the literal, as many as are there, in the buffer until the next call;
 * 0: that was all; -1. */
ssize_t token_take(struct answer *a, const char **bytes);

/* Pass over the next word, and all of it if it is a list; or over all that is left of the
 * answer. 1 or -1. */
int token_skip(struct answer *a);
int token_finish(struct answer *a);

/* The last word as a number; 0: it is none, or too large. */
int token_number(const struct answer *a, unsigned long long *value);

/* Is the last word this one, in whatever case? 1 or 0. */
int token_is(const struct answer *a, const char *word);

#endif
