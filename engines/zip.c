#include "zip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"
#include "stage.h"

enum {
  LOCAL = 30, CENTRAL = 46, END = 22, LOCATOR = 20, END64 = 56,  /* bytes of the records */
  TAIL  = 65535 + END + LOCATOR,  /* where the end of the directory is looked for */
  CHUNK = 65536
};

/* A record, in memory of its own because zips are inside each other. */
struct record {
  char bytes[CENTRAL + 2 * 65535];
};

/* Bytes of the file that are the content of an entry: headers there belong to
 * what is inside, which may be stored as it is. from is first, for compare(). */
struct range { off_t from, to; };

struct scan {
  int fd;
  struct zip *zip;
  zip_visit *visit;
  void *arg;
  struct record record;
  size_t count, known, passed;
  off_t covered;                  /* by the ranges that were passed */
  struct range taken[LOOK_ENTRIES];
  off_t locals[LOOK_ENTRIES];     /* that the directory mentions */
};

static unsigned long get(const char *bytes, unsigned int n)
{
  unsigned long value = 0;

  while (n) value = value << 8 | (unsigned char) bytes[--n];
  return value;
}

/* Bytes that could be read. */
static size_t load(int fd, char *to, size_t len, off_t at)
{
  ssize_t r = at < 0 ? 0 : pread(fd, to, len, at);

  if (r == -1) stage_diesys("unable to read an attachment");
  return (size_t) r;
}

static int starts(int fd, off_t at, const char *sign)
{
  char four[4];

  return load(fd, four, 4, at) == 4 && !memcmp(four, sign, 4);
}

/* Where the directory begins that the record at this place ends, or -1. Some
 * believe its offset, others count back from the record. */
static off_t begins(int fd, const char *record, off_t at)
{
  char wide[END64], locator[LOCATOR];
  off_t size = (off_t) get(record + 12, 4), offset = (off_t) get(record + 16, 4), start = at;

  if (load(fd, locator, LOCATOR, at - LOCATOR) == LOCATOR && !memcmp(locator, "PK\6\7", 4)) {
    start = (off_t) get(locator + 8, 8);
    if (start < 0 || !starts(fd, start, "PK\6\6")) start = at - LOCATOR - END64;
    if (load(fd, wide, END64, start) != END64 || memcmp(wide, "PK\6\6", 4)) return -1;
    size = (off_t) get(wide + 40, 8);
    offset = (off_t) get(wide + 48, 8);
  }
  if (!size && !get(record + 10, 2)) return start;
  if (size >= 0 && size <= start && starts(fd, start - size, "PK\1\2")) return start - size;
  if (offset >= 0 && offset < start && starts(fd, offset, "PK\1\2")) return offset;
  return -1;
}

int zip_find(int fd, struct zip *zip)
{
  char *tail = malloc(TAIL);
  off_t from;
  size_t len, i;

  if (!tail) stage_nomem();
  zip->size = lseek(fd, 0, SEEK_END);
  zip->first = zip->directory = zip->end = -1;
  zip->encrypted = zip->mixed = zip->torn = 0;
  from = zip->size > TAIL ? zip->size - TAIL : 0;
  len = load(fd, tail, TAIL, from);
  for (i = len < END ? 0 : len - END + 1; i-- > 0 && zip->directory == -1; ) {
    if (memcmp(tail + i, "PK\5\6", 4)) continue;
    zip->directory = begins(fd, tail + i, from + (off_t) i);
    zip->entries = get(tail + i + 10, 2);
    zip->end = from + (off_t) (i + END + get(tail + i + 20, 2));
  }
  free(tail);
  if (zip->directory == -1) zip->end = -1;
  return zip->directory != -1;
}

/* The names of a record: name and extra fields are behind its size bytes. */
static void names(struct scan *s, size_t size, size_t len, size_t extra, struct zip_name *name)
{
  const char *p = s->record.bytes + size + len, *end = p + extra;
  size_t n;

  name->text = s->record.bytes + size;
  name->len = len;
  s->visit(s->arg, name);
  for (; end - p >= 4; p += 4 + n) {
    n = get(p + 2, 2);
    if ((size_t) (end - p) - 4 < n) break;
    if (get(p, 2) != 0x7075 || n < 5) continue;
    name->text = p + 9;
    name->len = n - 5;
    s->visit(s->arg, name);
  }
}

