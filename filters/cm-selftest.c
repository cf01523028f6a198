/* cm-selftest: send harmless samples of what a port filters through that port, and
 * compare its answers with what its configuration promises. What nobody filters
 * there is not sent. It judges by what the client hears, and by nothing else. */

#include <string.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "expect.h"
#include "pattern.h"
#include "probe.h"
#include "progress.h"
#include "samples.h"
#include "table.h"
#include "verdict.h"

enum { DONE = 0, FAILED = 1, WRONG = 100, TROUBLE = 111, SHOWN = 78 };

static const char usage[] =
  "usage: cm-selftest [-p PORT] [-f SENDER] [-t RECIPIENT] [-e gtube|eicar=VERDICT] "
  "HOST:PORT [TEST...]";
static const char heading[] = "test\texpected\tby\tresult\tanswer\n";
static const char samples[] = "lists/selftest/samples";

/* In pieces: in one, this program would itself be found. */
static const char *const gtube[] = {
  "XJS*C4JDBQADN1.NSBN3", "*2IDNEN*GTUBE-STANDARD", "-ANTI-UBE-TEST", "-EMAIL*C.34X", 0
};
static const char *const eicar[] = {
  "X5O!P%@AP[4\\PZX54(P^)", "7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST", "-FILE!$H+H*", 0
};

static struct expected said[2];      /* by -e, of gtube and of eicar */
static stralloc rows;
static char **tests;                 /* patterns of those that are wanted; 0 behind the last */
static unsigned long failed, unfiltered;
static int refuses_newlines = 1;

static void need(int ok)
{
  if (!ok) die(TROUBLE, "out of memory");
}

/* Results ------------------------------------------------------------------ */

static void cell(const char *text, const char *behind)
{
  need(stralloc_cats(&rows, text) && stralloc_cats(&rows, behind));
}

static int wanted(const char *test)
{
  char **t;

  for (t = tests; *t; ++t)
    if (pattern_match(*t, strlen(*t), test, strlen(test))) return 1;
  return !*tests;
}

/* What the answer means beside what was expected. */
static const char *judge(int verdict, int code)
{
  const char *wrong = 0;

  if (code == -1) wrong = "no answer";
  else if (code < 400 ? verdict_refuses(verdict) || verdict == VERDICT_DEFER : 0) wrong = "passed";
  else if (code >= 500 && !verdict_refuses(verdict)) wrong = "refused";
  else if (code >= 400 && code < 500 && verdict != VERDICT_DEFER) wrong = "deferred";
  if (wrong) {
    ++failed;
    return wrong;
  }
  return code < 400 && verdict != VERDICT_DELIVER ? "accepted either way" : "as expected";
}

static void answer(int code)
{
  char digits[FMT_ULONG + 1];
  const char *at;
  size_t i, n;

  if (code == -1) {
    cell(probe.trouble, "\n");
    return;
  }
  digits[fmt_ulong(digits, (unsigned long) code)] = 0;
  cell(digits, " ");
  n = isatty(1) && probe.text.len > SHOWN ? SHOWN : probe.text.len;
  for (i = 0; i < n; ++i) {
    at = probe.text.s + i;
    need(stralloc_append(&rows, *at == '\n' || *at == '\t' ? " " : at));
  }
  cell(n < probe.text.len ? "..." : "", "\n");
}

/* One test: the message is header fields, an empty line, and the body. */
static void test(const char *name, struct expected e, const stralloc *text)
{
  int code;

  if (!wanted(name)) return;
  cell(name, "\t");
  if (!e.stage || !text) {
    unfiltered += !e.stage;
    cell("-\t-\t", e.stage ? "no sample\t-\n" : "not filtered here\t-\n");
    return;
  }
  cell(verdict_name(e.verdict), "\t");
  cell(e.stage, "\t");
  code = probe_send(name, text);
  cell(judge(e.verdict, code), "\t");
  answer(code);
  progress_show("messages", probe.sent);
}

/* Tests -------------------------------------------------------------------- */

/* A letter with an attachment of this name. */
static void attached(const char *name, const char *const *pieces, stralloc *text)
{
  static const char top[] =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=part\r\n\r\n"
    "--part\r\nContent-Type: text/plain\r\n\r\nA sample. It does nothing.\r\n"
    "--part\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"";

  need(stralloc_copys(text, top) && stralloc_cats(text, name) && stralloc_cats(text, "\"\r\n\r\n"));
  for (; *pieces; ++pieces) need(stralloc_cats(text, *pieces));
  need(stralloc_cats(text, "\r\n--part--\r\n"));
}

static void basics(void)
{
  static stralloc text;
  struct expected plain = { VERDICT_DELIVER, "all" }, e, name;
  int other;
  size_t i;

  need(stralloc_copys(&text, "\r\nA plain letter.\r\n"));
  test("plain", plain, &text);
  need(stralloc_copys(&text, "\r\n"));
  for (i = 0; gtube[i]; ++i) need(stralloc_cats(&text, gtube[i]));
  need(stralloc_cats(&text, "\r\n"));
  test("gtube", said[0].stage ? said[0] : expect_spam(), &text);
  attached("sample.txt", eicar, &text);
  e = said[1].stage ? said[1] : expect_virus();
  name = expect_attach("sample.txt", 0, 0);
  other = e.stage && name.stage && verdict_rank(name.verdict) > verdict_rank(e.verdict);
  test("eicar", other ? name : e, &text);
}

