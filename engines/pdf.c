#include "pdf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "hex.h"
#include "inflate.h"
#include "inside.h"
#include "stage.h"
#include "wide.h"

enum {
  CHUNK  = 65536,
  DICT   = 2048,  /* bytes before a stream in which its dictionary is looked for */
  STRING = 512,   /* of a file's name */
  AHEAD  = 1024,  /* bytes of a chunk that are looked at again with the next one */
  HEAD   = 512    /* decoded, to know a stream by */
};

/* A name without its escapes (#61 is a), up to the first byte that ends it, or as
 * much as there is room for. Where it ends. */
static const char *name(const char *p, const char *end, char *to, size_t size)
{
  size_t n = 0;
  int byte;

  for (; p < end && !memchr("\0\t\n\f\r ()<>[]{}/%", *p, 16) && n + 1 < size; ++p) {
    byte = *p == '#' && end - p > 2 ? hex_byte(p + 1) : -1;
    to[n++] = byte >= 0 ? (char) byte : *p;
    if (byte >= 0) p += 2;
  }
  to[n] = 0;
  return p;
}

/* Behind blanks and comments. */
static const char *blanks(const char *p, const char *end)
{
  for (;; ++p) {
    if (p < end && *p == '%') while (p < end && *p != '\n' && *p != '\r') ++p;
    if (p == end || !memchr("\0\t\n\f\r ", *p, 6)) return p;
  }
}

/* The byte that an escape in a string stands for; -1: none. */
static int escape(const char **p, const char *end)
{
  static const char plain[] = "nrtbf", meant[] = "\n\r\t\b\f";
  const char *at = strchr(plain, **p);
  int value = 0, digits;

  if (at && *at) return meant[at - plain];
  if (**p == '\n' || **p == '\r') return -1;
  if (**p < '0' || **p > '7') return (unsigned char) **p;
  for (digits = 0; digits < 3 && *p < end && **p >= '0' && **p <= '7'; ++digits) value = value * 8 + *(*p)++ - '0';
  --*p;
  return value & 255;
}

/* A string in brackets, or in hexadecimal digits. Its length. */
static size_t string(const char *p, const char *end, char *to)
{
  size_t n = 0;
  int depth = 1, byte, hex = *p == '<', half = 0;

  for (++p; p < end && n < STRING; ++p) {
    if (hex && *p == '>') break;
    if (hex) {
      byte = hex_digit(*p);
      if (byte == -1) continue;
      if (half) to[n++] |= (char) byte;
      else to[n] = (char) (byte << 4);
      half = !half;
      continue;
    }
    byte = (unsigned char) *p;
    depth += (byte == '(') - (byte == ')');
    if (!depth) break;
    if (byte == '\\' && ++p < end) byte = escape(&p, end);
    if (byte >= 0) to[n++] = (char) byte;
  }
  return n;
}

/* The name of a file, which may be UTF-16 with a mark before it. */
static void show(char *text, size_t len, const struct level *level)
{
  unsigned char wide[STRING];
  char narrow[WIDE_MAX(STRING / 2)];
  size_t i;

  if (len < 2 || ((unsigned char) text[0] ^ (unsigned char) text[1]) != 1 || (unsigned char) text[0] < 0xfe) {
    look_name(level, "data", text, len);
    return;
  }
  for (i = 0; i + 3 < len; i += 2) {
    wide[i] = (unsigned char) text[i + 2 + ((unsigned char) *text == 0xfe)];
    wide[i + 1] = (unsigned char) text[i + 3 - ((unsigned char) *text == 0xfe)];
  }
  look_name(level, "data", narrow, wide_utf8(wide, i, narrow));
}

/* The names of PDF between p and stop; what follows one reaches to end. */
static void tokens(const char *p, const char *stop, const char *end, const struct level *level)
{
  static const struct { const char *name; enum look_flag flag; } words[] = {
    { "JavaScript", FLAG_PDF_SCRIPT }, { "Launch", FLAG_PDF_LAUNCH }, { "Encrypt", FLAG_PDF_ENCRYPTED }
  };
  char word[16], text[STRING + 1];
  size_t i, len;

  while (p < stop && (p = memchr(p, '/', (size_t) (stop - p)))) {
    p = name(p + 1, end, word, sizeof word);
    for (i = 0; i < sizeof words / sizeof *words; ++i)
      if (!strcmp(word, words[i].name)) look_flag(words[i].flag);
    if (strcmp(word, "F") && strcmp(word, "UF")) continue;
    p = blanks(p, end);
    if (p == end || (*p != '(' && (*p != '<' || (end - p > 1 && p[1] == '<')))) continue;
    len = string(p, end, text);
    if (len) show(text, len, level);
  }
}

/* A stream. */
struct stream {
  int fd;
  off_t at;
  int packed;            /* by zlib */
  char dict[DICT + 1];   /* without escapes, as far as it is there */
};

/* The bytes from the stream's beginning, or the next ones, as much as there are. */
static size_t more(struct stream *s, off_t done, char *to, size_t len, int *broken)
{
  ssize_t r;

  if (!done && s->packed) inflate_begin(s->fd, s->at);
  if (s->packed) return inflate_next(to, len, broken);
  r = pread(s->fd, to, len, s->at + done);
  if (r == -1) stage_diesys("unable to read an attachment");
  return (size_t) r;
}

