#include "edit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "tap.h"

#define TOP "X-CleanMail-Result: accept/deliver\n"
#define CRTOP "X-CleanMail-Result: accept/deliver\r\n"

static char message[2200000], written[2200000];
static size_t writtenlen;

static int file(const char *bytes, size_t len)
{
  int fd = memfd_create("message", MFD_CLOEXEC);

  return write(fd, bytes, len) == (ssize_t) len ? fd : -1;
}

/* Edit len bytes in both ways: both must give the same. */
static int edit(const char *bytes, size_t len, const struct edit *e)
{
  static stralloc header;
  static struct header h;
  unsigned long body, size = len;
  int fd = file(bytes, len), out = memfd_create("out", MFD_CLOEXEC), result;

  lseek(fd, 0, SEEK_SET);
  result = header_read(&h, fd);
  body = h.body;
  if (result == 1) result = edit_header(&h, e, &header);
  lseek(fd, 3, SEEK_SET);
  if (edit_message(fd, e, out, &size) != result) result = 99;
  writtenlen = (size_t) pread(out, written, sizeof written - 1, 0);
  written[writtenlen] = 0;
  if (result == 1 && (writtenlen != size || size != header.len + len - body ||
                      memcmp(written, header.s, header.len) ||
                      memcmp(written + header.len, bytes + body, len - body))) result = 98;
  close(fd);
  close(out);
  return result;
}

static int gives(const char *text, const struct edit *e, const char *want)
{
  int result = edit(text, strlen(text), e);

  if (result == 1 && !strcmp(want, written)) return 1;
  printf("# result %d want %s got %s\n", result, want, written);
  return 0;
}

static struct edit plain = { "accept/deliver", 0, 0, 0 };

static void header(void)
{
  struct edit e = { "reject/deliver; spf; 5.7.1 no", "abc", 0, 0 };

  ok(gives("From: a\n\nbody\n", &e, "X-CleanMail-Result: reject/deliver; spf; 5.7.1 no\n"
           "X-CleanMail-MessageID: abc\nFrom: a\n\nbody\n"), "result and id stand on top");
  ok(gives("From: a\r\n\r\nbody\r\n", &plain, CRTOP "From: a\r\n\r\nbody\r\n"), "new lines end as the old ones");
  ok(gives("", &plain, CRTOP), "an empty message");
  ok(gives("A: b\nX-CleanMail-Result: accept/deliver, whitelisted\n folded\nx-cleanmail-foo : x\nX-CleanMailbox: y\nB: c\n"
           "X-CLEANMAIL-MessageID: 1\n\nX-CleanMail-Result: in the body\n", &plain,
           TOP "A: b\nX-CleanMailbox: y\nB: c\n\nX-CleanMail-Result: in the body\n"), "what pretends to be ours is gone");
  ok(gives("X-CleanMail-Tag: x\n\nbody", &plain, TOP "\nbody"), "even if nothing else is there");
  ok(gives("A: b\nno field\n\nmore\n", &plain, TOP "A: b\n\nno field\n\nmore\n"), "a missing empty line is put in");
  ok(gives("A: b\r\nno field\r\n", &plain, CRTOP "A: b\r\n\r\nno field\r\n"), "with the message's own ending");
  ok(gives("no header\n", &plain, TOP "\nno header\n"), "a body without a header");
  ok(gives("\nbody\n", &plain, TOP "\nbody\n"), "an empty header");
  ok(gives("A: b\n", &plain, TOP "A: b\n"), "a header without a body stays one");
  ok(gives("A: b", &plain, TOP "A: b"), "a header without an end too");
  ok(gives("From x Mon\nA: b\n\nc", &plain, "From x Mon\n" TOP "A: b\n\nc"), "the line of an mbox stays the first");
  ok(gives("From x Mon\n\nc", &plain, "From x Mon\n" TOP "\nc"), "even alone");
  ok(gives("From x Mon", &plain, "From x Mon\n" TOP), "and without an end");
  ok(gives("From x\n Mon\nA: b\n\nc", &plain, "From x\n Mon\n" TOP "A: b\n\nc"), "with what continues it");
}

static int fields(const char *report, const char *want)
{
  static stralloc f;

  f.len = 0;
  if (!edit_fields(&f, report, strlen(report)) || !stralloc_0(&f)) return 0;
  if (!strcmp(f.s, want)) return 1;
  printf("# want %s got %s\n", want, f.s);
  return 0;
}

