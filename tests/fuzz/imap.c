/* What an IMAP server says, where letters and a list of them are waited for. Whatever came in:
 * a letter that counts as whole is the one that was asked for, has something in it, and its
 * lines end as they have to; and what it says for people can be shown to them. The first byte:
 * how much comes at a time, and what is waited for.
 * modules: pop3conn */

#include "arrival.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static struct imapc c;

static void shown(void)
{
  size_t i;

  must(c.trouble && !imapc_isopen(&c));
  if (!c.text.len) return;
  must(c.text.len <= IMAPC_TEXT + 1 && !c.text.s[c.text.len - 1]);
  for (i = 0; i + 1 < c.text.len; ++i) must((unsigned char) c.text.s[i] >= 32 && c.text.s[i] != 127);
}

/* Lines end in CRLF, and there is no other CR or LF. */
static void sound(struct message *m, size_t said)
{
  static char text[1 << 18];
  struct sha256 again;
  unsigned char hash[SHA256_SIZE];
  ssize_t len, i;
  int dotted = 0;

  must(m->spool.size > 0 && (size_t) m->spool.size <= 2 * said + 2 && spool_end(&m->spool, 1) == 1);
  len = read(m->spool.fd, text, sizeof text);
  must(len == m->spool.size && len >= 2 && text[len - 1] == '\n');
  for (i = 0; i < len; ++i) {
    dotted |= text[i] == '.' && (!i || text[i - 1] == '\n');
    must(text[i] != '\r' || text[i + 1] == '\n');
    must(text[i] != '\n' || (i && text[i - 1] == '\r'));
  }
  must(m->plain == !dotted);
  sha256_begin(&again);
  sha256_add(&again, text, (size_t) len);
  sha256_end(&again, hash);
  must(!memcmp(hash, m->hash, sizeof hash));
  spool_drop(&m->spool);
}

static void letters(size_t said)
{
  static const char *const uids[] = { "1", "2", "4294967295" };
  struct message m;
  const char *trouble = 0;
  unsigned long long large = 0;
  size_t i;
  int r = IMAPC_OK;

  c.most = 10000;
  for (i = 0; i < 3; ++i) must(arrival_ask(&c, uids[i], i < 2) == IMAPC_OK);
  for (i = 0; i < 3 && r != IMAPC_LOST; ++i) {
    r = arrival_take(&c, uids[i], &m, &large, &trouble);
    if (r == IMAPC_OK) sound(&m, said);
    else must(r == IMAPC_LOST || trouble);
  }
  if (r != IMAPC_LOST) arrival_drain(&c);
}

static unsigned int found;

static int found_one(void *with, const struct imapc_letter *l)
{
  must(with == &found);
  must(!(l->has & LETTER_UID) || (l->uid && l->uid <= 4294967295));
  must(!(l->has & (LETTER_TEXT | LETTER_NIL | LETTER_LARGE)));
  must(!l->deleted || l->has & LETTER_FLAGS);
  ++found;
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  int in = memfd_create("answers", MFD_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
  unsigned int how = size ? data[0] : 0;

  if (size) ++data, --size;
  must(in != -1 && out != -1 && write(in, data, size) == (ssize_t) size && lseek(in, 0, SEEK_SET) == 0);
  stream_begin(&c.stream, in, out, c.buffer, sizeof c.buffer - (how & 127) * 500, 5);
  memset(&c.answer, 0, sizeof c.answer);
  c.answer.stream = &c.stream;
  c.answer.seconds = 5;
  c.sent = c.answered = c.untagged = c.exists = c.validity = 0;
  c.news = c.leaving = 0;
  c.text.len = 0;
  c.trouble = 0;
  found = 0;
  if (how & 128) {
    imapc_want(&c, found_one, 0, &found);
    while (imapc_isopen(&c) && c.sent < 3) imapc_ask(&c, "UID FETCH 1:*", 13);
    must(c.exists <= 4294967295 && c.validity <= 4294967295 && found <= size);
    imapc_want(&c, 0, 0, 0);
  } else letters(size);
  if (imapc_isopen(&c)) {
    imapc_listen(&c, 5);
    must(!imapc_isopen(&c) || c.news);
  }
  if (imapc_isopen(&c)) imapc_fail(&c, "is not wanted any more");
  shown();
  close(out);
  return 0;
}
