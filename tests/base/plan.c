#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "verdict.h"

static struct plan plan;
static stralloc error;

static int readb(const char *text, size_t len)
{
  FILE *f = fopen("control/pipeline", "w");

  if (!f || fwrite(text, 1, len, f) != len || fclose(f)) return 1000;
  return plan_read("control/pipeline", &plan, &error);
}

static int reads(const char *text)
{
  return readb(text, strlen(text));
}

/* Does the text give this error, behind "control/pipeline:"? */
static int wrong(const char *text, const char *want)
{
  if (reads(text) == -1 && !strncmp(error.s, "control/pipeline:", 17) && !strcmp(error.s + 17, want))
    return 1;
  printf("# want %s got %s\n", want, error.s);
  return 0;
}

static void good(void)
{
  struct stage *s;

  ok(reads("# comment\n\n"
           "friends check : cm-filter-sender lists/friends.cdb\n"
           "\n"
           "a check on-error=deliver:x : b\n") == -1, "a colon inside a word is no separator");
  ok(reads("\n\n# NAME KIND\na\tcheck  : one  two \r\n# not a new paragraph\nb check : x\n \t\n\nc rewrite : : y #z") == 1
     && plan.count == 3, "three stages");
  s = plan.stages;
  ok(!strcmp(s[0].name, "a") && !strcmp(s[0].argv[0], "one") && !strcmp(s[0].argv[1], "two") && !s[0].argv[2],
     "a command is words between blanks");
  ok(s[0].group == 0 && s[1].group == 0 && s[2].group == 1, "an empty line ends a paragraph, a comment does not");
  ok(s[0].line == 4 && s[1].line == 6 && s[2].line == 9, "a stage knows its line");
  ok(!s[0].rewrite && s[2].rewrite, "the kind");
  ok(!strcmp(s[2].argv[0], ":") && !strcmp(s[2].argv[2], "#z"), "behind the first : every word is the command's");
  ok(s[0].onerror == VERDICT_DEFER && s[0].time == 60 && s[0].memory == 512UL << 20 && !s[0].max && !s[0].nice &&
     !s[0].always && !s[0].shadow && !s[0].only && !s[0].except && s[0].codes[0] == -1, "the defaults");

  ok(reads("a check always shadow max=256k time=90 mem=1g nice=5 on-error=junk 1=reject/delete 255=deliver "
           "0=accept/deliver/junk : x") == 1, "all options");
  s = plan.stages;
  ok(s->always && s->shadow && s->max == 256 << 10 && s->time == 90 && s->memory == 1UL << 30 && s->nice == 5,
     "are read");
  ok(s->onerror == VERDICT_JUNK && s->codes[1] == VERDICT_REJECT && s->codes[255] == VERDICT_DELIVER &&
     s->codes[0] == VERDICT_JUNK && s->codes[2] == -1, "codes are mapped");
  ok(reads("a check on-error=deliver : x") == 1 && plan.stages->onerror == VERDICT_UNKNOWN,
     "on-error=deliver is the unknown result");
  ok(reads("a check on-error=accept/deliver : x") == 1 && plan.stages->onerror == VERDICT_UNKNOWN,
     "under its long name too");
  ok(reads("\n#only comments\n\n") == 1 && plan.count == 0, "a file without stages is a plan without stages");
  ok(reads("") == 1 && plan.count == 0, "an empty file too");
}

static int enabled(const char *recipient)
{
  return plan_enabled(plan.stages, recipient, strlen(recipient));
}

static void patterns(void)
{
  ok(reads("a check : x") == 1 && enabled("a@b") && enabled(""), "without patterns a stage is enabled for all");
  ok(reads("a check for=*@example.net,me@* for=?@x : x") == 1, "for= takes several patterns, several times");
  ok(enabled("u@EXAMPLE.net") && enabled("me@q") && enabled("1@x") && !enabled("12@x"), "one must match");
  ok(reads("a check not-for=*@x not-for=a@*,b@* : x") == 1 && !enabled("a@y") && !enabled("c@x") && !enabled("b@y") &&
     enabled("c@y"), "none of not-for= may match");
  ok(reads("a check for=*@x not-for=a@x : x") == 1 && enabled("b@x") && !enabled("a@x") && !enabled("b@y"),
     "not-for= takes away from for=");
}

