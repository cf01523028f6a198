#ifndef CM_SIGNATURE_H
#define CM_SIGNATURE_H

/* A DKIM-Signature field and the record of its key, RFC 6376, 8301 and 8463. */

#include "canon.h"
#include "crypto.h"
#include "tags.h"

enum signature_result {
  SIGNATURE_OPEN,       /* nothing is against it yet */
  SIGNATURE_PASS,
  SIGNATURE_FAIL,       /* it does not verify, or must not count (RFC 8301, expired) */
  SIGNATURE_POLICY,     /* it verifies, and the body goes on behind what it signs */
  SIGNATURE_NEUTRAL,    /* it breaks the grammar, or is of a kind that we do not know */
  SIGNATURE_TEMPERROR,  /* no answer about its key */
  SIGNATURE_PERMERROR   /* its key, or what it signs, is not as it has to be */
};

/* All spans point into the field. */
struct signature {
  struct field field;
  struct tags tags;
  enum signature_result result;
  const char *why;      /* for people, 0: nothing to say */
  int ed25519;          /* the algorithm; else it is RSA */
  enum canon head, body;
  int limited;          /* 1: l= is there, limit */
  unsigned long limit;  /* bytes of the body that are signed */
  stralloc signature;   /* b=, decoded */
  stralloc bodyhash;    /* bh=, decoded */
  const struct tag *domain, *selector, *algorithm, *names, *bytes;
};

#define SIGNATURE_NAMES 256  /* fields that h= may list */

/* Read the field. now: in Unix time. result and why say what is wrong with it.
 * 1, or 0 without memory. */
int signature_read(struct signature *signature, const struct field *field, unsigned long now);

/* Compute the hash of the header that it signs. 1, or 0 without memory. */
int signature_digest(const struct signature *signature, const struct header *header,
                     unsigned char digest[CRYPTO_DIGEST]);

/* Verify it by one record of its key: sets result and why. 1, or 0 without memory. */
int signature_verify(struct signature *signature, const char *record, size_t len,
                     const unsigned char digest[CRYPTO_DIGEST]);

#endif
