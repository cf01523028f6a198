/* cm-showctl: which settings a port uses, what they are and where they come from, and which
 * names among its control files no program reads. It changes nothing. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "escape.h"
#include "facts.h"
#include "known.h"
#include "owfat.h"
#include "trust.h"
#include "unread.h"

enum { DONE = 0, MISTAKEN = 1, WRONG = 100, TROUBLE = 111 };
enum { WIDEST = 48 };  /* bytes of a value that people are shown */

/* Each is a port's way in, which its run names; what others read any port may have. */
static const char *const fronts[] = {
  "cm-smtpd", "cm-pop3d", "cm-fetch", "cm-local", "cm-queue", "cm-milter", "cm-opensmtpd", "cm-notify", 0
};

static const char here[] = "./control";
static stralloc suite;  /* the path of the home's control, 0-terminated */
static int same;        /* that is here */
static int any, ours[sizeof fronts / sizeof *fronts], mistaken;

static void add(int ok)
{
  if (!ok) die(TROUBLE, "out of memory");
}

static const char *path(stralloc *to, const char *folder, const char *name)
{
  add(stralloc_copys(to, folder) && stralloc_cats(to, "/") && stralloc_cats(to, name) && stralloc_0(to));
  return to->s;
}

static int there(const char *file)
{
  struct stat st;

  return stat(file, &st) == 0 || errno != ENOENT;
}

