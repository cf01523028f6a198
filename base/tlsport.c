#include "tlsport.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"

int tlsport_find(void)
{
  const char *text = getenv(TLSPORT);
  size_t len = text ? strlen(text) : 0;
  int fd = len && len < 6 && strspn(text, "0123456789") == len ? (int) strtol(text, 0, 10) : -1;

  if (text) unsetenv(TLSPORT);
  return fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ? -1 : fd;
}

int tlsport_alive(int port)
{
  struct pollfd p = { port, 0, 0 };

  return poll(&p, 1, 0) == 0;
}

int tlsport_ask(int port, char command, const char *id, const int fd[TLSPORT_FDS])
{
  struct tlsport_call call = { command, "" };

  memcpy(call.id, id, strnlen(id, sizeof call.id - 1));
  return pass_send_all(port, &call, sizeof call, fd, TLSPORT_FDS);
}
