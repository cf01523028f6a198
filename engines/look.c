#include "look.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "copy.h"
#include "stage.h"
#include "utf8.h"

enum {
  SEEN   = 65536,  /* a power of two above twice 2 * LOOK_ENTRIES */
  MARGIN = 3       /* seconds before CM_DEADLINE that are for those who wait for us */
};

static const char *const words[] = {
  "encrypted", "macro", "executable", "polyglot", "unsupported", "broken",
  "depth", "entries", "bytes", "time", "html-script", "html-data",
  "pdf-script", "pdf-launch", "pdf-encrypted", "link"
};
#define WORDS (sizeof words / sizeof *words)

static long long deadline;
/* libowfat's buffer does not tell when it cannot be written. */
static struct {
  char bytes[16384];
  size_t len;
} out;
static struct {
  unsigned int flags, entries, containers, seen;
  size_t kept, passed;
} section;
static uint64_t seen[SEEN];  /* of names that were printed; 0: free */

void look_start(void)
{
  const char *text = getenv("CM_DEADLINE");
  long long seconds = text ? strtoll(text, 0, 10) - MARGIN - (long long) time(0) : LOOK_SECONDS;

  if (seconds > LOOK_SECONDS) seconds = LOOK_SECONDS;
  if (seconds < 0) seconds = 0;
  deadline = clock_ms() + seconds * 1000;
}

static void flush(void)
{
  if (copy_write(1, out.bytes, out.len) == -1) stage_diesys("unable to write");
  out.len = 0;
}

/* len is at most LOOK_NAME. */
static void put(const char *text, size_t len)
{
  if (len > sizeof out.bytes - out.len) flush();
  memcpy(out.bytes + out.len, text, len);
  out.len += len;
}

static void puts_line(const char *word, const char *text)
{
  put(word, strlen(word));
  put(" ", 1);
  put(text, strlen(text));
  put("\n", 1);
}

void look_section(const char *file)
{
  if (section.seen) memset(seen, 0, sizeof seen);
  memset(&section, 0, sizeof section);
  puts_line("file", file);
}

void look_type(const char *mime, const char *kind)
{
  puts_line("type", mime);
  puts_line("kind", kind);
}

void look_section_end(void)
{
  size_t i;

  for (i = 0; i < WORDS; ++i)
    if (section.flags >> i & 1) puts_line("flag", words[i]);
}

void look_end(void)
{
  put("end\n", 4);
  flush();
}

int look_enter(unsigned int depth, struct level *level)
{
  if (depth > LOOK_DEPTH) {
    look_flag(FLAG_DEPTH);
    return 0;
  }
  level->depth = depth;
  level->number = ++section.containers;
  return 1;
}

int look_entry(void)
{
  if (look_over()) return 0;
  if (section.entries < LOOK_ENTRIES) {
    ++section.entries;
    return 1;
  }
  look_flag(FLAG_ENTRIES);
  return 0;
}

/* FNV-1a; never 0. */
static uint64_t hash(uint64_t h, const char *text, size_t len)
{
  for (; len; --len, ++text) h = (h ^ (unsigned char) *text) * 0x100000001b3u;
  return h ? h : 1;
}

/* Where h is or belongs in seen. */
static uint64_t *slot(uint64_t h)
{
  size_t i = (size_t) h & (SEEN - 1);

  while (seen[i] && seen[i] != h) i = (i + 1) & (SEEN - 1);
  return seen + i;
}

static uint64_t key(const struct level *level, const char *kind, const char *name, size_t len)
{
  uint64_t h = hash(0xcbf29ce484222325u, (const char *) &level->number, sizeof level->number);

  return hash(hash(h, kind, strlen(kind) + 1), name, len);
}

/* 1: h is new, and now among what was seen. */
static int note(uint64_t h)
{
  uint64_t *at = slot(h);

  if (*at) return 0;
  *at = h;
  ++section.seen;
  return 1;
}

/* Only LF and what cannot be shown must be kept from the line; the caller
 * judges the rest, which therefore stays readable. */
static void put_name(const char *name, size_t len)
{
  static const char digits[] = "0123456789abcdef";
  char four[4] = { '\\', 'x', 0, 0 };
  size_t n;

  for (; len; name += n, len -= n) {
    n = utf8_length(name, len);
    if (n && (n > 1 ? n != 2 || (unsigned char) *name != 0xc2 || (unsigned char) name[1] >= 0xa0
                    : *name >= ' ' && *name != 127 && *name != '\\')) {
      put(name, n);
      continue;
    }
    n = 1;
    four[2] = digits[(unsigned char) *name >> 4];
    four[3] = digits[*name & 15];
    put(four, 4);
  }
}

void look_name(const struct level *level, const char *kind, const char *name, size_t len)
{
  char number[FMT_ULONG];

  if (section.seen > 2 * LOOK_ENTRIES) {
    look_flag(FLAG_ENTRIES);
    return;
  }
  note(key(level, "", name, len));
  if (!note(key(level, kind, name, len))) return;
  /* What a system takes off the end must not take the extension's place. */
  while (len > LOOK_NAME && strchr(" .", name[len - 1])) --len;
  if (len > LOOK_NAME) {
    name += len - LOOK_NAME;
    len = LOOK_NAME;
  }
  put("name ", 5);
  put(number, fmt_ulong(number, level->depth));
  put(" ", 1);
  put(kind, strlen(kind));
  put(" ", 1);
  put_name(name, len);
  put("\n", 1);
}

int look_known(const struct level *level, const char *kind, const char *name, size_t len)
{
  return *slot(key(level, kind, name, len)) != 0;
}

void look_flag(enum look_flag flag)
{
  section.flags |= flag;
}

static int count(size_t *sum, size_t bytes, size_t most)
{
  *sum += bytes;
  if (*sum <= most) return 1;
  look_flag(FLAG_BYTES);
  return 0;
}

int look_spend(size_t bytes)
{
  return count(&section.kept, bytes, LOOK_BYTES);
}

int look_pass(size_t bytes)
{
  return count(&section.passed, bytes, LOOK_PASSED);
}

size_t look_left(void)
{
  return section.kept < LOOK_BYTES ? LOOK_BYTES - section.kept : 0;
}

int look_over(void)
{
  if (clock_ms() >= deadline) look_flag(FLAG_TIME);
  return (section.flags & (FLAG_TIME | FLAG_ENTRIES | FLAG_BYTES)) != 0;
}

int look_file(void)
{
  int fd = memfd_create("entry", MFD_CLOEXEC);

  if (fd == -1) stage_diesys("unable to create a file");
  return fd;
}
