#ifndef CM_SMTPC_H
#define CM_SMTPC_H

/* The client side of SMTP, RFC 5321, and of LMTP: one command, one reply, in lock step.
 * What the other side says is checked and rebuilt; nothing raw gets out. */

#include "owfat.h"
#include "proxy.h"
#include "stream.h"
#include "upstream.h"

/* What a server offers at EHLO, as far as we can carry it. */
enum {
  SMTPC_SIZE       = 1,   /* RFC 1870 */
  SMTPC_8BITMIME   = 2,   /* RFC 6152 */
  SMTPC_SMTPUTF8   = 4,   /* RFC 6531 */
  SMTPC_DSN        = 8,   /* RFC 3461 */
  SMTPC_STATUS     = 16,  /* ENHANCEDSTATUSCODES, RFC 2034 */
  SMTPC_PIPELINING = 32,  /* RFC 2920; for those who ask, we never need it */
  SMTPC_AUTH       = 64,  /* RFC 4954 */
  SMTPC_STARTTLS   = 128  /* RFC 3207; smtpc_open sees to it */
};

struct smtpc {
  int lmtp;                /* 1: LMTP, which begins with LHLO */
  struct stream stream;    /* stream.in is -1 while there is no connection */
  unsigned int offers;     /* SMTPC_ flags added up */
  unsigned long size;      /* the server's limit, 0: none named */
  stralloc auth;           /* mechanisms that it offers, as it wrote them, a blank before each */
  stralloc xclient, xforward;  /* attributes that it takes, likewise; both are Postfix's extensions */
  const struct proxy *client;  /* whom client=proxy tells of; 0: of ourselves alone */
  int code;                /* of the last reply */
  stralloc text;           /* its text: printable ASCII or UTF-8, lines joined by LF, no codes */
  const char *trouble;     /* after -1: what went wrong, in a few words, static */
  const char *tls;         /* the connection is in TLS: how, in words, static; 0: it is in clear */
  int unsafe;              /* after -1: TLS is wanted, and cannot be had */
  int process;             /* what speaks TLS, for tlsc_end, where tls is not 0 */
  stralloc line;           /* the command that goes out */
  char buffer[16384];      /* of which a large reply alone touches more than a page */
};

/* Connect to an upstream that is no queue within connect seconds, which its handshake
 * of TLS may take as well, and wait reply
 * seconds for the greeting and for the answer to EHLO (HELO where EHLO is refused; to LMTP,
 * RFC 2033, LHLO), which names us as me.
 * The code of the last reply: 250 is success, otherwise the connection is
 * closed. -1: no usable answer, see trouble; closed. */
int smtpc_open(struct smtpc *c, const struct upstream *to, const char *me, unsigned long connect,
               unsigned long reply);

/* Say EHLO, or HELO where that is refused, in a session that begins anew, as it does
 * behind STARTTLS: what was offered before counts no more. The same results. */
int smtpc_hello(struct smtpc *c, const char *me, unsigned long seconds);

/* Is there a connection? */
int smtpc_isopen(const struct smtpc *c);

/* Send a command line (without its CRLF) and read the reply, within so many
 * seconds. The code, or -1: the connection said the wrong thing, at the wrong
 * time or nothing, and is closed. */
int smtpc_command(struct smtpc *c, const char *line, size_t len, unsigned long seconds);

/* The two halves of it: send and do not wait, 1 or -1; read one reply. */
int smtpc_send(struct smtpc *c, const char *line, size_t len, unsigned long seconds);
int smtpc_reply(struct smtpc *c, unsigned long seconds);

/* Close, without a word. */
void smtpc_close(struct smtpc *c);

/* Say QUIT, wait a moment for the answer, close. */
void smtpc_quit(struct smtpc *c);

#endif
