#ifndef CM_POP3C_H
#define CM_POP3C_H

/* The client side of POP3, RFC 1939: commands, which may go out before the
 * answers to those before them have come, and answers, each for its command. */

#include "owfat.h"
#include "pop.h"
#include "stream.h"

enum { POP3C_LINE = 2048 };  /* bytes of a line of an answer; RFC 2449, 4: 512 */

enum { POP3C_LOST = -1, POP3C_ERR, POP3C_OK, POP3C_MORE };

struct pop3c {
  struct stream stream;    /* stream.in is -1 while there is no connection */
  stralloc text;           /* the first line of the last answer, 0-terminated, no controls */
  stralloc sent;           /* commands that went out ahead, a line each; from at on */
  size_t at;
  stralloc greeting;       /* the first it said, 0-terminated, no controls */
  int process;             /* what speaks TLS with it, for tlsc_end; where tls is not 0 */
  const char *tls;         /* how it is spoken, in words, static; 0: it is not */
  const char *trouble;     /* after POP3C_LOST: what went wrong, static */
  char buffer[65536];
};

/* Connect, with TLS as the server is to have it, and read the greeting. POP3C_OK,
 * _ERR, _LOST: in the last two cases it is closed. */
int pop3c_open(struct pop3c *c, const struct pop *to, unsigned long connect, unsigned long seconds);

int pop3c_isopen(const struct pop3c *c);
void pop3c_close(struct pop3c *c);

/* Say that something is wrong, and close. POP3C_LOST. */
int pop3c_fail(struct pop3c *c, const char *trouble);

/* Send a command of len bytes, without CRLF, and read the first line of its
 * answer: POP3C_OK, _ERR, _MORE for "+ ", or _LOST, then it is closed. One that
 * went out ahead is not sent again; what went out ahead must be asked for in
 * its order, and nothing else before. */
int pop3c_ask(struct pop3c *c, const char *line, size_t len, unsigned long seconds);

/* Send len bytes of whole commands, each with its CRLF, before they are asked
 * for. 1, or -1: closed. */
int pop3c_ahead(struct pop3c *c, const char *lines, size_t len, unsigned long seconds);

/* The next line of an answer of several, without its dot-stuffing. 1; 0: that
 * was all; -1: lost, and closed. */
int pop3c_line(struct pop3c *c, char **line, size_t *len, unsigned long seconds);

#endif
