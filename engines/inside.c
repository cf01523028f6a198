#include "inside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "comb.h"
#include "copy.h"
#include "letter.h"
#include "magic.h"
#include "office.h"
#include "package.h"
#include "part.h"
#include "pdf.h"
#include "pkcs7.h"
#include "rar.h"
#include "stage.h"
#include "tnef.h"
#include "transfer.h"
#include "zip.h"

enum { CHUNK = 65536 };

/* One file that is looked at. */
struct file {
  int fd;
  off_t size;
  const char *name;
  size_t len;
  char *head;          /* its first bytes */
  size_t have;
  const struct kind *kind;
  struct zip zip;
  int zipped;          /* there is a directory of a zip at its end */
};

static int ends_in(const char *name, size_t len, const char *end)
{
  size_t n = strlen(end);

  return len > n && name[len - n - 1] == '.' && !strncasecmp(name + len - n, end, n);
}

int inside_wanted(const struct kind *kind, const char *name, size_t len)
{
  static const char *const words[] = {
    "zip", "rar", "7z", "jar", "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "cab", "iso",
    "img", "doc", "xls", "ppt", "msg", "eml", "exe", "tar", "gz", "tgz"
  };
  size_t i;

  if (kind && kind->way != WAY_NONE) return 1;
  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (ends_in(name, len, words[i])) return 1;
  return 0;
}

/* Is it called something that a browser opens? */
static int is_page(const struct file *f)
{
  static const char *const words[] = { "htm", "html", "xhtml", "xht", "shtml", "svg", "mht", "mhtml" };
  size_t i;

  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (ends_in(f->name, f->len, words[i])) return 1;
  return 0;
}

int inside_strange(const struct kind *kind)
{
  static const char *const words[] = { "7z", "rar", "cab", "lnk" };
  size_t i;

  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (!strcmp(kind->word, words[i])) return 1;
  return kind->way == WAY_PROGRAM || kind->way == WAY_ZIP || kind->way == WAY_OLE;
}

/* Could it be XML that does not say so? */
static int is_markup(const struct file *f)
{
  size_t i;

  for (i = 0; i < f->have && i < 64 && memchr("\0 \t\r\n\xef\xbb\xbf\xfe\xff", f->head[i], 10); ++i) ;
  return i < f->have && f->head[i] == '<';
}

/* Disk images that say what they are in their last 512 bytes. */
static const char *trailer(const struct file *f)
{
  char last[8];

  if (f->size < 512 || pread(f->fd, last, sizeof last, f->size - 512) != sizeof last) return 0;
  if (!memcmp(last, "conectix", 8)) return "vhd";
  return memcmp(last, "koly\0\0\0\4", 8) ? 0 : "dmg";
}

static void open_file(struct file *f, int fd, const char *name, size_t len)
{
  ssize_t r;
  const char *word;

  memset(f, 0, sizeof *f);
  f->fd = fd;
  f->name = name;
  f->len = len;
  f->head = malloc(KIND_HEAD);
  if (!f->head) stage_nomem();
  f->size = lseek(fd, 0, SEEK_END);
  r = pread(fd, f->head, KIND_HEAD, 0);
  if (f->size == -1 || r == -1) stage_diesys("unable to read an attachment");
  f->have = (size_t) r;
  f->zipped = zip_find(fd, &f->zip);
  f->kind = kind_find(f->head, f->have);
  word = trailer(f);
  if (word) f->kind = kind_named(word);
  if (!f->kind && kind_text(f->head, f->have) &&
      (ends_in(name, len, "eml") || ends_in(name, len, "mht") || ends_in(name, len, "mhtml")))
    f->kind = kind_named("eml");
  if (f->kind && f->kind->way == WAY_ZIP) f->kind = zip_kind(fd, &f->zip);
  if (f->kind && f->kind->way == WAY_OLE) f->kind = office_kind(fd);
}

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

