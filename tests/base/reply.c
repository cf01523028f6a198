#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "verdict.h"

static int equals(stralloc *got, const char *want)
{
  if (stralloc_0(got) && !strcmp(got->s, want)) return 1;
  printf("# want %s\n# got  %s\n", want, got->s);
  return 0;
}

static int reason(int verdict, const char *text, const char *want)
{
  static stralloc got;

  got.len = 0;
  return reply_reason(verdict, text, strlen(text), &got) && equals(&got, want);
}

static int reply(int verdict, const char *stage, const char *why, const char *want)
{
  static stralloc got;

  return reply_text(verdict, stage, why, "7f", &got) == 1 && equals(&got, want);
}

static size_t status(const char *text)
{
  return reply_status(text, strlen(text));
}

static void codes(void)
{
  ok(status("5.7.1 x") == 5 && status("4.10.999") == 8 && status("2.0.0\tx") == 5, "status codes are known");
  ok(!status("") && !status("5") && !status("5.7") && !status("5.7.1x") && !status("3.7.1 x") && !status("5..1 x") &&
     !status("5.7.1000 x") && !status("550 5.7.1 x") && !status("5.7. x"), "and others are not");
}

static void reasons(void)
{
  char text[1000], want[500] = "5.7.1 ";

  ok(reason(VERDICT_REJECT, "5.1.2 no", "5.1.2 no"), "a fitting code stays");
  ok(reason(VERDICT_REJECT, "no", "5.7.1 no"), "a missing one is put in front");
  ok(reason(VERDICT_REJECT, "2.0.0 ok", "5.7.1 ok"), "one of another class is replaced");
  ok(reason(VERDICT_REJECT, "250 ok", "5.7.1 250 ok"), "an SMTP code is text");
  ok(reason(VERDICT_DEFER, "5.7.1 never", "4.7.1 never"), "a deferral is never final");
  ok(reason(VERDICT_DEFER, "4.2.0 wait", "4.2.0 wait"), "and has its own codes");
  ok(reason(VERDICT_JUNK, "looks bad", "looks bad"), "a delivered message needs none");
  ok(reason(VERDICT_REJECT, "", "5.7.1"), "nothing is a code alone");
  ok(reason(VERDICT_REJECT, "5.7.1 a\tb\rc\177\303\274 \r\n250 ok", "5.7.1 a b?c???"), "one line that prints");
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  memset(want + 6, 'x', 394);
  ok(reason(VERDICT_REJECT, text, want), "of 400 bytes at most");
}

static void replies(void)
{
  ok(reply(VERDICT_REJECT, 0, "5.7.1 no", "550 5.7.1 no (7f)"), "a refusal");
  ok(reply(VERDICT_REJECT_DELIVER, "none", "5.7.1 no", "550 5.7.1 no (7f)"), "of a message that is delivered");
  ok(reply(VERDICT_REJECT_REDIRECT, "none", "no", "550 5.7.1 no (7f)"), "or quarantined");
  ok(reply(VERDICT_REJECT, 0, "5.3.4 too large", "552 5.3.4 too large (7f)"), "a message too large");
  ok(reply(VERDICT_DEFER, 0, "4.3.0 wait", "451 4.3.0 wait (7f)"), "a deferral");
  ok(reply(VERDICT_REJECT, 0, "", "550 5.7.1 message refused (7f)"), "without a reason");
  ok(reply(VERDICT_DEFER, 0, "", "451 4.7.1 please try again later (7f)"), "a deferral without a reason");
  ok(reply(VERDICT_DELETE, "spam", "5.7.1 spam", "250 2.0.0 message accepted (7f)") &&
     reply(VERDICT_REDIRECT, "spam", "5.7.1 spam", "250 2.0.0 message accepted (7f)") &&
     reply(VERDICT_JUNK, "spam", "5.7.1 spam", "250 2.0.0 message accepted (7f)"), "what is accepted gives nothing away");
}

static int control(const char *text)
{
  FILE *f = fopen("control/reply/spam", "w");

  return f && fputs(text, f) != EOF && !fclose(f);
}

static void files(void)
{
  static stralloc line;

  ok(control("# ours\nGo away, see http://x/\n") &&
     reply(VERDICT_REJECT, "spam", "5.6.0 no", "550 5.7.1 Go away, see http://x/ (7f)"), "the administrator's own text");
  ok(reply(VERDICT_REJECT, "virus", "5.6.0 no", "550 5.6.0 no (7f)"), "is for one stage");
  ok(reply(VERDICT_DELETE, "spam", "no", "250 2.0.0 message accepted (7f)"), "and not for the accepted");
  ok(control("5.7.9 Go\n") && reply(VERDICT_REJECT, "spam", "no", "550 5.7.9 Go (7f)"), "it may have a code");
  ok(reply(VERDICT_DEFER, "spam", "no", "451 4.7.1 Go (7f)"), "of the right class");
  ok(control("") && reply(VERDICT_REJECT, "spam", "no", "550 5.7.1 no (7f)"), "an empty file says nothing");
  ok(reply(VERDICT_REJECT, "../spam", "no", "550 5.7.1 no (7f)"), "no name leads elsewhere");
  if (unlink("control/reply/spam") || mkdir("control/reply/spam", 0700)) return;
  ok(reply_text(VERDICT_REJECT, "spam", "no", 0, &line) == -1, "a file that cannot be read is an error");
}

int main(void)
{
  char dir[] = "/tmp/cm-reply.XXXXXX";

  if (!mkdtemp(dir) || chdir(dir) || mkdir("control", 0700) || mkdir("control/reply", 0700)) return 111;
  setenv("CM_HOME", dir, 1);
  codes();
  reasons();
  replies();
  files();
  rmdir("control/reply/spam");
  if (rmdir("control/reply") || rmdir("control") || rmdir(dir)) return 111;
  return done_testing();
}
