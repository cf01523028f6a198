#ifndef CM_SECCOMP_H
#define CM_SECCOMP_H

/* The one door to the kernel's filters of system calls. What its own headers say is
 * said here again: musl-gcc is not shown those. */

#include <stddef.h>
#include <stdint.h>

/* An instruction: BPF, as in bpf(4). */
struct seccomp_step {
  uint16_t code;
  uint8_t yes, no;  /* how many instructions a jump passes over */
  uint32_t k;
};

/* Where the call's facts are. Of an argument the lower 32 bits, which are all that the
 * kernel looks at in the arguments that are asked for. */
#define SECCOMP_NUMBER 0
#define SECCOMP_ARCH 4
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SECCOMP_ARGUMENT(n) (16 + 8 * (n))
#else
#define SECCOMP_ARGUMENT(n) (20 + 8 * (n))
#endif

/* What the filter answers. */
#define SECCOMP_ALLOW 0x7fff0000u
#define SECCOMP_KILL 0x80000000u  /* the process, by SIGSYS */
#define SECCOMP_FAIL(error) (0x00050000u | (unsigned int) (error))

#define SECCOMP_LOAD(at) { 0x20, 0, 0, (at) }
#define SECCOMP_AND(k) { 0x54, 0, 0, (k) }
#define SECCOMP_EQUAL(k, yes, no) { 0x15, (yes), (no), (k) }
#define SECCOMP_LEAST(k, yes, no) { 0x35, (yes), (no), (k) }
#define SECCOMP_BITS(k, yes, no) { 0x45, (yes), (no), (k) }
#define SECCOMP_ANSWER(what) { 0x06, 0, 0, (what) }

/* The only architecture whose calls are not answered by SECCOMP_KILL. */
#if defined __x86_64__ && !defined __ILP32__
#define SECCOMP_OURS 0xc000003eu
#elif defined __aarch64__
#define SECCOMP_OURS 0xc00000b7u
#elif defined __riscv && __riscv_xlen == 64
#define SECCOMP_OURS 0xc00000f3u
#else
#error "seccomp.h does not know this processor"
#endif

/* Give up all other calls for good, and new privileges too. 1; -1 with errno. */
int seccomp_enter(const struct seccomp_step *steps, size_t count);

/* Is this a build with a sanitizer? It looks into files and processes of its own, and
 * reserves terabytes that it never touches. */
#if defined __SANITIZE_ADDRESS__
#define SECCOMP_SANITIZED 1
#elif defined __has_feature
#define SECCOMP_SANITIZED (__has_feature(address_sanitizer) || __has_feature(memory_sanitizer))
#else
#define SECCOMP_SANITIZED 0
#endif

#endif
