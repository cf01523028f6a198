#ifndef CM_CRYPTO_H
#define CM_CRYPTO_H

/* Hashes and signatures. The only door to nettle and hogweed. */

#include <stddef.h>

enum {
  CRYPTO_DIGEST  = 32,    /* bytes of a SHA-256 */
  CRYPTO_RSALEAST = 1024, /* bits of an RSA key, RFC 8301 */
  CRYPTO_RSAMOST = 8192,  /* more are no key, but work */
  CRYPTO_RSAEXPONENT = 64 /* bits of its exponent; the same */
};

struct crypto_sha256 {
  _Alignas(16) unsigned char state[128];
};

void crypto_begin(struct crypto_sha256 *hash);
void crypto_add(struct crypto_sha256 *hash, const char *bytes, size_t len);
void crypto_end(struct crypto_sha256 *hash, unsigned char digest[CRYPTO_DIGEST]);

enum crypto_result {
  CRYPTO_GOOD,
  CRYPTO_FALSE,  /* not the signature of this digest by this key */
  CRYPTO_NOKEY,  /* no key of the kind, or larger than it may be */
  CRYPTO_WEAK    /* an RSA key below CRYPTO_RSALEAST */
};

/* Is it the signature of the digest? RSA with PKCS #1 v1.5 padding; the key is
 * DER, a SubjectPublicKeyInfo or an RSAPublicKey. */
enum crypto_result crypto_rsa(const char *key, size_t keylen, const unsigned char digest[CRYPTO_DIGEST],
                              const char *signature, size_t len);

/* The same for Ed25519, which signs the digest as its message (RFC 8463). */
enum crypto_result crypto_ed25519(const char *key, size_t keylen, const unsigned char digest[CRYPTO_DIGEST],
                                  const char *signature, size_t len);

#endif
