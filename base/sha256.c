#include "sha256.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "digits.h"

static const uint32_t k[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t turn(uint32_t x, unsigned int n)
{
  return x >> n | x << (32 - n);
}

static uint32_t word(const unsigned char *p)
{
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* One round. The variables change places from round to round by the caller's order
 * of them, for moving them in memory costs ten times the rest. */
static void turn_once(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f, uint32_t g,
                      uint32_t *h, uint32_t kw)
{
  uint32_t one = *h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + kw;

  *d += one;
  *h = one + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

/* FIPS 180-4, 6.2.2. */
static void compute(uint32_t state[8], const unsigned char *block)
{
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6],
           h = state[7], w[64], one, two;
  unsigned int i;

  for (i = 0; i < 16; ++i) w[i] = word(block + 4 * i);
  for (; i < 64; ++i) {
    one = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
    two = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + one + w[i - 7] + two;
  }
  for (i = 0; i < 64; i += 8) {
    turn_once(a, b, c, &d, e, f, g, &h, k[i] + w[i]);
    turn_once(h, a, b, &c, d, e, f, &g, k[i + 1] + w[i + 1]);
    turn_once(g, h, a, &b, c, d, e, &f, k[i + 2] + w[i + 2]);
    turn_once(f, g, h, &a, b, c, d, &e, k[i + 3] + w[i + 3]);
    turn_once(e, f, g, &h, a, b, c, &d, k[i + 4] + w[i + 4]);
    turn_once(d, e, f, &g, h, a, b, &c, k[i + 5] + w[i + 5]);
    turn_once(c, d, e, &f, g, h, a, &b, k[i + 6] + w[i + 6]);
    turn_once(b, c, d, &e, f, g, h, &a, k[i + 7] + w[i + 7]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

#define FEW 512  /* blocks of 64 bytes */

int sha256_plainly;

#ifdef __x86_64__
/* The same by the instructions that many processors have for it, which take a sixth of the
 * time. Of them the state is two halves, of A, B, E, F and of C, D, G, H, and four rounds
 * go together; w has the last sixteen words. */
__attribute__((target("sha,sse4.1"))) static void instruct(uint32_t state[8], const unsigned char *block)
{
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef = _mm_set_epi32((int) state[0], (int) state[1], (int) state[4], (int) state[5]);
  __m128i cdgh = _mm_set_epi32((int) state[2], (int) state[3], (int) state[6], (int) state[7]);
  const __m128i abef0 = abef, cdgh0 = cdgh;
  __m128i w[4], sum;
  int i;

  for (i = 0; i < 16; ++i) {
    if (i < 4) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *) (const void *) (block + 16 * i)), order);
    else {
      sum = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);
      sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
      w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
    }
    sum = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i_u *) (const void *) (k + 4 * i)));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
  }
  abef = _mm_add_epi32(abef, abef0);
  cdgh = _mm_add_epi32(cdgh, cdgh0);
  for (i = 0; i < 2; ++i) {
    __m128i half = i ? cdgh : abef;

    state[2 * i] = (uint32_t) _mm_extract_epi32(half, 3);
    state[2 * i + 1] = (uint32_t) _mm_extract_epi32(half, 2);
    state[2 * i + 4] = (uint32_t) _mm_extract_epi32(half, 1);
    state[2 * i + 5] = (uint32_t) _mm_extract_epi32(half, 0);
  }
}

/* Has this processor them, and SSE 4.1? Where it is a virtual one the question may cost more
 * than the work of a process that ends soon. */
static int is_able(void)
{
  static unsigned int blocks;
  static int known, able;
  unsigned int a, b, c, d;

  if (blocks < FEW) {
    ++blocks;
    return 0;
  }
  if (!known) able = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_1 &&
                     __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
  known = 1;
  return able && !sha256_plainly;
}

static void compress(uint32_t state[8], const unsigned char *block)
{
  if (is_able()) instruct(state, block);
  else compute(state, block);
}
#else
static void compress(uint32_t state[8], const unsigned char *block)
{
  compute(state, block);
}
#endif

void sha256_begin(struct sha256 *h)
{
  static const uint32_t first[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
  };

  memcpy(h->state, first, sizeof first);
  h->size = 0;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
  const unsigned char *p = data;
  size_t used = h->size % 64, n;

  h->size += len;
  if (used) {
    n = len < 64 - used ? len : 64 - used;
    memcpy(h->block + used, p, n);
    if (used + n < 64) return;
    compress(h->state, h->block);
    p += n;
    len -= n;
  }
  for (; len >= 64; p += 64, len -= 64) compress(h->state, p);
  memcpy(h->block, p, len);
}

void sha256_end(struct sha256 *h, unsigned char hash[SHA256_SIZE])
{
  static const unsigned char pad[64] = { 0x80 };
  uint64_t bits = h->size * 8;
  unsigned char length[8];
  unsigned int i;

  for (i = 0; i < 8; ++i) length[i] = (unsigned char) (bits >> (56 - 8 * i));
  sha256_add(h, pad, 1 + (119 - h->size % 64) % 64);
  sha256_add(h, length, 8);
  for (i = 0; i < 32; ++i) hash[i] = (unsigned char) (h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_endhex(struct sha256 *h, char hex[SHA256_HEX])
{
  unsigned char hash[SHA256_SIZE];
  unsigned int i;

  sha256_end(h, hash);
  for (i = 0; i < SHA256_SIZE; ++i) hex = digits(hex, hash[i], 16, 2);
  *hex = 0;
}
