/* A message of a conduit: line ends, its end, its header, and what there is before a verdict. */
#include "item.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "tap.h"
#include "verdict.h"

static struct item item;

/* Does text, cut into pieces of so many bytes, become want? */
static int becomes(const char *text, size_t piece, const char *want)
{
  size_t len = strlen(text), at, n = strlen(want);
  char got[200];
  int same;

  item_begin(&item);
  for (at = 0; at < len; at += piece)
    if (item_write(&item, text + at, len - at < piece ? len - at : piece) != 1) return 0;
  same = item_end(&item) == 1 && item.message.size == (off_t) n && copy_from(item.message.fd, got, n, 0) == 1 &&
         !memcmp(got, want, n);
  item_drop(&item);
  return same;
}

static int in_all_pieces(const char *text, const char *want)
{
  size_t piece;

  for (piece = 1; piece <= strlen(text) + 1; ++piece)
    if (!becomes(text, piece, want)) return 0;
  return 1;
}

static void large(void)
{
  static char line[1000];
  int i;

  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  item_begin(&item);
  ok(item_write(&item, "Subject: x\n\n", 12) == 1, "the first bytes");
  for (i = 0; i < 200 && item_write(&item, line, sizeof line) == 1; ++i) ;
  ok(item_end(&item) == 1 && item.message.size == 14 + 200 * 1001, "a large message has a CR more a line");
  ok(item.header.body == 14, "and its header is read");
  item_drop(&item);
}

/* The line end comes where what is made of a piece is full, or nearly. */
static void full(void)
{
  static char piece[65541];
  int same = 1;
  size_t n;

  for (n = 65530; n < sizeof piece - 1; ++n) {
    memset(piece, 'x', n);
    piece[0] = piece[n] = '\n';
    item_begin(&item);
    same &= item_write(&item, piece, n + 1) == 1 && item_end(&item) == 1 && item.message.size == (off_t) n + 3;
    item_drop(&item);
  }
  ok(same, "a line may end anywhere");
}

static void read_all(void)
{
  int p[2];

  if (pipe(p)) return;
  ok(write(p[1], "A: b\n\nc\n", 8) == 8 && !close(p[1]), "a pipe with a message");
  item_begin(&item);
  ok(item_read(&item, p[0], 0) == 1 && item.message.size == 11, "is read to its end");
  item_drop(&item);
  close(p[0]);
  if (pipe(p) || write(p[1], "A: b\n\nc\n", 8) != 8) return;
  item_begin(&item);
  errno = 0;
  ok(item_read(&item, p[0], 10) == -1 && errno == EFBIG, "but not above the limit");
  item_drop(&item);
}

/* Some programs have one message behind the other all day. */
static void let_go(void)
{
  int next = dup(0), after;

  close(next);
  item_begin(&item);
  if (item_write(&item, "A: b\n\nc\n", 8) != 1 || item_end(&item) != 1) return;
  item.filtered.fd = dup(0);
  item_drop(&item);
  after = dup(0);
  close(after);
  ok(after == next && item.message.fd == -1 && item.filtered.fd == -1, "what is let go of has no descriptor any more");
}

int main(void)
{
  struct outgoing o = { 0 };

  ok(in_all_pieces("A: b\n\nc\n", "A: b\r\n\r\nc\r\n"), "a LF becomes CRLF, wherever the message is cut");
  ok(in_all_pieces("A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n"), "CRLF stays");
  ok(in_all_pieces("A: b\n\na\rb\r\r\n\r", "A: b\r\n\r\na\rb\r\r\n\r"), "a CR of its own stays, at the end, too");
  ok(in_all_pieces("A: b\n\n.\n..\nlast", "A: b\r\n\r\n.\r\n..\r\nlast"), "dots mean nothing, and nothing is put to the end");
  large();
  full();
  read_all();

  item_begin(&item);
  item.raw = 1;
  ok(item_write(&item, "A: b\n\nc\r\n", 9) == 1 && item_end(&item) == 1 && item.message.size == 9 && item.header.body == 6,
     "if that is wanted lines stay as they come");
  item_drop(&item);
  item_begin(&item);
  errno = 0;
  ok(item_end(&item) == -1 && errno == ENODATA, "an empty message is none");
  item_drop(&item);

  item_begin(&item);
  ok(item_recipient(&item, "a@example.net", 13) && item_recipient(&item, "b@example.net", 13) &&
     !strcmp(item.recipients.s, "a@example.net\nb@example.net\n") && item.recipients.len == 28, "recipients are a line each");
  ok(item_write(&item, "A: b\n\nc\n", 8) == 1 && item_end(&item) == 1 && item_judge(&item, "pipeline", 0, 1) == 1 &&
     !strcmp(item.result.text.s, "accept/deliver"), "without stages everything is delivered");
  ok(item_outgoing(&item, &o) && o.head.len > 4 && o.offset == 8 && o.size == 11, "with a new header before its body");
  item_drop(&item);
  item.result.verdict = VERDICT_DELIVER;
  item_begin(&item);
  ok(!item.recipients.len && !item.result.text.len && item.result.verdict == VERDICT_DEFER && item.message.fd == -1 &&
     item.filtered.fd == -1, "the next begins with nothing of the one before");
  let_go();
  return done_testing();
}
