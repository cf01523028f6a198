#include "kind.h"

#include <string.h>

#include "uu.h"

#define AT(bytes) ((const unsigned char *) (bytes))

static const struct kind kinds[] = {
  /* programs */
  { "exe", "application/vnd.microsoft.portable-executable", WAY_PROGRAM },
  { "dll", "application/vnd.microsoft.portable-executable", WAY_PROGRAM },
  { "elf", "application/x-executable", WAY_PROGRAM },
  { "macho", "application/x-mach-binary", WAY_PROGRAM },
  { "class", "application/x-java-applet", WAY_PROGRAM },
  { "dex", "application/vnd.android.dex", WAY_PROGRAM },
  { "wasm", "application/wasm", WAY_PROGRAM },
  /* zip and what is made of it */
  { "zip", "application/zip", WAY_ZIP },
  { "jar", "application/java-archive", WAY_ZIP },
  { "apk", "application/vnd.android.package-archive", WAY_ZIP },
  { "ipa", "application/x-ios-app", WAY_ZIP },
  { "xpi", "application/x-xpinstall", WAY_ZIP },
  { "msix", "application/msix", WAY_ZIP },
  { "xps", "application/vnd.ms-xpsdocument", WAY_ZIP },
  { "vsdx", "application/vnd.ms-visio.drawing", WAY_ZIP },
  { "vsdm", "application/vnd.ms-visio.drawing.macroenabled.12", WAY_ZIP },
  { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", WAY_ZIP },
  { "docm", "application/vnd.ms-word.document.macroenabled.12", WAY_ZIP },
  { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", WAY_ZIP },
  { "xlsm", "application/vnd.ms-excel.sheet.macroenabled.12", WAY_ZIP },
  { "xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12", WAY_ZIP },
  { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", WAY_ZIP },
  { "pptm", "application/vnd.ms-powerpoint.presentation.macroenabled.12", WAY_ZIP },
  { "odt", "application/vnd.oasis.opendocument.text", WAY_ZIP },
  { "ods", "application/vnd.oasis.opendocument.spreadsheet", WAY_ZIP },
  { "odp", "application/vnd.oasis.opendocument.presentation", WAY_ZIP },
  { "odg", "application/vnd.oasis.opendocument.graphics", WAY_ZIP },
  { "epub", "application/epub+zip", WAY_ZIP },
  /* archives */
  { "7z", "application/x-7z-compressed", WAY_ARCHIVE },
  { "rar", "application/x-rar", WAY_ARCHIVE },
  { "tar", "application/x-tar", WAY_ARCHIVE },
  { "cab", "application/vnd.ms-cab-compressed", WAY_ARCHIVE },
  { "iso", "application/x-iso9660-image", WAY_ARCHIVE },
  { "lzh", "application/x-lzh-compressed", WAY_ARCHIVE },
  { "ar", "application/x-archive", WAY_ARCHIVE },
  { "deb", "application/vnd.debian.binary-package", WAY_ARCHIVE },
  { "rpm", "application/x-rpm", WAY_ARCHIVE },
  { "cpio", "application/x-cpio", WAY_ARCHIVE },
  { "gz", "application/gzip", WAY_ARCHIVE },
  { "bz2", "application/x-bzip2", WAY_ARCHIVE },
  { "xz", "application/x-xz", WAY_ARCHIVE },
  { "lz", "application/x-lzip", WAY_ARCHIVE },
  { "lzma", "application/x-lzma", WAY_ARCHIVE },
  { "lz4", "application/x-lz4", WAY_ARCHIVE },
  { "zst", "application/zstd", WAY_ARCHIVE },
  { "z", "application/x-compress", WAY_ARCHIVE },
  { "uue", "text/x-uuencode", WAY_ARCHIVE },
  { "ace", "application/x-ace", WAY_CLOSED },
  { "arj", "application/x-arj", WAY_CLOSED },
  { "zoo", "application/x-zoo", WAY_CLOSED },
  { "xar", "application/x-xar", WAY_ARCHIVE },
  { "wim", "application/x-ms-wim", WAY_CLOSED },
  { "sit", "application/x-stuffit", WAY_CLOSED },
  { "egg", "application/x-egg", WAY_CLOSED },
  { "alz", "application/x-alz", WAY_CLOSED },
  { "uha", "application/x-uharc", WAY_CLOSED },
  { "iscab", "application/x-installshield", WAY_CLOSED },
  { "lzo", "application/x-lzop", WAY_CLOSED },
  { "lrz", "application/x-lrzip", WAY_CLOSED },
  { "img", "application/x-raw-disk-image", WAY_CLOSED },
  { "udf", "application/x-udf-image", WAY_CLOSED },
  { "vhd", "application/x-virtualbox-vhd", WAY_CLOSED },
  { "vhdx", "application/x-virtualbox-vhdx", WAY_CLOSED },
  { "vmdk", "application/x-virtualbox-vmdk", WAY_CLOSED },
  { "qcow2", "application/x-qemu-disk", WAY_CLOSED },
  { "vdi", "application/x-virtualbox-vdi", WAY_CLOSED },
  { "szdd", "application/x-ms-compress-szdd", WAY_CLOSED },
  { "dmg", "application/x-apple-diskimage", WAY_CLOSED },
  { "squashfs", "application/x-squashfs", WAY_CLOSED },
  { "asar", "application/x-asar", WAY_CLOSED },
  { "pst", "application/vnd.ms-outlook-pst", WAY_CLOSED },
  { "yenc", "text/x-yenc", WAY_CLOSED },
  { "hqx", "application/mac-binhex40", WAY_CLOSED },
  /* other containers */
  { "ole", "application/x-ole-storage", WAY_OLE },
  { "doc", "application/msword", WAY_OLE },
  { "xls", "application/vnd.ms-excel", WAY_OLE },
  { "ppt", "application/vnd.ms-powerpoint", WAY_OLE },
  { "msg", "application/vnd.ms-outlook", WAY_OLE },
  { "msi", "application/x-msi", WAY_OLE },
  { "vsd", "application/vnd.visio", WAY_OLE },
  { "pub", "application/vnd.ms-publisher", WAY_OLE },
  { "mpp", "application/vnd.ms-project", WAY_OLE },
  { "mso", "application/x-mso", WAY_ACTIVEMIME },
  { "tnef", "application/ms-tnef", WAY_TNEF },
  { "eml", "message/rfc822", WAY_MAIL },
  { "p7m", "application/pkcs7-mime", WAY_SIGNED },
  { "p7z", "application/pkcs7-mime", WAY_CLOSED },
  /* documents */
  { "pdf", "application/pdf", WAY_PDF },
  { "ps", "application/postscript", WAY_NONE },
  { "rtf", "text/rtf", WAY_RTF },
  { "one", "application/onenote", WAY_ONENOTE },
  { "chm", "application/vnd.ms-htmlhelp", WAY_NONE },
  { "hlp", "application/winhlp", WAY_NONE },
  { "lnk", "application/x-ms-shortcut", WAY_NONE },
  { "mdb", "application/x-msaccess", WAY_NONE },
  { "accdb", "application/x-msaccess", WAY_NONE },
  { "sqlite", "application/vnd.sqlite3", WAY_NONE },
  { "swf", "application/x-shockwave-flash", WAY_NONE },
  { "djvu", "image/vnd.djvu", WAY_NONE },
  { "dwg", "image/vnd.dwg", WAY_NONE },
  { "pcap", "application/vnd.tcpdump.pcap", WAY_NONE },
  { "pgp", "application/pgp-encrypted", WAY_NONE },
  /* text with a meaning of its own */
  { "txt", "text/plain", WAY_NONE },
  { "html", "text/html", WAY_PAGE },
  { "hta", "application/hta", WAY_PAGE },
  { "svg", "image/svg+xml", WAY_PAGE },
  { "xml", "text/xml", WAY_XML },
  { "wsf", "text/xml", WAY_NONE },
  { "xsl", "text/xml", WAY_NONE },
  { "settingcontent-ms", "text/xml", WAY_NONE },
  { "library-ms", "text/xml", WAY_NONE },
  { "search-ms", "text/xml", WAY_NONE },
  { "application", "application/x-ms-application", WAY_NONE },
  { "jnlp", "application/x-java-jnlp-file", WAY_NONE },
  { "appinstaller", "application/appinstaller", WAY_NONE },
  { "sct", "text/scriptlet", WAY_NONE },
  { "udl", "text/plain", WAY_NONE },
  { "xdp", "application/vnd.adobe.xdp+xml", WAY_CLOSED },
  { "js", "application/javascript", WAY_NONE },
  { "vbs", "text/vbscript", WAY_NONE },
  { "vbe", "text/vbscript-encoded", WAY_NONE },
  { "bat", "text/x-msdos-batch", WAY_NONE },
  { "sh", "text/x-shellscript", WAY_NONE },
  { "pl", "text/x-perl", WAY_NONE },
  { "py", "text/x-script.python", WAY_NONE },
  { "php", "text/x-php", WAY_NONE },
  { "reg", "text/x-ms-regedit", WAY_NONE },
  { "inf", "application/x-setupscript", WAY_NONE },
  { "url", "application/x-mswinurl", WAY_NONE },
  { "scf", "text/plain", WAY_NONE },
  { "desktop", "application/x-desktop", WAY_NONE },
  { "iqy", "text/x-ms-iqy", WAY_NONE },
  { "slk", "application/x-sylk", WAY_NONE },
  { "rdp", "application/x-rdp", WAY_NONE },
  { "theme", "text/plain", WAY_NONE },
  { "vcf", "text/vcard", WAY_NONE },
  { "ics", "text/calendar", WAY_NONE },
  { "csv", "text/csv", WAY_NONE },
  { "json", "application/json", WAY_NONE },
  { "pem", "application/x-pem-file", WAY_NONE },
  { "asc", "application/pgp-signature", WAY_NONE },
  /* pictures, sound, fonts */
  { "png", "image/png", WAY_NONE },
  { "jpg", "image/jpeg", WAY_NONE },
  { "gif", "image/gif", WAY_NONE },
  { "bmp", "image/bmp", WAY_NONE },
  { "tif", "image/tiff", WAY_NONE },
  { "ico", "image/vnd.microsoft.icon", WAY_NONE },
  { "cur", "image/vnd.microsoft.cursor", WAY_NONE },
  { "ani", "application/x-navi-animation", WAY_NONE },
  { "webp", "image/webp", WAY_NONE },
  { "jp2", "image/jp2", WAY_NONE },
  { "heic", "image/heic", WAY_NONE },
  { "psd", "image/vnd.adobe.photoshop", WAY_NONE },
  { "wmf", "image/wmf", WAY_NONE },
  { "emf", "image/emf", WAY_NONE },
  { "mp3", "audio/mpeg", WAY_NONE },
  { "ogg", "audio/ogg", WAY_NONE },
  { "flac", "audio/flac", WAY_NONE },
  { "wav", "audio/x-wav", WAY_NONE },
  { "mid", "audio/midi", WAY_NONE },
  { "amr", "audio/amr", WAY_NONE },
  { "m4a", "audio/x-m4a", WAY_NONE },
  { "avi", "video/x-msvideo", WAY_NONE },
  { "mp4", "video/mp4", WAY_NONE },
  { "mov", "video/quicktime", WAY_NONE },
  { "mkv", "video/x-matroska", WAY_NONE },
  { "flv", "video/x-flv", WAY_NONE },
  { "wmv", "video/x-ms-asf", WAY_NONE },
  { "mpg", "video/mpeg", WAY_NONE },
  { "3gp", "video/3gpp", WAY_NONE },
  { "ttf", "font/sfnt", WAY_NONE },
  { "otf", "application/vnd.ms-opentype", WAY_NONE },
  { "woff", "font/woff", WAY_NONE },
  { "woff2", "font/woff2", WAY_NONE },
  { "eot", "application/vnd.ms-fontobject", WAY_NONE },
  /* other names of libmagic for some of these */
  { "exe", "application/x-dosexec", WAY_PROGRAM },
  { "elf", "application/x-sharedlib", WAY_PROGRAM },
  { "elf", "application/x-pie-executable", WAY_PROGRAM }
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Bytes that alone decide. */
#define SIGN(at, bytes, word) { at, sizeof bytes - 1, bytes, word }
static const struct {
  size_t at, len;
  const char *bytes, *word;
} signs[] = {
  SIGN(0, "\x7f" "ELF", "elf"),
  SIGN(0, "\xfe\xed\xfa\xce", "macho"),
  SIGN(0, "\xfe\xed\xfa\xcf", "macho"),
  SIGN(0, "\xce\xfa\xed\xfe", "macho"),
  SIGN(0, "\xcf\xfa\xed\xfe", "macho"),
  SIGN(0, "dex\n03", "dex"),
  SIGN(0, "\0asm", "wasm"),
  SIGN(0, "PK\3\4", "zip"),
  SIGN(0, "PK\5\6", "zip"),
  SIGN(0, "PK\7\10PK\3\4", "zip"),
  SIGN(0, "PK00PK\3\4", "zip"),
  SIGN(0, "7z\xbc\xaf\x27\x1c", "7z"),
  SIGN(0, "Rar!\x1a\7", "rar"),
  SIGN(0, "RE~^", "rar"),
  SIGN(257, "ustar", "tar"),
  SIGN(0, "MSCF\0\0\0\0", "cab"),
  SIGN(0, "ISc(", "iscab"),
  SIGN(32769, "CD001", "iso"),
  SIGN(37633, "CD001", "iso"),
  SIGN(32769, "BEA01", "udf"),
  SIGN(0, "!<arch>\ndebian-binary", "deb"),
  SIGN(0, "!<arch>\n", "ar"),
  SIGN(0, "\xed\xab\xee\xdb", "rpm"),
  SIGN(0, "070701", "cpio"),
  SIGN(0, "070702", "cpio"),
  SIGN(0, "070707", "cpio"),
  SIGN(0, "\xfd" "7zXZ\0", "xz"),
  SIGN(0, "LZIP\1", "lz"),
  SIGN(0, "\x04\x22\x4d\x18", "lz4"),
  SIGN(0, "\x28\xb5\x2f\xfd", "zst"),
  SIGN(7, "**ACE**", "ace"),
  SIGN(20, "\xdc\xa7\xc4\xfd", "zoo"),
  SIGN(0, "xar!\0", "xar"),
  SIGN(0, "MSWIM\0\0\0", "wim"),
  SIGN(0, "WLPWM\0\0\0", "wim"),
  SIGN(0, "SIT!", "sit"),
  SIGN(0, "StuffIt", "sit"),
  SIGN(0, "EGGA", "egg"),
  SIGN(0, "ALZ\1", "alz"),
  SIGN(0, "UHA\6", "uha"),
  SIGN(0, "\x89LZO\0\r\n\x1a\n", "lzo"),
  SIGN(0, "LRZI", "lrz"),
  SIGN(0, "conectix", "vhd"),
  SIGN(0, "vhdxfile", "vhdx"),
  SIGN(0, "KDMV", "vmdk"),
  SIGN(0, "# Disk DescriptorFile", "vmdk"),
  SIGN(0, "QFI\xfb", "qcow2"),
  SIGN(64, "\x7f\x10\xda\xbe", "vdi"),
  SIGN(32, "NXSB", "img"),
  SIGN(512, "EFI PART", "img"),
  SIGN(1024, "H+\0\4", "img"),
  SIGN(1024, "HX\0\5", "img"),
  SIGN(1080, "\x53\xef", "img"),
  SIGN(0, "\x45\x3d\xcd\x28", "img"),
  SIGN(0, "SZDD\x88\xf0\x27\x33", "szdd"),
  SIGN(0, "KWAJ\x88\xf0\x27\xd1", "szdd"),
  SIGN(0, "hsqs", "squashfs"),
  SIGN(0, "sqsh", "squashfs"),
  SIGN(0, "!BDN", "pst"),
  SIGN(0, "=ybegin ", "yenc"),
  SIGN(0, "(This file must be converted with BinHex", "hqx"),
  SIGN(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
  SIGN(0, "\x78\x9f\x3e\x22", "tnef"),
  SIGN(0, "ActiveMime", "mso"),
  SIGN(0, "%!PS", "ps"),
  SIGN(0, "\xc5\xd0\xd3\xc6", "ps"),
  SIGN(0, "{\\rt", "rtf"),
  SIGN(0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "one"),
  SIGN(0, "\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", "one"),
  SIGN(0, "ITSF", "chm"),
  SIGN(0, "?_\3\0", "hlp"),
  SIGN(0, "L\0\0\0\1\x14\2\0", "lnk"),
  SIGN(4, "Standard Jet DB", "mdb"),
  SIGN(4, "Standard ACE DB", "accdb"),
  SIGN(0, "SQLite format 3\0", "sqlite"),
  SIGN(0, "AT&TFORM", "djvu"),
  SIGN(0, "AC10", "dwg"),
  SIGN(0, "\xd4\xc3\xb2\xa1", "pcap"),
  SIGN(0, "\xa1\xb2\xc3\xd4", "pcap"),
  SIGN(0, "\x0a\x0d\x0d\x0a", "pcap"),
  SIGN(0, "#@~^", "vbe"),
  SIGN(0, "REGEDIT4", "reg"),
  SIGN(0, "Windows Registry Editor", "reg"),
  SIGN(0, "ID;P", "slk"),
  SIGN(0, "WEB\r\n1", "iqy"),
  SIGN(0, "WEB\n1", "iqy"),
  SIGN(0, "-----BEGIN PGP", "asc"),
  SIGN(0, "-----BEGIN PKCS7", "p7m"),
  SIGN(0, "-----BEGIN PKCS #7", "p7m"),
  SIGN(0, "-----BEGIN CMS", "p7m"),
  SIGN(0, "-----BEGIN ", "pem"),
  SIGN(0, "\x89PNG\r\n\x1a\n", "png"),
  SIGN(0, "\xff\xd8\xff", "jpg"),
  SIGN(0, "GIF87a", "gif"),
  SIGN(0, "GIF89a", "gif"),
  SIGN(0, "II*\0", "tif"),
  SIGN(0, "MM\0*", "tif"),
  SIGN(0, "\0\0\1\0", "ico"),
  SIGN(0, "\0\0\2\0", "cur"),
  SIGN(8, "WEBP", "webp"),
  SIGN(0, "\0\0\0\x0cjP  ", "jp2"),
  SIGN(0, "8BPS", "psd"),
  SIGN(0, "\xd7\xcd\xc6\x9a", "wmf"),
  SIGN(0, "ID3", "mp3"),
  SIGN(0, "OggS", "ogg"),
  SIGN(0, "fLaC", "flac"),
  SIGN(8, "WAVEfmt ", "wav"),
  SIGN(8, "AVI LIST", "avi"),
  SIGN(8, "ACON", "ani"),
  SIGN(0, "MThd", "mid"),
  SIGN(0, "#!AMR", "amr"),
  SIGN(4, "ftypM4A", "m4a"),
  SIGN(4, "ftypqt", "mov"),
  SIGN(4, "ftyphei", "heic"),
  SIGN(4, "ftypmif1", "heic"),
  SIGN(4, "ftyp3g", "3gp"),
  SIGN(4, "ftyp", "mp4"),
  SIGN(0, "\x1a\x45\xdf\xa3", "mkv"),
  SIGN(0, "FLV\1", "flv"),
  SIGN(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wmv"),
  SIGN(0, "\0\0\1\xba", "mpg"),
  SIGN(0, "\0\0\1\xb3", "mpg"),
  SIGN(0, "\0\1\0\0\0", "ttf"),
  SIGN(0, "true\0", "ttf"),
  SIGN(0, "OTTO\0", "otf"),
  SIGN(0, "wOFF", "woff"),
  SIGN(0, "wOF2", "woff2")
};
#define SIGNS (sizeof signs / sizeof *signs)

/* Words at the beginning of text, behind blanks, byte order mark and comments,
 * in whatever case. */
static const struct { const char *text, *word; } openings[] = {
  { "<?php", "php" }, { "<!doctype html", "html" }, { "<html", "html" }, { "<head", "html" },
  { "<body", "html" }, { "<script", "html" }, { "<title", "html" }, { "<iframe", "html" },
  { "<meta", "html" }, { "<a href", "html" }, { "<table", "html" }, { "<img", "html" },
  { "<style", "html" }, { "<div", "html" }, { "<form", "html" }, { "<center", "html" },
  { "<hta:application", "hta" }, { "<svg", "svg" }, { "<!doctype svg", "svg" },
  { "<job", "wsf" }, { "<package", "wsf" }, { "<pcsettings", "settingcontent-ms" },
  { "<librarydescription", "library-ms" }, { "<searchconnectordescription", "search-ms" },
  { "<persistedquery", "search-ms" }, { "<asmv1:assembly", "application" },
  { "<jnlp", "jnlp" }, { "<scriptlet", "sct" }, { "<appinstaller", "appinstaller" }, { "<xdp:xdp", "xdp" },
  { "[oledb]", "udl" }, { "<xsl:stylesheet", "xsl" }, { "<?xml", "xml" },
  { "[internetshortcut", "url" }, { "[autorun", "inf" }, { "[version]", "inf" },
  { "[shell]", "scf" }, { "[desktop entry]", "desktop" }, { "[theme]", "theme" },
  { "full address:s:", "rdp" }, { "screen mode id:i:", "rdp" }, { "[{000214a0-", "url" },
  { "windows registry editor", "reg" }, { "@echo ", "bat" }, { "begin:vcard", "vcf" },
  { "begin:vcalendar", "ics" }, { "on error resume next", "vbs" }, { "%pdf-", "pdf" }
};
#define OPENINGS (sizeof openings / sizeof *openings)

const struct kind *kind_named(const char *word)
{
  size_t i;

  for (i = 0; i < KINDS; ++i)
    if (!strcmp(kinds[i].word, word)) return kinds + i;
  return 0;
}

/* What libmagic guesses by a few words of text. */
static int is_guess(const char *mime)
{
  static const char *const sure[] = {
    "text/html", "text/xml", "text/csv", "text/vcard", "text/calendar", "text/rtf",
    "text/x-msdos-batch"
  };
  size_t i;

  if (!strcmp(mime, "application/javascript")) return 1;
  if (!strcmp(mime, "application/x-setupscript")) return 1;
  if (strncmp(mime, "text/", 5)) return 0;
  for (i = 0; i < sizeof sure / sizeof *sure; ++i)
    if (!strcmp(mime, sure[i])) return 0;
  return 1;
}

const struct kind *kind_typed(const char *mime)
{
  static const char template[] = "-template";
  size_t i, len = strlen(mime);

  if (is_guess(mime)) return kind_named("txt");
  if (len > sizeof template && !strcmp(mime + len - sizeof template + 1, template))
    len -= sizeof template - 1;
  for (i = 0; i < KINDS; ++i)
    if (!strncasecmp(kinds[i].mime, mime, len) && !kinds[i].mime[len]) return kinds + i;
  return 0;
}

static int has(const char *bytes, size_t len, size_t at, const char *want, size_t n)
{
  return len >= at + n && !memcmp(bytes + at, want, n);
}

static unsigned long little(const char *bytes, unsigned int n)
{
  unsigned long value = 0;

  while (n) value = value << 8 | AT(bytes)[--n];
  return value;
}

/* Bytes that no text has, among the first n. */
static int is_binary(const char *bytes, size_t len, size_t n)
{
  size_t i;

  for (i = 0; i < len && i < n; ++i)
    if (AT(bytes)[i] < 7 || (AT(bytes)[i] > 13 && AT(bytes)[i] < 26)) return 1;
  return 0;
}

/* MZ: with a PE header exe or dll, which may be further behind than what is
 * here; for DOS the sizes in the header must make sense. */
static const char *program(const char *bytes, size_t len)
{
  unsigned long at;

  if (len < 28 || memcmp(bytes, "MZ", 2)) return 0;
  at = len >= 64 ? little(bytes + 60, 4) : 0;
  if (at && at < len - 24 && !memcmp(bytes + at, "PE\0", 4))
    return little(bytes + at + 22, 2) & 0x2000 ? "dll" : "exe";
  if (at >= KIND_HEAD - 24 && len == KIND_HEAD && at < 1 << 24 && at % 4 == 0) return "exe";
  return is_binary(bytes, len, 28) && little(bytes + 2, 2) < 512 && little(bytes + 4, 2) &&
         little(bytes + 8, 2) && little(bytes + 8, 2) <= 32 * little(bytes + 4, 2) ? "exe" : 0;
}

/* The checksum of a tar header without a signature. */
static int is_tar(const char *bytes, size_t len)
{
  unsigned long sum = 0, want = 0;
  size_t i;

  if (len < 512 || !*bytes) return 0;
  for (i = 148; i < 156 && (bytes[i] == ' ' || (bytes[i] >= '0' && bytes[i] <= '7')); ++i)
    if (bytes[i] != ' ') want = want * 8 + (unsigned long) (bytes[i] - '0');
  for (i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : AT(bytes)[i];
  return want && sum == want;
}

/* A table of partitions that makes sense: each is active or not, has a place and a
 * length if it has a type, and there is one. */
static int is_disk(const char *bytes, size_t len)
{
  const char *p = bytes + 446;
  unsigned int used = 0;

  if (len < 512) return 0;
  for (; p < bytes + 510; p += 16) {
    if (*p & 0x7f || (p[4] && (!little(p + 8, 4) || !little(p + 12, 4)))) return 0;
    used += p[4] != 0;
  }
  return used > 0;
}

/* Signatures that are too short to be enough. */
static const char *weak(const char *bytes, size_t len)
{
  if (has(bytes, len, 0, "\x1f\x8b\x08", 3) && len >= 18 && !(AT(bytes)[3] & 0xe0)) return "gz";
  if (has(bytes, len, 0, "\x1f\x9d", 2) && len > 3 && !(bytes[2] & 0x60) && (bytes[2] & 31) >= 9 &&
      (bytes[2] & 31) <= 16) return "z";
  if (has(bytes, len, 2, "-l", 2) && len > 21 && bytes[6] == '-' &&
      (bytes[4] == 'h' || bytes[4] == 'z')) return "lzh";
  if (has(bytes, len, 0, "\xca\xfe\xba\xbe", 4) && len >= 8)
    return AT(bytes)[6] || AT(bytes)[7] >= 45 ? "class" : "macho";
  if (has(bytes, len, 0, "BZh", 3) && len > 9 && bytes[3] >= '1' && bytes[3] <= '9' &&
      (!memcmp(bytes + 4, "1AY&SY", 6) ||
       !memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6))) return "bz2";
  if (has(bytes, len, 0, "\x5d\0\0", 3) && len > 13 &&
      (!memcmp(bytes + 5, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) ||
       !memcmp(bytes + 10, "\0\0\0", 3)))
    return "lzma";
  if (has(bytes, len, 0, "\xc7\x71", 2) && len > 28 && little(bytes + 20, 2) > 1 &&
      little(bytes + 20, 2) < 1024 && 25 + little(bytes + 20, 2) < len &&
      !bytes[25 + little(bytes + 20, 2)])
    return "cpio";
  if (has(bytes, len, 0, "\x60\xea", 2) && len > 10 && little(bytes + 2, 2) <= 2600 &&
      AT(bytes)[10] == 2)
    return "arj";
  if (has(bytes, len, 0, "BM", 2) && len > 18 && little(bytes + 14, 4) <= 124 && !bytes[6])
    return "bmp";
  if (has(bytes, len, 40, " EMF", 4) && little(bytes, 4) == 1) return "emf";
  if (has(bytes, len, 34, "LP", 2) && little(bytes + 8, 2) <= 2 && bytes[10] <= 2) return "eot";
  if (len > 8 && strchr("FCZ", bytes[0]) && bytes[0] && !memcmp(bytes + 1, "WS", 2) &&
      AT(bytes)[3] < 60 && is_binary(bytes, len, 64)) return "swf";
  if (len > 3 && AT(bytes)[0] == 0xff && (AT(bytes)[1] & 0xe6) == 0xe2 && AT(bytes)[2] >> 4 != 15)
    return "mp3";
  if (has(bytes, len, 510, "\x55\xaa", 2) &&
      (has(bytes, len, 54, "FAT", 3) || has(bytes, len, 82, "FAT32", 5) ||
       has(bytes, len, 3, "NTFS", 4) || has(bytes, len, 3, "EXFAT", 5) || is_disk(bytes, len)))
    return "img";
  if (len > 16 && little(bytes, 4) == 4 && little(bytes + 4, 4) == little(bytes + 8, 4) + 4 &&
      little(bytes + 12, 4) < little(bytes + 8, 4) && bytes[16] == '{') return "asar";
  return 0;
}

/* DER or BER: a sequence that begins with the object identifier of signed or
 * compressed data. */
static const char *cms(const char *bytes, size_t len)
{
  size_t i;

  for (i = 2; len > 40 && *bytes == 0x30 && i < 8; ++i)
    if (!memcmp(bytes + i, "\6\11\x2a\x86\x48\x86\xf7\x0d\1\7\2", 11)) return "p7m";
    else if (!memcmp(bytes + i, "\6\x0b\x2a\x86\x48\x86\xf7\x0d\1\x09\x10\1\x09", 13)) return "p7z";
  return 0;
}

/* The program that a first line with #! asks for. */
static const char *script(const char *bytes, size_t len)
{
  size_t n = len < 128 ? len : 128;
  const char *end = memchr(bytes, '\n', n);

  if (!has(bytes, len, 0, "#!", 2)) return 0;
  if (end) n = (size_t) (end - bytes);
  if (memmem(bytes, n, "perl", 4)) return "pl";
  if (memmem(bytes, n, "python", 6)) return "py";
  if (memmem(bytes, n, "php", 3)) return "php";
  if (memmem(bytes, n, "node", 4)) return "js";
  return "sh";
}

/* Behind blanks, byte order mark, comments and processing instructions. */
static const char *behind(const char *p, const char *end)
{
  const char *stop;

  if (end - p > 2 && !memcmp(p, "\xef\xbb\xbf", 3)) p += 3;
  for (;;) {
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) ++p;
    if (end - p < 5 || memcmp(p, "<!--", 4)) return p;
    stop = memmem(p + 4, (size_t) (end - p) - 4, "-->", 3);
    if (!stop) return p;
    p = stop + 3;
  }
}

static const char *opening(const char *p, const char *end)
{
  size_t i, n;

  for (i = 0; i < OPENINGS; ++i) {
    n = strlen(openings[i].text);
    if ((size_t) (end - p) > n && !strncasecmp(p, openings[i].text, n) &&
        (*p != '<' || strchr(" \t\r\n/>", p[n]))) return openings[i].word;
  }
  return 0;
}

static int contains(const char *p, const char *end, const char *word)
{
  size_t n = strlen(word);

  for (; (size_t) (end - p) >= n; ++p)
    if (!strncasecmp(p, word, n)) return 1;
  return 0;
}

/* Text whose first words say what it is. */
static const char *text(const char *bytes, const char *end)
{
  const char *p = behind(bytes, end), *word = opening(p, end), *next;

  if (!word) return 0;
  if (!strcmp(word, "xml")) {
    next = memmem(p, (size_t) (end - p), "?>", 2);
    next = next ? opening(behind(next + 2, end), end) : 0;
    if (next) word = next;
    else if (contains(p, end, "<pcsettings")) word = "settingcontent-ms";
    else if (contains(p, end, "<svg")) word = "svg";
  }
  /* Other things begin like this, too. */
  if (!strcmp(word, "wsf") && !contains(p, end, "<script")) word = "xml";
  if (!strcmp(word, "inf") && (p[1] | 32) == 'v' && !contains(p, end, "signature")) return 0;
  if (!strcmp(word, "html") && contains(p, end, "<hta:application")) word = "hta";
  return word;
}

/* The same of UTF-16, by leaving out every other byte. */
static const char *wide(const char *bytes, size_t len)
{
  char narrow[1024];
  size_t n = 0, i, low = AT(bytes)[0] == 0xff ? 0 : 1;

  if (len < 4 || (memcmp(bytes, "\xff\xfe", 2) && memcmp(bytes, "\xfe\xff", 2))) return 0;
  for (i = 2 + low; i < len && n < sizeof narrow; i += 2) narrow[n++] = bytes[i];
  return text(narrow, narrow + n);
}

/* Does it begin with fields, one of them of mail? */
static int is_mail(const char *p, const char *end)
{
  static const char *const fields[] = {
    "received:", "return-path:", "from:", "mime-version:", "message-id:", "delivered-to:",
    "x-mozilla-status:", "subject:", "date:", "to:", "content-type:", "from "
  };
  const char *line = p, *colon;
  size_t i, lines;
  int mail = 0;

  for (lines = 0; line < end && lines < 20; ++lines) {
    if (*line == '\n' || *line == '\r') return lines > 1 && mail > 1;
    for (i = 0; i < sizeof fields / sizeof *fields; ++i)
      if ((size_t) (end - line) > strlen(fields[i]) &&
          !strncasecmp(line, fields[i], strlen(fields[i]))) ++mail;
    if (*line != ' ' && *line != '\t' && (end - line < 5 || strncasecmp(line, "from ", 5))) {
      for (colon = line; colon < end && *colon > ' ' && *colon < 127 && *colon != ':'; ++colon);
      if (colon == line || colon == end || *colon != ':') return 0;
    }
    line = memchr(line, '\n', (size_t) (end - line));
    if (!line) break;
    ++line;
  }
  return mail > 1;
}

int kind_text(const char *bytes, size_t len)
{
  return len && !is_binary(bytes, len, len < 4096 ? len : 4096);
}

const struct kind *kind_find(const char *bytes, size_t len)
{
  const char *word = 0, *end = bytes + (len < 4096 ? len : 4096);
  struct uu uu;
  size_t i;

  if (!len) return 0;
  word = program(bytes, len);
  for (i = 0; !word && i < SIGNS; ++i)
    if (has(bytes, len, signs[i].at, signs[i].bytes, signs[i].len)) word = signs[i].word;
  if (!word && memmem(bytes, len < 1024 ? len : 1024, "%PDF-", 5)) word = "pdf";
  if (!word) word = weak(bytes, len);
  if (!word) word = cms(bytes, len);
  if (!word) word = script(bytes, len);
  if (!word) word = text(bytes, end);
  if (!word) word = wide(bytes, len);
  if (!word && uu_begins(bytes, end, &uu)) word = "uue";
  if (!word && is_mail(bytes, end)) word = "eml";
  if (!word && is_tar(bytes, len)) word = "tar";
  return word ? kind_named(word) : 0;
}
