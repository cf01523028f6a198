#include "spell.h"

#include <string.h>

#include "hex.h"
#include "utf8.h"
#include "verdict.h"

/* The length of a character that is not seen: a control, or UTF-8 of U+200B to U+200F,
 * U+202A to U+202E, U+2060 to U+206F, U+00AD and U+FEFF. */
static size_t unseen(const char *s, size_t len)
{
  const unsigned char *c = (const unsigned char *) s;

  /* ISO 2022: another character set from here on. */
  if (*c == 27 && len > 2 && (c[1] == '$' || c[1] == '(')) return c[1] == '$' && c[2] == '(' && len > 3 ? 4 : 3;
  if (*c < ' ' || *c == 127) return 1;
  if (len > 1 && c[0] == 0xc2 && c[1] == 0xad) return 2;
  if (len < 3) return 0;
  if (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf) return 3;
  if (c[0] != 0xe2) return 0;
  if (c[1] == 0x80) return (c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xaa && c[2] <= 0xae) ? 3 : 0;
  return c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf ? 3 : 0;
}

/* The letter that a full-width form (U+FF01 to U+FF5E) becomes where a system writes names
 * in a character set of its own; 0: it is none. Also U+3002 and U+2024, a dot to some. */
static char narrow(const char *s, size_t len)
{
  const unsigned char *c = (const unsigned char *) s;
  unsigned int code;

  if (len < 3 || (c[0] & 0xf0) != 0xe0) return 0;
  code = (c[0] & 15U) << 12 | (c[1] & 63U) << 6 | (c[2] & 63U);
  if (code >= 0xff01 && code <= 0xff5e) return (char) (code - 0xff01 + '!');
  return code == 0x3002 || code == 0x2024 || code == 0xff61 ? '.' : 0;
}

/* The file name as it would be on a disk: without its folders, what is not
 * seen, and the dots and blanks at its end, which Windows does not keep. */
static int file(const char *name, size_t len, const char *strip, stralloc *out)
{
  size_t i, n;

  out->len = 0;
  for (i = 0; i < len; i += n ? n : 1) {
    n = unseen(name + i, len - i);
    if (!n && !stralloc_append(out, name + i)) return 0;
  }
  while (out->len && strchr(strip, out->s[out->len - 1])) --out->len;
  for (i = out->len; i && out->s[i - 1] != '/' && out->s[i - 1] != '\\'; --i) ;
  if (i) memmove(out->s, out->s + i, out->len -= i);
  return stralloc_ready(out, 1);
}

static int add(const char *name, size_t len, struct readings *spellings)
{
  static stralloc out;

  return file(name, len, ". /\\';,:=", &out) &&
         (!memchr(out.s, '.', out.len) || readings_add(spellings, out.s, out.len));
}

/* Full-width letters as others; without bytes that are not UTF-8, as some readers have it. */
static int narrowed(const char *name, size_t len, stralloc *out)
{
  size_t i, n;
  char c;

  out->len = 0;
  for (i = 0; i < len; ++i) {
    n = utf8_length(name + i, len - i);
    if (!n) continue;
    c = narrow(name + i, len - i);
    if (!stralloc_catb(out, c ? &c : name + i, c ? 1 : n)) return 0;
    i += n - 1;
  }
  return 1;
}

/* Where a name is cut at one of these characters. What a blank follows is prose. */
static size_t cut(const char *name, size_t len, const char *at)
{
  size_t i;

  for (i = 0; i + 1 < len; ++i)
    if (name[i] && strchr(at, name[i]) && name[i + 1] != ' ') return i;
  return len;
}