/* What run starts hears of its home by envdir. */
static void move_in(const char *port)
{
  static stralloc home, run;
  struct stat a, b;
  size_t i;

  if (chdir(port) == -1) diesys(TROUBLE, "unable to change to ", port);
  if (!there(here)) die(TROUBLE, "not a port's directory, there is no control in it: ", port);
  if (control_line("./env/CM_HOME", &home) == 1 && setenv("CM_HOME", home.s, 1) == -1) diesys(TROUBLE, "unable to set CM_HOME");
  path(&suite, control_home(), "control");
  same = !stat(here, &a) && !stat(suite.s, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  unread_lines("./run", &run);
  for (i = 0; fronts[i]; ++i) any |= ours[i] = unread_word(&run, fronts[i]);
}

/* May a program of this port be this reader? */
static int concerns(const char *reader)
{
  size_t i;

  for (i = 0; any && fronts[i]; ++i)
    if (!strcmp(fronts[i], reader)) return ours[i];
  return 1;
}

static int concerned(const char *name)
{
  const struct known *k;

  for (k = known; k->name; ++k)
    if (!strcmp(k->name, name) && concerns(k->reader)) return 1;
  return 0;
}

static void amount(stralloc *to, const char *before, size_t n, const char *one, const char *more)
{
  add(stralloc_cats(to, before) && stralloc_number(to, n) && stralloc_cats(to, n == 1 ? one : more));
}

/* What a file says, or how many a directory has. */
static void value(const char *file, stralloc *to)
{
  static stralloc data, names;
  const char *line;
  size_t at = 0, len, n = 0;
  int r;

  to->len = data.len = 0;
  r = control_read(file, &data);
  if (r == -1 && errno == EISDIR && unread_names(file, &names) == 1) {
    for (; at < names.len; at += strlen(names.s + at) + 1) ++n;
    amount(to, "", n, " file", " files");
  } else if (r != 1) add(stralloc_cats(to, "(") && stralloc_cats(to, strerror(errno)) && stralloc_cats(to, ")"));
  else if (!control_next(&data, &at, &line, &len, 0)) add(stralloc_cats(to, "(empty)"));
  else {
    add(escape_cat(to, line, len, ""));
    if (facts_people() && to->len > WIDEST) add((to->len = WIDEST - 3, stralloc_cats(to, "...")));
    while (control_next(&data, &at, &line, &len, 0)) ++n;
    if (n) amount(to, " (and ", n, " line more)", " lines more)");
  }
}

/* One fact: control/NAME, as this reader has it. */
static void setting(const struct known *k, const char *name)
{
  static stralloc file, is, safe;
  const char *from = same ? "home" : "port", *cells[4];
  int found = there(path(&file, here, name));

  if (!concerns(k->reader) && (!found || same || concerned(k->name))) return;
  if (!found && !(k->flags & KNOWN_PORT)) {
    found = there(path(&file, suite.s, name));
    from = "home";
  }
  if (!found) add(stralloc_copys(&is, k->usual));
  else if (k->flags & KNOWN_SECRET) add(stralloc_copys(&is, "(not shown)"));
  else value(file.s, &is);
  safe.len = 0;
  add(stralloc_0(&is) && escape_cat(&safe, name, strlen(name), "") && stralloc_0(&safe));
  cells[0] = safe.s;
  cells[1] = is.s;
  cells[2] = found ? from : "default";
  cells[3] = k->what;
  facts_row("setting", k->reader, cells);
}

/* The files of control/reply and its like in this folder; not those that the other has. */
static size_t members(const struct known *k, const char *folder, const char *other)
{
  static stralloc names, name, file;
  size_t stem = strcspn(k->name, "/"), at, n = 0;

  add(stralloc_copyb(&name, k->name, stem) && stralloc_0(&name));
  if (unread_names(path(&file, folder, name.s), &names) == -1) return 0;
  for (at = 0; at < names.len; at += strlen(names.s + at) + 1) {
    add(stralloc_copyb(&name, k->name, stem + 1) && stralloc_cats(&name, names.s + at) && stralloc_0(&name));
    if (other && there(path(&file, other, name.s))) continue;
    setting(k, name.s);
    ++n;
  }
  return n;
}

static void settings(void)
{
  const struct known *k;
  size_t n;

  for (k = known; k->name; ++k) {
    n = strchr(k->name, '/') ? members(k, here, 0) : 0;
    if (strchr(k->name, '/') && !same) n += members(k, suite.s, here);
    if (!n) setting(k, k->name);
  }
}

/* Names that no program reads. What a control file names, as control/attach stands in a pipeline,
 * is read; and in the home's control, which is there for other ports too, only a likely slip counts. */
static void strangers(const char *folder, int all, const stralloc *lines)
{
  static stralloc names, name, words;
  const char *near;
  size_t at;

  if (unread_names(folder, &names) == -1) return;
  for (at = 0; at < names.len; at += strlen(names.s + at) + 1) {
    if (unread_known(names.s + at) || unread_word(lines, path(&name, "control", names.s + at))) continue;
    near = unread_near(names.s + at);
    if (!near && !all) continue;
    add(stralloc_copys(&words, "no program reads this") &&
        (!near || (stralloc_cats(&words, "; did you mean ") && stralloc_cats(&words, near) && stralloc_cats(&words, "?"))));
    name.len = 0;
    add(stralloc_0(&words) && stralloc_cats(&name, all ? "control" : folder) && stralloc_cats(&name, "/") &&
        escape_cat(&name, names.s + at, strlen(names.s + at), "") && stralloc_0(&name));
    facts_say("unread", name.s, words.s);
    mistaken = 1;
  }
}

/* What programs would not rely on, control_survey(). Whose it is does not matter to root, who does
 * not work there but looks after it. */
static void trust(const char *folder, const char *shown, const char *(*why)(const struct stat *, const struct stat *))
{
  struct stat st, home;
  int known_home = !stat(control_home(), &home);
  const char *words;

  if (stat(folder, &st) == -1) return;
  if (!geteuid()) st.st_uid = 0;
  words = why(&st, known_home ? &home : 0);
  if (!words) return;
  facts_say("untrusted", shown, words);
  mistaken = 1;
}

static void mistakes(void)
{
  static stralloc lines;

  unread_lines("./run", &lines);
  unread_all(here, &lines);
  unread_all(suite.s, &lines);
  strangers(here, !same, &lines);
  if (!same) strangers(suite.s, 0, &lines);
  trust(".", "the port's directory", trust_above);
  trust(here, "control", trust_why);
  trust(control_home(), control_home(), trust_above);
  if (!same) trust(suite.s, suite.s, trust_why);
}

int main(int argc, char **argv)
{
  errmsg_iam("cm-showctl");
  if (argc > 2 || (argc == 2 && *argv[1] == '-')) die(WRONG, "usage: cm-showctl [DIRECTORY]");
  move_in(argc == 2 ? argv[1] : ".");
  settings();
  facts_say("home", control_home(), "the suite's home");
  mistakes();
  if (facts_print() == -1) diesys(TROUBLE, "unable to write");
  return mistaken ? MISTAKEN : DONE;
}
