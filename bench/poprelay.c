/* poprelay PORT [PROGRAM...]: the least that a POP3 proxy with a process per
 * connection can cost. Under tcpserver, it carries bytes both ways between the
 * client and 127.0.0.1:PORT; before each RETR it runs the programs, one after the
 * other. No care: a measure, not a proxy. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT 300000  /* ms */

extern char **environ;

static char buffer[65536];

static int carry(int from, int to, char **programs)
{
  ssize_t r = read(from, buffer, sizeof buffer), w, done;
  posix_spawn_file_actions_t actions;
  char *words[] = { 0, 0 };
  pid_t pid;
  int status;

  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
  if (r < 1) return 0;
  for (; *programs && r > 4 && !memcmp(buffer, "RETR", 4); ++programs) {
    words[0] = *programs;
    if (posix_spawn(&pid, *words, &actions, 0, words, environ) || waitpid(pid, &status, 0) != pid || status) _exit(111);
  }
  posix_spawn_file_actions_destroy(&actions);
  for (done = 0; done < r; done += w) {
    w = write(to, buffer + done, (size_t) (r - done));
    if (w < 1) return 0;
  }
  return 1;
}

int main(int argc, char **argv)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  const int on = 1;
  static char *none[] = { 0 };
  struct pollfd p[2] = { { 0, POLLIN, 0 }, { -1, POLLIN, 0 } };

  if (argc < 2) return 100;
  to.sin_port = htons((unsigned short) strtoul(argv[1], 0, 10));
  p[1].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(p[1].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(0, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(p[1].fd, (struct sockaddr *) &to, sizeof to) == -1) return 111;
  while (poll(p, 2, TIMEOUT) > 0) {
    if (p[0].revents && !carry(0, p[1].fd, argv + 2)) return 0;
    if (p[1].revents && !carry(p[1].fd, 1, none)) return 0;
  }
  return 0;
}