/* Objects that are packed into a stream. */
static void objects(struct stream *s, const struct level *level)
{
  char *chunk = malloc(CHUNK + AHEAD);
  size_t have = 0, n, stop;
  off_t done = 0;
  int broken = 0;

  if (!chunk) stage_nomem();
  do {
    n = more(s, done, chunk + have, CHUNK, &broken);
    done += (off_t) n;
    have += n;
    stop = n ? have - (have < AHEAD ? have : AHEAD) : have;
    tokens(chunk, chunk + stop, chunk + have, level);
    memmove(chunk, chunk + stop, have -= stop);
  } while (n && look_spend(n) && !look_over());
  free(chunk);
}

/* A file that is embedded. How long it is without zlib nothing says reliably. */
static void embedded(struct stream *s, const struct level *level)
{
  static const char none[] = "stream";
  char *chunk = malloc(CHUNK), *end = 0;
  off_t done = 0;
  size_t n;
  int fd = look_file(), broken = 0;

  if (!chunk) stage_nomem();
  do {
    n = more(s, done, chunk, CHUNK, &broken);
    end = s->packed ? 0 : memmem(chunk, n, "endstream", 9);
    done += (off_t) n;
    if (end) n = (size_t) (end - chunk);
    if (n && copy_write(fd, chunk, n) == -1) stage_diesys("unable to write an entry");
  } while (n && !end && look_spend(n) && !look_over());
  if (broken) look_flag(FLAG_BROKEN);
  inside_entry(fd, none, sizeof none - 1, level);
  close(fd);
  free(chunk);
}

/* Packed in a way that is not read here? */
static int is_odd(const struct stream *s)
{
  static const char *const filters[] = {
    "ASCIIHexDecode", "ASCII85Decode", "LZWDecode", "RunLengthDecode", "/AHx", "/A85", "/LZW", "/RL"
  };
  size_t i;

  for (i = 0; i < sizeof filters / sizeof *filters; ++i)
    if (strstr(s->dict, filters[i])) return 1;
  return 0;
}

/* Is it an object stream or a file? Not what it is called decides, since readers
 * do not all ask. */
static void stream(struct stream *s, const struct level *level)
{
  int file = strstr(s->dict, "/EmbeddedFile") != 0, packed = strstr(s->dict, "/ObjStm") != 0, broken = 0;
  char head[HEAD];
  size_t n;
  const struct kind *kind;

  if ((file || packed) && is_odd(s)) look_flag(FLAG_UNSUPPORTED);
  n = more(s, 0, head, sizeof head, &broken);
  s->packed = inflate_likely(head, n);
  if (s->packed) n = more(s, 0, head, sizeof head, &broken);
  kind = n ? kind_find(head, n) : 0;
  if (file || (kind && inside_strange(kind))) {
    if (look_entry()) embedded(s, level);
  } else if (s->packed && (packed || (n && isdigit((unsigned char) *blanks(head, head + n - 1))))) objects(s, level);
}

/* Its dictionary: behind the last object that begins in the bytes before. */
static void describe(struct stream *s, const char *from, const char *to)
{
  const char *p = to - from > DICT ? to - DICT : from, *at;
  size_t n = 0;
  int byte;

  for (at = p; (at = memmem(at, (size_t) (to - at), "obj", 3)); ) p = at += 3;
  for (; p < to; ++p) {
    byte = *p == '#' && to - p > 2 ? hex_byte(p + 1) : -1;
    if (byte >= 0) p += 2;
    else byte = (unsigned char) *p;
    s->dict[n++] = byte ? (char) byte : ' ';
  }
  s->dict[n] = 0;
}

/* The streams whose word ends between p and stop; what is before begins at from. */
static void streams(struct stream *s, off_t at, const char *from, const char *p, const char *stop,
                    const struct level *level)
{
  const char *data;

  while (p < stop && (p = memmem(p, (size_t) (stop - p), "stream", 6)) && !look_over()) {
    data = p + 6;
    if (p - from < 3 || memcmp(p - 3, "end", 3)) {
      if (*data == '\r') ++data;
      if (*data == '\n') ++data;
      describe(s, from, p);
      s->at = at + (data - from);
      s->packed = 0;
      stream(s, level);
    }
    p = data;
  }
}

void pdf_look(int fd, const struct level *level)
{
  char *chunk = malloc(DICT + CHUNK + AHEAD), *p;
  struct stream s = { .fd = fd };
  size_t before = 0, have, stop;
  ssize_t r;
  off_t at = 0;

  if (!chunk) stage_nomem();
  /* Each time: what comes before, for dictionaries; a chunk; what comes behind. */
  for (; !look_over(); at += (off_t) stop) {
    r = pread(fd, chunk + before, CHUNK + AHEAD, at);
    if (r == -1) stage_diesys("unable to read an attachment");
    have = (size_t) r;
    stop = have > CHUNK ? CHUNK : have;
    if (!have) break;
    p = chunk + before;
    tokens(p, p + stop, p + have, level);
    streams(&s, at - (off_t) before, chunk, p, p + (have > CHUNK ? stop + 5 : stop), level);
    before = stop < DICT ? stop : DICT;
    memmove(chunk, p + stop - before, before);
  }
  free(chunk);
}