/* A local header at this place: 1, or 0. Its name and extra fields are loaded. */
static int local(struct scan *s, off_t at, size_t *len, size_t *extra)
{
  const char *p = s->record.bytes;
  size_t have = load(s->fd, s->record.bytes, LOCAL + 512, at);

  if (have < LOCAL || memcmp(p, "PK\3\4", 4)) return 0;
  *len = get(p + 26, 2);
  *extra = get(p + 28, 2);
  if (have < LOCAL + *len + *extra) have = load(s->fd, s->record.bytes, LOCAL + *len + *extra, at);
  if (have < LOCAL + *len) return 0;
  if (have < LOCAL + *len + *extra) *extra = have - LOCAL - *len;
  return 1;
}

static int compare(const void *a, const void *b)
{
  off_t x = *(const off_t *) a, y = *(const off_t *) b;

  return x < y ? -1 : x > y;
}

/* The local header that the directory has its own ideas about: size bytes,
 * packed by this method. */
static void mentioned(struct scan *s, off_t at, off_t size, unsigned long method,
                      struct zip_name *name)
{
  const char *p = s->record.bytes;
  size_t len, extra;
  off_t own;

  if (s->known < LOOK_ENTRIES) s->locals[s->known++] = at;
  if (!local(s, at, &len, &extra)) return;
  if (s->zip->first == -1 || at < s->zip->first) s->zip->first = at;
  own = (off_t) get(p + 18, 4);
  if (get(p + 6, 2) & 8 || own == 0xffffffff) own = size;
  if (get(p + 8, 2) != method || own != size) s->zip->mixed = 1;
  if (get(p + 6, 2) & 1) name->encrypted = 1;
  if (s->count < LOOK_ENTRIES) {
    if (own < size) size = own;
    s->taken[s->count].from = at + LOCAL + (off_t) (len + extra);
    s->taken[s->count++].to = at + LOCAL + (off_t) (len + extra) + size;
  }
  name->central = 0;
  names(s, LOCAL, len, extra, name);
}

/* A 64-bit number of the extra field 1, if the short one is all ones. */
static off_t wide(const char *extra, size_t len, unsigned long value, unsigned int *nth)
{
  size_t n;

  if (value != 0xffffffff) return (off_t) value;
  for (; len >= 4; extra += 4 + n, len -= 4 + n) {
    n = get(extra + 2, 2);
    if (n > len - 4) break;
    if (get(extra, 2) == 1 && n >= 8 * (*nth + 1)) return (off_t) get(extra + 4 + 8 * (*nth)++, 8);
  }
  return -1;
}

/* The central header at this place. Bytes of it, or 0: none. shift: by how much
 * the file has grown in front. */
static off_t central(struct scan *s, off_t at, off_t shift)
{
  struct zip_name name = { .central = 1 };
  const char *p = s->record.bytes;
  size_t have = load(s->fd, s->record.bytes, CENTRAL + 512, at), len, extra;
  unsigned long method;
  unsigned int nth = 0;
  off_t size, whole;

  if (have < CENTRAL || memcmp(p, "PK\1\2", 4)) return 0;
  len = get(p + 28, 2);
  extra = get(p + 30, 2);
  whole = (off_t) (CENTRAL + len + extra + get(p + 32, 2));
  if (have < CENTRAL + len + extra) have = load(s->fd, s->record.bytes, CENTRAL + len + extra, at);
  if (have < CENTRAL + len + extra) return 0;
  name.encrypted = get(p + 8, 2) & 1;
  method = get(p + 10, 2);
  if (get(p + 24, 4) == 0xffffffff) nth = 1;
  size = wide(p + CENTRAL + len, extra, get(p + 20, 4), &nth);
  name.local = wide(p + CENTRAL + len, extra, get(p + 42, 4), &nth);
  names(s, CENTRAL, len, extra, &name);
  if (name.local >= 0) mentioned(s, name.local + shift, size, method, &name);
  return whole;
}

/* How much the file has grown in front: what the end record says of the
 * directory's place beside where it is. */
static off_t shift(int fd, const struct zip *zip)
{
  char end[END];
  off_t at;

  for (at = zip->end - END; at >= zip->directory && at > zip->end - TAIL; --at)
    if (load(fd, end, END, at) == END && !memcmp(end, "PK\5\6", 4)) {
      if (get(end + 16, 4) == 0xffffffff) return 0;
      return zip->directory - (off_t) get(end + 16, 4);
    }
  return 0;
}

