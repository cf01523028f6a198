#include "package.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "copy.h"
#include "hex.h"
#include "inside.h"
#include "stage.h"

enum { CHUNK = 65536, HEAD = 4096 };

static unsigned long get(const char *p, unsigned int n)
{
  unsigned long value = 0;

  while (n) value = value << 8 | (unsigned char) p[--n];
  return value;
}

static size_t load(int fd, char *to, size_t len, off_t at)
{
  ssize_t r = pread(fd, to, len, at);

  if (r == -1) stage_diesys("unable to read an attachment");
  return (size_t) r;
}

static void show(int fd, off_t at, off_t len, const char *const *names, size_t count,
                 const struct level *level)
{
  int part = inside_copy(fd, at, len);
  const char *word = inside_entry(part, names[0], strlen(names[0]), level);
  size_t i;

  for (i = 1; i < count; ++i) look_name(level, word, names[i], strlen(names[i]));
  close(part);
}

void package_plain(int fd, off_t at, off_t len, const char *name, const struct level *level)
{
  show(fd, at, len, &name, 1, level);
}

/* As gzip it is opened like everything else: without the two bytes of zlib's
 * header, behind one of gzip's. */
void package_deflated(int fd, off_t at, off_t len, const char *name, const struct level *level)
{
  static const char header[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
  int to = look_file();

  if (copy_write(to, header, sizeof header - 1) == -1) stage_diesys("unable to write an entry");
  inside_append(to, fd, at + 2, len == INSIDE_REST ? len : len - 2);
  /* In the place of gzip's checksum and size, which are longer than zlib's. */
  if (copy_write(to, header + 3, 7) == -1) stage_diesys("unable to write an entry");
  archive_look(to, 0, lseek(to, 0, SEEK_END), "gz", name, strlen(name), level);
  close(to);
}

void package_activemime(int fd, const struct level *level)
{
  enum { SHORT = 50 };
  char head[1024];
  size_t have = load(fd, head, sizeof head, 0), at;

  for (at = have > SHORT ? SHORT : have; at + 2 < have; ++at)
    if (head[at] == 'x' && (get(head + at + 1, 1) + 'x' * 256) % 31 == 0) break;
  if (at + 2 >= have) look_flag(FLAG_BROKEN);
  else package_deflated(fd, (off_t) at, INSIDE_REST, "ActiveMime", level);
}

/* 2, a label, the file's name, two numbers, a path, the size, the file; each text
 * ends in a 0. All three are names that somebody sees or uses. */
int package_look(int fd, off_t at, const struct level *level)
{
  char head[HEAD], *text[3], *p = head + 2;
  const char *names[3];
  size_t have = load(fd, head, sizeof head - 1, at), i;

  head[have] = 0;
  if (have < 16 || get(head, 2) != 2) return 0;
  for (i = 0; i < 3 && p < head + have; ++i) {
    text[i] = p;
    p += strlen(p) + 1;
    if (i == 1) p += 8;
  }
  if (i < 3 || p + 4 > head + have) return 0;
  names[0] = text[1];
  names[1] = text[0];
  names[2] = text[2];
  show(fd, at + (p + 4 - head), (off_t) get(p, 4), names, 3, level);
  return 1;
}

/* An object of OLE 1, [MS-OLEDS] 2.2.5: version, 2 for embedded, class, topic and
 * item, each with its length before it; the size, the data. */
static void object(int fd, const struct level *level)
{
  static const char *const none = "objdata";
  char head[HEAD];
  const char *class = head + 12;
  size_t have = load(fd, head, sizeof head - 1, 0), at = 8, i, n = 0;

  head[have] = 0;
  for (i = 0; i < 3 && at + 4 <= have; ++i) {
    n = get(head + at, 4);
    at += 4 + n;
  }
  if (get(head + 4, 4) != 2 || i < 3 || at + 4 > have || n > have) {
    show(fd, 0, INSIDE_REST, &none, 1, level);
    return;
  }
  if (!strcasecmp(class, "OLE2Link")) look_flag(FLAG_LINK);
  if (!strcasecmp(class, "Package") && package_look(fd, (off_t) at + 4, level)) return;
  show(fd, (off_t) at + 4, (off_t) get(head + at, 4), &class, 1, level);
}

/* What RTF is read with. */
struct text {
  int fd;
  off_t at;
  size_t pos, len;
  char chunk[CHUNK];
};

static int next(struct text *t)
{
  if (t->pos == t->len) {
    t->pos = 0;
    t->len = look_over() ? 0 : load(t->fd, t->chunk, sizeof t->chunk, t->at);
    t->at += (off_t) t->len;
    if (!t->len) return -1;
  }
  return (unsigned char) t->chunk[t->pos++];
}

/* Behind a backslash: the control word, without its number. A digit or a
 * blank behind it belongs to it. The byte behind. */
static int control(struct text *t, char *word, size_t size)
{
  size_t n = 0;
  int c;

  for (c = next(t); c != -1 && isalpha(c); c = next(t))
    if (n + 1 < size) word[n++] = (char) c;
  word[n] = 0;
  if (!n) return next(t);
  while (c == '-' || (c != -1 && isdigit(c))) c = next(t);
  return c == ' ' ? next(t) : c;
}

/* The hexadecimal digits up to the end of the group, but not those of groups
 * in it. Returns the file of what they say. */
static int digits(struct text *t, int c)
{
  char bytes[4096], word[16], pair[2];
  size_t n = 0, half = 0;
  int depth = 0, fd = look_file();

  while (c != -1 && depth >= 0) {
    if (c == '\\') {
      c = control(t, word, sizeof word);
      continue;
    }
    depth += (c == '{') - (c == '}');
    if (!depth && hex_digit((char) c) != -1) {
      pair[half++] = (char) c;
      if (half == 2) {
        half = 0;
        bytes[n++] = (char) hex_byte(pair);
      }
    }
    if (n == sizeof bytes || depth < 0) {
      if (!look_spend(n)) break;
      if (copy_write(fd, bytes, n) == -1) stage_diesys("unable to write an entry");
      n = 0;
    }
    if (depth >= 0) c = next(t);
  }
  if (n && look_spend(n) && copy_write(fd, bytes, n) == -1)
    stage_diesys("unable to write an entry");
  return fd;
}

/* The text up to the end of the group, or as much as there is room for; also of
 * groups in it. 1: some of it is written as numbers, so that it is not known. */
static int plain(struct text *t, int *c, char *to, size_t size)
{
  char word[16];
  size_t n = 0;
  int depth = 0, numbers = 0;

  while (*c != -1 && n + 1 < size && (depth += (*c == '{') - (*c == '}')) >= 0) {
    if (*c == '\\') {
      *c = control(t, word, sizeof word);
      if (!strcmp(word, "u") || (!*word && *c == '\'')) numbers = 1;
      if (*word) continue;
    } else if (*c > ' ' && *c != '{' && *c != '}') to[n++] = (char) *c;
    *c = next(t);
  }
  to[n] = 0;
  return numbers;
}

/* A template from the network, or a field that starts a program. */
static void follow(struct text *t, int *c, const char *word)
{
  char text[64];
  int numbers;

  if (!strcasecmp(word, "template")) {
    numbers = plain(t, c, text, sizeof text);
    if (numbers || (strstr(text, "://") && strncasecmp(text, "file:", 5))) look_flag(FLAG_LINK);
  } else if (!strcasecmp(word, "fldinst")) {
    plain(t, c, text, 8);
    if (!strncasecmp(text, "dde", 3)) look_flag(FLAG_LINK);
  }
}

void package_rtf(int fd, const struct level *level)
{
  struct text *t = calloc(1, sizeof *t);
  char word[16];
  int c, data;

  if (!t) stage_nomem();
  t->fd = fd;
  for (c = next(t); c != -1; ) {
    if (c != '\\') {
      c = next(t);
      continue;
    }
    c = control(t, word, sizeof word);
    follow(t, &c, word);
    if (strcasecmp(word, "objdata") || !look_entry()) continue;
    data = digits(t, c);
    object(data, level);
    close(data);
    c = next(t);
  }
  free(t);
}

/* A FileDataStoreObject, [MS-ONESTORE] 2.6.13: its id, the length in eight bytes,
 * twelve more, the file. */
void package_onenote(int fd, const struct level *level)
{
  static const char id[] = "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac";
  static const char *const none = "";
  char *chunk = malloc(CHUNK), head[8], *found;
  size_t have, over = sizeof id - 2;
  off_t at = 0;

  if (!chunk) stage_nomem();
  while ((have = load(fd, chunk, CHUNK, at)) > over && !look_over()) {
    found = memmem(chunk, have, id, sizeof id - 1);
    if (!found) {
      at += (off_t) (have - over);
      continue;
    }
    at += (found - chunk) + 16;
    if (load(fd, head, 8, at) != 8 || !look_entry()) break;
    show(fd, at + 20, (off_t) (get(head, 8) & 0x7fffffff), &none, 1, level);
  }
  free(chunk);
}
