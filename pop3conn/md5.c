#include "md5.h"

#include <stdint.h>
#include <string.h>

#include "digits.h"

enum { BLOCK = 64, LENGTH = 8 };  /* bytes; the second stands at the end of the last of the first */

/* The sine of 1 to 64 in radians, without its sign, times 2^32; RFC 1321, 3.4. */
static const uint32_t sines[64] = {
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* Of each round of sixteen steps: how far its four kinds of steps turn, and which word of the
 * block step i takes: (i * by + from) % 16. */
static const struct { unsigned char turns[4], by, from; } rounds[4] = {
  { { 7, 12, 17, 22 }, 1, 0 }, { { 5, 9, 14, 20 }, 5, 1 }, { { 4, 11, 16, 23 }, 3, 5 }, { { 6, 10, 15, 21 }, 7, 0 },
};

static uint32_t mix(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
  switch (round) {
    case 0: return (b & c) | (~b & d);
    case 1: return (b & d) | (c & ~d);
    case 2: return b ^ c ^ d;
    default: return c ^ (b | ~d);
  }
}

static uint32_t word(const unsigned char *p)
{
  return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static void turn(uint32_t state[4], const unsigned char *block)
{
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], sum;
  unsigned int i, round, by;

  for (i = 0; i < 64; ++i) {
    round = i / 16;
    by = rounds[round].turns[i % 4];
    sum = a + mix(round, b, c, d) + sines[i] + word(block + (i * rounds[round].by + rounds[round].from) % 16 * 4);
    a = d;
    d = c;
    c = b;
    b += sum << by | sum >> (32 - by);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

void md5_hex(const void *data, size_t len, char hex[MD5_HEX])
{
  uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
  unsigned char last[2 * BLOCK] = { 0 };
  const unsigned char *p = data;
  size_t left = len, all, i;

  for (; left >= BLOCK; p += BLOCK, left -= BLOCK) turn(state, p);
  if (left) memcpy(last, p, left);
  last[left] = 0x80;
  all = left < BLOCK - LENGTH ? BLOCK : 2 * BLOCK;
  for (i = 0; i < 4; ++i) last[all - LENGTH + i] = (unsigned char) ((uint32_t) len * 8 >> 8 * i);
  for (i = 0; i < all; i += BLOCK) turn(state, last + i);
  for (i = 0; i < 16; ++i) hex = digits(hex, state[i / 4] >> 8 * (i % 4) & 255, 16, 2);
  *hex = 0;
}
