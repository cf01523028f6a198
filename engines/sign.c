#include "sign.h"

#include <string.h>

#include "kind.h"

#define AT(bytes) ((const unsigned char *) (bytes))

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

int sign_binary(const char *bytes, size_t len, size_t n)
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
  return sign_binary(bytes, len, 28) && little(bytes + 2, 2) < 512 && little(bytes + 4, 2) &&
         little(bytes + 8, 2) && little(bytes + 8, 2) <= 32 * little(bytes + 4, 2) ? "exe" : 0;
}

int sign_tar(const char *bytes, size_t len)
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
      AT(bytes)[3] < 60 && sign_binary(bytes, len, 64)) return "swf";
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

const char *sign_find(const char *bytes, size_t len)
{
  const char *word = program(bytes, len);
  size_t i;

  for (i = 0; !word && i < SIGNS; ++i)
    if (has(bytes, len, signs[i].at, signs[i].bytes, signs[i].len)) word = signs[i].word;
  if (!word && memmem(bytes, len < 1024 ? len : 1024, "%PDF-", 5)) word = "pdf";
  if (!word) word = weak(bytes, len);
  return word ? word : cms(bytes, len);
}