/* The length of the name of what is in a file that is only compressed; 0: it is none. */
static size_t unpacked(const char *name, size_t len)
{
  static const char *const ends[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lz", ".z", ".br" };
  size_t i, n;

  for (i = 0; i < sizeof ends / sizeof *ends; ++i) {
    n = strlen(ends[i]);
    if (len > n && !case_diffb(name + len - n, n, ends[i])) return len - n;
  }
  return 0;
}

/* A name and what else it may become on a disk: cut at a NUL, at the : that begins
 * a stream of NTFS or at what Windows allows in no name, without such things at its
 * end, and with its % sequences decoded. But for the first only what has an extension counts. */
static int spell(const char *name, size_t len, struct readings *spellings)
{
  static stralloc plain, out;
  const char *nul = memchr(name, 0, len);
  size_t i, n;

  if (!file(name, len, ". /\\", &out) || !readings_add(spellings, out.s, out.len)) return 0;
  /* A bracket that nothing opened ends a token. */
  if (!file(name, len, memchr(name, '(', len) ? ". /\\';,:=\"<>|?*" : ". /\\';,:=\"<>|?*)", &out)) return 0;
  if (memchr(out.s, '.', out.len) && !readings_add(spellings, out.s, out.len)) return 0;
  if ((n = unpacked(name, len)) && !add(name, n, spellings)) return 0;
  if (nul && !add(name, (size_t) (nul - name), spellings)) return 0;
  if ((n = cut(name, len, ":")) < len && !add(name, n, spellings)) return 0;
  if ((n = cut(name, len, "\"<>|?*")) < len && !add(name, n, spellings)) return 0;
  for (i = 0; i < len && !(name[i] & 0x80); ++i) ;
  if (i < len && (!narrowed(name, len, &plain) || !add(plain.s, plain.len, spellings))) return 0;
  if (!memchr(name, '%', len)) return 1;
  plain.len = 0;
  return hex_unescape(name, len, &plain) && add(plain.s, plain.len, spellings);
}

static const char *const passive[] = {
  "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "mp3", "wav",
  "mp4", "avi", "mov", "mpg", "mpeg", "ogg", "m4a", "flac", "pdf", 0
};
static const char *const documents[] = {
  "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "mp3", "wav", "mp4", "avi", "mov", "mpg", "pdf",
  "doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf", "txt", "csv", "odt", "ods", "htm", "html", "zip", 0
};
static const char *const programs[] = {
  "exe", "scr", "com", "pif", "bat", "cmd", "js", "jse", "vbs", "vbe", "wsf", "wsh", "hta", "lnk", "msi",
  "jar", "ps1", "cpl", "reg", "iso", "img", "url", 0
};
static const char *const html[] = { "htm", "html", "xhtml", "xht", "shtml", "shtm", "svg", "mht", "mhtml", 0 };
static const char *const mail[] = { "eml", "mht", "mhtml", "nws", "mbx", "mbox", 0 };
static const char *const holds[] = {
  "tar", "lzh", "lha", "ace", "dmg", "z", "msg", "zip", "zipx", "rar", "7z", "001", "gz", "tgz", "arj",
  "vmdk", "vdi", "qcow2", 0
};

static int among(const char *const *list, const char *s, size_t len)
{
  for (; *list; ++list)
    if (len == strlen(*list) && !case_diffb(s, len, *list)) return 1;
  return 0;
}

/* Before the dot, or all: blanks are passed over. */
static size_t extension(const char *s, size_t len)
{
  while (len && s[len - 1] != '.') --len;
  return len;
}

/* Is there something in the extension that is not seen, between or before what is short and
 * plain enough to be one? */
static int veiled(const char *s, size_t len)
{
  size_t i = len, n, letters = 0, hidden = 0;

  while (i && s[i - 1] != '.') --i;
  if (!i) return 0;
  for (; i < len; i += n ? n : 1) {
    n = unseen(s + i, len - i);
    if (n > 1 && s[i] != 27 && i + n < len) hidden = 1;
    else if (!n && (s[i] & 0x80 || ++letters > 5)) return 0;
  }
  return hidden && letters;
}

/* What is wrong with the name as it was given. */
static unsigned int tricks(const char *s, size_t len)
{
  unsigned int found = 0;
  size_t i, n, blanks = 0;

  for (i = 0; i < len; i += n ? n : 1) {
    n = unseen(s + i, len - i);
    if (n == 1 && !strchr("\t\r\n", s[i])) found |= SPELL_TRICK;
    else if (n == 1 && !s[i]) found |= SPELL_TRICK;
    if (n == 3 && (unsigned char) s[i + 1] == 0x80 && (unsigned char) (s[i + 2] & 0xff) >= 0xad &&
        (unsigned char) s[i] == 0xe2) found |= SPELL_RTLO;
    blanks = s[i] == ' ' ? blanks + 1 : 0;
    if (blanks > 30) found |= SPELL_TRICK;
  }
  if (veiled(s, len)) found |= SPELL_TRICK;
  if (len > 38 && s[len - 1] == '}' && s[len - 38] == '{' && s[len - 39] == '.') found |= SPELL_TRICK;
  if (len > 6 && !case_diffb(s + len - 6, 6, ":$data")) found |= SPELL_TRICK;
  return found;
}

static unsigned int marks_of(const char *s, size_t len)
{
  unsigned int found = 0;
  size_t at = extension(s, len), end, before;

  if (!at) return 0;
  if (among(passive, s + at, len - at)) found |= SPELL_PASSIVE;
  if (among(html, s + at, len - at)) found |= SPELL_HTML;
  if (among(mail, s + at, len - at)) found |= SPELL_MAIL;
  if (among(documents, s + at, len - at) && !(found & SPELL_HTML)) found |= SPELL_PAPER;
  if (among(holds, s + at, len - at)) found = (found & ~(unsigned int) SPELL_PAPER) | SPELL_HOLDS;
  if (!among(programs, s + at, len - at)) return found;
  for (end = at - 1; end && (s[end - 1] == ' ' || s[end - 1] == '.' || s[end - 1] == '_'); --end) ;
  before = extension(s, end);
  if (before && among(documents, s + before, end - before)) found |= SPELL_DOUBLE;
  return found;
}

int spell_ask(const struct attach *a, const struct readings *names, int whole,
              struct decision *worst, size_t *which, unsigned int *marks)
{
  static struct readings spellings;
  struct decision d;
  const char *name;
  size_t i, j, dots = 0;

  *which = 0;
  *marks = 0;
  *worst = attach_ask(a, "", 0, whole);
  if (!names->count) return 1;
  for (i = 0; i < names->count; ++i)
    dots += !!memchr(names->text.s + names->list[i].at, '.', names->list[i].len);
  worst->answer = ATTACH_PASS;
  worst->verdict = VERDICT_DELIVER;
  worst->listed = 1;
  for (i = 0; i < names->count; ++i) {
    name = names->text.s + names->list[i].at;
    *marks |= tricks(name, names->list[i].len);
    /* A reading without an extension says nothing where another has one. */
    if (dots && !memchr(name, '.', names->list[i].len)) continue;
    readings_clear(&spellings);
    if (!spell(name, names->list[i].len, &spellings)) return 0;
    for (j = 0; j < spellings.count; ++j) {
      *marks |= marks_of(spellings.text.s + spellings.list[j].at, spellings.list[j].len);
      d = attach_ask(a, spellings.text.s + spellings.list[j].at, spellings.list[j].len, whole);
      if (!d.listed) worst->listed = 0;
      if (!attach_worse(&d, worst)) continue;
      d.listed = worst->listed;
      *worst = d;
      *which = i;
    }
  }
  return 1;
}

const char *spell_type(const char *type, size_t len)
{
  static const struct { const char *type, *extension; } types[] = {
    { "application/x-msdownload", "exe" }, { "application/x-msdos-program", "exe" },
    { "application/x-dosexec", "exe" }, { "application/x-exe", "exe" }, { "application/exe", "exe" },
    { "application/x-winexe", "exe" }, { "application/vnd.microsoft.portable-executable", "exe" },
    { "application/x-msi", "msi" }, { "application/x-ms-installer", "msi" },
    { "application/hta", "hta" }, { "application/x-hta", "hta" },
    { "application/javascript", "js" }, { "application/x-javascript", "js" }, { "text/javascript", "js" },
    { "application/ecmascript", "js" }, { "text/ecmascript", "js" }, { "text/jscript", "js" },
    { "text/vbscript", "vbs" }, { "application/x-vbs", "vbs" }, { "text/vbs", "vbs" },
    { "application/x-bat", "bat" }, { "application/bat", "bat" }, { "application/x-com", "com" },
    { "text/scriptlet", "sct" }, { "application/x-ms-shortcut", "lnk" }, { "application/x-ms-application", "application" },
    { "application/x-mswinurl", "url" }, { "application/internet-shortcut", "url" }, { "text/x-uri", "url" },
    { "application/java-archive", "jar" }, { "application/x-java-archive", "jar" },
    { "application/x-iso9660-image", "iso" }, { "application/x-cd-image", "iso" }, { "application/x-raw-disk-image", "img" },
    { "application/onenote", "one" }, { "application/msonenote", "one" },
    { "application/vnd.ms-htmlhelp", "chm" }, { "application/x-chm", "chm" }, { "application/winhlp", "hlp" },
    { "application/x-powershell", "ps1" }, { "application/x-ms-regedit", "reg" },
    { "application/x-ms-xbap", "xbap" }, { "application/x-shockwave-flash", "swf" },
    { "application/vnd.ms-word.document.macroenabled.12", "docm" },
    { "application/vnd.ms-excel.sheet.macroenabled.12", "xlsm" },
    { "application/vnd.ms-excel.addin.macroenabled.12", "xlam" },
    { "application/vnd.ms-powerpoint.presentation.macroenabled.12", "pptm" },
  };
  size_t i;

  for (i = 0; i < sizeof types / sizeof *types; ++i)
    if (len == strlen(types[i].type) && !memcmp(type, types[i].type, len)) return types[i].extension;
  return 0;
}
