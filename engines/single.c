#include "single.h"

#include <string.h>

#include "uu.h"

/* Extensions, and what is left of them. */
static const struct { const char *end, *instead; } ends[] = {
  { ".gz", "" }, { ".bz2", "" }, { ".xz", "" }, { ".lzma", "" }, { ".lz", "" }, { ".lz4", "" },
  { ".zst", "" }, { ".z", "" }, { ".uu", "" }, { ".uue", "" }, { ".bz", "" },
  { ".tgz", ".tar" }, { ".tbz", ".tar" }, { ".tbz2", ".tar" }, { ".txz", ".tar" },
  { ".tlz", ".tar" }, { ".tzst", ".tar" }, { ".taz", ".tar" }, { ".svgz", ".svg" },
  { ".emz", ".emf" },
  { ".wmz", ".wmf" }
};

static int add(stralloc *names, const char *text, size_t len, const char *more)
{
  return stralloc_catb(names, text, len) && stralloc_catb(names, more, strlen(more) + 1);
}

/* The name in the header of gzip, RFC 1952: behind the optional extra field. */
static int gzip(const char *bytes, size_t have, stralloc *names)
{
  size_t at = 10;
  const char *end;

  if (have < 12 || !(bytes[3] & 8)) return 1;
  if (bytes[3] & 4) at += 2 + (unsigned char) bytes[10] + 256u * (unsigned char) bytes[11];
  if (at >= have || !(end = memchr(bytes + at, 0, have - at))) return 1;
  return add(names, bytes + at, (size_t) (end - bytes) - at, "");
}

int single_names(const char *kind, const char *bytes, size_t have,
                 const char *name, size_t len, stralloc *names)
{
  struct uu uu;
  size_t i, n;

  if (!strcmp(kind, "gz") && !gzip(bytes, have, names)) return 0;
  if (!strcmp(kind, "uue") && uu_begins(bytes, bytes + have, &uu) &&
      !add(names, uu.name, uu.namelen, "")) return 0;
  for (i = 0; i < sizeof ends / sizeof *ends; ++i) {
    n = strlen(ends[i].end);
    if (len > n && !strncasecmp(name + len - n, ends[i].end, n))
      return add(names, name, len - n, ends[i].instead);
  }
  return add(names, name, len, "");
}
