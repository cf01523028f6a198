#ifndef CM_TLS_H
#define CM_TLS_H

/* The door to OpenSSL: one TLS session, of either side. A process has one.
 * No file is opened by the server's side, nor by the client's once it has shaken
 * hands. */

#include <stddef.h>

#include "pump.h"

enum tls_level {
  TLS_ANY,      /* whatever certificate the server has */
  TLS_VERIFY,   /* one for its name, from somebody who is trusted */
  TLS_PINNED    /* the one with this fingerprint */
};

struct tls_peer {            /* the server that is asked */
  enum tls_level level;
  const char *host;          /* its name or address */
  const char *trusted;       /* a file or directory of certificates; 0: the system's */
  const char *const *pins;   /* SHA-256 of its certificate, in hex; one of these */
  size_t pin_count;
};

#define TLS_NAME 255
#define TLS_FINGERPRINT 64   /* hex digits */

struct tls_facts {           /* of a session; printable ASCII without blanks but for peer */
  const char *protocol, *cipher;
  int bits;                  /* of its key */
  char name[TLS_NAME + 1];   /* that the client asked for; or empty */
  char file[TLS_NAME + 1];   /* where our certificate was found; or empty */
  char fingerprint[TLS_FINGERPRINT + 1], peer[TLS_NAME + 1];  /* of the server */
};

/* Make ready to serve on far->in and out, with files from the process behind
 * the socket keys, keys_ask(); where: its directory, for the log, as is id. And
 * to ask. The functions of far become those of the session. 1, or 0: tls_reason(). */
int tls_serve(struct pump_end *far, int keys, const char *where, const char *id);
int tls_ask(struct pump_end *far, const struct tls_peer *peer);

/* Make all ready for tls_serve() in processes that are forked from this one. 1, or 0:
 * tls_reason(). */
int tls_ready(int keys, const char *where);

/* Shake hands, before the deadline (of clock_ms()). 1, or 0: tls_reason(). */
int tls_handshake(struct pump_end *far, long long deadline);

/* Wait for the other side's first bytes. 1: they could be TLS; 0: tls_reason(). */
int tls_greeted(const struct pump_end *far, long long deadline);

/* Why not, in printable ASCII, for a log or a reply. */
const char *tls_reason(void);

/* What has been agreed on, after the handshake. */
const struct tls_facts *tls_facts(void);

#endif
