#include "kind.h"

#include <string.h>

#include "opening.h"
#include "sign.h"

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

int kind_text(const char *bytes, size_t len)
{
  return len && !sign_binary(bytes, len, len < 4096 ? len : 4096);
}

const struct kind *kind_find(const char *bytes, size_t len)
{
  const char *word;

  if (!len) return 0;
  word = sign_find(bytes, len);
  if (!word) word = opening_find(bytes, len);
  if (!word && sign_tar(bytes, len)) word = "tar";
  return word ? kind_named(word) : 0;
}
