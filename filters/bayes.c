#include "bayes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owfat.h"
#include "print.h"
#include "spawn.h"

enum {
  TROUBLE = 111,
  NEEDED  = 200,     /* messages of each kind before Bayes says anything */
  TOKENS  = 150000,  /* words, bayes_expiry_max_db_size */
  WORDS   = 50,
  OUTPUT  = 65536    /* bytes that are read of what it says */
};

static int todo;

static void out(const char *a, unsigned long n, const char *b, const char *c)
{
  char digits[FMT_ULONG + 1];

  digits[fmt_ulong(digits, n)] = 0;
  print(a, digits, b, c, "\n");
}

/* The command with what is behind it. */
static char **words(const char *command, const char *const *more, const char *bayes)
{
  static char *argv[WORDS + 8];
  char *copy = strdup(command), *at, *blank;
  size_t n = 0;

  for (at = copy; at && *at && n < WORDS; at = blank ? blank + 1 : 0) {
    blank = strpbrk(at, " \t");
    if (blank) *blank = 0;
    if (*at) argv[n++] = at;
  }
  if (!n || at) die(100, "not a command: ", command);
  for (; *more; ++more) argv[n++] = strdup(*more);
  if (bayes) {
    argv[n++] = strdup("--dbpath");
    argv[n++] = strdup(bayes);
  }
  argv[n] = 0;
  return argv;
}

/* Run it; its output goes to fd. */
static void start(struct spawn *s, char **argv, int fd)
{
  memset(s, 0, sizeof *s);
  s->argv = argv;
  s->env = environ;
  s->fd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  s->fd[3] = -1;
  s->fd[1] = fd;
  s->fd[2] = 2;
  if (spawn_start(s) == -1) diesys(TROUBLE, "unable to run ", argv[0]);
}

static void end(struct spawn *s)
{
  const char *name = s->argv[0];

  if (spawn_reap(s)) die(TROUBLE, name, " has failed");
}

static void dump(char **argv, stralloc *said)
{
  struct spawn s;
  int to[2];
  ssize_t r;

  if (pipe(to) == -1) diesys(TROUBLE, "unable to create a pipe");
  start(&s, argv, to[1]);
  close(to[1]);
  do {
    if (!stralloc_readyplus(said, 4096)) die(TROUBLE, "out of memory");
    r = read(to[0], said->s + said->len, 4096);
    if (r > 0) said->len += (size_t) r;
  } while ((r > 0 && said->len < OUTPUT) || (r == -1 && errno == EINTR));
  close(to[0]);
  end(&s);
  if (!stralloc_0(said)) die(TROUBLE, "out of memory");
}

/* The number of a line "0.000  0  NUMBER  0  non-token data: NAME". */
static unsigned long number(const char *said, const char *name)
{
  const char *at = strstr(said, name), *line;
  unsigned long n = 0;
  int word;

  if (!at) die(TROUBLE, "no figure in what it says:", name + strlen("non-token data:"));
  for (line = at; line > said && line[-1] != '\n'; --line) ;
  for (word = 0; word < 2; ++word) {
    line += strspn(line, " ");
    line += strcspn(line, " ");
  }
  line += strspn(line, " ");
  if (!scan_ulong(line, &n)) die(TROUBLE, "no figure in what it says:", name + strlen("non-token data:"));
  return n;
}

/* Files of expiries that did not come to their end. */
static void look_for_stale(const char *bayes)
{
  static stralloc folder;
  const char *slash = bayes ? strrchr(bayes, '/') : 0, *home = getenv("HOME");
  const struct dirent *e;
  DIR *d;

  if (slash ? !stralloc_copyb(&folder, bayes, (size_t) (slash - bayes + 1))
            : !stralloc_copys(&folder, bayes ? "." : home ? home : ".") ||
              !stralloc_cats(&folder, bayes ? "" : "/.spamassassin")) die(TROUBLE, "out of memory");
  if (!stralloc_0(&folder)) die(TROUBLE, "out of memory");
  d = opendir(folder.s);
  while (d && (e = readdir(d)))
    if (strstr(e->d_name, "_toks.expire")) {
      print(e->d_name, ": left by an expiry that has failed; remove it\n");
      todo = 1;
    }
  if (d) closedir(d);
}

static void learned(const char *said, const char *name, const char *what)
{
  unsigned long n = number(said, name);

  if (n < NEEDED) todo = 1;
  out(what, n, " learned", n < NEEDED ? ": Bayes is inactive below 200" : "");
}

int bayes_check(const char *command, const char *bayes)
{
  static const char *const more[] = { "--dump", "magic", 0 };
  static stralloc said;
  unsigned long tokens;

  dump(words(command, more, bayes), &said);
  learned(said.s, "non-token data: nspam", "spam ");
  learned(said.s, "non-token data: nham", "ham ");
  tokens = number(said.s, "non-token data: ntokens");
  out("tokens ", tokens, " of 150000", tokens > TOKENS ? ": cm-learn expire is due" : "");
  if (tokens > TOKENS) todo = 1;
  look_for_stale(bayes);
  if (print_end() == -1) diesys(TROUBLE, "unable to write");
  return todo;
}

int bayes_expire(const char *command, const char *bayes)
{
  static const char *const more[] = { "--force-expire", 0 };
  struct spawn s;

  start(&s, words(command, more, bayes), 1);
  end(&s);
  return 0;
}