/* The list of parts of an OpenDocument says which are encrypted. */
static int is_secret(const struct file *f)
{
  static const char list[] = "META-INF/manifest.xml";

  return f->len == sizeof list - 1 && !memcmp(f->name, list, f->len) &&
         memmem(f->head, f->have, "encryption-data", 15);
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

static void look_zip(struct file *f, unsigned int depth)
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

static void look_archive(const struct file *f, off_t start, const char *word, unsigned int depth)
{
  struct level level;

  if (!look_enter(depth, &level)) return;
  if (!strcmp(word, "rar")) look_rar(f, start, &level);
  else if (!strcmp(word, "iso")) look_iso(f, &level);
  else archive_look(f->fd, start, f->size, word, f->name, f->len, &level);
}

/* Which of these words are in the file: a bit for each. NUL does not count, so
 * that it may be UTF-16. */
static unsigned int find_words(const struct file *f, const char *const *words, size_t count)
{
  enum { OVER = 64 };  /* none is longer, even in UTF-16 */
  char *chunk = malloc(CHUNK);
  unsigned int found = 0;
  ssize_t len;
  size_t i, n;
  off_t at = 0;

  if (!chunk) stage_nomem();
  do {
    len = pread(f->fd, chunk, CHUNK, at);
    for (i = n = 0; len > 0 && i < (size_t) len; ++i)
      if (chunk[i]) chunk[n++] = chunk[i];
    for (i = 0; i < count; ++i)
      if (memmem(chunk, n, words[i], strlen(words[i]))) found |= 1U << i;
    at += len - OVER;
  } while (len > OVER && !look_over());
  free(chunk);
  return found;
}

/* Scripts in what a browser opens, and files in its addresses. */
static unsigned int scripts(const struct file *f)
{
  char *chunk = malloc(CHUNK);
  struct comb comb;
  ssize_t len;
  off_t at;

  if (!chunk) stage_nomem();
  comb_begin(&comb);
  for (at = 0; (len = pread(f->fd, chunk, CHUNK, at)) > 0 && !look_over(); at += len)
    comb_feed(&comb, chunk, (size_t) len);
  free(chunk);
  return comb.found;
}

static void look_page(const struct file *f)
{
  unsigned int found = scripts(f);

  if (found & (COMB_SCRIPT | COMB_HANDLER)) look_flag(FLAG_SCRIPT);
  if (found & COMB_DATA) look_flag(FLAG_DATA);
}

/* A document of Office as one file of XML has its macros in base64; a page can be
 * written as XML. */
static void look_xml(const struct file *f)
{
  static const char *const words[] = {
    "vnd.ms-office.vbaProject", "macrosPresent=\"yes\"", "editdata.mso", "<script:library-embedded",
    "vnd.sun.star.script:", "ms-excel.macrosheet", "ms-excel.intlmacrosheet",
    "://www.w3.org/1999/xhtml", "://www.w3.org/2000/svg",
    "<ddeLink", "dde-connection", "table:dde-link", "ppaction://program", "instrText", "w:fldSimple"
  };
  enum { MACROS = 0x7f, PAGES = 0x180, LINKS = 0x1e00, FIELDS = 0x6000 };
  unsigned int found = find_words(f, words, sizeof words / sizeof *words), wanted = COMB_SCRIPT;

  if (found & MACROS) look_flag(FLAG_MACRO);
  if (found & PAGES) wanted |= COMB_HANDLER;
  if (scripts(f) & wanted) look_flag(FLAG_SCRIPT);
  if (found & LINKS) look_flag(FLAG_LINK);
  if (found & FIELDS) part_fields(f->fd);
  if (ends_in(f->name, f->len, "rels")) part_relations(f->fd);
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

/* An archive somewhere in what is none: behind a program or a picture. */
static void look_behind(struct file *f, unsigned int depth)
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
    look_zip(f, depth);
  }
  /* Nor are other archives in streams anything special. */
  if (f->kind && f->kind->way == WAY_OLE) at = f->size;
  for (; (len = pread(f->fd, chunk, CHUNK + 7, at)) > 7 && !look_over(); at += CHUNK)
    for (i = 0; i < sizeof signs / sizeof *signs; ++i) {
      found = memmem(chunk, (size_t) len, signs[i].sign, lengths[i]);
      if (!found || (i == 3 && !is_torn(f, at + (found - chunk)))) continue;
      look_flag(FLAG_POLYGLOT);
      if (i == 3) look_zip(f, depth);
      else look_archive(f, at + (found - chunk), signs[i].word, depth);
      at = f->size;
      break;
    }
  free(chunk);
}

static void look_by(void (*look)(int, const struct level *), struct file *f, unsigned int depth)
{
  struct level level;

  if (look_enter(depth, &level)) look(f->fd, &level);
}

/* Base64 between lines that begin with dashes, in a new file. */
static int unarmour(const struct file *f)
{
  static const char dashes[] = "-----";
  struct transfer t = { .kind = TRANSFER_BASE64 };
  char in[4096], out[sizeof in + 4], *from, *to;
  int fd = look_file();
  ssize_t r = pread(f->fd, in, sizeof in, 0);
  off_t at = r > 0 && (from = memchr(in, '\n', (size_t) r)) ? from + 1 - in : 0;

  for (to = 0; !to && (r = pread(f->fd, in, sizeof in, at)) > 0 && look_spend((size_t) r); at += r) {
    to = memmem(in, (size_t) r, dashes, sizeof dashes - 1);
    if (to) r = to - in;
    if (copy_write(fd, out, transfer_decode(&t, in, (size_t) r, out)) == -1)
      stage_diesys("unable to write an entry");
  }
  return fd;
}

