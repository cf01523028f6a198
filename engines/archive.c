#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "inside.h"
#include "kind.h"
#include "single.h"
#include "stage.h"

enum {
  BLOCK   = 65536,
  CURIOUS = 16 << 20  /* bytes of an entry of no known kind that may have an archive behind them */
};

/* What libarchive reads from; and where it decodes to. */
struct source {
  int fd;
  off_t start, at, end;
  char block[BLOCK];
  char head[KIND_HEAD];
};

typedef int support(struct archive *);

/* A tar goes on behind its end for those who want it. */
#define CONCATENATED "tar:read_concatenated_archives"

/* What is behind its headers is compressed. */
static int filter_rpm(struct archive *a)
{
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_filter_xz(a);
  archive_read_support_filter_lzma(a);
  archive_read_support_filter_zstd(a);
  return archive_read_support_filter_rpm(a);
}

/* What opens what. Of each compression only the entry or the tar in it is known. */
static const struct format {
  const char *kind;
  support *filter, *format;
  int seeks;  /* passing over an entry costs nothing */
  int zip;
  const char *options;
} formats[] = {
  { "zip", 0, archive_read_support_format_zip_seekable, 1, 1, 0 },
  { "zip stream", 0, archive_read_support_format_zip_streamable, 1, 1, 0 },
  { "7z", 0, archive_read_support_format_7zip, 0, 0, 0 },
  { "rar", 0, archive_read_support_format_rar, 0, 0, 0 },
  { "rar5", 0, archive_read_support_format_rar5, 0, 0, 0 },
  { "tar", 0, archive_read_support_format_tar, 1, 0, CONCATENATED },
  { "cab", 0, archive_read_support_format_cab, 0, 0, 0 },
  { "iso", 0, archive_read_support_format_iso9660, 1, 0, "iso9660:!joliet" },
  { "iso joliet", 0, archive_read_support_format_iso9660, 1, 0, "iso9660:!rockridge" },
  { "xar", 0, archive_read_support_format_xar, 0, 0, 0 },
  { "lzh", 0, archive_read_support_format_lha, 1, 0, 0 },
  { "ar", 0, archive_read_support_format_ar, 1, 0, 0 },
  { "deb", 0, archive_read_support_format_ar, 1, 0, 0 },
  { "cpio", 0, archive_read_support_format_cpio, 1, 0, 0 },
  { "rpm", filter_rpm, archive_read_support_format_cpio, 0, 0, 0 },
  { "gz", archive_read_support_filter_gzip, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "bz2", archive_read_support_filter_bzip2, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "xz", archive_read_support_filter_xz, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "lzma", archive_read_support_filter_lzma, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "lz", archive_read_support_filter_lzip, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "lz4", archive_read_support_filter_lz4, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "zst", archive_read_support_filter_zstd, archive_read_support_format_raw, 0, 0, CONCATENATED },
  { "z", archive_read_support_filter_compress, archive_read_support_format_raw, 0, 0,
    CONCATENATED },
  { "uue", archive_read_support_filter_uu, archive_read_support_format_raw, 0, 0, CONCATENATED }
};
#define FORMATS (sizeof formats / sizeof *formats)

static la_ssize_t feed(struct archive *a, void *data, const void **bytes)
{
  struct source *s = data;
  size_t want = s->end - s->at < BLOCK ? (size_t) (s->end - s->at) : BLOCK;
  ssize_t r = 0;

  if (look_over()) {
    archive_set_error(a, ECANCELED, "a limit is passed");
    return -1;
  }
  if (want) r = pread(s->fd, s->block, want, s->at);
  if (r == -1) stage_diesys("unable to read an attachment");
  s->at += r;
  *bytes = s->block;
  return r;
}

static la_int64_t skip(struct archive *a, void *data, la_int64_t bytes)
{
  struct source *s = data;

  (void) a;
  if (bytes > s->end - s->at) bytes = s->end - s->at;
  s->at += bytes;
  return bytes;
}