static struct scan *begin(int fd, struct zip *zip, zip_visit *visit, void *arg)
{
  struct scan *s = malloc(sizeof *s);

  if (!s) stage_nomem();
  s->fd = fd;
  s->zip = zip;
  s->visit = visit;
  s->arg = arg;
  s->count = s->known = s->passed = 0;
  s->covered = 0;
  return s;
}

/* Returns where the directory ends. */
static off_t directory(struct scan *s)
{
  off_t at = s->zip->directory, len, moved;
  unsigned int i;

  if (at == -1) return -1;
  moved = shift(s->fd, s->zip);
  for (i = 0; i < LOOK_ENTRIES && (len = central(s, at, moved)); ++i) at += len;
  if (i == LOOK_ENTRIES) look_flag(FLAG_ENTRIES);
  else s->zip->torn = i < s->zip->entries && s->zip->entries != 0xffff;
  return at;
}

void zip_directory(int fd, const struct zip *zip, zip_visit *visit, void *arg)
{
  struct zip copy = *zip;
  struct scan *s = begin(fd, &copy, visit, arg);

  directory(s);
  free(s);
}

/* A header that no directory mentions. Bytes that can be passed over. */
static off_t stray(struct scan *s, off_t at)
{
  struct zip_name name = { .stray = 1, .local = at };
  const char *p = s->record.bytes;
  size_t len, extra;

  if (bsearch(&at, s->locals, s->known, sizeof at, compare)) return 4;
  if (!local(s, at, &len, &extra)) return 4;
  if (at && (get(p + 4, 2) % 256 > 100 || get(p + 8, 2) > 99)) return 4;
  if (!len || !look_entry()) return 4;
  name.encrypted = get(p + 6, 2) & 1;
  if (s->zip->first == -1) s->zip->first = at;
  names(s, LOCAL, len, extra, &name);
  return 4;
}

/* What is at this place and begins with PK. Bytes to go on by. */
static off_t sign(struct scan *s, off_t at, const char *p, off_t from, off_t to)
{
  if (p[2] == 6 && p[3] == 8) s->zip->encrypted = 1;
  if (!(p[2] == 3 && p[3] == 4) && !(p[2] == 1 && p[3] == 2)) return 1;
  if (at >= from && at < to) return 1;
  for (; s->passed < s->count && s->taken[s->passed].from <= at; ++s->passed)
    if (s->taken[s->passed].to > s->covered) s->covered = s->taken[s->passed].to;
  if (at < s->covered) return s->covered - at;
  if (p[2] == 3) return stray(s, at);
  return look_entry() ? central(s, at, 0), 4 : 4;
}

/* Do two entries have the same header, or share content? Both are sorted. */
static int overlaps(const struct scan *s)
{
  size_t i;

  for (i = 1; i < s->known; ++i)
    if (s->locals[i] == s->locals[i - 1]) return 1;
  for (i = 1; i < s->count; ++i)
    if (s->taken[i].from < s->taken[i - 1].to) return 1;
  return 0;
}

/* Look for headers outside the directory, which is between from and to. */
static void sweep(struct scan *s, off_t from, off_t to)
{
  char *chunk = malloc(CHUNK + 4), *p, *end;
  off_t at = 0, go;
  size_t len;

  if (!chunk) stage_nomem();
  qsort(s->locals, s->known, sizeof *s->locals, compare);
  qsort(s->taken, s->count, sizeof *s->taken, compare);
  if (overlaps(s)) s->zip->mixed = 1;
  while ((len = load(s->fd, chunk, CHUNK + 3, at)) > 3 && !look_over()) {
    end = chunk + (len > CHUNK ? CHUNK : len - 3);
    go = 0;
    for (p = chunk; (p = memchr(p, 'P', (size_t) (end - p))); ) {
      go = p[1] == 'K' ? sign(s, at + (p - chunk), p, from, to) : 1;
      if (go >= end - p) break;
      p += go;
    }
    at += p ? (p - chunk) + go : end - chunk;
  }
  free(chunk);
}