static void stages(void)
{
  static stralloc f;
  struct edit e = { "accept/deliver", 0, 0, &f };
  char line[1100];
  size_t i;

  ok(fields("X-A: b\r\nX-B:c  \n", "X-A: b\nX-B:c\n"), "fields of a stage are taken");
  ok(fields("X-A: b", "X-A: b\n"), "a last line without an end counts");
  ok(fields("X-A: b\n\tfolded\n more\n \nX-B: c\n", "X-A: b\n\tfolded\n more\nX-B: c\n"), "folded ones stay so");
  ok(fields(" folded\nno field\n more\n: x\nX Y: z\nX\1Y: z\n", ""), "what is no field is not");
  ok(fields("Received: x\nX-CleanMail-Result: x\n more\nfrom: x\nSUBJECT: x\nContent-Type: x\nResent-To: y\n", ""),
     "nor what a stage has no say in");
  ok(fields("Received-SPF: pass\nDKIM-Signature: x\n", "Received-SPF: pass\nDKIM-Signature: x\n"), "others are");
  ok(fields("X-A: a\rb\033\200\177c\n", "X-A: a?b???c\n"), "control characters and others are replaced");
  memset(line, 'x', sizeof line - 1);
  memcpy(line, "X-A:", 4);
  line[998] = 0;
  f.len = 0;
  ok(edit_fields(&f, line, 998) && f.len == 999, "998 bytes are a line");
  line[998] = 'x';
  f.len = 0;
  ok(edit_fields(&f, line, 999) && f.len == 0, "999 are not");
  for (i = 0; i < 300; ++i) edit_fields(&f, line, 998);
  ok(f.len > EDIT_FIELDS - 1000 && f.len <= EDIT_FIELDS, "all fields have a limit");
  f.len = 0;
  edit_fields(&f, "X-A: b\n c\n", 10);
  ok(gives("A: b\r\n\r\n", &e, CRTOP "X-A: b\r\n c\r\nA: b\r\n\r\n"), "they are put on top");
}

/* What a classifier said: who sent the message may not say it, too. */
static void classes(void)
{
  static stralloc f;
  struct edit e = { "accept/deliver", 0, 0, &f };

  ok(gives("X-Spam-Flag: NO\n\n", &plain, TOP "X-Spam-Flag: NO\n\n"), "X-Spam fields stay where no stage says one");
  edit_fields(&f, "X-A: b\n X-Spam-no: x\n", 22);
  ok(gives("X-Spam-Flag: NO\n\n", &e, TOP "X-A: b\n X-Spam-no: x\nX-Spam-Flag: NO\n\n"), "or only in another field");
  f.len = 0;
  edit_fields(&f, "X-A: b\nX-Spam-Status: No\n", 25);
  ok(gives("x-spam-flag : NO\n more\nA: b\nX-Spamd-Bar: ---\nX-Spa: c\n\nX-Spam-Flag: body\n", &e,
           TOP "X-A: b\nX-Spam-Status: No\nA: b\nX-Spa: c\n\nX-Spam-Flag: body\n"),
     "and go, folded or not, where one does");
}

/* The subject field of a tagged message. */
static int tagged(const char *tag, const char *old, const char *want)
{
  struct edit e = { "accept/deliver", 0, tag, 0 };
  char text[4000], all[4000];

  snprintf(text, sizeof text, "A: b\n%sC: d\n\nx", old);
  snprintf(all, sizeof all, TOP "A: b\n%sC: d\n\nx", want);
  return gives(text, &e, all);
}

