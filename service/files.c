#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "owfat.h"

static stralloc text;  /* of the file to be made */

void files_say(const char *words)
{
  if (!stralloc_cats(&text, words)) die(111, "out of memory");
}

void files_save(const char *name, mode_t mode)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

  if (fd == -1) diesys(111, "unable to create ", name);
  if (copy_write(fd, text.s, text.len) == -1 || fchmod(fd, mode) == -1 || close(fd) == -1)
    diesys(111, "unable to write ", name);
  text.len = 0;
}

int files_copy(const char *name, mode_t mode)
{
  int r = control_read(name, &text);

  if (r == -1) diesys(111, "unable to read ", control_home(), "/", name);
  if (r == 1) files_save(name, mode);
  return r;
}

void files_folder(const char *name, mode_t mode)
{
  if (mkdir(name, mode) == -1 || chmod(name, mode) == -1) diesys(111, "unable to create ", name);
}

void files_give(const char *name, const struct passwd *to)
{
  if (!geteuid() && chown(name, to->pw_uid, to->pw_gid) == -1) diesys(111, "unable to give away ", name);
}

const char *files_safe(const char *word, const char *others)
{
  static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
  const char *p = word;

  while (*p && (strchr(usual, *p) || strchr(others, *p))) ++p;
  if (!*word || *word == '-' || *p) die(100, "unusable: ", word);
  return word;
}

const struct passwd *files_account(const char *name)
{
  const struct passwd *p;

  errno = 0;
  p = getpwnam(files_safe(name, ""));
  if (!p) die(111, "unknown account: ", name);
  if (geteuid() && p->pw_uid != geteuid())
    die(111, "without root the accounts must be your own, and not: ", name);
  return p;
}

void files_words(char **words)
{
  for (; *words; ++words)
    if (!**words || strpbrk(*words, " \t\r\n")) die(100, "unusable: ", *words);
}

void files_line(char **words, size_t n)
{
  size_t i;

  for (i = 0; i < n && words[i]; ++i) {
    if (i) files_say(" ");
    files_say(words[i]);
  }
  files_say("\n");
}
