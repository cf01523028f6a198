#include "dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define HOSTMAX 255

/* The kernel's limit on sending is one on connecting, too. */
static int reach(int family, const struct sockaddr *address, socklen_t len, unsigned long seconds)
{
  struct timeval limit = { (time_t) seconds, 0 };
  int one = 1, saved, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd == -1) return -1;
  if (!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) && !connect(fd, address, len)) {
    if (family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
  }
  saved = errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno;
  close(fd);
  errno = saved;
  return -1;
}

int dial_tcp(const char *host, const char *port, unsigned long seconds)
{
  struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *found, *a;
  int saved, fd = -1;

  if (getaddrinfo(host, port, &hint, &found)) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  for (a = found; a && fd == -1; a = a->ai_next)
    fd = reach(a->ai_family, a->ai_addr, a->ai_addrlen, seconds);
  saved = errno;
  freeaddrinfo(found);
  errno = saved;
  return fd;
}

static int local(const char *path, unsigned long seconds)
{
  struct sockaddr_un a = { .sun_family = AF_UNIX };

  if (strlen(path) >= sizeof a.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(a.sun_path, path, strlen(path) + 1);
  return reach(AF_UNIX, (const struct sockaddr *) &a, sizeof a, seconds);
}

int dial(const char *address, unsigned long seconds)
{
  const char *colon = strrchr(address, ':');
  char host[HOSTMAX + 1];
  size_t len = colon ? (size_t) (colon - address) : 0;

  if (*address == '/') return local(address, seconds);
  if (len >= 2 && *address == '[' && colon[-1] == ']') {
    ++address;
    len -= 2;
  } else if (len && memchr(address, ':', len)) len = 0;
  if (!len || len > HOSTMAX || !colon[1]) {
    errno = EINVAL;
    return -1;
  }
  memcpy(host, address, len);
  host[len] = 0;
  return dial_tcp(host, colon + 1, seconds);
}