static void bad(void)
{
  ok(plan_read("control/none", &plan, &error) == 0, "a missing file is told apart");
  ok(plan_read("control", &plan, &error) == -1 && !strcmp(error.s, "control: unable to read: Is a directory"),
     "what cannot be read is an error");
  ok(wrong("\na check x\n", "2: no : with blanks around it before the command"), "the line is named");
  ok(wrong("a check\n", "1: no : with blanks around it before the command"), "no separator");
  ok(wrong("a check :\n", "1: no command behind : "), "no command");
  ok(wrong("a\n", "1: behind the name stands check or rewrite, not nothing"), "no kind");
  ok(wrong("a chek : x\n", "1: behind the name stands check or rewrite, not chek"), "unknown kind");
  ok(wrong("a check colour=1 : x\n", "1: unknown option (cm-pipeline(5) lists them): colour=1"), "unknown option");
  ok(wrong("a.b check : x\n", "1: a name is 1 to 30 letters, digits, - and _, not a.b"), "bad name");
  ok(wrong("a123456789012345678901234567890 check : x\n",
           "1: a name is 1 to 30 letters, digits, - and _, not a123456789012345678901234567890"), "long name");
  ok(reads("a12345678901234567890123456789 check : x\n") == 1, "30 letters are a name");
  ok(wrong("a check : x\n\na check : y\n", "3: a second stage named a"), "doubled name");
  ok(wrong("a check : x\nb rewrite : y\n", "2: a rewriter stands alone, with empty lines around it: b"),
     "a rewriter behind a check");
  ok(wrong("a rewrite : x\n#\nb check : y\n", "3: a rewriter stands alone, put an empty line behind it: a"),
     "a check behind a rewriter");
  ok(reads("a rewrite : x\n\nb rewrite : y\n") == 1, "two rewriters in two paragraphs");
  ok(wrong("a check time=0 : x\n", "1: time= wants seconds, 1 to 86400, not 0"), "no time");
  ok(wrong("a check time=99999999999999999999 : x\n", "1: time= wants seconds, 1 to 86400, not 99999999999999999999"),
     "a number that overflows");
  ok(wrong("a check max= : x\n", "1: max= wants a size such as 256k, not "), "no size");
  ok(wrong("a check mem=512 : x\n", "1: mem= wants a size of 1m or more, not 512"), "memory without a unit");
  ok(wrong("a check nice=-5 : x\n", "1: nice= wants a number from 0 to 19, not -5"), "not nice");
  ok(wrong("a check time=1 time=2 : x\n", "1: option given twice: time=2"), "time twice");
  ok(wrong("a check always always : x\n", "1: option given twice: always"), "always twice");
  ok(wrong("a check 256=defer : x\n", "1: an exit code is a number from 0 to 255, not 256=defer"), "no such code");
  ok(wrong("a check 1=gone : x\n", "1: unknown verdict (cm-pipeline(5) lists them): 1=gone"), "no such verdict");
  ok(wrong("a check 1=defer 1=junk : x\n", "1: exit code mapped twice: 1=junk"), "a code twice");
  ok(wrong("a check on-error=whitelisted : x\n",
           "1: on-error= wants a verdict such as defer or deliver, not whitelisted"), "failure is never trust");
  ok(wrong("a check for= : x\n", "1: for= and not-for= want patterns with commas between them, not "), "no pattern");
  ok(wrong("a check for=a@b,example.net : x\n", "1: no address matches this pattern, a whole domain is *@DOMAIN: example.net"), "a domain alone");
  ok(wrong("a check not-for=@example.net : x\n", "1: no address matches this pattern, a whole domain is *@DOMAIN: @example.net"), "one behind an @");
  ok(wrong("a check for=a,,b : x\n", "1: for= and not-for= want patterns with commas between them, not a,,b"),
     "an empty pattern");
  ok(wrong("\n\n\033[2Jx check : y\n", "3: a name is 1 to 30 letters, digits, - and _, not ?[2Jx"),
     "an error is printable");
  ok(readb("a check : x\n\0\n", 14) == -1 && !strcmp(error.s, "control/pipeline: has a NUL byte in it"), "a NUL byte");
}

static void large(void)
{
  static char text[1100000];
  size_t i;

  memset(text, '#', sizeof text - 1);
  ok(wrong(text, " unable to read: File too large"), "a file above 1 MiB");
  text[0] = 0;
  for (i = 0; i < 201; ++i) snprintf(text + strlen(text), 40, "s%u check : x\n", (unsigned int) i);
  ok(wrong(text, "201: more than 200 stages"), "too many stages");
}

int main(void)
{
  char dir[] = "/tmp/cm-plan.XXXXXX";

  if (!mkdtemp(dir) || chdir(dir) == -1 || mkdir("control", 0700) == -1) return 111;
  setenv("CM_HOME", dir, 1);
  good();
  patterns();
  bad();
  large();
  if (unlink("control/pipeline") == -1 || rmdir("control") == -1 || rmdir(dir) == -1) return 111;
  return done_testing();
}
