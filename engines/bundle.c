#include "bundle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "look.h"
#include "rar.h"
#include "stage.h"

enum { CHUNK = 65536 };

static int begins(const char *name, size_t len, const char *with)
{
  return len > strlen(with) && !strncasecmp(name, with, strlen(with));
}

/* Is that the part of a document that has its macros? VBA is found by what it
 * is; these are the sheets of Excel 4 and the Basic of OpenDocument. */
static int is_macro(const struct kind *kind, const char *name, size_t len)
{
  if (begins(name, len, "xl/macrosheets/")) return 1;
  return kind && begins(kind->mime, strlen(kind->mime), "application/vnd.oasis.") &&
         ((begins(name, len, "Basic/") && !memmem(name, len, "/script-l", 9)) || begins(name, len, "Scripts/"));
}

/* The names of a zip that libarchive did not find. */
struct rest {
  struct file *file;
  const struct level *level;
  off_t seen;  /* the last local header that libarchive came to */
};

static void add_name(void *arg, const struct zip_name *name)
{
  struct rest *rest = arg;

  if (name->encrypted) look_flag(FLAG_ENCRYPTED);
  if (is_macro(rest->file->kind, name->text, name->len)) look_flag(FLAG_MACRO);
  if (name->stray && name->local > rest->seen)
    rest->seen = archive_look(rest->file->fd, name->local, rest->file->size, "zip stream", "", 0,
                              rest->level);
  if (look_known(rest->level, "", name->text, name->len) ||
      (name->len && name->text[name->len - 1] == '/')) return;
  look_name(rest->level, name->encrypted ? "encrypted" : "data", name->text, name->len);
}

/* Anything but blanks and zeros behind the end? */
static int appended(const struct file *f)
{
  char bytes[4096];
  off_t at = f->zip.end;
  ssize_t r, i;

  for (; (r = pread(f->fd, bytes, sizeof bytes, at)) > 0; at += r)
    for (i = 0; i < r; ++i)
      if (!strchr(" \t\r\n", bytes[i])) return 1;
  return 0;
}

void bundle_zip(struct file *f, unsigned int depth)
{
  struct level level;
  struct rest rest = { .file = f, .level = &level, .seen = -1 };

  if (!look_enter(depth, &level)) return;
  if (f->zipped) archive_look(f->fd, 0, f->size, "zip", "", 0, &level);
  zip_names(f->fd, &f->zip, add_name, &rest);
  if (f->zip.encrypted) look_flag(FLAG_ENCRYPTED);
  if (!f->zipped || f->zip.mixed || f->zip.torn) look_flag(FLAG_BROKEN);
  if (f->zip.first > 4 || (f->zipped && appended(f))) look_flag(FLAG_POLYGLOT);
}

static void look_rar(const struct file *f, off_t start, const struct level *level)
{
  char version[8];

  if (pread(f->fd, version, sizeof version, start) != sizeof version) look_flag(FLAG_BROKEN);
  else if (version[1] == 'E') look_flag(FLAG_UNSUPPORTED);  /* before version 1.5 */
  else if (rar_secrets(f->fd, start, level))
    archive_look(f->fd, start, f->size, version[6] ? "rar5" : "rar", f->name, f->len, level);
}

/* A file system with several sets of names; and UDF beside them is another one
 * altogether, which nobody here reads. */
static void look_iso(const struct file *f, const struct level *level)
{
  size_t at;

  for (at = 32769; at + 5 < f->have; at += 2048)
    if (!memcmp(f->head + at, "NSR0", 4)) look_flag(FLAG_UNSUPPORTED);
  archive_look(f->fd, 0, f->size, "iso", f->name, f->len, level);
  archive_look(f->fd, 0, f->size, "iso joliet", f->name, f->len, level);
}

void bundle_archive(const struct file *f, off_t start, const char *word, unsigned int depth)
{
  struct level level;

  if (!look_enter(depth, &level)) return;
  if (!strcmp(word, "rar")) look_rar(f, start, &level);
  else if (!strcmp(word, "iso")) look_iso(f, &level);
  else archive_look(f->fd, start, f->size, word, f->name, f->len, &level);
}

/* Is that the header of an entry in a zip without a directory? Those of files in a
 * PDF are none. */
static int is_torn(const struct file *f, off_t at)
{
  unsigned char head[31];

  return !f->zipped && (!f->kind || f->kind->way != WAY_PDF) &&
         pread(f->fd, head, sizeof head, at) == sizeof head && head[4] < 100 && !head[9] && head[8] < 100 &&
         !head[27] && head[26] && head[30] >= ' ';
}

void bundle_behind(struct file *f, unsigned int depth)
{
  static const struct { char sign[9]; const char *word; } signs[] = {
    { "Rar!\x1a\7", "rar" }, { "7z\xbc\xaf\x27\x1c", "7z" }, { "MSCF\0\0\0\0", "cab" },
    { "PK\3\4", "zip" }
  };
  static const size_t lengths[] = { 6, 6, 8, 4 };
  char *chunk = malloc(CHUNK + 8), *found;
  off_t at = 0;
  ssize_t len;
  size_t i;

  if (!chunk) stage_nomem();
  /* A zip that is a stream of a compound file is in the midst of it. */
  if (f->zipped && (f->kind == 0 || f->kind->way != WAY_OLE || f->zip.end == f->size)) {
    look_flag(FLAG_POLYGLOT);
    bundle_zip(f, depth);
  }
  /* Nor are other archives in streams anything special. */
  if (f->kind && f->kind->way == WAY_OLE) at = f->size;
  for (; (len = pread(f->fd, chunk, CHUNK + 7, at)) > 7 && !look_over(); at += CHUNK)
    for (i = 0; i < sizeof signs / sizeof *signs; ++i) {
      found = memmem(chunk, (size_t) len, signs[i].sign, lengths[i]);
      if (!found || (i == 3 && !is_torn(f, at + (found - chunk)))) continue;
      look_flag(FLAG_POLYGLOT);
      if (i == 3) bundle_zip(f, depth);
      else bundle_archive(f, at + (found - chunk), signs[i].word, depth);
      at = f->size;
      break;
    }
  free(chunk);
}
