#include "office.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "inside.h"
#include "ole.h"
#include "package.h"
#include "stage.h"
#include "wide.h"

enum { CHUNK = 65536, TEXT = 256 };

static unsigned long get(const char *p, unsigned int n)
{
  unsigned long value = 0;

  while (n) value = value << 8 | (unsigned char) p[--n];
  return value;
}

static int begin(struct ole *o, int fd)
{
  int r = ole_open(o, fd);

  if (r == -1) stage_diesys("unable to read an attachment");
  return r;
}

static const struct kind *kind(const struct ole *o)
{
  static const struct { const char *name, *word; } streams[] = {
    { "WordDocument", "doc" }, { "Workbook", "xls" }, { "Book", "xls" },
    { "PowerPoint Document", "ppt" }, { "__properties_version1.0", "msg" },
    { "VisioDocument", "vsd" }, { "Quill", "pub" }, { "Props9", "mpp" }, { "Props12", "mpp" },
    { "Props14", "mpp" }
  };
  /* Installer, patch and transform: {000C108x-0000-0000-C000-000000000046} */
  static const char installer[] = "\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";
  size_t i;

  if (o->count && o->entries[0].class[0] >> 4 == 8 &&
      !memcmp(o->entries[0].class + 1, installer, 15))
    return kind_named("msi");
  for (i = 0; i < sizeof streams / sizeof *streams; ++i)
    if (ole_find(o, 0, streams[i].name)) return kind_named(streams[i].word);
  return kind_named("ole");
}

const struct kind *office_kind(int fd)
{
  struct ole o;
  const struct kind *k = kind_named("ole");

  if (begin(&o, fd)) k = kind(&o);
  ole_close(&o);
  return k;
}

/* Copy a stream into a file. */
static int save(struct ole *o, const struct ole_entry *e)
{
  static char chunk[CHUNK];
  uint64_t at = 0;
  ssize_t r;
  int fd = look_file();

  for (; !look_over() && (r = ole_read(o, e, at, chunk, sizeof chunk)) > 0; at += (uint64_t) r)
    if (!look_spend((size_t) r)) break;
    else if (copy_write(fd, chunk, (size_t) r) == -1) stage_diesys("unable to write an entry");
  return fd;
}

/* Print names of one thing whose content is in fd. */
static void show(int fd, const char *const *names, size_t count, const struct level *level)
{
  const char *word = inside_entry(fd, count ? names[0] : "", count ? strlen(names[0]) : 0, level);
  size_t i;

  for (i = 1; i < count; ++i) look_name(level, word, names[i], strlen(names[i]));
}

/* The stream, as an entry of the name of the storage that it is in. */
static void plain(struct ole *o, const struct ole_entry *e, const struct level *level)
{
  const char *name = e->parent > 0 ? o->entries[e->parent].name : e->name;
  int fd = save(o, e);

  show(fd, &name, 1, level);
  close(fd);
}

/* A file that was embedded by the Packager of Windows, behind the stream's size. */
static void package(struct ole *o, const struct ole_entry *e, const struct level *level)
{
  int fd = save(o, e);

  if (!package_look(fd, 4, level)) plain(o, e, level);
  close(fd);
}

/* A sheet with macros of Excel 4, and encryption, among the records of a workbook. */
static void workbook(struct ole *o, const struct ole_entry *e)
{
  char head[10];
  uint64_t at = 0;
  unsigned int records;

  for (records = 0; records < 10000; ++records, at += 4 + get(head + 2, 2)) {
    if (ole_read(o, e, at, head, sizeof head) < 4) break;
    if (get(head, 2) == 0x2f) look_flag(FLAG_ENCRYPTED);            /* FilePass */
    if (get(head, 2) == 0x85 && (head[9] & 15) == 1) look_flag(FLAG_MACRO);  /* BoundSheet8 */
    if (get(head, 2) == 0x0a) break;                                /* EOF of the globals */
  }
}

static void word_document(struct ole *o, const struct ole_entry *e)
{
  char fib[12];

  if (ole_read(o, e, 0, fib, sizeof fib) == sizeof fib && fib[11] & 1) look_flag(FLAG_ENCRYPTED);
}

static void current_user(struct ole *o, const struct ole_entry *e)
{
  char atom[16];

  if (ole_read(o, e, 0, atom, sizeof atom) == sizeof atom && get(atom + 12, 4) == 0xf3d1c4df)
    look_flag(FLAG_ENCRYPTED);
}

/* The records of a presentation, [MS-PPT]: containers are gone into. */
static void presentation(struct ole *o, const struct ole_entry *e, const struct level *level)
{
  static const char *const name = "ExOleObjStg";
  int fd = save(o, e);
  char head[20];
  off_t at = 0, len;
  unsigned long version, type;
  unsigned int records;

  for (records = 0; records < 200000 && pread(fd, head, 8, at) == 8; ++records) {
    version = get(head, 2);
    type = get(head + 2, 2);
    len = (off_t) get(head + 4, 4);
    if (type == 0x0400 && pread(fd, head, 20, at) == 20 && get(head + 12, 4) == 1)
      look_flag(FLAG_MACRO);
    /* Embedded objects, and the project of VBA: behind their size if they are deflated. */
    if (type == 0x1011 && version == 0x10 && look_entry())
      package_deflated(fd, at + 12, len - 4, name, level);
    if (type == 0x1011 && version == 0 && look_entry()) package_plain(fd, at + 8, len, name, level);
    at += (version & 15) == 15 ? 8 : 8 + len;
  }
  close(fd);
}