static la_int64_t seek(struct archive *a, void *data, la_int64_t offset, int whence)
{
  struct source *s = data;
  la_int64_t size = s->end - s->start;

  (void) a;
  if (whence == SEEK_CUR) offset += s->at - s->start;
  if (whence == SEEK_END) offset += size;
  if (offset < 0 || offset > size) return ARCHIVE_FATAL;
  s->at = s->start + offset;
  return offset;
}

/* What libarchive could not do, as a flag. Encryption is told apart by who asks. */
static void trouble(struct archive *a)
{
  static const char *const unable[] = {
    "nsupported", "not supported", "unavailable", "nknown", "ncrypted"
  };
  const char *text = archive_error_string(a);
  size_t i;

  if (archive_errno(a) == ECANCELED) return;
  if (archive_errno(a) == ENOMEM) {
    look_flag(FLAG_BYTES);
    return;
  }
  for (i = 0; text && i < sizeof unable / sizeof *unable; ++i)
    if (strstr(text, unable[i])) {
      look_flag(FLAG_UNSUPPORTED);
      return;
    }
  look_flag(FLAG_BROKEN);
}

/* Fill head. Bytes, or -1 if the entry cannot be read. */
static ssize_t read_head(struct archive *a, struct source *s)
{
  size_t have = 0;
  la_ssize_t r;

  do {
    r = archive_read_data(a, s->head + have, sizeof s->head - have);
    if (r > 0) have += (size_t) r;
  } while (r > 0 && have < sizeof s->head);
  if (r >= 0) return (ssize_t) have;
  trouble(a);
  return have ? (ssize_t) have : -1;
}

/* Decode all of the entry into a file. most: bytes, behind which it is not
 * worth it. The file, or -1: not kept. */
static int keep(struct archive *a, struct source *s, size_t have, size_t most)
{
  char *head = s->head;
  int fd = look_file();
  size_t sum = 0;
  la_ssize_t r = (la_ssize_t) have;

  while (r > 0) {
    sum += (size_t) r;
    if (!look_spend((size_t) r) || sum > most || look_over()) {
      close(fd);
      return -1;
    }
    if (copy_write(fd, head, (size_t) r) == -1) stage_diesys("unable to write an entry");
    r = archive_read_data(a, head, sizeof s->head);
  }
  if (r < 0) trouble(a);
  return fd;
}

/* Decode the rest of the entry, for what comes behind it. */
static void pass(struct archive *a)
{
  const void *bytes;
  size_t len;
  la_int64_t at;
  int r;

  do r = archive_read_data_block(a, &bytes, &len, &at);
  while (r == ARCHIVE_OK && look_pass(len) && !look_over());
}

/* Look at the content of an entry. The word of its kind. */
static const char *content(struct archive *a, struct source *s,
                           const char *name, size_t len, const struct level *level)
{
  ssize_t have = read_head(a, s);
  const struct kind *kind = have > 0 ? kind_find(s->head, (size_t) have) : 0;
  int text = have > 0 && kind_text(s->head, (size_t) have);
  const char *word = kind ? kind->word : text ? "txt" : "data";
  size_t most = CURIOUS;
  int fd = -1;

  if (inside_wanted(kind, name, len)) most = LOOK_BYTES;
  else if (look_left() < LOOK_BYTES / 2) most = sizeof s->head;
  if (have >= 0 && (most > sizeof s->head || have < (ssize_t) sizeof s->head))
    fd = keep(a, s, (size_t) have, most);
  if (fd == -1) look_name(level, word, name, len);
  else {
    word = inside_entry(fd, name, len, level);
    close(fd);
  }
  return word;
}