static void subject(void)
{
  struct edit e = { "accept/deliver", 0, "[SPAM]", 0 };
  char old[1100] = "Subject: ", want[1200] = "Subject: [SPAM]\n ";

  ok(tagged("[SPAM] ", "Subject: hello\n", "Subject: [SPAM] hello\n"), "the subject gets a tag");
  ok(tagged("[SPAM]", "subject :hello\n world\n", "Subject: [SPAM] hello\n world\n"), "however it is written");
  ok(tagged("[SPAM]", "Subject:\n", "Subject: [SPAM]\n"), "an empty one too");
  ok(tagged("[SPAM]", "Subject:\n hello\n", "Subject: [SPAM]\n hello\n"), "and one that begins on the next line");
  ok(tagged("[SPAM]", "Subject: [SPAM] hello\n", "Subject: [SPAM] hello\n"), "one that has it stays");
  ok(tagged("[SPAM]", "Subject: =?utf-8?q?=5BSPAM=5D?= hello\n", "Subject: =?utf-8?q?=5BSPAM=5D?= hello\n"),
     "encoded or not");
  ok(tagged("[SPAM]", "Subject: Re: [SPAM] x\n", "Subject: [SPAM] Re: [SPAM] x\n"), "but only at the beginning");
  ok(tagged("[SPAM]", "Subject: =?utf-8?q?x?=\n", "Subject: [SPAM] =?utf-8?q?x?=\n"), "in front of an encoded word");
  ok(tagged("[SPAM]", "Subject: a\nSubject: b\n", "Subject: [SPAM] a\nSubject: [SPAM] b\n"), "every subject, whichever is shown");
  ok(tagged("", "Subject: a\n", "Subject: a\n"), "no tag, no change");
  ok(tagged("a\r\nBcc: x", "Subject: a\n", "Subject: aBcc: x a\n"), "a tag cannot begin a field");
  ok(tagged("W\303\234", "Subject: a\n", "Subject: =?utf-8?q?W=C3=9C?= a\n"), "a tag in UTF-8 is encoded");
  ok(tagged("W\303\234", "Subject: =?utf-8?q?x?=\n", "Subject: =?utf-8?q?W=C3=9C_?= =?utf-8?q?x?=\n"),
     "its blank inside if an encoded word follows");
  ok(tagged("W\303\234", "Subject: =?utf-8?q?W=C3=9C_?= =?utf-8?q?x?=\n", "Subject: =?utf-8?q?W=C3=9C_?= =?utf-8?q?x?=\n"),
     "and not twice");
  ok(tagged("W\334", "Subject: a\n", "Subject: W? a\n"), "what is no UTF-8 is a question mark");
  ok(tagged("=?x", "Subject: a\n", "Subject: =?utf-8?q?=3D=3Fx?= a\n"), "a tag that looks encoded is encoded");
  ok(tagged("\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254", "Subject: a\n",
            "Subject: =?utf-8?q?=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC?= =?utf-8?q?=E2=82=AC?= a\n"),
     "a long one in several words, cut between characters");
  ok(gives("A: b\n\nc", &e, TOP "Subject: [SPAM]\nA: b\n\nc"), "a missing subject is added");
  ok(gives("", &e, CRTOP "Subject: [SPAM]\r\n"), "to an empty message too");
  memset(old + 9, 'x', 985);
  old[994] = '\n';
  memcpy(want + 17, old + 9, 987);
  ok(tagged("[SPAM]", old, want), "no line becomes too long");
}

static void authentication(void)
{
  char dir[] = "/tmp/cm-edit.XXXXXX";
  int ready = mkdtemp(dir) && !chdir(dir) && !mkdir("control", 0700), fd;

  fd = open("control/authserv-id", O_WRONLY | O_CREAT, 0600);
  ok(ready && write(fd, "mx.example.net\n", 15) == 15, "a control directory");
  ok(gives("A: b\nAuthentication-Results: mx.example.net;\n dkim=pass header.d=bank.example\n"
           "authentication-results : (x)\n \"MX.Example.NET\" 1; spf=pass\nB: c\n\nd", &plain,
           TOP "A: b\nB: c\n\nd"), "results that came with the message are not ours");
  ok(gives("Authentication-Results: mx.example.net", &plain, TOP), "even if nothing else came");
  ok(gives("Authentication-Results: mx.example.org; dkim=pass\nX-Authentication-Results: mx.example.net; spf=pass\n"
           "ARC-Authentication-Results: i=1; mx.example.net; spf=pass\n\nd", &plain,
           TOP "Authentication-Results: mx.example.org; dkim=pass\nX-Authentication-Results: mx.example.net; spf=pass\n"
           "ARC-Authentication-Results: i=1; mx.example.net; spf=pass\n\nd"), "those of others stay");
  close(fd);
  unlink("control/authserv-id");
  rmdir("control");
  if (!chdir("/")) rmdir(dir);
}

static void large(void)
{
  memset(message, 'x', sizeof message);
  memcpy(message, "A: b\n\n", 6);
  ok(edit(message, sizeof message - 100, &plain) == 1, "a large body is moved");
  memcpy(message, "A: b\n ", 6);
  ok(edit(message, sizeof message - 100, &plain) == 0 && writtenlen == 0, "a header above its limit is not edited");
}

static void broken(void)
{
  unsigned long size = 5;
  int fd = file("A: b\n", 5), to = open("/dev/full", O_WRONLY);

  ok(edit_message(fd, &plain, to, &size) == -1, "a failing write is an error");
  close(fd);
  ok(edit_message(fd, &plain, 1, &size) == -1, "a failing read too");
}

int main(void)
{
  header();
  stages();
  classes();
  subject();
  authentication();
  large();
  broken();
  return done_testing();
}
