/* base/heap takes malloc's place in the static programs; elsewhere this tries
 * the C library's, which promises the same. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define BLOCKS 200
#define TURNS 20000

static struct piece {
  unsigned char *p;
  size_t len;
  unsigned char fill;
} pieces[BLOCKS];

static unsigned long seed = 1;

static unsigned long chance(unsigned long below)
{
  seed = seed * 6364136223846793005UL + 1442695040888963407UL;
  return (seed >> 33) % below;
}

/* Mostly small, now and then up to half a megabyte. */
static size_t some_size(void)
{
  return chance((unsigned long) 1 << chance(20)) + 1;
}

static int intact(const struct piece *piece)
{
  size_t i;

  for (i = 0; i < piece->len; i += 1 + piece->len / 100)
    if (piece->p[i] != piece->fill) return 0;
  return piece->p[piece->len - 1] == piece->fill;
}

static int zero(const unsigned char *p, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (p[i]) return 0;
  return 1;
}

/* One allocation, growth or end of a random piece. 1, or 0: something is wrong. */
static int turn(void)
{
  struct piece *piece = &pieces[chance(BLOCKS)];
  size_t len = some_size(), kept;
  unsigned char *p;

  if (!piece->p) {
    if (chance(2)) piece->p = malloc(len);
    else if ((piece->p = calloc(len, 1)) && !zero(piece->p, len)) return 0;
  } else {
    if (!intact(piece)) return 0;
    if (chance(2)) {
      free(piece->p);
      piece->p = 0;
      return 1;
    }
    kept = piece->len < len ? piece->len : len;
    p = realloc(piece->p, len);
    if (!p) return 0;
    piece->p = p;
    piece->len = kept;
    if (!intact(piece)) return 0;
  }
  if (!piece->p || (uintptr_t) piece->p % 16) return 0;
  piece->len = len;
  piece->fill = (unsigned char) chance(256);
  memset(piece->p, piece->fill, len);
  return 1;
}

static int many_turns(void)
{
  long i;

  for (i = 0; i < TURNS; ++i)
    if (!turn()) return 0;
  for (i = 0; i < BLOCKS; ++i) {
    if (pieces[i].p && !intact(&pieces[i])) return 0;
    free(pieces[i].p);
  }
  return 1;
}

/* In a child: the address space ends soon, so what is freed must come back. */
static int bounded(size_t size)
{
  struct rlimit limit = { 64UL << 20, 64UL << 20 };
  int status, i;
  pid_t pid = fork();
  char *p;

  if (!pid) {
    if (setrlimit(RLIMIT_AS, &limit) == -1) _exit(2);
    for (i = 0; i < 10000; ++i) {
      p = malloc(size);
      if (!p) _exit(1);
      p[size - 1] = 1;
      free(p);
    }
    _exit(0);
  }
  return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

#ifndef __GLIBC__
static int traps(void)
{
  void *volatile p = malloc(100);
  int status;
  pid_t pid = fork();

  if (!pid) {
    free(p);
    free(p);
    _exit(0);
  }
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

/* The first block lies between the program and the end of its own memory. */
static int is_ours(const void *p)
{
  extern char __executable_start[], end[];

  return (const char *) p > __executable_start && (const char *) p < end;
}
#endif

#ifndef __GLIBC__
/* Nothing stands behind the second block yet; then the third one does. */
static int grows_in_place(void)
{
  char *a = malloc(100), *b = malloc(100), *c, *grown;
  uintptr_t was = (uintptr_t) b;

  memset(b, 1, 100);
  grown = realloc(b, 5000);
  c = malloc(5000);
  memset(c, 2, 5000);
  return a && (uintptr_t) grown == was && grown[99] == 1 && c >= grown + 5000 &&
         (uintptr_t) realloc(grown, 20000) != was;
}
#endif

#ifndef __SANITIZE_ADDRESS__
/* Kept, or a compiler leaves the call out. */
static void *volatile result;

static int refused(void *p)
{
  int reason = errno;

  result = p;
  errno = 0;
  return !result && reason == ENOMEM;
}
#endif

int main(void)
{
#ifndef __GLIBC__
  ok(is_ours(malloc(100)), "the first block needs no system call");
  ok(grows_in_place(), "the last block grows where it is, another one is moved");
  ok(traps(), "a block that is freed twice ends the program");
#endif
  ok(many_turns(), "blocks of all sizes are aligned, keep what is in them and share no byte");
#ifndef __SANITIZE_ADDRESS__
  static volatile size_t most = SIZE_MAX, half = SIZE_MAX / 2 + 2;
  char *p = malloc(10);

  ok(refused(malloc(most)), "more than there can be is ENOMEM");
  ok(refused(calloc(half, 2)), "a product that overflows is ENOMEM");
  ok(refused(realloc(p, most)), "growth beyond that is ENOMEM");
  ok(bounded(3000), "a small block that is freed is used again");
  ok(bounded(3000000), "a large block that is freed goes back");
#endif
  return done_testing();
}
