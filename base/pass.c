#include "pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union rights {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

int pass_send(int to, const void *bytes, size_t len, int fd)
{
  union { const void *in; void *out; } unconst = { bytes };
  struct iovec piece = { unconst.out, len };
  union rights rights = { { 0 } };
  struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };
  ssize_t sent;

  if (fd != -1) {
    m.msg_control = rights.space;
    m.msg_controllen = sizeof rights.space;
    rights.header.cmsg_level = SOL_SOCKET;
    rights.header.cmsg_type = SCM_RIGHTS;
    rights.header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
  }
  do sent = sendmsg(to, &m, MSG_NOSIGNAL);
  while (sent == -1 && errno == EINTR);
  if (sent >= 0 && (size_t) sent < len) errno = EMSGSIZE;
  return sent == (ssize_t) len ? 1 : -1;
}

ssize_t pass_receive(int from, void *bytes, size_t size, int *fd)
{
  struct iovec piece = { bytes, size };
  union rights rights = { { 0 } };
  struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = rights.space,
                      .msg_controllen = sizeof rights.space };
  ssize_t got;

  *fd = -1;
  do got = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
  while (got == -1 && errno == EINTR);
  if (got != -1 && m.msg_controllen >= CMSG_LEN(sizeof *fd) &&
      rights.header.cmsg_level == SOL_SOCKET && rights.header.cmsg_type == SCM_RIGHTS)
    memcpy(fd, CMSG_DATA(&rights.header), sizeof *fd);
  return got;
}