/* A file that was signed has its name, and one extension more. */
static void look_signed(const struct file *f, unsigned int depth)
{
  struct level level;
  int fd = f->fd, to = look_file();
  size_t len = f->len;

  if (!look_enter(depth, &level)) return;
  if (*f->head == '-') fd = unarmour(f);
  if (pkcs7_content(fd, to) == -1) stage_diesys("unable to read an attachment");
  if (ends_in(f->name, len, "p7m") || ends_in(f->name, len, "p7s")) len -= 4;
  /* A signature alone has no content. */
  if (lseek(to, 0, SEEK_END) > 0 && look_entry()) inside_entry(to, f->name, len, &level);
  if (fd != f->fd) close(fd);
  close(to);
}

static void look_inside(struct file *f, unsigned int depth)
{
  switch (f->kind ? f->kind->way : WAY_NONE) {
    case WAY_ZIP: look_zip(f, depth); break;
    case WAY_ARCHIVE: look_archive(f, 0, f->kind->word, depth); break;
    case WAY_CLOSED: look_flag(FLAG_UNSUPPORTED); break;
    case WAY_PROGRAM: look_flag(FLAG_EXECUTABLE); look_behind(f, depth); break;
    case WAY_OLE: look_by(office_look, f, depth); look_behind(f, depth); break;
    case WAY_TNEF: look_by(tnef_look, f, depth); break;
    case WAY_MAIL: look_by(letter_look, f, depth); break;
    case WAY_SIGNED: look_signed(f, depth); break;
    case WAY_RTF: look_by(package_rtf, f, depth); look_behind(f, depth); break;
    case WAY_ACTIVEMIME: look_by(package_activemime, f, depth); break;
    case WAY_ONENOTE: look_by(package_onenote, f, depth); break;
    case WAY_XML: look_xml(f); look_behind(f, depth); break;
    case WAY_PDF: look_by(pdf_look, f, depth); look_behind(f, depth); break;
    case WAY_PAGE: look_page(f); look_behind(f, depth); break;
    case WAY_NONE: look_behind(f, depth); break;
  }
  if ((!f->kind || f->kind->way != WAY_PAGE) && is_page(f)) look_page(f);
  if ((!f->kind || !strcmp(f->kind->word, "txt")) && is_markup(f)) look_xml(f);
}

const char *inside_entry(int fd, const char *name, size_t len, const struct level *level)
{
  struct file f;
  const char *word;

  open_file(&f, fd, name, len);
  word = f.kind ? f.kind->word : kind_text(f.head, f.have) ? "txt" : "data";
  look_name(level, word, name, len);
  if (is_secret(&f)) look_flag(FLAG_ENCRYPTED);
  look_inside(&f, level->depth + 1);
  free(f.head);
  return word;
}

void inside_attachment(int fd, const char *name, size_t len)
{
  struct file f;
  const struct kind *own;
  const char *mime;

  open_file(&f, fd, name, len);
  own = f.kind;
  mime = f.kind ? f.kind->mime : magic_type(f.head, f.have);
  if (!mime) stage_die("unable to use libmagic");
  if (!f.kind) f.kind = kind_typed(mime);
  /* What can be opened begins as our own table says. */
  if (f.kind && f.kind != own && f.kind->way != WAY_NONE && f.kind->way != WAY_PROGRAM) f.kind = 0;
  look_type(mime, f.kind ? f.kind->word : "data");
  look_inside(&f, 1);
  free(f.head);
}

void inside_append(int to, int fd, off_t at, off_t len)
{
  char *chunk = malloc(CHUNK);
  off_t left = len == INSIDE_REST ? LOOK_BYTES + 1 : len;
  ssize_t r;

  if (!chunk) stage_nomem();
  for (; left > 0 && !look_over(); at += r, left -= r) {
    r = pread(fd, chunk, left < CHUNK ? (size_t) left : CHUNK, at);
    if (r == -1) stage_diesys("unable to read an attachment");
    if (!r && len != INSIDE_REST) look_flag(FLAG_BROKEN);
    if (!r || !look_spend((size_t) r)) break;
    if (copy_write(to, chunk, (size_t) r) == -1) stage_diesys("unable to write an entry");
  }
  free(chunk);
}

int inside_copy(int fd, off_t at, off_t len)
{
  int to = look_file();

  inside_append(to, fd, at, len);
  return to;
}