void zip_names(int fd, struct zip *zip, zip_visit *visit, void *arg)
{
  struct scan *s = begin(fd, zip, visit, arg);
  off_t end = directory(s), first = zip->first;

  sweep(s, zip->directory, end);
  if (first != -1) zip->first = first;
  free(s);
}

/* What names say about the kind. */

static const struct { const char *name; int whole; unsigned int bit; } clues[] = {
  { "[content_types].xml", 1, 1 << 0 }, { "word/", 0, 1 << 1 }, { "xl/", 0, 1 << 2 },
  { "ppt/", 0, 1 << 3 }, { "visio/", 0, 1 << 4 }, { "xl/workbook.bin", 1, 1 << 5 },
  { "meta-inf/manifest.mf", 1, 1 << 6 }, { "androidmanifest.xml", 1, 1 << 7 },
  { "appxmanifest.xml", 1, 1 << 8 }, { "appxmetadata/", 0, 1 << 8 },
  { "fixeddocseq.fdseq", 1, 1 << 9 },
  { "payload/", 0, 1 << 10 }, { "install.rdf", 1, 1 << 11 }, { "meta-inf/mozilla.rsa", 1, 1 << 11 },
  { "word/vbaproject.bin", 1, 1 << 12 }, { "xl/vbaproject.bin", 1, 1 << 12 },
  { "ppt/vbaproject.bin", 1, 1 << 12 }, { "visio/vbaproject.bin", 1, 1 << 12 },
  { "xl/macrosheets/", 0, 1 << 12 }, { "content.xml", 1, 1 << 13 }, { "meta-inf/manifest.xml", 1, 1 << 14 },
  { "mimetype", 1, 1 << 14 }
};

/* In this order: the first of which all bits were seen. */
static const struct { unsigned int bits; const char *word; } makes[] = {
  { 1 << 0 | 1 << 1 | 1 << 12, "docm" }, { 1 << 0 | 1 << 1, "docx" }, { 1 << 0 | 1 << 5, "xlsb" },
  { 1 << 0 | 1 << 2 | 1 << 12, "xlsm" }, { 1 << 0 | 1 << 2, "xlsx" },
  { 1 << 0 | 1 << 3 | 1 << 12, "pptm" }, { 1 << 0 | 1 << 3, "pptx" },
  { 1 << 0 | 1 << 4 | 1 << 12, "vsdm" }, { 1 << 0 | 1 << 4, "vsdx" }, { 1 << 8, "msix" },
  { 1 << 0 | 1 << 9, "xps" }, { 1 << 7, "apk" }, { 1 << 11, "xpi" }, { 1 << 6, "jar" },
  { 1 << 10, "ipa" }, { 1 << 13 | 1 << 14, "odt" }
};

static void clue(void *arg, const struct zip_name *name)
{
  unsigned int *seen = arg;
  size_t i, n;

  for (i = 0; i < sizeof clues / sizeof *clues; ++i) {
    n = strlen(clues[i].name);
    if (name->len >= n && (!clues[i].whole || name->len == n) &&
        !strncasecmp(name->text, clues[i].name, n)) *seen |= clues[i].bit;
  }
}

/* A first entry with the name mimetype, stored as it is, says what the file is. */
static const struct kind *declared(int fd, const struct zip *zip)
{
  static const char before[] = "application/";
  char head[LOCAL + 8 + 80], *mime = head + LOCAL + 8;
  size_t len = load(fd, head, sizeof head - 1, zip->first == -1 ? 0 : zip->first), n;

  if (len < LOCAL + 8 + sizeof before || memcmp(head + LOCAL, "mimetype", 8)) return 0;
  n = get(head + 18, 4) < 79 ? get(head + 18, 4) : 79;
  if (n > len - LOCAL - 8) n = len - LOCAL - 8;
  mime[n] = 0;
  return strncmp(mime, before, sizeof before - 1) ? 0 : kind_typed(mime);
}

const struct kind *zip_kind(int fd, const struct zip *zip)
{
  const struct kind *kind = declared(fd, zip);
  unsigned int seen = 0;
  size_t i;

  if (kind) return kind;
  zip_directory(fd, zip, clue, &seen);
  for (i = 0; i < sizeof makes / sizeof *makes; ++i)
    if ((seen & makes[i].bits) == makes[i].bits) return kind_named(makes[i].word);
  return kind_named("zip");
}
