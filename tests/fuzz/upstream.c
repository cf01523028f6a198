/* What an upstream answers, and what is said to the client because of it; and
 * what a stage says for a reason. Whatever came in, nothing but clean lines with
 * one code goes out. The first byte: how much comes at a time.
 * modules: smtpproxy */

#include "behind.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reply.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

/* Is it a reply of this code, RFC 5321, 4.2, in lines of at most most bytes? */
static void sound(const char *text, size_t len, int code, size_t most)
{
  const char *nl;
  size_t n, i;
  int last = 0;

  must(len > 5 && !memcmp(text + len - 2, "\r\n", 2));
  for (; len; text += n + 1, len -= n + 1) {
    nl = memchr(text, '\n', len);
    must(nl && !last && nl > text + 3 && nl[-1] == '\r');
    n = (size_t) (nl - text);
    last = text[3] == ' ';
    must((last || text[3] == '-') && n - 1 <= most);
    must((text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0' == code);
    for (i = 0; i + 1 < n; ++i) must(text[i] >= 32 && text[i] < 127);
  }
  must(last);
}

static void replies(int fd, size_t step)
{
  static struct session s;
  struct smtpc *u = &s.upstream;
  size_t i, n;
  int code;

  stream_begin(&u->stream, fd, fd, u->buffer, sizeof u->buffer - step, 5);
  for (n = 0; (code = smtpc_reply(u, 5)) != -1; ++n) {
    must(code >= 200 && code < 560 && code / 10 % 10 < 6 && code == u->code && n < 20000);
    must(u->text.len <= 4096 + 100);
    for (i = 0; i < u->text.len; ++i) must(u->text.s[i] == '\n' || (u->text.s[i] >= 32 && u->text.s[i] < 127));
    s.out.len = 0;
    behind_relay(&s);
    sound(s.out.s, s.out.len, code, 504);
  }
  must(u->trouble && !smtpc_isopen(u));
}

static void reasons(const char *text, size_t size)
{
  static stralloc reason, line;
  static const int verdicts[] = { VERDICT_DELIVER, VERDICT_REJECT, VERDICT_DEFER };
  size_t i;
  int code;

  for (i = 0; i < sizeof verdicts / sizeof *verdicts; ++i) {
    reason.len = line.len = 0;
    must(reply_reason(verdicts[i], text, size, &reason) && reason.len <= REPLY_REASON && stralloc_0(&reason));
    must(reply_text(verdicts[i], 0, reason.s, "7f.3a", &line) == 1 && stralloc_cats(&line, "\r\n"));
    code = (line.s[0] - '0') * 100 + (line.s[1] - '0') * 10 + line.s[2] - '0';
    must(code == (i == 0 ? 250 : i == 2 ? 451 : code == 552 ? 552 : 550));
    sound(line.s, line.len, code, REPLY_LINE);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  int fd = memfd_create("replies", MFD_CLOEXEC);
  size_t step = size ? data[0] * 8u : 0;

  if (size) ++data, --size;
  must(fd != -1 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
  replies(fd, step);
  reasons((const char *) data, size);
  return 0;
}
