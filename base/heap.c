/* malloc for the small static programs, where it takes the place of musl's.
 * That one asks the kernel for memory of its own for each size and touches a
 * page or two for each: a third of what a stage costs besides its start. Here
 * blocks stand side by side, the first ones in the program's own memory, behind
 * its small variables. Blocks come in few sizes, so that a growing string is
 * seldom moved, and the last one grows where it is; a freed one is kept for its
 * size, a large one given back. No threads. glibc keeps its own, and so do the
 * sanitizers. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef __GLIBC__

enum {
  FIRST = 32768,    /* bytes that need no system call */
  CHUNK = 131072,   /* what is asked for after that */
  LARGE = 65536,    /* from here on a block is a mapping of its own */
  CLASSES = 24,     /* 16, 32, 48, 64, 96, 128, 192 ... LARGE */
  PAGE = 4096
};

struct block {
  size_t size;      /* bytes behind this head */
  uintptr_t mark;   /* USED or FREE, mixed with the address */
};
#define USED ((uintptr_t) 0x5ca1ab1e)
#define FREE ((uintptr_t) 0xf1ee)

/* What is aligned best among the large variables comes first, see Makefile. */
static _Alignas(64) char first[FIRST];
/* Where the next fresh block begins, and where the room for it ends. */
static char *next = first, *end = first + FIRST;
/* Lists, linked in the bytes behind the heads. Among the zeros, where it is
 * read before it is written, a page of it would be faulted in twice. */
static __attribute__((section(".data"))) struct block *freed[CLASSES];

static size_t class_size(unsigned int class)
{
  if (!class) return 16;
  return class % 2 ? (size_t) 32 << class / 2 : (size_t) 48 << (class / 2 - 1);
}

static unsigned int class_of(size_t size)
{
  unsigned int class = 0;

  while (class < CLASSES && class_size(class) < size) ++class;
  return class;
}

static void *payload(struct block *b) { return b + 1; }

static struct block **link_of(struct block *b) { return payload(b); }

/* A pointer that malloc did not give, or free already took, is the end. */
static struct block *head(void *p)
{
  struct block *b = (struct block *) p - 1;

  if (b->mark != (USED ^ (uintptr_t) b)) __builtin_trap();
  return b;
}

static void *map(size_t size)
{
  void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  return p == MAP_FAILED ? 0 : p;
}

static size_t mapping(size_t size)
{
  return (size + sizeof(struct block) + PAGE - 1) & ~(size_t) (PAGE - 1);
}

static struct block *large(size_t size)
{
  struct block *b = map(mapping(size));

  if (b) b->size = mapping(size) - sizeof *b;
  return b;
}

static struct block *fresh(size_t size)
{
  struct block *b;

  if ((size_t) (end - next) < sizeof *b + size) {
    char *chunk = map(CHUNK);

    if (!chunk) return 0;
    next = chunk;
    end = chunk + CHUNK;
  }
  b = (struct block *) (void *) next;
  next += sizeof *b + size;
  b->size = size;
  return b;
}

/* *used: has it been somebody else's before, so that it is not zero? */
static void *take(size_t size, int *used)
{
  unsigned int class;
  struct block *b;

  *used = 0;
  if (size > PTRDIFF_MAX - 2 * PAGE) {
    errno = ENOMEM;
    return 0;
  }
  class = class_of(size);
  if (class == CLASSES) {
    b = large(size);
  } else if ((b = freed[class])) {
    freed[class] = *link_of(b);
    *used = 1;
  } else {
    b = fresh(class_size(class));
  }
  if (!b) return 0;
  b->mark = USED ^ (uintptr_t) b;
  return payload(b);
}

void *malloc(size_t size)
{
  int used;

  return take(size, &used);
}

void *calloc(size_t count, size_t each)
{
  size_t size;
  int used;
  void *p;

  if (__builtin_mul_overflow(count, each, &size)) size = SIZE_MAX;
  p = take(size, &used);
  return p && used ? memset(p, 0, size) : p;
}

void free(void *p)
{
  unsigned int class;
  struct block *b;

  if (!p) return;
  b = head(p);
  if (b->size > LARGE) {
    munmap(b, b->size + sizeof *b);
    return;
  }
  b->mark = FREE ^ (uintptr_t) b;
  class = class_of(b->size);
  *link_of(b) = freed[class];
  freed[class] = b;
}

static void *grow_large(struct block *b, size_t size)
{
  void *p = mremap(b, b->size + sizeof *b, mapping(size), MREMAP_MAYMOVE);

  if (p == MAP_FAILED) return 0;
  b = p;
  b->size = mapping(size) - sizeof *b;
  b->mark = USED ^ (uintptr_t) b;
  return payload(b);
}

/* Of the block behind which nothing stands yet: 1, or 0 if there is no room. */
static int grow_last(struct block *b, size_t size)
{
  unsigned int class = class_of(size);

  if ((char *) payload(b) + b->size != next || class == CLASSES) return 0;
  if ((size_t) (end - next) < class_size(class) - b->size) return 0;
  b->size = class_size(class);
  next = (char *) payload(b) + b->size;
  return 1;
}

void *realloc(void *old, size_t size)
{
  struct block *b;
  int used;
  void *p;

  if (!old) return take(size, &used);
  b = head(old);
  if (size <= b->size) return old;
  if (size > PTRDIFF_MAX - 2 * PAGE) {
    errno = ENOMEM;
    return 0;
  }
  if (b->size > LARGE) return grow_large(b, size);
  if (grow_last(b, size)) return old;
  p = take(size, &used);
  if (!p) return 0;
  memcpy(p, old, b->size);
  free(old);
  return p;
}

/* posix_memalign and memalign come here. */
void *aligned_alloc(size_t alignment, size_t size)
{
  if (alignment <= sizeof(struct block)) return malloc(size);
  errno = EINVAL;
  return 0;
}

#endif
