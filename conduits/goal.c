#include "goal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "control.h"
#include "copy.h"
#include "log.h"
#include "maildir.h"
#include "queue.h"

static int is_maildir(const char *word)
{
  size_t len = strlen(word);

  return (*word == '.' || *word == '/') && len > 2 && word[len - 1] == '/' && word[len - 2] != '/' &&
         word[len - 2] != '.';
}

static int is_address(const char *word)
{
  size_t i;

  for (i = 0; word[i]; ++i)
    if ((unsigned char) word[i] <= ' ' || word[i] == 127) return 0;
  return *word != '.' && *word != '/' && strchr(word, '@');
}

int goal_valid(const char *word)
{
  return is_maildir(word) || is_address(word) || !strcmp(word, "store");
}

/* A maildir ---------------------------------------------------------------- */

/* Split its name: the directory it is in, opened, and its own. 1, or -1 with errno. */
static int locate(const char *word, struct maildir *m)
{
  static stralloc above;
  size_t len = strlen(word) - 1, at = len;

  while (word[at - 1] != '/') --at;
  if (len - at >= sizeof m->dir) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(m->dir, word + at, len - at);
  m->dir[len - at] = 0;
  if (!stralloc_copyb(&above, word, at) || !stralloc_0(&above)) return -1;
  m->base = open(above.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return m->base == -1 ? -1 : 1;
}

/* Into its tmp, and to the disk. */
static int write_it(struct maildir *m, const struct item *i)
{
  static struct outgoing o;
  static stralloc top;
  int fd, saved;

  if (!agent_top(i, 0, &top) || !item_outgoing(i, &o)) return -1;
  fd = maildir_begin(m);
  if (fd == -1) return -1;
  if (copy_write(fd, top.s, top.len) == 1 && copy_write(fd, o.head.s, o.head.len) == 1 &&
      lseek(o.fd, o.offset, SEEK_SET) != -1 && copy_rest(o.fd, fd) == 1) {
    if (maildir_finish(fd) == 1) return 1;
  } else {
    saved = errno;
    close(fd);
    errno = saved;
  }
  saved = errno;
  maildir_undo(m);
  errno = saved;
  return -1;
}

static int into(const char *word, struct maildir *m, const struct item *i)
{
  if (locate(word, m) == -1 || maildir_make(m->base, m->dir) == -1 || fsync(m->base) == -1) return -1;
  if (write_it(m, i) == -1) return -1;
  if (maildir_show(m) == 1 && maildir_sync(m) == 1) return 1;
  maildir_undo(m);
  return -1;
}

static int maildir(const char *word, const struct item *i, stralloc *said)
{
  static struct maildir m;

  if (into(word, &m, i) == 1) {
    /* What is done is done, also where there is no memory for its name. */
    if (!stralloc_copys(said, word) || !stralloc_cats(said, m.name) || !stralloc_0(said)) said->len = 0;
    return 1;
  }
  log_event("trouble", i->id, "unable to deliver into the maildir ", word, ": ", strerror(errno));
  return 0;
}

/* An address --------------------------------------------------------------- */

static int address(const char *word, const struct item *i, unsigned long seconds, stralloc *said)
{
  static stralloc trouble, words, top, to;
  const char *from = getenv("NEWSENDER"), **program, *why;
  int code;

  if (!queue_program(&program, &trouble)) {
    log_event("trouble", i->id, control_words(&trouble));
    return 0;
  }
  if (!agent_top(i, 1, &top) || !stralloc_copys(&to, word) || !stralloc_append(&to, "\n")) return 0;
  code = item_hand(i, program, &top, from ? from : i->sender, &to, seconds, &words);
  why = code < 0 ? strerror(errno) : code ? queue_refusal(code, &words) : "took it";
  if (!stralloc_copys(said, *program) || !stralloc_cats(said, ": ") || !stralloc_cats(said, why) ||
      !stralloc_0(said)) said->len = 0;
  if (code == -2) log_event("indoubt", i->id, *program, ": ", why, " with the whole message in its hands");
  else if (code) log_event("trouble", i->id, "unable to forward the message by ", *program, ": ", why);
  return code == 0;
}

int goal_reach(const char *word, struct item *i, unsigned long seconds, stralloc *said)
{
  if (!strcmp(word, "store")) return item_store(i);
  return is_maildir(word) ? maildir(word, i, said) : address(word, i, seconds, said);
}
