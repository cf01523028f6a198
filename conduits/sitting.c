#include "sitting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "print.h"
#include "sentence.h"

static struct sitting {
  pid_t pid;               /* 0: a free place */
  int fd;
  struct visitor *visitor; /* 0: it has left */
  stralloc part;           /* of a line that has not come whole */
  int whole;               /* it has said all it had to say */
} sittings[SITTING_MOST];

static const char later[] = "reject|451 4.3.0 the message could not be checked; try again later";

static __attribute__((noreturn)) void child(struct visitor *v, int out, pid_t parent)
{
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);

  /* Descriptors 0 and 1 are OpenSMTPD's, and SIGTERM shuts 0 down. */
  if (null == -1 || dup2(null, 0) == -1 || dup2(out, 1) == -1) _exit(111);
  close(out);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(111);
  sentence(v);
  _exit(print_end() == 1 ? 0 : 111);
}

/* The lines of the message that are left are said, and this is behind them. */
static void decided(struct visitor *v)
{
  v->state = VISITOR_DECIDED;
  item_drop(&v->item);
  print("filter-dataline|", v->id, "|", v->token, "|.\n");
}

static void failed(struct visitor *v, const char *why)
{
  log_event("trouble", v->item.id, "unable to judge the message: ", why);
  if (!visitor_set(&v->answer, later, sizeof later - 1)) v->answer.len = 0;
  decided(v);
}

int sitting_begin(struct visitor *v, unsigned long most)
{
  struct sitting *s = sittings;
  pid_t parent = getpid();
  int p[2] = { -1, -1 };

  while (s < sittings + most && s->pid) ++s;
  if (s == sittings + most) return 0;
  s->pid = pipe2(p, O_CLOEXEC) == -1 ? -1 : fork();
  if (!s->pid) child(v, p[1], parent);
  if (s->pid == -1) {
    failed(v, strerror(errno));
    close(p[0]);
    s->pid = 0;
  } else {
    s->fd = p[0];
    s->visitor = v;
    s->part.len = 0;
    s->whole = 0;
    v->state = VISITOR_JUDGED;
  }
  close(p[1]);
  return 1;
}

void sitting_abandon(const struct visitor *v)
{
  struct sitting *s;

  for (s = sittings; s < sittings + SITTING_MOST; ++s)
    if (s->pid && s->visitor == v) {
      s->visitor = 0;
      kill(s->pid, SIGTERM);
    }
}

/* One line of it, with its LF. */
static void line(struct sitting *s, const char *text, size_t len)
{
  struct visitor *v = s->visitor;

  if (!v->answer.len) {
    if (!visitor_set(&v->answer, text, len - 1)) v->answer.len = 0;
  } else if (len == 6 && !memcmp(text, "whole\n", 6)) s->whole = 1;
  else print_bytes(text, len);
}

/* It is over: the answer stands, or there is none that counts. */
static void ended(struct sitting *s)
{
  struct visitor *v = s->visitor;
  int status = 0;

  close(s->fd);
  while (waitpid(s->pid, &status, 0) == -1 && errno == EINTR) ;
  s->pid = 0;
  if (!v) return;
  if (s->whole && !status) decided(v);
  else failed(v, "its process has ended");
}

/* Some more. 1; 0: it has ended. */
static int hear(struct sitting *s)
{
  static char bytes[65536];
  ssize_t n = read(s->fd, bytes, sizeof bytes);
  const char *at, *nl;

  if (n == -1 && errno == EINTR) return 1;
  if (n > 0 && !s->visitor) return 1;
  if (n > 0 && stralloc_catb(&s->part, bytes, (size_t) n)) {
    for (at = s->part.s; (nl = memchr(at, '\n', s->part.len - (size_t) (at - s->part.s))); at = nl + 1)
      line(s, at, (size_t) (nl + 1 - at));
    s->part.len -= (size_t) (at - s->part.s);
    memmove(s->part.s, at, s->part.len);
    return 1;
  }
  ended(s);
  return 0;
}

int sitting_wait(void)
{
  static struct pollfd p[SITTING_MOST + 1];
  static struct sitting *whose[SITTING_MOST + 1];
  struct sitting *s;
  size_t n = 1, i;
  int places = 0;

  p[0].fd = 0;
  p[0].events = POLLIN;
  for (s = sittings; s < sittings + SITTING_MOST; ++s)
    if (s->pid) {
      p[n].fd = s->fd;
      p[n].events = POLLIN;
      whose[n++] = s;
    }
  if (poll(p, n, -1) == -1) return 0;
  for (i = 1; i < n; ++i)
    if (p[i].revents && !hear(whose[i])) places = 1;
  return !places && p[0].revents;
}

void sitting_end(void)
{
  struct sitting *s;

  for (s = sittings; s < sittings + SITTING_MOST; ++s)
    if (s->pid) kill(s->pid, SIGTERM);
}
