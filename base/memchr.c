/* memchr for the small static programs, where it takes the place of musl's, which looks at
 * single bytes at both ends of what it searches: of a line of mail that is half of it, and
 * lines are what most of our time goes to. Aligned, sixteen bytes never reach into a page
 * that is not there. glibc keeps its own, and so do other processors. */

#include <stdint.h>
#include <string.h>

#if !defined __GLIBC__ && defined __SSE2__
#include <emmintrin.h>

void *memchr(const void *s, int c, size_t n)
{
  const __m128i wanted = _mm_set1_epi8((char) c);
  const unsigned char *start = s, *p = start - (uintptr_t) s % 16;
  unsigned int found, ahead = (unsigned int) (start - p);
  size_t at;

  if (!n) return 0;
  found = (unsigned int) _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128((const void *) p), wanted)) >> ahead << ahead;
  for (;;) {
    if (found) {
      at = (size_t) (p - start) + (size_t) __builtin_ctz(found);
      return at < n ? (void *) (uintptr_t) (start + at) : 0;
    }
    p += 16;
    if ((size_t) (p - start) >= n) return 0;
    found = (unsigned int) _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128((const void *) p), wanted));
  }
}

#endif