/* A property of an attachment in a message: the stream whose name ends in the
 * property's number and type. Its text goes into name, which has room for
 * WIDE_MAX(TEXT); its length. */
static size_t text(struct ole *o, int storage, const char *property, char *name)
{
  char stream[] = "__substg1.0_00000000", raw[2 * TEXT];
  const struct ole_entry *e;
  ssize_t r;
  size_t n = 0;

  memcpy(stream + sizeof stream - 9, property, 8);
  e = ole_find(o, storage, stream);
  r = e ? ole_read(o, e, 0, raw, sizeof raw) : 0;
  if (r == -1) stage_diesys("unable to read an attachment");
  if (property[7] == 'F') n = wide_utf8((unsigned char *) raw, (size_t) r, name);
  else memcpy(name, raw, n = strnlen(raw, r < TEXT ? (size_t) r : TEXT));
  name[n] = 0;
  return n;
}

/* An attachment of a message, [MS-OXMSG] 2.2.2. */
static void attachment(struct ole *o, int storage, const struct level *level)
{
  static const char *const properties[] = {
    "3707001F", "3704001F", "3001001F", "3707001E", "3704001E", "3001001E"
  };
  char texts[6][WIDE_MAX(TEXT)];
  const char *names[6], *word = "data";
  const struct ole_entry *e;
  size_t i, count = 0;
  int fd;

  for (i = 0; i < 6; ++i)
    if (text(o, storage, properties[i], texts[count])) {
      names[count] = texts[count];
      ++count;
    }
  if ((e = ole_find(o, storage, "__substg1.0_37010102"))) {
    fd = save(o, e);
    show(fd, names, count, level);
    close(fd);
    return;
  }
  e = ole_find(o, storage, "__substg1.0_3701000D");
  if (e) word = ole_find(o, (int) (e - o->entries), "WordDocument") ? "doc" : "msg";
  if (!count) names[count++] = "";
  for (i = 0; i < count; ++i)
    look_name(level, word, names[i], strlen(names[i]));
}

/* How many messages' attachments is this one inside of? */
static unsigned int nested(const struct ole *o, int at)
{
  unsigned int n = 0;

  while ((at = o->entries[at].parent) > 0)
    if (!strncasecmp(o->entries[at].name, "__attach_", 9)) ++n;
  return n;
}

static int is_one_of(const char *name, const char *const *names, size_t count)
{
  size_t i;

  for (i = 0; i < count; ++i)
    if (!strcasecmp(name, names[i])) return 1;
  return 0;
}
#define IS_ONE_OF(name, names) is_one_of((name), (names), sizeof (names) / sizeof *(names))

/* A stream of no known name is shown if it begins like something to run or open. */
static int is_strange(struct ole *o, const struct ole_entry *e)
{
  char head[512];
  ssize_t r = strncasecmp(e->name, "__substg1.0_", 12) ? ole_read(o, e, 0, head, sizeof head) : 0;
  const struct kind *k = r > 0 ? kind_find(head, (size_t) r) : 0;

  return k && inside_strange(k);
}

static void stream(struct ole *o, const struct ole_entry *e, const struct level *level)
{
  static const char *const macros[] = { "_VBA_PROJECT", "PROJECT" };
  static const char *const secrets[] = { "EncryptedPackage", "EncryptedSummary", "\tDRMContent" };
  static const char *const embedded[] = { "Package", "CONTENTS", "EmbeddedOdf" };

  if (IS_ONE_OF(e->name, macros)) look_flag(FLAG_MACRO);
  else if (IS_ONE_OF(e->name, secrets)) look_flag(FLAG_ENCRYPTED);
  else if (!strcasecmp(e->name, "\1Ole10Native")) package(o, e, level);
  else if (!strcasecmp(e->name, "Workbook") || !strcasecmp(e->name, "Book")) workbook(o, e);
  else if (!strcasecmp(e->name, "WordDocument")) word_document(o, e);
  else if (!strcasecmp(e->name, "Current User")) current_user(o, e);
  else if (!strcasecmp(e->name, "PowerPoint Document")) presentation(o, e, level);
  else if (IS_ONE_OF(e->name, embedded) || is_strange(o, e)) plain(o, e, level);
}

static void entry(struct ole *o, size_t i, const struct level *level)
{
  static const char *const macros[] = { "Macros", "_VBA_PROJECT_CUR", "VBA" };
  const struct ole_entry *e = o->entries + i;
  struct level deeper;

  if (!e->storage) stream(o, e, level);
  else if (IS_ONE_OF(e->name, macros)) look_flag(FLAG_MACRO);
  else if (!strncasecmp(e->name, "__attach_", 9) && look_entry() &&
           look_enter(level->depth + nested(o, (int) i), &deeper)) attachment(o, (int) i, &deeper);
}

void office_look(int fd, const struct level *level)
{
  struct ole o;
  size_t i;

  if (!begin(&o, fd)) look_flag(FLAG_BROKEN);
  else if (!strcmp(kind(&o)->word, "msi")) look_flag(FLAG_EXECUTABLE);
  for (i = 1; i < o.count && !look_over(); ++i) entry(&o, i, level);
  if (o.count == OLE_ENTRIES) look_flag(FLAG_ENTRIES);
  if (o.broken) look_flag(FLAG_BROKEN);
  ole_close(&o);
}
