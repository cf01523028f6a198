#include "sniff.h"

#include <stdint.h>
#include <string.h>

#include "owfat.h"

enum { DISC = 0x8001 };  /* ISO 9660: behind 16 sectors */

/* Bytes at a fixed place. Three tables, each small enough to stay with the text. */
struct magic {
  unsigned short at;
  unsigned short len;
  const char *bytes;
  struct kind kind;
};

static const struct magic programs[] = {
  { 0, 4, "\x7f" "ELF", { "elf", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 4, "\xfe\xed\xfa\xce", { "macho", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 4, "\xfe\xed\xfa\xcf", { "macho", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 4, "\xce\xfa\xed\xfe", { "macho", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 4, "\xcf\xfa\xed\xfe", { "macho", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 4, "\xca\xfe\xba\xbe", { "class", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 8, "L\0\0\0\x01\x14\x02\0", { "lnk", SNIFF_PROGRAM | SNIFF_ACTIVE } },
  { 0, 8, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", { "one", SNIFF_ACTIVE } },
  { 0, 8, "\xa1\x2f\xf4\x3f\xd9\xef\x76\x4c", { "one", SNIFF_ACTIVE } },
  { 0, 4, "ITSF", { "chm", SNIFF_ACTIVE } },
  { 0, 4, "?_\x03\0", { "hlp", SNIFF_ACTIVE } },
  { 0, 4, "#@~^", { "jse", SNIFF_ACTIVE } },
  { 0, 3, "FWS", { "swf", SNIFF_ACTIVE } },
  { 0, 3, "CWS", { "swf", SNIFF_ACTIVE } },
  { 0, 8, "conectix", { "vhd", SNIFF_ACTIVE } },
  { 0, 8, "vhdxfile", { "vhdx", SNIFF_ACTIVE } },
  { 0, 8, "MSWIM\0\0\0", { "wim", SNIFF_ACTIVE } },
  { 0, 8, "REGEDIT4", { "reg", SNIFF_ACTIVE } },
  { 0, 4, "xar!", { "pkg", SNIFF_ACTIVE } },
  { 4, 15, "Standard Jet DB", { "mdb", SNIFF_ACTIVE } },
  { 4, 15, "Standard ACE DB", { "accdb", SNIFF_ACTIVE } },
};

static const struct magic archives[] = {
  { 0, 4, "PK\x03\x04", { "zip", SNIFF_HOLDS } },
  { 0, 4, "PK\x05\x06", { "zip", SNIFF_HOLDS } },
  { 0, 4, "PK\x07\x08", { "zip", SNIFF_HOLDS } },
  { 0, 4, "PK00", { "zip", SNIFF_HOLDS } },
  { 0, 6, "Rar!\x1a\x07", { "rar", SNIFF_HOLDS } },
  { 0, 4, "RE\x7e\x5e", { "rar", SNIFF_HOLDS } },
  { 0, 6, "7z\xbc\xaf\x27\x1c", { "7z", SNIFF_HOLDS } },
  { 0, 2, "\x1f\x8b", { "gz", SNIFF_HOLDS } },
  { 0, 2, "\x1f\x9d", { "z", SNIFF_HOLDS } },
  { 0, 2, "\x1f\xa0", { "z", SNIFF_HOLDS } },
  { 0, 3, "BZh", { "bz2", SNIFF_HOLDS } },
  { 0, 6, "\xfd" "7zXZ\0", { "xz", SNIFF_HOLDS } },
  { 0, 4, "\x28\xb5\x2f\xfd", { "zst", SNIFF_HOLDS } },
  { 0, 4, "\x04\x22\x4d\x18", { "lz4", SNIFF_HOLDS } },
  { 0, 4, "LZIP", { "lz", SNIFF_HOLDS } },
  { 0, 5, "\x5d\0\0\x80\0", { "lzma", SNIFF_HOLDS } },
  { 0, 4, "MSCF", { "cab", SNIFF_HOLDS } },
  { 0, 4, "ISc(", { "cab", SNIFF_HOLDS } },
  { 0, 2, "\x60\xea", { "arj", SNIFF_HOLDS } },
  { 2, 3, "-lh", { "lha", SNIFF_HOLDS } },
  { 2, 3, "-lz", { "lha", SNIFF_HOLDS } },
  { 7, 7, "**ACE**", { "ace", SNIFF_HOLDS } },
  { 257, 5, "ustar", { "tar", SNIFF_HOLDS } },
  { 0, 8, "!<arch>\n", { "a", SNIFF_HOLDS } },
  { 0, 4, "\xed\xab\xee\xdb", { "rpm", SNIFF_HOLDS } },
  { 0, 6, "070701", { "cpio", SNIFF_HOLDS } },
  { 0, 6, "070707", { "cpio", SNIFF_HOLDS } },
  { 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", { "ole", SNIFF_HOLDS } },
  { 0, 4, "\x78\x9f\x3e\x22", { "tnef", SNIFF_HOLDS } },
  { 0, 10, "ActiveMime", { "mso", SNIFF_HOLDS } },
};

static const struct magic others[] = {
  { 0, 8, "\x89PNG\r\n\x1a\n", { "png", 0 } },
  { 0, 4, "GIF8", { "gif", 0 } },
  { 0, 3, "\xff\xd8\xff", { "jpg", 0 } },
  { 0, 4, "II*\0", { "tif", 0 } },
  { 0, 4, "MM\0*", { "tif", 0 } },
  { 0, 4, "RIFF", { "riff", 0 } },
  { 4, 4, "ftyp", { "mp4", 0 } },
  { 0, 4, "OggS", { "ogg", 0 } },
  { 0, 4, "fLaC", { "flac", 0 } },
  { 0, 3, "ID3", { "mp3", 0 } },
  { 0, 4, "{\\rt", { "rtf", SNIFF_ASK } },
  { 0, 4, "\0\0\x01\0", { "ico", 0 } },
  { 0, 4, "\x1a\x45\xdf\xa3", { "mkv", 0 } },
  { 0, 8, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", { "wmv", 0 } },
  { 0, 3, "wOF", { "woff", 0 } },
  { 0, 4, "8BPS", { "psd", 0 } },
  { 0, 4, "\xd7\xcd\xc6\x9a", { "wmf", 0 } },
  { 40, 4, " EMF", { "emf", 0 } },
  { 0, 4, "\0\x05\x16\0", { "applesingle", 0 } },
  { 0, 4, "\0\x05\x16\x07", { "appledouble", 0 } },
};

/* How text begins, in whatever case, behind blanks and a byte order mark. */
static const struct { const char *text; struct kind kind; } words[] = {
  { "<!doctype html", { "html", SNIFF_ACTIVE } }, { "<html", { "html", SNIFF_ACTIVE } },
  { "<head", { "html", SNIFF_ACTIVE } }, { "<body", { "html", SNIFF_ACTIVE } },
  { "<script", { "html", SNIFF_ACTIVE } }, { "<hta:", { "hta", SNIFF_ACTIVE } },
  { "<svg", { "svg", SNIFF_ASK } }, { "<job", { "wsf", SNIFF_ACTIVE } }, { "<package", { "wsf", SNIFF_ACTIVE } },
  { "<?sco", { "sct", SNIFF_ACTIVE } }, { "<scriptlet", { "sct", SNIFF_ACTIVE } },
  { "windows registry editor", { "reg", SNIFF_ACTIVE } },
  { "[internetshortcut]", { "url", SNIFF_ACTIVE } },
  { "@echo off", { "bat", SNIFF_ACTIVE } },
  { "mime-version:", { "eml", SNIFF_MAIL } }, { "received:", { "eml", SNIFF_MAIL } },
  { "return-path:", { "eml", SNIFF_MAIL } }, { "content-type:", { "eml", SNIFF_MAIL } },
  { "from:", { "eml", SNIFF_MAIL } }, { "subject:", { "eml", SNIFF_MAIL } },
  { "date:", { "eml", SNIFF_MAIL } }, { "x-unsent:", { "eml", SNIFF_MAIL } },
  { "message-id:", { "eml", SNIFF_MAIL } }, { "to:", { "eml", SNIFF_MAIL } },
};

void sniff_begin(struct sniff *s)
{
  s->size = 0;
  s->have = 0;
  s->zip = 0;
  s->disc[0] = 0;
  memset(s->edge, 0, sizeof s->edge);
}

/* Does one of the eight bytes have this value? Not 0 if so. */
static uint64_t among(uint64_t eight, unsigned char byte)
{
  const uint64_t ones = UINT64_MAX / 255;

  eight ^= ones * byte;
  return (eight - ones) & ~eight & ones * 128;
}

/* The end of a zip archive, which readers look for from behind: what stands before it does
 * not matter to them. Of other archives they look for the beginning. */
static unsigned int archive(const char *data, size_t len)
{
  const char *end = data + len, *p = data, *last;
  uint64_t eight;

  while (p < end) {
    for (; end - p >= 8; p += 8) {
      memcpy(&eight, p, 8);
      if (among(eight | 0x0202020202020202, 'R') | among(eight, '7')) break;  /* P is R without that bit */
    }
    for (last = end - p < 8 ? end : p + 8; p < last; ++p) {
      if (*p == 'P' && end - p >= 4 && !memcmp(p, "PK\5\6", 4)) return 1;
      if (*p == 'R' && end - p >= 6 && !memcmp(p, "Rar!\x1a\7", 6)) return 1;
      if (*p == '7' && end - p >= 6 && !memcmp(p, "7z\xbc\xaf\x27\x1c", 6)) return 1;
    }
  }
  return 0;
}

void sniff_feed(struct sniff *s, const char *data, size_t len)
{
  size_t n = SNIFF_HEAD - s->have;
  off_t i;

  if (n > len) n = len;
  memcpy(s->head + s->have, data, n);
  s->have += n;
  for (i = DISC - s->size; i < DISC - s->size + 5 && s->size + (off_t) len > DISC; ++i)
    if (i >= 0 && i < (off_t) len) s->disc[i + s->size - DISC] = (unsigned char) data[i];
  s->size += (off_t) len;
  if (!s->zip) {
    n = len < 5 ? len : 5;
    memcpy(s->edge + 5, data, n);
    s->zip = archive(s->edge, 5 + n) | archive(data, len);
  }
  if (len > 4) memcpy(s->edge, data + len - 5, 5);
  else memmove(s->edge, s->edge + len, 5);
}

static int is(const unsigned char *head, size_t have, const char *text)
{
  /* Mostly the first byte says so: a letter, or one that is the same with this bit. */
  return have && (*head | 32) == (*text | 32) && have >= strlen(text) &&
         !case_diffb((const char *) head, strlen(text), text);
}

/* Text that only cm-look can tell apart: markup, settings, scripts, tables that are run. */
static int asks(const unsigned char *text, size_t len)
{
  static const char *const begins[] = {
    "<", "[", "{", "@", "#!", "# disk", "id;p", "web\r", "web\n", "full address:", "screen mode",
    "on error ", "%!ps", "-----begin pkcs", "-----begin cms"
  };
  size_t i;

  for (i = 0; i < sizeof begins / sizeof *begins; ++i)
    if (is(text, len, begins[i])) return 1;
  return 0;
}

static const struct magic *fits(const unsigned char *head, size_t have, const struct magic *m, size_t count)
{
  for (; count; ++m, --count)
    if (have >= (size_t) m->at + m->len && head[m->at] == (unsigned char) *m->bytes &&
        !memcmp(head + m->at, m->bytes, m->len)) return m;
  return 0;
}

/* Within the first 1024 bytes is early enough for every reader. */
static int is_pdf(const unsigned char *head, size_t have)
{
  const unsigned char *s = head, *end = head + (have < 1028 ? have : 1028);

  for (; end - s >= 5 && (s = memchr(s, '%', (size_t) (end - s - 4))); ++s)
    if (!memcmp(s, "%PDF-", 5)) return 1;
  return 0;
}

struct kind sniff_head(const unsigned char *head, size_t have)
{
  const unsigned char *s, *end = head + have;
  const struct magic *magic;
  struct kind kind = { "", 0 };
  size_t i;

  if ((magic = fits(head, have, programs, sizeof programs / sizeof *programs)) ||
      (magic = fits(head, have, archives, sizeof archives / sizeof *archives)) ||
      (magic = fits(head, have, others, sizeof others / sizeof *others))) return magic->kind;
  if (have > 1 && ((*head == 'M' && head[1] == 'Z') || (*head == 'Z' && head[1] == 'M')) &&
      memchr(head, 0, have < 64 ? have : 64)) {
    kind.word = "exe";
    kind.is = SNIFF_PROGRAM | SNIFF_ACTIVE;
    return kind;
  }
  if (have > 2 && *head == 'B' && head[1] == 'M' && have > 26) return (struct kind) { "bmp", 0 };
  if (is_pdf(head, have)) return (struct kind) { "pdf", SNIFF_ASK };
  /* DER: a sequence whose first member is an object identifier of PKCS #7, signed data. */
  if (have > 20 && *head == 0x30)
    for (s = head + 2; s < head + 8; ++s)
      if (!memcmp(s, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11))
        return (struct kind) { "p7m", SNIFF_PKCS7 };
  for (s = head; s < end && *s && (*s <= ' ' || *s >= 0xef) && s < head + 512; ++s) ;
  for (i = 0; i < sizeof words / sizeof *words; ++i)
    if (is(s, (size_t) (end - s), words[i].text)) {
      kind = words[i].kind;
      kind.is |= SNIFF_TEXT;
      return kind;
    }
  if (memchr(head, 0, have)) kind.is = SNIFF_ASK;
  else kind.is = asks(s, (size_t) (end - s)) ? SNIFF_TEXT | SNIFF_ASK : SNIFF_TEXT;
  return kind;
}

struct kind sniff_end(const struct sniff *s)
{
  struct kind kind = sniff_head(s->head, s->have);

  /* Whatever it begins with: what stands before is no part of the disc. */
  if (!memcmp(s->disc, "CD001", 5) || !memcmp(s->disc, "BEA01", 5))
    return (struct kind) { "iso", kind.is | SNIFF_ACTIVE };
  if (s->zip) kind.is |= SNIFF_ZIP;
  return kind;
}

static unsigned long big(const unsigned char *s)
{
  return (unsigned long) s[0] << 24 | (unsigned long) s[1] << 16 | (unsigned long) s[2] << 8 | s[3];
}

/* Entries of 12 bytes: what it is, where, how long. */
static int apple(const struct sniff *s, const char **name, size_t *len, struct kind *inner)
{
  const unsigned char *entry = s->head + 26;
  unsigned int n;
  unsigned long at, size;

  if (s->have < 26) return 0;
  for (n = s->head[24] * 256U + s->head[25]; n && entry + 12 <= s->head + s->have; --n, entry += 12) {
    at = big(entry + 4);
    size = big(entry + 8);
    if (at >= s->have) continue;
    if (size > s->have - at) size = s->have - at;
    if (big(entry) == 1) *inner = sniff_head(s->head + at, size);
    if (big(entry) != 3) continue;
    *name = (const char *) s->head + at;
    *len = size;
  }
  return 1;
}

int sniff_mac(const struct sniff *s, const char **name, size_t *len, struct kind *inner)
{
  const unsigned char *head = s->head;
  size_t i;

  *len = 0;
  *inner = (struct kind) { "", 0 };
  if (s->have < 128 || *head) return 0;
  if (!memcmp(head + 1, "\x05\x16", 2) && (!head[3] || head[3] == 7)) return apple(s, name, len, inner);
  if (!head[1] || head[1] > 63 || head[74] || head[82]) return 0;
  for (i = 0; i < head[1]; ++i) if (head[2 + i] < ' ') return 0;
  if ((off_t) big(head + 83) + 128 > s->size) return 0;
  *name = (const char *) head + 2;
  *len = head[1];
  *inner = sniff_head(head + 128, s->have - 128);
  return 1;
}
