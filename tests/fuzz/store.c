/* An envelope of the store and a mail log of any bytes: what is read is whole and
 * ends, and a row lies behind the one before it.
 * seeds: tests/report/cm-quarantine.t */

#include "stored.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "1769903999.998877.1f3a.0.9be2c510"
#define must(condition) do if (!(condition)) abort(); while (0)

static int dir = -1;

static char memory[] = "/dev/shm/cm-fuzz.XXXXXX", disk[] = "/tmp/cm-fuzz.XXXXXX";
static char *name;

static void leave(void)
{
  unlinkat(dir, ID ".env", 0);
  rmdir(name);
}

static void open_dir(void)
{
  name = mkdtemp(memory);
  if (!name) name = mkdtemp(disk);
  must(name != 0);
  dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  must(dir != -1);
  must(atexit(leave) == 0);
}

static void envelope(const uint8_t *data, size_t size)
{
  static struct stored s;
  int fd = openat(dir, ID ".env", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r;
  const char *at;
  size_t len;

  must(fd != -1 && write(fd, data, size) == (ssize_t) size);
  close(fd);
  r = stored_read(dir, ID, &s);
  must(r == 1 || r == -1);
  if (r == -1) return;
  must(size > 5 && !memcmp(data + size - 5, "\nend\n", 5) && s.size && !strcmp(s.id, ID));
  must(strlen(s.time) + strlen(s.port) + strlen(s.verdict) + strlen(s.stage) + strlen(s.reason) +
       strlen(s.sender) + strlen(s.hash) <= size);
  must(strlen(s.recipients.s) == s.recipients.len - 1);
  for (at = s.recipients.s; *at; at += len + 1) {
    len = strcspn(at, "\n");
    must(at[len] == '\n');
  }
}

static void log_of(const uint8_t *data, size_t size)
{
  static struct rows r;
  int fd = memfd_create("log", MFD_CLOEXEC), i;
  off_t before;

  must(fd != -1 && write(fd, data, size) == (ssize_t) size);
  if (rows_open(&r, fd, 0) == 1)
    for (before = r.next; rows_next(&r) == 1; before = r.next) {
      must(r.next > before && r.next <= (off_t) size);
      for (i = 0; i < ROW_CELLS; ++i) must(strlen(r.cell[i]) <= (size_t) (r.next - before));
    }
  close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (dir == -1) open_dir();
  envelope(data, size);
  log_of(data, size);
  return 0;
}
