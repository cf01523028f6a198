#ifndef CM_SHA256_H
#define CM_SHA256_H

/* SHA-256, FIPS 180-4. */

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
  uint32_t state[8];
  uint64_t size;             /* bytes so far */
  unsigned char block[64];   /* the last, as far as it is there */
};

/* 1: without the instructions that the processor may have for it; 0 but in tests. */
extern int sha256_plainly;

void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, unsigned char hash[SHA256_SIZE]);

/* The same as 64 hexadecimal digits and a 0. */
#define SHA256_HEX 65
void sha256_endhex(struct sha256 *h, char hex[SHA256_HEX]);

#endif
