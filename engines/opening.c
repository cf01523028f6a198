#include "opening.h"

#include <string.h>

#include "uu.h"

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

/* The program that a first line with #! asks for. */
static const char *script(const char *bytes, size_t len)
{
  size_t n = len < 128 ? len : 128;
  const char *end = memchr(bytes, '\n', n);

  if (len < 2 || memcmp(bytes, "#!", 2)) return 0;
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
  size_t n = 0, i, low = (unsigned char) bytes[0] == 0xff ? 0 : 1;

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

const char *opening_find(const char *bytes, size_t len)
{
  const char *word, *end = bytes + (len < 4096 ? len : 4096);
  struct uu uu;

  word = script(bytes, len);
  if (!word) word = text(bytes, end);
  if (!word) word = wide(bytes, len);
  if (!word && uu_begins(bytes, end, &uu)) word = "uue";
  return word || !is_mail(bytes, end) ? word : "eml";
}