static void one(struct archive *a, struct archive_entry *entry, struct source *s,
                const struct format *f, const struct level *level)
{
  const char *path = archive_entry_pathname(entry);

  if (!path) path = archive_entry_pathname_utf8(entry);
  if (!path) {
    look_flag(FLAG_UNSUPPORTED);
    path = "";
  }
  if (archive_entry_is_encrypted(entry)) {
    look_flag(FLAG_ENCRYPTED);
    look_name(level, "encrypted", path, strlen(path));
    return;
  }
  /* Of rar 5 that is known already. */
  if (!strcmp(f->kind, "rar5") && look_known(level, "encrypted", path, strlen(path))) return;
  /* A folder of zip can have content, which some unpack. */
  if (archive_entry_filetype(entry) == AE_IFDIR &&
      (!f->zip || archive_entry_size(entry) <= 0)) return;
  content(a, s, path, strlen(path), level);
  if (!f->seeks) pass(a);
}

/* What a compressed file holds: one file, which may be a tar; then its level is
 * that of the tar's entries. 1: a tar. */
static int single(struct archive *a, struct source *s, const struct format *f,
                  const char *name, size_t len, struct level *level)
{
  stralloc names = { 0 };
  const char *word = "tar", *p;
  int tar = (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
  ssize_t have = pread(s->fd, s->head, sizeof s->head, s->start);

  if (have == -1) stage_diesys("unable to read an attachment");
  if (!single_names(f->kind, s->head, (size_t) have, name, len, &names)) stage_nomem();
  if (!tar) word = content(a, s, names.s, strlen(names.s), level);
  for (p = names.s; p < names.s + names.len; p += strlen(p) + 1)
    look_name(level, word, p, strlen(p));
  stralloc_free(&names);
  return tar;
}

/* Returns where the last header was. */
static off_t entries(struct archive *a, struct source *s, const struct format *f,
                     const char *name, size_t len, struct level level)
{
  struct archive_entry *entry;
  int r, first = f->format == archive_read_support_format_raw;
  off_t last = -1;

  for (; look_entry(); first = 0) {
    r = archive_read_next_header(a, &entry);
    if (r == ARCHIVE_EOF) break;
    last = s->start + archive_read_header_position(a);
    if (r == ARCHIVE_FATAL && archive_read_has_encrypted_entries(a) != 1) trouble(a);
    if (r == ARCHIVE_FATAL) break;
    if (first && !single(a, s, f, name, len, &level)) break;
    if (first && !look_enter(level.depth + 1, &level)) break;
    if (r == ARCHIVE_FAILED || r == ARCHIVE_RETRY) trouble(a);
    else one(a, entry, s, f, &level);
  }
  if (archive_read_has_encrypted_entries(a) == 1) look_flag(FLAG_ENCRYPTED);
  return last;
}

off_t archive_look(int fd, off_t start, off_t end, const char *kind,
                   const char *name, size_t len, const struct level *level)
{
  struct source *s = malloc(sizeof *s);
  struct archive *a = archive_read_new();
  const struct format *f = formats;
  off_t last = -1;

  if (!s || !a) stage_nomem();
  while (f < formats + FORMATS && strcmp(f->kind, kind)) ++f;
  if (f == formats + FORMATS) look_flag(FLAG_UNSUPPORTED);
  else {
    s->fd = fd;
    s->start = s->at = start;
    s->end = end;
    if (f->filter) f->filter(a);
    f->format(a);
    if (f->format == archive_read_support_format_raw) archive_read_support_format_tar(a);
    if (f->options && archive_read_set_options(a, f->options) != ARCHIVE_OK)
      look_flag(FLAG_UNSUPPORTED);
    archive_read_set_read_callback(a, feed);
    archive_read_set_skip_callback(a, skip);
    if (!f->filter) archive_read_set_seek_callback(a, seek);
    archive_read_set_callback_data(a, s);
    if (archive_read_open1(a) != ARCHIVE_OK) trouble(a);
    else last = entries(a, s, f, name, len, *level);
  }
  archive_read_free(a);
  free(s);
  return last;
}
