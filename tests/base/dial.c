/* Connections by name, address and path, and why there is none. */
#include "dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

static char folder[] = "/tmp/dial.XXXXXX", path[64];

/* Listen on an address; its port. */
static unsigned int listening(const char *ip, int *fd)
{
  struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
  struct sockaddr_in four = { .sin_family = AF_INET };
  struct sockaddr_storage got;
  socklen_t len = sizeof got;
  int family = strchr(ip, ':') ? AF_INET6 : AF_INET, r;

  *fd = socket(family, SOCK_STREAM, 0);
  if (family == AF_INET6) {
    inet_pton(family, ip, &six.sin6_addr);
    r = bind(*fd, (struct sockaddr *) &six, sizeof six);
  } else {
    inet_pton(family, ip, &four.sin_addr);
    r = bind(*fd, (struct sockaddr *) &four, sizeof four);
  }
  if (r || listen(*fd, 5) || getsockname(*fd, (struct sockaddr *) &got, &len)) return 0;
  memcpy(&four, &got, sizeof four);
  return ntohs(four.sin_port);  /* in the same place in both */
}

static int local(void)
{
  struct sockaddr_un a = { .sun_family = AF_UNIX };
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  snprintf(path, sizeof path, "%s/socket", folder);
  memcpy(a.sun_path, path, strlen(path));
  if (bind(fd, (struct sockaddr *) &a, sizeof a) || listen(fd, 5)) perror("bind");
  return fd;
}

/* Does a connection to there reach who listens on fd? */
static int reaches(const char *address, int fd)
{
  int ours = dial(address, 5), theirs = ours == -1 ? -1 : accept(fd, 0, 0);
  char c = 0;
  int ok = theirs != -1 && write(ours, "x", 1) == 1 && read(theirs, &c, 1) == 1 && c == 'x';

  close(ours);
  close(theirs);
  return ok;
}

static int why(const char *address)
{
  int fd = dial(address, 5);

  if (fd == -1) return errno;
  close(fd);
  return 0;
}

int main(void)
{
  char word[400], many[300];
  unsigned int port;
  int fd;

  if (!mkdtemp(folder)) return 111;
  port = listening("127.0.0.1", &fd);
  snprintf(word, sizeof word, "127.0.0.1:%u", port);
  ok(reaches(word, fd), "an address and a port are reached");
  snprintf(word, sizeof word, "localhost:%u", port);
  ok(reaches(word, fd), "so is a name, whichever of its addresses answers");
  close(fd);
  ok(why(word) == ECONNREFUSED, "nobody is there: refused");

  port = listening("::1", &fd);
  snprintf(word, sizeof word, "[::1]:%u", port);
  ok(!port || reaches(word, fd), "IPv6 stands in brackets");
  snprintf(word, sizeof word, "::1:%u", port);
  ok(why(word) == EINVAL, "without brackets it is no address");
  close(fd);

  fd = local();
  ok(reaches(path, fd), "a path is a local socket");
  close(fd);
  ok(why(path) == ECONNREFUSED, "whose server is gone: refused");
  unlink(path);
  ok(why(path) == ENOENT, "which is not there: said so");
  memset(many, 'a', sizeof many - 1);
  many[0] = '/';
  many[sizeof many - 1] = 0;
  ok(why(many) == ENAMETOOLONG, "a path that no socket can have is refused");

  ok(why("localhost") == EINVAL, "a host without a port is no address");
  ok(why(":25") == EINVAL, "nor is a port without a host");
  ok(why("localhost:") == EINVAL, "nor an empty port");
  ok(why("127.0.0.1:65536") == EINVAL, "nor one that there cannot be");
  ok(why("no.such.host.invalid:25") == EADDRNOTAVAIL, "a name that cannot exist has no address");

  fd = dial_listen(path);
  ok(fd != -1 && reaches(path, fd), "listening at a path");
  ok(dial_listen(path) == -1 && errno == EADDRINUSE, "where somebody listens nobody else can");
  close(fd);
  fd = dial_listen(path);
  ok(fd != -1 && reaches(path, fd), "what a listener left behind is replaced");
  close(fd);
  unlink(path);
  fd = dial_listen("127.0.0.1:0");
  ok(fd != -1 && accept(fd, 0, 0) == -1 && errno == EAGAIN, "listening at an address, without blocking");
  close(fd);
  ok(dial_listen("localhost") == -1 && errno == EINVAL, "what is no address is none to listen at");
  rmdir(folder);
  return done_testing();
}
