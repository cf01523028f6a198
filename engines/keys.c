#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "log.h"
#include "pass.h"

enum { SUFFIX = 4 };

/* An answer has a byte for what comes with it, and the descriptor. */
enum { NONE = 'n', BOTH = 'b', CERTIFICATE = 'c', KEY = 'k' };

static int is_name(const char *text, size_t len)
{
  size_t i;

  if (!len || len > KEYS_NAME || *text == '.' || *text == '-') return 0;
  for (i = 0; i < len; ++i) {
    char c = text[i];

    if (c == '.' && i && text[i - 1] == '.') return 0;
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') return 0;
  }
  return 1;
}

int keys_name(const char *text, char *to)
{
  size_t i, len = strnlen(text, KEYS_NAME + 1);

  if (len && text[len - 1] == '.') --len;
  if (len > KEYS_NAME) return 0;
  for (i = 0; i < len; ++i) to[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char) (text[i] + 32) : text[i];
  to[len] = 0;
  return is_name(to, len);
}

int keys_wildcard(const char *name, char *to)
{
  const char *dot = strchr(name, '.');

  if (!dot || dot == name || !strchr(dot + 1, '.')) return 0;
  *to = '_';
  memcpy(to + 1, dot, strlen(dot) + 1);
  return 1;
}

/* Open a file of the directory. -1: it is not there, or why it cannot be had
 * has been said. */
static int open_file(int directory, const char *path, const char *name, const char *suffix, const char *id)
{
  char file[KEYS_NAME + SUFFIX + 1];
  size_t len = strlen(name);
  struct stat st;
  int fd;

  memcpy(file, name, len);
  memcpy(file + len, suffix, SUFFIX + 1);
  fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd == -1) {
    if (errno != ENOENT) log_event("trouble", id, "unable to open ", path, "/", file, ": ", strerror(errno));
    return -1;
  }
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
  log_event("trouble", id, "not a file: ", path, "/", file);
  close(fd);
  return -1;
}

static int send_file(int socket, char what, int fd)
{
  int r = pass_send(socket, &what, 1, fd);

  if (fd != -1) close(fd);
  return r;
}

static int answer(int socket, int directory, const char *path, const char *name, const char *id)
{
  int fd = open_file(directory, path, name, ".pem", id), key;

  if (fd != -1) return send_file(socket, BOTH, fd);
  fd = open_file(directory, path, name, ".crt", id);
  if (fd == -1) return send_file(socket, NONE, -1);
  key = open_file(directory, path, name, ".key", id);
  if (key != -1) return send_file(socket, CERTIFICATE, fd) == 1 ? send_file(socket, KEY, key) : -1;
  close(fd);
  if (errno == ENOENT) log_event("trouble", id, "there is no key beside ", path, "/", name, ".crt");
  return send_file(socket, NONE, -1);
}

int keys_answer(int socket, int directory, const char *path, const char *id)
{
  char name[KEYS_NAME + 1];
  ssize_t r;

  /* A socket with a time limit is interrupted by a stop, too, signal(7). */
  do r = read(socket, name, sizeof name - 1); while (r == -1 && errno == EINTR);
  if (r <= 0) return 0;
  name[r] = 0;
  /* Who asks may have been taken over: a name stays a name. */
  return is_name(name, (size_t) r) && answer(socket, directory, path, name, id) == 1;
}

void keys_serve(int socket, int directory, const char *path, const char *id, unsigned long seconds)
{
  struct timeval limit = { (time_t) seconds, 0 };
  int requests = 0;

  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  while (requests++ < KEYS_REQUESTS && keys_answer(socket, directory, path, id)) ;
}

int keys_ask(int socket, const char *name, int *certificate, int *key)
{
  ssize_t len = (ssize_t) strlen(name);
  char what;
  int fd;

  *certificate = *key = -1;
  if (send(socket, name, (size_t) len, MSG_NOSIGNAL) != len) return -1;
  if (pass_receive(socket, &what, 1, certificate) != 1) return -1;
  if (what == NONE || *certificate == -1) return 0;
  *key = *certificate;
  if (what != CERTIFICATE) return 1;
  if (pass_receive(socket, &what, 1, &fd) != 1) return -1;
  *key = fd;
  return what == KEY && fd != -1;
}
