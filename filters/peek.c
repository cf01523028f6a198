#include "peek.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "hex.h"
#include "spawn.h"

enum {
  SECONDS = 60,       /* where CM_DEADLINE does not say */
  MARGIN  = 2,        /* seconds before it that are ours */
  ANSWER  = 4194304,  /* bytes of an answer */
  FIRST   = 4,        /* the descriptor of the first file; 3 may be a report */
  ASIDE   = 64        /* where descriptors wait to be put into their places */
};

extern char **environ;

static long long deadline(void)
{
  const char *text = getenv("CM_DEADLINE");
  long long left = SECONDS;

  if (text && *text) left = strtoll(text, 0, 10) - (long long) time(0) - MARGIN;
  if (left > SECONDS) left = SECONDS;
  return clock_ms() + (left < 1 ? 1 : left) * 1000;
}

static int place(size_t i)
{
  return FIRST + (int) i;
}

/* In the child: each file into its place, by way of one that is in nobody's way. */
static void become(const struct peek *p, int out, const char *path, char *const *argv)
{
  size_t i;

  for (i = 0; i < p->count; ++i)
    if (dup2(p->fd[i], ASIDE + (int) i) == -1) _exit(111);
  if (dup2(out, 1) == -1) _exit(111);
  close(3);
  for (i = 0; i < p->count; ++i) {
    if (dup2(ASIDE + (int) i, place(i)) == -1) _exit(111);
    close(ASIDE + (int) i);
  }
  execve(path, argv, environ);
  _exit(111);
}

static int start(const struct peek *p, int out, pid_t *pid)
{
  static char words[PEEK_MAX][2][24];
  static char program[] = "cm-look";
  static stralloc path;
  char *argv[2 * PEEK_MAX + 2] = { program };
  size_t i;

  for (i = 0; i < p->count; ++i) {
    words[i][0][fmt_ulong(words[i][0], (unsigned long) place(i))] = 0;
    memcpy(words[i][1], "file.", 6);
    if (*p->hint[i] && strlen(p->hint[i]) < sizeof words[i][1] - 6) strncat(words[i][1], p->hint[i], 16);
    else words[i][1][4] = 0;
    argv[1 + 2 * i] = words[i][0];
    argv[2 + 2 * i] = words[i][1];
  }
  if (spawn_find(program, &path) == -1) return 0;
  *pid = vfork();
  if (!*pid) become(p, out, path.s, argv);
  return *pid != -1;
}

/* Everything that is written, until the end of it. 0, or what is the matter. */
static const char *gather(int fd, long long until, stralloc *answer)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  long long left;
  ssize_t n;

  answer->len = 0;
  for (;;) {
    left = until - clock_ms();
    if (left <= 0) return "it takes too long";
    if (poll(&ready, 1, (int) left) <= 0) continue;
    if (!stralloc_readyplus(answer, 8192)) return "out of memory";
    n = read(fd, answer->s + answer->len, 8192);
    if (n == -1 && errno != EINTR) return "unable to read its answer";
    if (!n) return 0;
    if (n > 0) answer->len += (size_t) n;
    if (answer->len > ANSWER) return "its answer is too long";
  }
}

/* \xHH stands for a byte. In place; returns the length. */
static size_t unescape(char *s)
{
  char *o = s, *begin = s;
  int byte;

  while (*s) {
    byte = s[0] == '\\' && s[1] == 'x' && s[2] && s[3] ? hex_byte(s + 2) : -1;
    *o++ = byte >= 0 ? (char) byte : *s;
    s += byte >= 0 ? 4 : 1;
  }
  *o = 0;
  return (size_t) (o - begin);
}

/* The word at *s, which goes behind it. */
static char *word(char **s)
{
  char *begin = *s;

  *s += strcspn(begin, " ");
  if (**s) *(*s)++ = 0;
  return begin;
}

/* Each line is one fact; the last says that there are no more. 1, or 0: it is not whole. */
static int digest(const struct peek *p, stralloc *answer,
                  void (*told)(size_t, enum peek_fact, const char *, size_t, const char *))
{
  char *line, *end, *nl, *key, *kind;
  size_t file = 0, i;

  if (!answer->len || answer->s[answer->len - 1] != '\n' || memchr(answer->s, 0, answer->len)) return 0;
  for (line = answer->s, end = line + answer->len; line < end; line = nl + 1) {
    nl = memchr(line, '\n', (size_t) (end - line));
    *nl = 0;
    key = word(&line);
    if (!strcmp(key, "end")) return nl + 1 == end;
    if (!strcmp(key, "file")) {
      for (i = 0; i < p->count && (unsigned long) place(i) != strtoul(line, 0, 10); ++i) ;
      if (i == p->count) return 0;
      file = i;
    } else if (!strcmp(key, "kind")) told(file, PEEK_KIND, line, strlen(line), 0);
    else if (!strcmp(key, "flag")) told(file, PEEK_FLAG, line, strlen(line), 0);
    else if (!strcmp(key, "name")) {
      word(&line);
      kind = word(&line);
      i = unescape(line);
      told(file, PEEK_NAME, line, i, kind);
    } else if (strcmp(key, "type")) return 0;
  }
  return 0;
}

int peek_run(const struct peek *p,
             void (*told)(size_t, enum peek_fact, const char *, size_t, const char *), const char **why)
{
  static stralloc answer;
  int ends[2], status = 0;
  pid_t pid;

  *why = "unable to start cm-look";
  if (pipe2(ends, O_CLOEXEC) == -1) return 0;
  if (!start(p, ends[1], &pid)) {
    close(ends[0]);
    close(ends[1]);
    return 0;
  }
  close(ends[1]);
  *why = gather(ends[0], deadline(), &answer);
  close(ends[0]);
  if (*why) kill(pid, SIGKILL);
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) ;
  if (*why) return 0;
  *why = WIFEXITED(status) && !WEXITSTATUS(status) ? "cm-look has not said all" : "cm-look has failed";
  return WIFEXITED(status) && !WEXITSTATUS(status) && digest(p, &answer, told);
}
