/* Descriptors through sockets. */
#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

int main(void)
{
  int pair[2], pipes[2], two[2], several[3], fd, next;
  char text[8];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) || pipe(pipes)) return 111;
  ok(pass_send(pair[0], "ab", 2, pipes[1]) == 1, "a descriptor is sent with some bytes");
  ok(pass_receive(pair[1], text, sizeof text, &fd) == 2 && text[1] == 'b' && fd > pipes[1], "and comes with them");
  ok(fcntl(fd, F_GETFD) == FD_CLOEXEC, "closed on exec");
  ok(write(fd, "x", 1) == 1 && read(pipes[0], text, 1) == 1 && *text == 'x', "open as it was");
  ok(pass_send(pair[0], "c", 1, -1) == 1 && pass_receive(pair[1], text, sizeof text, &fd) == 1 && fd == -1,
     "bytes come alone too");
  ok(pass_receive(pair[1], text, sizeof text, &fd) == -1 && errno == EAGAIN && fd == -1, "nothing is nothing");
  ok(pass_send(pair[0], "c", 1, 1 << 20) == -1 && errno == EBADF, "a descriptor that is none is not sent");
  close(pair[0]);
  ok(pass_receive(pair[1], text, sizeof text, &fd) == 0 && fd == -1, "the end is the end");
  ok(pass_send(pair[1], "c", 1, -1) == -1 && errno == EPIPE, "nobody gets nothing, and no signal");

  if (socketpair(AF_UNIX, SOCK_STREAM, 0, two)) return 111;
  ok(pass_send(two[0], "zFILDES\0", 9, pipes[0]) == 1 && pass_receive(two[1], text, 4, &fd) == 4 && fd != -1,
     "on a stream it comes with the first byte");
  ok(pass_receive(two[1], text, 8, &fd) == 5 && fd == -1, "and once");

  several[0] = pipes[0];
  several[1] = pipes[1];
  ok(pass_send_all(two[0], "ab", 2, several, 2) == 1 && pass_receive_all(two[1], text, 8, several, 2) == 2 &&
     write(several[1], "y", 1) == 1 && read(several[0], text, 1) == 1 && *text == 'y', "several come in their order");
  next = dup(0);
  close(next);
  ok(pass_send_all(two[0], "ab", 2, several, 2) == 1 && pass_receive(two[1], text, 8, &fd) == 2 && fd == next,
     "who asks for one gets the first");
  close(fd);
  fd = dup(0);
  ok(fd == next, "and the other is not kept open");
  close(fd);
  ok(pass_send_all(two[0], "ab", 2, several, 2) == 1 && pass_receive_all(two[1], text, 8, several, 3) == 2 &&
     several[0] == -1 && several[1] == -1 && several[2] == -1, "too few are none");
  fd = dup(0);
  ok(fd == next, "and are not kept open either");
  ok(pass_send_all(two[0], "ab", 2, several, PASS_MOST + 1) == -1 && errno == EINVAL, "too many are not sent");
  return done_testing();
}
