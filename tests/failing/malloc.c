/* Linked into programs of their own, build/failing/..., in front of malloc: with
 * TCPFAIL=PROGRAM:N:FILE in the environment, which goes to stages too, the Nth
 * allocation of this program fails, and FILE is made; with N+ all that come behind it fail, too. */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t each);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t each);
void *__wrap_realloc(void *old, size_t size);

/* Is it now? 1 or 0. */
static int fails(void)
{
  static unsigned long left;
  static int all;
  const char *told = getenv("TCPFAIL"), *name = program_invocation_short_name;
  size_t len = strlen(name);
  char *file, *behind;
  int fd;

  if (!told || strncmp(told, name, len) || told[len] != ':') return 0;
  if (!left) {
    left = strtoul(told + len + 1, &behind, 10) + 1;
    all = *behind == '+';
  }
  if (left == 1) {  /* it was before */
    errno = ENOMEM;
    return all;
  }
  if (--left > 1) return 0;
  file = strrchr(told, ':');
  fd = open(file + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd == -1 || write(fd, "malloc\n", 7) != 7) abort();
  close(fd);
  errno = ENOMEM;
  return 1;
}

void *__wrap_malloc(size_t size)
{
  return fails() ? 0 : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t each)
{
  return fails() ? 0 : __real_calloc(count, each);
}

void *__wrap_realloc(void *old, size_t size)
{
  return fails() ? 0 : __real_realloc(old, size);
}
