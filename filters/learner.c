#include "learner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "spawn.h"

enum {
  COMMANDS = 10,
  WORDS    = 50,
  PATIENCE = 120000,  /* milliseconds for one message */
  GRACE    = 2000     /* from SIGTERM to SIGKILL */
};

static struct command {
  char *argv[WORDS + 1];
} commands[COMMANDS];
static size_t count;

int learner_add(const char *text, size_t len)
{
  char *copy = malloc(len + 1);
  struct command *c = commands + count;
  size_t i, n = 0;
  int within = 0;

  if (!copy || count == COMMANDS) return 0;
  for (i = 0; i < len; ++i) {
    copy[i] = strchr(" \t", text[i]) ? 0 : text[i];
    if (copy[i] && !within) {
      if (n == WORDS) return 0;
      c->argv[n++] = copy + i;
    }
    within = copy[i] != 0;
  }
  copy[len] = 0;
  c->argv[n] = 0;
  count += n > 0;
  return n > 0;
}

int learner_read(const char *verb)
{
  static stralloc data;
  const char *line;
  size_t at = 0, len, n = strlen(verb);
  int r = control_read("control/learn", &data);

  if (r != 1) return r;
  for (r = 0; control_next(&data, &at, &line, &len, 0); ) {
    if (len <= n || memcmp(line, verb, n) || !strchr(" \t", line[n])) continue;
    if (!learner_add(line + n, len - n)) {
      errno = EINVAL;
      return -1;
    }
    ++r;
  }
  return r;
}

/* What they say where all is well. */
static int quiet = -1;

static int failed(stralloc *why, const char *who, const char *what, int number)
{
  if (!stralloc_copys(why, who) || !stralloc_cats(why, what) ||
      (number && !stralloc_number(why, (unsigned long) number)) || !stralloc_0(why)) why->len = 0;
  return 0;
}

static int teach(struct command *c, int fd, stralloc *why)
{
  struct spawn s = { .argv = c->argv, .env = environ, .fd = { fd, quiet, 2, -1 } };
  struct pollfd p = { -1, POLLIN, 0 };
  int code, r;

  if (lseek(fd, 0, SEEK_SET) == -1) return failed(why, "unable to read it again", "", 0);
  if (spawn_start(&s) == -1) return failed(why, "unable to run ", c->argv[0], 0);
  p.fd = s.pidfd;
  while ((r = poll(&p, 1, PATIENCE)) == -1 && errno == EINTR) ;
  if (r != 1) {
    spawn_stop(&s, GRACE);
    return failed(why, c->argv[0], " does not end", 0);
  }
  code = spawn_reap(&s);
  if (code < 0) return failed(why, c->argv[0], " was ended by signal ", -code);
  return code ? failed(why, c->argv[0], " exited ", code) : 1;
}

int learner_teach(int fd, stralloc *why)
{
  size_t i;

  if (quiet == -1) quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (i = 0; i < count; ++i)
    if (!teach(commands + i, fd, why)) return 0;
  return 1;
}
