/* copy_rest between every kind of descriptor. */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SIZE 300000  /* more than a pipe holds */

static char bytes[SIZE], back[SIZE + 1];

static int disk(int flags)
{
  char name[] = "/tmp/cm-copy.XXXXXX";
  int fd = mkstemp(name);

  if (flags) {
    close(fd);
    fd = open(name, O_RDWR | flags);
  }
  unlink(name);
  return fd;
}

static int holding(int fd)
{
  if (copy_write(fd, bytes, SIZE) == -1) exit(1);
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static int holds(int fd)
{
  return pread(fd, back, sizeof back, 0) == SIZE && !memcmp(back, bytes, SIZE);
}

/* A child that writes all to fd, or reads all of fd and exits 0 if it is right. */
static pid_t writer(int fd, int other)
{
  pid_t pid = fork();

  if (pid) return pid;
  close(other);
  _exit(copy_write(fd, bytes, SIZE) == -1);
}

static pid_t reader(int fd, int other)
{
  size_t have = 0;
  ssize_t r;
  pid_t pid = fork();

  if (pid) return pid;
  close(other);
  while ((r = read(fd, back + have, sizeof back - have)) > 0) have += (size_t) r;
  _exit(have != SIZE || memcmp(back, bytes, SIZE));
}

static int ended(pid_t pid)
{
  int status;

  return waitpid(pid, &status, 0) == pid && !status;
}

static int from_child(int socket)
{
  int two[2], to = disk(0), good;
  pid_t pid;

  if (socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, two) : pipe(two)) return 0;
  pid = writer(two[1], two[0]);
  close(two[1]);
  good = copy_rest(two[0], to) == 1;
  close(two[0]);
  return ended(pid) && good && holds(to);
}

static int to_child(int socket)
{
  int two[2], good;
  pid_t pid;

  if (socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, two) : pipe(two)) return 0;
  pid = reader(two[0], two[1]);
  close(two[0]);
  good = copy_rest(holding(disk(0)), two[1]) == 1;
  close(two[1]);
  return ended(pid) && good;
}

int main(void)
{
  int from, to, i;

  for (i = 0; i < SIZE; ++i) bytes[i] = (char) (i * 7 + i / 251);

  from = holding(disk(0)), to = disk(0);
  ok(copy_rest(from, to) == 1 && holds(to), "file to file");
  ok(copy_rest(from, to) == 1 && holds(to), "nothing is left to copy");
  from = holding(memfd_create("from", 0)), to = disk(0);
  ok(copy_rest(from, to) == 1 && holds(to), "memory to file");
  from = holding(disk(0)), to = memfd_create("to", 0);
  ok(copy_rest(from, to) == 1 && holds(to), "file to memory");
  from = holding(disk(0)), to = disk(O_APPEND);
  ok(copy_rest(from, to) == 1 && holds(to), "file to a file open for appending");

  from = holding(disk(0)), to = disk(0);
  lseek(from, SIZE - 10, SEEK_SET);
  ok(copy_write(to, "x", 1) == 1 && copy_rest(from, to) == 1 &&
     pread(to, back, sizeof back, 0) == 11 && !memcmp(back + 1, bytes + SIZE - 10, 10),
     "only from where the one stands to where the other stands");

  from = open("/proc/self/status", O_RDONLY), to = disk(0);
  ok(copy_rest(from, to) == 1 && pread(to, back, 5, 0) == 5 && !memcmp(back, "Name:", 5),
     "a file of /proc, which has no size");

  ok(from_child(0), "pipe to file");
  ok(from_child(1), "socket to file");
  ok(to_child(0), "file to pipe");
  ok(to_child(1), "file to socket");

  from = holding(disk(0)), to = open("/dev/full", O_WRONLY);
  ok(copy_rest(from, to) == -1 && errno == ENOSPC, "a full disk is an error");
  from = holding(disk(0)), to = open("/dev/null", O_RDONLY);
  ok(copy_rest(from, to) == -1 && errno == EBADF, "a descriptor not open for writing is an error");
  ok(copy_rest(open("/", O_RDONLY), to) == -1, "a directory is no file");

  to = memfd_create("sealed", MFD_ALLOW_SEALING);
  ok(write(to, "x", 1) == 1 && copy_seal(to) == 1 && write(to, "y", 1) == -1 && ftruncate(to, 0) == -1 &&
     mmap(0, 1, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0) == MAP_FAILED, "what is sealed does not change");
  ok(copy_seal(to) == 1, "and may be sealed again");
  ok(copy_seal(memfd_create("loose", 0)) == -1 && errno == EPERM, "not every memory file can be sealed");
  to = memfd_create("mapped", MFD_ALLOW_SEALING);
  ok(!ftruncate(to, 1) && mmap(0, 1, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0) != MAP_FAILED &&
     copy_seal(to) == -1 && errno == EBUSY, "nor one that somebody can still write to");

  to = disk(0);
  ok(copy_write(to, "0123456789", 10) == 1 && copy_from(to, back, 4, 3) == 1 && !memcmp(back, "3456", 4) &&
     lseek(to, 0, SEEK_CUR) == 10, "bytes out of the midst of a file");
  ok(copy_from(to, back, 4, 7) == -1 && errno == EIO, "no more than it has");

  to = disk(O_APPEND);
  ok(copy_line(to, "one\n", 4) == 1 && copy_line(to, "two\n", 4) == 1, "lines are appended");
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 10, 20 });
  ok(copy_line(to, "three\n", 6) == -1, "half a line is an error");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 20, 20 });
  ok(copy_line(to, "four\n", 5) == 1 && pread(to, back, sizeof back, 0) > 0 &&
     strstr(back, "four\n"), "and a later one is whole");
  return done_testing();
}