/* A file name that the pattern is for. */
static void example(const char *pattern, stralloc *name)
{
  need(stralloc_copys(name, strchr(pattern, '.') ? "" : "sample."));
  for (; *pattern; ++pattern)
    need(*pattern == '*' ? stralloc_cats(name, "sample") :
         stralloc_append(name, *pattern == '?' || *pattern == '"' || *pattern == '\\' ? "x" : pattern));
  need(stralloc_0(name));
}

static const stralloc *sample(const char *kind, const char *word, struct sample *s)
{
  static stralloc all;
  size_t at = 0;

  if (!all.len && control_read(samples, &all) != 1) diesys(TROUBLE, "unable to read ", samples);
  while (samples_next(&all, &at, s) == 1)
    if (!strcmp(s->kind.s, kind) && !strcmp(s->word.s, word)) return &s->text;
  return 0;
}

static void flag(const char *test_name, const char *word)
{
  static struct sample s;
  const stralloc *text = sample("flag", word, &s);

  test(test_name, expect_attach(text ? s.name.s : 0, word, 0), text);
}

static void list(const char *word, const stralloc *patterns)
{
  static const char *const harmless[] = { "This is a sample.", 0 };
  static stralloc name, file, text;
  const char *pattern;
  size_t at;

  for (at = 0; at < patterns->len; at += strlen(pattern) + 2) {
    pattern = patterns->s + at + 1;
    need(stralloc_copys(&name, word) && stralloc_cats(&name, " ") &&
         stralloc_cats(&name, pattern) && stralloc_0(&name));
    if (*pattern == '+') {
      flag(name.s, pattern + 1);
      continue;
    }
    example(pattern, &file);
    attached(file.s, harmless, &text);
    test(name.s, expect_attach(file.s, 0, 0), &text);
  }
}

static void rules(void)
{
  static const char *const limits[] = { "depth", "entries", "bytes", "broken", "unsupported", 0 };
  static stralloc name;
  const struct attach *a;
  size_t n, i;

  for (n = 0; (a = expect_rules(n)); ++n) {
    list("pass", &a->pass);
    list("drop", &a->drop);
    list("block", &a->block);
    for (i = 0; limits[i]; ++i) {
      if (attach_flag(a, limits[i]).listed) continue;
      need(stralloc_copys(&name, "limit +") && stralloc_cats(&name, limits[i]) && stralloc_0(&name));
      flag(name.s, limits[i]);
    }
  }
}

/* A lone CR or LF comes no further than to the port itself. */
static struct expected ambiguous(const char *word, const char *name)
{
  struct expected e = expect_attach(*name == '-' ? 0 : name, 0, word);
  int lone = !strcmp(word, "bare-cr") || !strcmp(word, "mixed-lines");

  if (lone && refuses_newlines) return (struct expected) { VERDICT_REJECT, "newlines" };
  return lone ? expect_attach(name, 0, 0) : e;
}

static void classes(void)
{
  static struct sample s;
  static stralloc name;
  const stralloc *text;
  const char *word;
  int i;

  for (i = 0; i < FAULTS; ++i) {
    word = fault_name((enum fault) i);
    need(stralloc_copys(&name, "mime ") && stralloc_cats(&name, word) && stralloc_0(&name));
    text = sample("mime", word, &s);
    test(name.s, ambiguous(word, text ? s.name.s : "-"), text);
  }
}

/* The call ----------------------------------------------------------------- */

static void promise(const char *word)
{
  const char *equals = strchr(word, '=');
  int verdict = equals ? verdict_parse(equals + 1) : -1;
  struct expected e = { verdict, "-e" };

  if (verdict == -1 || (strncmp(word, "gtube=", 6) && strncmp(word, "eicar=", 6))) die(WRONG, usage);
  said[*word == 'e'] = e;
}

static void read_port(const char *from, const char *to)
{
  static stralloc word;

  probe_addresses(from, to);
  expect_read("control/pipeline", probe.recipient.s);
  if (control_line("control/newlines", &word) == -1) diesys(TROUBLE, "unable to read control/newlines");
  refuses_newlines = !word.len || strcmp(word.s, "normalize");
}

static void print(void)
{
  static stralloc out;

  progress_end();
  if (isatty(1)) need(table_align(&rows, &out));
  else need(stralloc_copy(&out, &rows));
  if (copy_write(1, out.s, out.len) == -1) diesys(TROUBLE, "unable to write");
}

int main(int argc, char **argv)
{
  const char *from = 0, *to = 0;
  char a[FMT_ULONG + 1], b[FMT_ULONG + 1], c[FMT_ULONG + 1];
  int o;

  errmsg_iam("cm-selftest");
  while ((o = getopt(argc, argv, "+p:f:t:e:")) != -1) {
    switch (o) {
      case 'p': if (chdir(optarg) == -1) diesys(TROUBLE, "unable to go to ", optarg); break;
      case 'f': from = optarg; break;
      case 't': to = optarg; break;
      case 'e': promise(optarg); break;
      default: die(WRONG, usage);
    }
  }
  if (optind == argc) die(WRONG, usage);
  if (!probe_where(argv[optind])) die(WRONG, usage);
  tests = argv + optind + 1;
  read_port(from, to);
  if (isatty(1)) cell(heading, "");
  basics();
  rules();
  classes();
  print();
  a[fmt_ulong(a, probe.sent)] = b[fmt_ulong(b, failed)] = c[fmt_ulong(c, unfiltered)] = 0;
  carp(a, " messages, ", b, " not as expected, ", c, " not filtered here");
  return failed ? FAILED : DONE;
}
