#include "pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights {
  struct cmsghdr header;
  char space[CMSG_SPACE(PASS_MOST * sizeof(int))];
};

int pass_send_all(int to, const void *bytes, size_t len, const int *fds, size_t count)
{
  union { const void *in; void *out; } unconst = { bytes };
  struct iovec piece = { unconst.out, len };
  union rights rights = { { 0 } };
  struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };
  ssize_t sent;

  if (count > PASS_MOST) {
    errno = EINVAL;
    return -1;
  }
  if (count) {
    m.msg_control = rights.space;
    m.msg_controllen = (socklen_t) CMSG_SPACE(count * sizeof *fds);
    rights.header.cmsg_level = SOL_SOCKET;
    rights.header.cmsg_type = SCM_RIGHTS;
    rights.header.cmsg_len = (socklen_t) CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(&rights.header), fds, count * sizeof *fds);
  }
  do sent = sendmsg(to, &m, MSG_NOSIGNAL);
  while (sent == -1 && errno == EINTR);
  if (sent >= 0 && (size_t) sent < len) errno = EMSGSIZE;
  return sent == (ssize_t) len ? 1 : -1;
}

int pass_send(int to, const void *bytes, size_t len, int fd)
{
  return pass_send_all(to, bytes, len, &fd, fd != -1);
}

/* Who sends decides how many come: those that nobody asked for are closed. */
static size_t take(const union rights *rights, int *fds, size_t most)
{
  size_t i, came = (rights->header.cmsg_len - CMSG_LEN(0)) / sizeof *fds;
  int fd;

  for (i = 0; i < came; ++i) {
    memcpy(&fd, CMSG_DATA(&rights->header) + i * sizeof fd, sizeof fd);
    if (i < most) fds[i] = fd;
    else close(fd);
  }
  return came < most ? came : most;
}

ssize_t pass_receive_all(int from, void *bytes, size_t size, int *fds, size_t count)
{
  struct iovec piece = { bytes, size };
  union rights rights = { { 0 } };
  struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = rights.space,
                      .msg_controllen = sizeof rights.space };
  size_t i, came = 0;
  ssize_t got;

  do got = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
  while (got == -1 && errno == EINTR);
  if (got != -1 && m.msg_controllen >= CMSG_LEN(sizeof *fds) &&
      rights.header.cmsg_level == SOL_SOCKET && rights.header.cmsg_type == SCM_RIGHTS)
    came = take(&rights, fds, count);
  if (came < count) {
    while (came) close(fds[--came]);
    for (i = 0; i < count; ++i) fds[i] = -1;
  }
  return got;
}

ssize_t pass_receive(int from, void *bytes, size_t size, int *fd)
{
  return pass_receive_all(from, bytes, size, fd, 1);
}
