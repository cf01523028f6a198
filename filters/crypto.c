#include "crypto.h"

#include <nettle/asn1.h>
#include <nettle/bignum.h>
#include <nettle/eddsa.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>
#include <string.h>

_Static_assert(sizeof (struct sha256_ctx) <= sizeof (struct crypto_sha256), "a hash has room");

static struct sha256_ctx *context(struct crypto_sha256 *hash)
{
  return (struct sha256_ctx *) (void *) hash->state;
}

static const uint8_t *octets(const char *bytes)
{
  return (const uint8_t *) bytes;
}

void crypto_begin(struct crypto_sha256 *hash)
{
  sha256_init(context(hash));
}

void crypto_add(struct crypto_sha256 *hash, const char *bytes, size_t len)
{
  sha256_update(context(hash), len, octets(bytes));
}

void crypto_end(struct crypto_sha256 *hash, unsigned char digest[CRYPTO_DIGEST])
{
  sha256_digest(context(hash), CRYPTO_DIGEST, digest);
}

/* SEQUENCE { SEQUENCE { OID rsaEncryption, ... }, BIT STRING of an RSAPublicKey } */
static int info(struct rsa_public_key *key, const char *der, size_t len)
{
  static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
  struct asn1_der_iterator whole, algorithm, inner;

  return asn1_der_iterator_first(&whole, len, octets(der)) == ASN1_ITERATOR_CONSTRUCTED &&
         whole.type == ASN1_SEQUENCE &&
         asn1_der_decode_constructed_last(&whole) == ASN1_ITERATOR_CONSTRUCTED &&
         whole.type == ASN1_SEQUENCE &&
         asn1_der_decode_constructed(&whole, &algorithm) == ASN1_ITERATOR_PRIMITIVE &&
         algorithm.type == ASN1_IDENTIFIER && algorithm.length == sizeof rsa &&
         !memcmp(algorithm.data, rsa, sizeof rsa) &&
         asn1_der_iterator_next(&whole) == ASN1_ITERATOR_PRIMITIVE &&
         whole.type == ASN1_BITSTRING &&
         asn1_der_decode_bitstring_last(&whole) == ASN1_ITERATOR_CONSTRUCTED &&
         (inner = whole, rsa_public_key_from_der_iterator(key, CRYPTO_RSAMOST, &inner));
}

static int bare(struct rsa_public_key *key, const char *der, size_t len)
{
  struct asn1_der_iterator i;

  return asn1_der_iterator_first(&i, len, octets(der)) == ASN1_ITERATOR_CONSTRUCTED &&
         rsa_public_key_from_der_iterator(key, CRYPTO_RSAMOST, &i);
}

enum crypto_result crypto_rsa(const char *der, size_t derlen,
                              const unsigned char digest[CRYPTO_DIGEST],
                              const char *signature, size_t len)
{
  struct rsa_public_key key;
  enum crypto_result result = CRYPTO_NOKEY;
  mpz_t s;

  rsa_public_key_init(&key);
  nettle_mpz_init_set_str_256_u(s, len, octets(signature));
  if (info(&key, der, derlen) || bare(&key, der, derlen)) {
    if (mpz_sizeinbase(key.n, 2) < CRYPTO_RSALEAST) result = CRYPTO_WEAK;
    else if (mpz_sizeinbase(key.e, 2) > CRYPTO_RSAEXPONENT) result = CRYPTO_NOKEY;
    else if (len == key.size && rsa_sha256_verify_digest(&key, digest, s)) result = CRYPTO_GOOD;
    else result = CRYPTO_FALSE;
  }
  mpz_clear(s);
  rsa_public_key_clear(&key);
  return result;
}

enum crypto_result crypto_ed25519(const char *key, size_t keylen,
                                  const unsigned char digest[CRYPTO_DIGEST],
                                  const char *signature, size_t len)
{
  if (keylen != ED25519_KEY_SIZE) return CRYPTO_NOKEY;
  if (len != ED25519_SIGNATURE_SIZE) return CRYPTO_FALSE;
  return ed25519_sha512_verify(octets(key), CRYPTO_DIGEST, digest, octets(signature))
         ? CRYPTO_GOOD : CRYPTO_FALSE;
}
