#include "dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

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

static int fill(struct sockaddr_un *a, const char *path)
{
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  if (strlen(path) < sizeof a->sun_path) {
    memcpy(a->sun_path, path, strlen(path) + 1);
    return 1;
  }
  errno = ENAMETOOLONG;
  return 0;
}

static int local(const char *path, unsigned long seconds)
{
  struct sockaddr_un a;

  return fill(&a, path) ? reach(AF_UNIX, (const struct sockaddr *) &a, sizeof a, seconds) : -1;
}

/* Take HOST:PORT apart. The port, or 0 with errno. */
static const char *split(const char *address, char host[HOSTMAX + 1])
{
  const char *colon = strrchr(address, ':');
  size_t len = colon ? (size_t) (colon - address) : 0;
  unsigned long number;

  if (len >= 2 && *address == '[' && colon[-1] == ']') {
    ++address;
    len -= 2;
  } else if (len && memchr(address, ':', len)) len = 0;
  /* getaddrinfo of glibc takes what is too large for another port. */
  if (!len || len > HOSTMAX || !colon[1] || (control_scan(colon + 1, strlen(colon + 1), &number) && number > 65535)) {
    errno = EINVAL;
    return 0;
  }
  memcpy(host, address, len);
  host[len] = 0;
  return colon + 1;
}

int dial(const char *address, unsigned long seconds)
{
  char host[HOSTMAX + 1];
  const char *port;

  if (*address == '/') return local(address, seconds);
  port = split(address, host);
  return port ? dial_tcp(host, port, seconds) : -1;
}

static int attend(int family, const struct sockaddr *address, socklen_t len)
{
  int one = 1, saved, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd == -1) return -1;
  if (family != AF_UNIX) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (!bind(fd, address, len) && !listen(fd, SOMAXCONN)) return fd;
  saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static int attend_local(const char *path)
{
  struct sockaddr_un a;
  mode_t before;
  int fd = local(path, 1);

  if (fd != -1) {
    close(fd);
    errno = EADDRINUSE;
    return -1;
  }
  if (errno == ECONNREFUSED) unlink(path);
  if (!fill(&a, path)) return -1;
  before = umask(0);
  fd = attend(AF_UNIX, (const struct sockaddr *) &a, sizeof a);
  umask(before);
  return fd;
}

int dial_listen(const char *address)
{
  struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found;
  char host[HOSTMAX + 1];
  const char *port;
  int saved, fd;

  if (*address == '/') return attend_local(address);
  if (!(port = split(address, host))) return -1;
  if (getaddrinfo(host, port, &hint, &found)) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  fd = attend(found->ai_family, found->ai_addr, found->ai_addrlen);
  saved = errno;
  freeaddrinfo(found);
  errno = saved;
  return fd;
}
