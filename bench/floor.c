/* floor PORT [DRIVER PROGRAM...]: the least that a filtering SMTP proxy with a
 * process per connection can cost. Under tcpserver, it carries each command to
 * 127.0.0.1:PORT and its reply back before it reads the next, and keeps a
 * message in a memfd until its last dot has come. With a DRIVER, that runs on
 * the message (descriptor 0) before it goes on. No care: a measure,
 * not a proxy. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT 300000  /* ms */

extern char **environ;

struct input {
  int fd;
  char *buffer;
  size_t size;
  size_t at;    /* what is before it has been used */
  size_t end;
};

static char clientbuffer[16384];
static char serverbuffer[4096];
static struct input client = { 0, clientbuffer, sizeof clientbuffer, 0, 0 };
static struct input server = { -1, serverbuffer, sizeof serverbuffer, 0, 0 };

static void put(int fd, const char *data, size_t len)
{
  ssize_t w;

  for (; len; data += w, len -= (size_t) w) {
    w = write(fd, data, len);
    if (w < 1) _exit(0);
  }
}

static void fill(struct input *in)
{
  struct pollfd ready = { in->fd, POLLIN, 0 };
  ssize_t r;

  if (in->at) {
    memmove(in->buffer, in->buffer + in->at, in->end - in->at);
    in->end -= in->at;
    in->at = 0;
  }
  if (in->end == in->size) _exit(1);
  if (poll(&ready, 1, TIMEOUT) != 1) _exit(1);
  r = read(in->fd, in->buffer + in->end, in->size - in->end);
  if (r < 1) _exit(0);
  in->end += (size_t) r;
}

/* The next line with its line ending; valid until the next call. */
static const char *line(struct input *in, size_t *len)
{
  const char *start, *end;

  for (;;) {
    start = in->buffer + in->at;
    end = memchr(start, '\n', in->end - in->at);
    if (end) break;
    fill(in);
  }
  *len = (size_t) (end + 1 - start);
  in->at += *len;
  return start;
}

/* Carry one reply to the client; its first digit. */
static char reply(void)
{
  size_t len, total = 0;
  const char *start, *end;

  for (;;) {
    start = server.buffer + server.at;
    end = memchr(start + total, '\n', server.end - server.at - total);
    if (!end) {
      fill(&server);
      continue;
    }
    len = (size_t) (end + 1 - start) - total;
    total += len;
    if (len < 4 || start[total - len + 3] != '-') break;
  }
  put(1, start, total);
  server.at += total;
  return *start;
}

/* Where the dot line ends that ends the message; 0: not in these bytes. *state:
 * how many bytes of CRLF . CRLF, from behind the first LF, have been seen; -1
 * within a line. */
static size_t find_end(const char *data, size_t len, int *state)
{
  static const char end[] = ".\r\n";
  const char *lf;
  size_t i;

  for (i = 0; i < len; ) {
    if (*state == -1) {
      lf = memchr(data + i, '\n', len - i);
      if (!lf) return 0;
      i = (size_t) (lf + 1 - data);
      *state = 0;
      continue;
    }
    if (data[i] == end[*state]) {
      ++i;
      if (++*state == 3) return i;
    } else {
      *state = -1;
    }
  }
  return 0;
}

static void run(int spool, char **words)
{
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status;

  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, spool, 0);
  if (posix_spawn(&pid, words[0], &actions, 0, words, environ)) _exit(111);
  posix_spawn_file_actions_destroy(&actions);
  if (waitpid(pid, &status, 0) != pid || status) _exit(111);
}

static void carry_message(char **words)
{
  int spool = memfd_create("spool", MFD_CLOEXEC), state = 0;
  off_t at = 0, size = 0;
  size_t len;

  do {
    if (client.at == client.end) fill(&client);
    len = find_end(client.buffer + client.at, client.end - client.at, &state);
    if (!len) len = client.end - client.at;
    put(spool, client.buffer + client.at, len);
    client.at += len;
    size += (off_t) len;
  } while (state != 3);
  if (*words) run(spool, words);
  while (at < size)
    if (sendfile(server.fd, spool, &at, (size_t) (size - at)) < 1) _exit(0);
  close(spool);
}

int main(int argc, char **argv)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  const int on = 1;
  const char *command;
  size_t len;
  int is_data, is_quit;

  if (argc < 2) return 100;
  to.sin_port = htons((unsigned short) strtoul(argv[1], 0, 10));
  server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(server.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(0, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(server.fd, (struct sockaddr *) &to, sizeof to) == -1) return 111;
  if (reply() != '2') return 0;
  for (;;) {
    command = line(&client, &len);
    is_data = !strncasecmp(command, "DATA", 4);
    is_quit = !strncasecmp(command, "QUIT", 4);
    put(server.fd, command, len);
    if (reply() == '3' && is_data) {
      carry_message(argv + 2);
      reply();
    }
    if (is_quit) return 0;
  }
}
