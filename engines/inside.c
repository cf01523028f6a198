#include "inside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "copy.h"
#include "file.h"
#include "letter.h"
#include "magic.h"
#include "markup.h"
#include "office.h"
#include "package.h"
#include "pdf.h"
#include "pkcs7.h"
#include "stage.h"
#include "tnef.h"
#include "transfer.h"

enum { CHUNK = 65536 };

int inside_wanted(const struct kind *kind, const char *name, size_t len)
{
  static const char *const words[] = {
    "zip", "rar", "7z", "jar", "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "cab", "iso",
    "img", "doc", "xls", "ppt", "msg", "eml", "exe", "tar", "gz", "tgz"
  };
  size_t i;

  if (kind && kind->way != WAY_NONE) return 1;
  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (file_ends_in(name, len, words[i])) return 1;
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

/* The list of parts of an OpenDocument says which are encrypted. */
static int is_secret(const struct file *f)
{
  static const char list[] = "META-INF/manifest.xml";

  return f->len == sizeof list - 1 && !memcmp(f->name, list, f->len) &&
         memmem(f->head, f->have, "encryption-data", 15);
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
  if (file_ends_in(f->name, len, "p7m") || file_ends_in(f->name, len, "p7s")) len -= 4;
  /* A signature alone has no content. */
  if (lseek(to, 0, SEEK_END) > 0 && look_entry()) inside_entry(to, f->name, len, &level);
  if (fd != f->fd) close(fd);
  close(to);
}

static void look_inside(struct file *f, unsigned int depth)
{
  switch (f->kind ? f->kind->way : WAY_NONE) {
    case WAY_ZIP: bundle_zip(f, depth); break;
    case WAY_ARCHIVE: bundle_archive(f, 0, f->kind->word, depth); break;
    case WAY_CLOSED: look_flag(FLAG_UNSUPPORTED); break;
    case WAY_PROGRAM: look_flag(FLAG_EXECUTABLE); bundle_behind(f, depth); break;
    case WAY_OLE: look_by(office_look, f, depth); bundle_behind(f, depth); break;
    case WAY_TNEF: look_by(tnef_look, f, depth); break;
    case WAY_MAIL: look_by(letter_look, f, depth); break;
    case WAY_SIGNED: look_signed(f, depth); break;
    case WAY_RTF: look_by(package_rtf, f, depth); bundle_behind(f, depth); break;
    case WAY_ACTIVEMIME: look_by(package_activemime, f, depth); break;
    case WAY_ONENOTE: look_by(package_onenote, f, depth); break;
    case WAY_XML: markup_xml(f); bundle_behind(f, depth); break;
    case WAY_PDF: look_by(pdf_look, f, depth); bundle_behind(f, depth); break;
    case WAY_PAGE: markup_page(f); bundle_behind(f, depth); break;
    case WAY_NONE: bundle_behind(f, depth); break;
  }
  if ((!f->kind || f->kind->way != WAY_PAGE) && markup_is_page(f)) markup_page(f);
  if ((!f->kind || !strcmp(f->kind->word, "txt")) && markup_is_xml(f)) markup_xml(f);
}

const char *inside_entry(int fd, const char *name, size_t len, const struct level *level)
{
  struct file f;
  const char *word;

  file_open(&f, fd, name, len);
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

  file_open(&f, fd, name, len);
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
