/* fildes SOCKET COUNT CLIENTS < MESSAGE: COUNT scans by descriptor, a connection
 * each, CLIENTS at a time. Each message is another: a scanner may remember what
 * was clean. Prints the rate, and what the clients took of the processor. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char message[1 << 20];

static void fail(const char *what)
{
  perror(what);
  _exit(111);
}

static void one(const char *path, size_t len, long number)
{
  struct sockaddr_un a = { .sun_family = AF_UNIX };
  char command[] = "zFILDES\0", answer[512];
  struct iovec piece = { command, sizeof command };
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } rights = { { 0 } };
  struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = rights.space,
                      .msg_controllen = sizeof rights.space };
  int s = socket(AF_UNIX, SOCK_STREAM, 0), fd = memfd_create("message", MFD_CLOEXEC);
  ssize_t r, got = 0;

  len += (size_t) snprintf(message + len, 64, "%d.%ld\r\n", (int) getpid(), number);
  if (write(fd, message, len) != (ssize_t) len) fail("message");
  snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
  if (connect(s, (struct sockaddr *) &a, sizeof a) == -1) fail(path);
  rights.header.cmsg_level = SOL_SOCKET;
  rights.header.cmsg_type = SCM_RIGHTS;
  rights.header.cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
  if (sendmsg(s, &m, 0) != (ssize_t) sizeof command) fail("sendmsg");
  while ((r = read(s, answer + got, sizeof answer - 1 - (size_t) got)) > 0) got += r;
  answer[got] = 0;
  if (got < 4 || strcmp(answer + strlen(answer) - 4, ": OK")) {
    fprintf(stderr, "answer: %s\n", answer);
    _exit(1);
  }
  close(s);
  close(fd);
}

static double now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
  long count = argc == 4 ? atol(argv[2]) : 0, clients = argc == 4 ? atol(argv[3]) : 0, c, i;
  ssize_t len = read(0, message, sizeof message - 64);
  int status, bad = 0;
  struct rusage u;
  double began;

  if (count < 1 || clients < 1 || len < 1) return 100;
  began = now();
  for (c = 0; c < clients; ++c)
    if (!fork()) {
      for (i = c; i < count; i += clients) one(argv[1], (size_t) len, i);
      _exit(0);
    }
  while (wait(&status) > 0) bad |= status;
  began = now() - began;
  getrusage(RUSAGE_CHILDREN, &u);
  printf("%.0f %.1f\n", (double) count / began,
         (double) ((u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec) / (double) count);
  return bad ? 1 : 0;
}
