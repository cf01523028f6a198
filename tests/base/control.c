#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static int put(const char *name, const char *text, size_t len)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int good = fd >= 0 && write(fd, text, len) == (ssize_t) len;

  close(fd);
  return good;
}

static int puts_(const char *name, const char *text)
{
  return put(name, text, strlen(text));
}

static int line_is(const char *name, int result, const char *text)
{
  static stralloc line;

  return control_line(name, &line) == result && line.len == strlen(text) && !strcmp(line.s, text);
}

static int number_is(const char *text, int result, unsigned long want)
{
  unsigned long n = 7;

  return puts_("port/control/x", text) && control_number("control/x", &n) == result && n == want;
}

/* "number:line|..." of the lines that count. */
static int lines_are(const char *text, const char *want)
{
  static stralloc data, all;
  const char *line;
  size_t at = 0, len;
  unsigned int number = 0;

  all.len = 0;
  if (!stralloc_copys(&data, text)) return 0;
  while (control_next(&data, &at, &line, &len, &number))
    if (!stralloc_number(&all, number) || !stralloc_cats(&all, ":") ||
        !stralloc_catb(&all, line, len) || !stralloc_cats(&all, "|")) return 0;
  return all.len == strlen(want) && !memcmp(all.s, want, all.len);
}

static void look_up(void)
{
  static char big[CONTROL_MAX + 1];
  static stralloc data;

  ok(line_is("control/none", 0, ""), "a missing file is not an error");
  ok(line_is("control/home", 1, "of the suite"), "what the port lacks is the suite's");
  ok(line_is("control/both", 1, "of the port"), "the port's file beats the suite's");
  ok(line_is("control/empty", 0, ""), "an empty file has no line, and the suite's does not count");
  ok(control_line("control", &data) == -1 && errno == EISDIR, "what cannot be read is an error");
  ok(control_open("/nowhere/control/home") == -1 && errno == ENOENT,
     "an absolute name is looked up as it is");

  ok(put("control/long", big, CONTROL_MAX), "(a large file)");
  data.len = 0;
  ok(control_read("control/long", &data) == 1 && data.len == CONTROL_MAX,
     "a file may have CONTROL_MAX bytes");
  ok(put("control/long", big, CONTROL_MAX + 1) && control_read("control/long", &data) == -1 &&
     errno == EFBIG, "and not one more");
}

static void surveyed(const char *dir)
{
  static stralloc trouble;

  if (setenv("CM_HOME", dir, 1) || chdir("port")) return;
  control_survey(&trouble);
  look_up();
  ok(puts_("control/late", "late\n") && line_is("control/late", 0, ""),
     "after a survey a new file is for the next program");
  unlink("control/late");
  if (chdir("..")) return;
  control_survey(&trouble);
  ok(line_is("control/home", 1, "of the suite") && line_is("control/none", 0, ""),
     "a port that is the suite's own directory is surveyed once");
  ok(line_is("port/control/both", 1, "of the port"), "what lies elsewhere is looked for all the same");
}

int main(void)
{
  char dir[] = "/tmp/cm-control.XXXXXX";
  stralloc data = { 0 };
  unsigned long n = 0;

  if (!mkdtemp(dir) || chdir(dir) || mkdir("port", 0700) || mkdir("port/control", 0700) ||
      mkdir("control", 0700) || setenv("CM_HOME", dir, 1)) return 111;
  ok(puts_("control/home", "of the suite\n") && puts_("control/both", "of the suite\n") &&
     puts_("port/control/both", "# comment\n\nof the port \t\r\nsecond\n") &&
     puts_("control/empty", "of the suite\n") && puts_("port/control/empty", "# nothing\n"),
     "(files)");
  if (chdir("port")) return 111;
  ok(!strcmp(control_home(), dir), "the home is $CM_HOME");
  look_up();
  if (chdir("..")) return 111;

  ok(lines_are("a\n\n# c\n b \nd", "1:a|4: b|5:d|"),
     "comments and empty lines do not count, but have numbers");
  ok(lines_are("", "") && lines_are("\n\n", "") && lines_are("#", ""), "nothing has no lines");
  ok(lines_are(" #x\n", "1: #x|"), "a comment begins at the line's first byte");

  if (setenv("CM_HOME", "port", 1)) return 111;
  ok(number_is("0\n", 1, 0) && number_is("12\n", 1, 12) && number_is("3k\n", 1, 3072) &&
     number_is("2M", 1, 2097152) && number_is("1g\n", 1, 1073741824),
     "a number may have k, m or g");
  ok(number_is("\n", 0, 7), "an empty file leaves the default");
  ok(number_is("-1\n", -1, 7) && number_is("k\n", -1, 7) && number_is("1kk\n", -1, 7) &&
     number_is("1 0\n", -1, 7) && number_is("99999999999999999999\n", -1, 7) &&
     number_is("18446744073709551615k\n", -1, 7), "what is no number is an error, not a guess");
  ok(control_scan("12", 1, &n) && n == 1 && !control_scan("", 0, &n), "a number has a length");
  ok(!unsetenv("CM_HOME") && *control_home(), "without $CM_HOME it is conf-home");
  ok(control_read("nosuch", &data) == 0, "and is looked into all the same");

  surveyed(dir);

  unlink("port/control/x"); unlink("port/control/both"); unlink("port/control/empty");
  unlink("port/control/long"); unlink("control/home"); unlink("control/both");
  unlink("control/empty");
  rmdir("port/control"); rmdir("port"); rmdir("control");
  if (chdir("/tmp") || rmdir(dir)) return 111;
  return done_testing();
}
