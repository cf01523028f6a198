/* Authentication-Results: whose a field is, making one, reading ours. */

#include "authres.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authserv.h"
#include "tap.h"

static void put(const char *name, const char *text)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

  ok(write(fd, text, strlen(text)) == (ssize_t) strlen(text), name);
  close(fd);
}

/* What stands behind the id, or "-". */
static void claims(const char *value, const char *rest, const char *name)
{
  const char *p = authserv_claims(value, strlen(value), "mx.example.net");
  int same = p ? strlen(rest) == (size_t) (value + strlen(value) - p) && !strncmp(p, rest, strlen(rest))
               : !strcmp(rest, "-");

  ok(same, name);
}

static void owner(void)
{
  claims(" mx.example.net; spf=pass\r\n", "; spf=pass\r\n", "our id");
  claims("mx.example.net", "", "and nothing else");
  claims("MX.example.NET.;x", ";x", "in another case, with a dot");
  claims("\r\n\t(of (course; \\)) \") mx.example.net (me) 1 ; a=b", "; a=b", "with folds, comments, a version");
  claims("\"mx.example.net\" ;a", ";a", "quoted");
  claims("\"mx\".exam\"ple.n\\et\";a", ";a", "quoted in pieces");
  claims("\"mx.example.net;a", ";a", "a quote that never ends");
  claims("(mx.example.net;a", ";a", "a comment that never ends is a blank");
  claims("((x) mx.example.net(;a", ";a", "and so is what is in it");
  claims("\v\fmx.example.net\177x;a", ";a", "controls are blanks");
  claims("mx.example.net/1;a", ";a", "with a slash and a version");
  claims("x mx.example.net;a", ";a", "behind another word");
  claims("mx.example.net(x)y;a", ";a", "with a comment at its end");
  claims("mx.exam\r\n ple .(c)net;a", ";a", "in pieces");
  claims("mx.example.org; mx.example.net; a=b", "-", "another's id");
  claims("mx.example.netx; a=b", "-", "a longer id");
  claims("(mx.example.net) a.example; a=b", "-", "ours in a comment");
  claims("\"a mx.example.net\"; a=b", "-", "ours within a quoted string");
  claims("", "-", "none");
  claims("; mx.example.net", "-", "an empty one");
}

/* A megabyte in which every byte could begin what never ends. */
static void endless(void)
{
  static const char *const begins[] = { "(", "\"", "\\(", "(\"" };
  static char value[1 << 20];
  size_t i, k, len;
  int good = 1;

  alarm(60);
  for (k = 0; k < sizeof begins / sizeof *begins; ++k) {
    len = strlen(begins[k]);
    for (i = 0; i < sizeof value; ++i) value[i] = begins[k][i % len];
    good &= !authserv_claims(value, sizeof value, "mx.example.net");
  }
  alarm(0);
  ok(good, "a field of brackets and quotes is read once, not once for each");
}

static void made(void)
{
  static stralloc field;
  int good = authres_begin(&field) && authres_result(&field, "dkim", "pass") &&
             authres_property(&field, "header.d", "example.org", 11) &&
             authres_property(&field, "header.b", "a/b+c=", 6) &&
             authres_property(&field, "smtp.mailfrom", "\"x\\y\001\"@a.example", 16) &&
             authres_property(&field, "policy.x", "", 0) &&
             authres_result(&field, "dkim", "fail") && authres_reason(&field, "no \"key\"") && stralloc_0(&field);

  ok(good && !strcmp(field.s, "Authentication-Results: mx.example.net;\n"
                     "\tdkim=pass header.d=example.org header.b=\"a/b+c=\"\n"
                     "\tsmtp.mailfrom=\"\\\"x\\\\y?\\\"@a.example\";\n"
                     "\tdkim=fail reason=\"no \\\"key\\\"\""), "a field is made, quoted and folded");
  if (good) printf("# %s\n", field.s);
}

/* What is read, as "method=result a b c|..." with the values of three properties. */
static const char *reads(const char *fields)
{
  static char text[4096];
  static const char *const names[] = { "header.d", "header.b", "smtp.mailfrom" };
  struct authres r = { 0 };
  const char *v;
  size_t i;
  int more;

  put("fields", fields);
  *text = 0;
  if (authres_open(&r) != 1) return "cannot be opened";
  while ((more = authres_next(&r)) == 1) {
    strncat(text, authres_method(&r), 900);
    strncat(text, "=", 9);
    strncat(text, authres_said(&r), 900);
    for (i = 0; i < 3; ++i)
      if ((v = authres_value(&r, names[i]))) {
        strncat(text, " ", 9);
        strncat(text, v, 900);
      }
    strncat(text, "|", 9);
  }
  return more ? "trouble" : text;
}

static void read_is(const char *fields, const char *want, const char *name)
{
  const char *got = reads(fields);

  ok(!strcmp(got, want), name);
  if (strcmp(got, want)) printf("# want %s\n# got  %s\n", want, got);
}

static void reading(void)
{
  struct authres r = { 0 };

  read_is("", "", "no fields, no results");
  read_is("Authentication-Results: mx.example.net;\n\tdkim=pass header.d=example.org header.b=\"a/b+c=\"\n"
          "\tsmtp.mailfrom=\"\\\"x\\\\y?\\\"@a.example\";\n\tdkim=fail reason=\"no; \\\"key\\\"\"\n",
          "dkim=pass example.org a/b+c= \"x\\y?\"@a.example|dkim=fail|", "what we make we read");
  read_is("Authentication-Results: mx.example.org; dkim=pass header.d=bank.example\n", "", "nobody else's");
  read_is("X: y\nauthentication-results: mx.example.net 1; spf=pass smtp.mailfrom=a.example\n"
          "Authentication-Results: mx.example.net; spf/1 = softfail (no) header.d = x\n",
          "spf=pass a.example|spf=softfail x|", "two fields, versions, blanks");
  read_is("Authentication-Results: mx.example.net; none\n", "", "none is no result");
  read_is("Authentication-Results: mx.example.net;\n", "", "nothing is no result");
  read_is("Authentication-Results: mx.example.net; dkim=pass = x; spf=pass;;; x\n", "spf=pass|", "what makes no sense is not believed");
  read_is("Authentication-Results: mx.example.net; /1=pass; \"\"=pass; dkim=pass /1=x\n", "", "a name has letters");
  read_is("Authentication-Results: mx.example.net; spf=fail (x; dkim=pass header.d=bank.example)\n", "spf=fail|",
          "a comment says nothing");
  read_is("Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=\"x; dkim=pass header.d=bank.example\"\n",
          "spf=fail x; dkim=pass header.d=bank.example|", "nor does a quoted string");
  unlink("fields");
  ok(authres_open(&r) == -1, "a file that is gone is trouble");
  unsetenv("CM_FIELDS");
  ok(authres_open(&r) == 1 && authres_next(&r) == 0, "no $CM_FIELDS: no results");
}

int main(void)
{
  char dir[] = "/tmp/cm-authres.XXXXXX";

  ok(mkdtemp(dir) && !chdir(dir) && !mkdir("control", 0700), "a directory");
  put("control/authserv-id", "mx.example.net\n");
  setenv("CM_FIELDS", "fields", 1);
  ok(!strcmp(authserv_id(), "mx.example.net"), "the id is that of the control file");
  owner();
  endless();
  made();
  reading();
  unlink("control/authserv-id");
  rmdir("control");
  if (!chdir("/")) rmdir(dir);
  return done_testing();
}
