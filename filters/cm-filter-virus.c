/* cm-filter-virus: ask a scanner that speaks clamd's protocol, cm-virusd or
 * clamd, by handing over the descriptor or by sending the message. Only a whole
 * answer that says so is "clean"; everything else is no verdict. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "dial.h"
#include "pass.h"
#include "pattern.h"
#include "reason.h"
#include "stage.h"
#include "stream.h"

#define ADDRESSES 16
#define PATTERNS 64
#define PATIENCE 60      /* seconds, where nobody set a deadline */
#define CHUNK 65536      /* bytes of a piece that is sent */
#define ANSWER 1024      /* bytes of an answer */
#define SOCKET "/run/virusd"

static const char *addresses[ADDRESSES];
static size_t count;

static struct {
  const char *pattern;
  size_t len;
  int verdict;
} maps[PATTERNS];
static size_t mapped;

static char answer[ANSWER];
static int consumed;  /* a pipe, and some of it was read: it cannot be sent again */

static void add_address(const char *address)
{
  if (count == ADDRESSES) stage_die("too many addresses: ", address);
  addresses[count++] = address;
}

/* PATTERN=VERDICT; 0: the word is an address. */
static int read_map(const char *word)
{
  const char *equals = strrchr(word, '=');

  if (!equals || *word == '/') return 0;
  if (mapped == PATTERNS) stage_die("too many patterns: ", word);
  maps[mapped].pattern = word;
  maps[mapped].len = (size_t) (equals - word);
  maps[mapped].verdict = verdict_parse(equals + 1);
  if (maps[mapped++].verdict == -1) stage_die("not a verdict: ", word);
  return 1;
}

/* Those of control/virusd, or where cm-virusd is by itself. */
static void standing_addresses(void)
{
  static stralloc data, words;
  const char *line;
  size_t at = 0, len, i;

  if (control_read("control/virusd", &data) == -1) stage_diesys("unable to read control/virusd");
  while (control_next(&data, &at, &line, &len, 0))
    if (!stralloc_catb(&words, line, len) || !stralloc_0(&words)) stage_nomem();
  if (!words.len && (!stralloc_copys(&words, control_home()) ||
                     !stralloc_catb(&words, SOCKET, sizeof SOCKET))) stage_nomem();
  for (i = 0; i < words.len; i += strlen(words.s + i) + 1) add_address(words.s + i);
}

/* Read until the 0 that ends an answer; it is moved into answer. */
static int hear(struct stream *s, const char *address)
{
  ssize_t r;

  while (!memchr(s->buffer, 0, s->len)) {
    r = stream_fill(s);
    if (r > 0) continue;
    if (r == -1) carpsys("unable to read from ", address);
    else carp(address, s->len ? ": half an answer" : ": no answer");
    return 0;
  }
  memcpy(answer, s->buffer, strlen(s->buffer) + 1);
  return 1;
}

static int send_chunk(struct stream *s, const char *bytes, size_t len)
{
  unsigned char head[4] = { (unsigned char) (len >> 24), (unsigned char) (len >> 16),
                            (unsigned char) (len >> 8), (unsigned char) len };

  if (stream_write(s, (const char *) head, sizeof head, len > 0) == -1) return -1;
  return stream_write(s, bytes, len, 0);
}

/* All of the message, from its beginning where it has one to go back to. */
static int send_message(struct stream *s)
{
  static char bytes[CHUNK];
  ssize_t r;

  if (lseek(0, 0, SEEK_SET) == -1 && errno != ESPIPE) stage_diesys("unable to read message");
  if (stream_write(s, "zINSTREAM", sizeof "zINSTREAM", 1) == -1) return -1;
  while ((r = read(0, bytes, sizeof bytes))) {
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) stage_diesys("unable to read message");
    consumed = 1;
    if (send_chunk(s, bytes, (size_t) r) == -1) return -1;
  }
  return send_chunk(s, bytes, 0);
}

/* Have one scanner look at it. 1: there is an answer. */
static int ask(const char *address, int by_descriptor, unsigned long seconds)
{
  char buffer[ANSWER] = "";
  struct stream s;
  int sent, saved, heard, fd = dial(address, seconds);

  if (fd == -1) {
    carpsys("unable to connect to ", address);
    return 0;
  }
  stream_begin(&s, fd, fd, buffer, sizeof buffer, seconds);
  stream_limit(&s, seconds);
  /* The command, and the byte that the descriptor comes with. */
  sent = by_descriptor ? pass_send(fd, "zFILDES\0", sizeof "zFILDES\0", 0) : send_message(&s);
  saved = errno;
  /* Who does not want more of it may have said why. */
  if (sent == 1 || saved == EPIPE || saved == ECONNRESET) heard = hear(&s, address);
  else {
    heard = 0;
    errno = saved;
    carpsys("unable to send to ", address);
  }
  close(fd);
  return heard;
}

static int ends(const char *text, const char *end)
{
  return strlen(text) > strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

/* What is behind "stream: " or "fd[10]: "; 0: it is no answer about a message. */
static char *result(void)
{
  size_t digits;

  if (!strncmp(answer, "stream: ", 8)) return answer + 8;
  if (strncmp(answer, "fd[", 3)) return 0;
  digits = strspn(answer + 3, "0123456789");
  return digits && !strncmp(answer + 3 + digits, "]: ", 3) ? answer + 3 + digits + 3 : 0;
}

static void found(const char *name)
{
  static stralloc text, reason;
  int verdict = VERDICT_REJECT;
  size_t i;

  for (i = 0; i < mapped; ++i)
    if (pattern_match(maps[i].pattern, maps[i].len, name, strlen(name))) {
      verdict = maps[i].verdict;
      break;
    }
  if (!stralloc_copys(&text, "virus found: ") || !stralloc_cats(&text, name)) stage_nomem();
  if (!reason_make(verdict, text.s, text.len, &reason)) stage_nomem();
  stage_end(verdict, reason.s);
}

/* End with the verdict if the answer is one. */
static void conclude(const char *address)
{
  char *text = result();

  if (text && !strcmp(text, "OK")) exit(VERDICT_DELIVER);
  if (text && ends(text, " FOUND")) {
    text[strlen(text) - strlen(" FOUND")] = 0;
    found(text);
  }
  carp(address, ": ", answer);
}

int main(int argc, char **argv)
{
  struct stat st;
  long long until, left;
  unsigned long seconds;
  int i, regular;
  size_t a;

  stage_begin("cm-filter-virus", 1);
  for (i = 1; i < argc && read_map(argv[i]); ++i) ;
  for (; i < argc; ++i) add_address(argv[i]);
  if (!count) standing_addresses();
  if (fstat(0, &st) == -1) stage_diesys("unable to read message");
  /* clamd says OK to a descriptor that it cannot read. */
  if ((fcntl(0, F_GETFL) & O_ACCMODE) == O_WRONLY) stage_die("unable to read message: not open for reading");
  regular = S_ISREG(st.st_mode);
  until = stage_until(PATIENCE);

  for (a = 0; a < count && (regular || !consumed); ++a) {
    left = until - clock_ms();
    seconds = left < 1000 ? 1 : ((unsigned long) left / 1000 + count - a - 1) / (count - a);
    if (regular && *addresses[a] == '/') {
      if (!ask(addresses[a], 1, seconds)) continue;
      if (strcmp(answer, "UNKNOWN COMMAND")) {
        conclude(addresses[a]);
        continue;
      }
    }
    if (ask(addresses[a], 0, seconds)) conclude(addresses[a]);
  }
  stage_die("no scanner has looked at the message");
}
