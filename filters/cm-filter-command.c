/* cm-filter-command: a program that knows nothing of stages, as a stage: its
 * exit codes become verdicts, $IN$, $OUT$ and $ERR$ in its arguments names of
 * files. There is no shell, and no temporary file that a kill -9 could leave:
 * the names are those of our own descriptors below /proc. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "reason.h"
#include "reply.h"
#include "spawn.h"
#include "stage.h"

#define PIPEMAX 1048576      /* bytes of a program that has ended, still in the pipe */
#define UNMAPPED (-1)

enum file { IN, OUT, ERR, FILES };

static const char *const placeholders[FILES] = { "$IN$", "$OUT$", "$ERR$" };
static const char *names[FILES];
static int used[FILES];

static int map[256];  /* a verdict for each exit code */
static int maps;      /* is there any? */
static int rewriter;

static const char *digits(unsigned int n)
{
  static char text[FMT_ULONG + 1];

  text[fmt_ulong(text, n)] = 0;
  return text;
}

/* The file of our descriptor, for any process of this user. */
static const char *descriptor(unsigned int fd)
{
  stralloc name = { 0 };

  if (!stralloc_cats(&name, "/proc/") || !stralloc_number(&name, (unsigned long) getpid()) ||
      !stralloc_cats(&name, "/fd/") || !stralloc_number(&name, fd) || !stralloc_0(&name))
    stage_nomem();
  return name.s;
}

/* CODE=VERDICT; 0: the word is something else, the program. */
static int read_map(const char *word)
{
  unsigned long code;
  size_t len = scan_ulong(word, &code);
  int verdict;

  if (!len || word[len] != '=') return 0;
  verdict = verdict_parse(word + len + 1);
  if (code > 255 || len > 3) stage_die("not an exit code: ", word);
  if (verdict == -1) stage_die("not a verdict: ", word);
  map[code] = verdict;
  return maps = 1;
}

/* Which placeholder begins here? */
static enum file placeholder(const char *text)
{
  enum file f;

  for (f = 0; f < FILES; ++f)
    if (!strncmp(text, placeholders[f], strlen(placeholders[f]))) break;
  return f;
}

static void find_placeholders(char **args)
{
  const char *p;
  enum file f;

  for (; *args; ++args)
    for (p = *args; (p = strchr(p, '$')); p += f < FILES ? strlen(placeholders[f]) : 1)
      if ((f = placeholder(p)) < FILES) used[f] = 1;
}

static void name_files(char **args)
{
  const char *p;
  enum file f;

  names[IN] = descriptor(0);
  names[OUT] = rewriter ? descriptor(1) : "/dev/null";
  names[ERR] = descriptor(2);
  for (; *args; ++args) {
    stralloc named = { 0 };

    for (p = *args; *p; ) {
      f = placeholder(p);
      if (!(f < FILES ? stralloc_cats(&named, names[f]) : stralloc_append(&named, p)))
        stage_nomem();
      p += f < FILES ? strlen(placeholders[f]) : 1;
    }
    if (!stralloc_0(&named)) stage_nomem();
    *args = named.s;
  }
}

static void find(const char *program, stralloc *path)
{
  if (spawn_find(program, path) == -1) stage_diesys("unable to run ", program);
}

/* The first line with anything on it, of what comes in pieces. */
static void keep_line(const char *bytes, ssize_t len, stralloc *line)
{
  static int whole;

  for (; len > 0 && !whole; --len, ++bytes) {
    if (*bytes == '\n' || line->len == REPLY_REASON) whole = line->len > 0;
    else if (line->len || !strchr(" \t\r", *bytes) || !*bytes)
      if (!stralloc_append(line, bytes)) stage_nomem();
  }
}

/* Read until nobody can write any more, or the program has ended: what it left
 * behind may hold the pipe for ever. */
static void listen_to(int fd, int pidfd, stralloc *line)
{
  struct pollfd p[2] = { { fd, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
  char bytes[4096];
  int rest = PIPEMAX / (int) sizeof bytes;
  ssize_t r;

  while (rest) {
    if (poll(p, 2, -1) == -1) {
      if (errno == EINTR) continue;
      stage_diesys("unable to wait");
    }
    if (!p[0].revents) break;
    if (p[1].revents) --rest;
    r = read(fd, bytes, sizeof bytes);
    if (!r || (r == -1 && errno != EINTR)) break;
    keep_line(bytes, r, line);
  }
}

/* Run it to its end. Its exit code; anything else is no verdict. */
static int run(char **argv, stralloc *line)
{
  static stralloc path;
  struct spawn s = { .argv = argv, .env = environ, .fd = { 0, used[OUT] ? 2 : 1, 2, -1 } };
  int chatter[2] = { -1, -1 }, code;

  find(argv[0], &path);
  s.path = path.s;
  if (!rewriter) {
    if (pipe2(chatter, O_CLOEXEC) == -1) stage_diesys("unable to create a pipe");
    s.fd[1] = chatter[1];
  }
  if (spawn_start(&s) == -1) stage_diesys("unable to run ", argv[0]);
  if (!rewriter) {
    close(chatter[1]);
    listen_to(chatter[0], s.pidfd, line);
  }
  code = spawn_reap(&s);
  if (code < 0) stage_die(argv[0], " was ended by signal ", digits((unsigned int) -code));
  return code;
}

static int is_verdict(int code)
{
  return code == VERDICT_WHITELISTED || verdict_rank(code) >= 0;
}

static void answer(const char *program, int code, stralloc *line)
{
  static stralloc reason;
  int verdict = map[code] == UNMAPPED ? code : map[code];

  if (!is_verdict(verdict)) {
    carp(program, " exited ", digits((unsigned int) code));
    exit(code);
  }
  /* An own 111 is a deferral only if the program says so: it may know nothing of
   * the contract, or be broken itself. */
  if (map[code] == UNMAPPED && verdict == VERDICT_DEFER &&
      !(line->len > 1 && !memcmp(line->s, "4.", 2)))
    stage_die(program, " exited 111");
  if (verdict == VERDICT_DELIVER && !line->len) exit(verdict);
  if (!line->len && (!stralloc_cats(line, program) || !stralloc_cats(line, " exited ") ||
                     !stralloc_cats(line, digits((unsigned int) code)))) stage_nomem();
  if (!reason_make(verdict, line->s, line->len, &reason)) stage_nomem();
  stage_end(verdict, reason.s);
}

int main(int argc, char **argv)
{
  static stralloc line, path;
  const char *program;
  int flags = fcntl(3, F_GETFL), i;

  rewriter = flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
  stage_begin("cm-filter-command", rewriter ? 3 : 1);
  for (i = 0; i < 256; ++i) map[i] = UNMAPPED;
  for (i = 1; i < argc && read_map(argv[i]); ++i) ;
  if (i == argc) stage_die("usage: cm-filter-command [CODE=VERDICT...] PROGRAM [ARG...]");
  argv += i;
  find_placeholders(argv + 1);

  if (!maps && !used[IN] && !used[OUT] && !used[ERR]) {
    find(argv[0], &path);
    execve(path.s, argv, environ);
    stage_diesys("unable to run ", argv[0]);
  }
  if (used[IN]) message_file();
  name_files(argv + 1);
  program = strrchr(argv[0], '/');
  answer(program ? program + 1 : argv[0], run(argv, &line), &line);
}
