#ifndef CM_KIND_H
#define CM_KIND_H

/* What a file really is, by its first bytes. */

#include <stddef.h>
#include <sys/types.h>

enum { KIND_HEAD = 65536 };  /* first bytes that are worth having */

/* How what is inside is reached. */
enum kind_way {
  WAY_NONE,     /* there is nothing inside */
  WAY_ZIP,
  WAY_ARCHIVE,  /* libarchive */
  WAY_OLE,
  WAY_TNEF,
  WAY_MAIL,
  WAY_SIGNED,   /* by S/MIME, with the content inside the signature */
  WAY_RTF,
  WAY_ONENOTE,
  WAY_ACTIVEMIME,
  WAY_XML,
  WAY_PDF,
  WAY_PAGE,     /* HTML and the like, which may have scripts */
  WAY_PROGRAM,  /* a program; perhaps an archive behind it */
  WAY_CLOSED    /* an archive that nobody here opens */
};

struct kind {
  const char *word;  /* the usual extension */
  const char *mime;
  enum kind_way way;
};

/* By the first len bytes of a file, or 0: cannot be told. */
const struct kind *kind_find(const char *bytes, size_t len);

/* Could these be the first bytes of text? 1 or 0. */
int kind_text(const char *bytes, size_t len);

/* The kind of this word; of this media type, or 0. */
const struct kind *kind_named(const char *word);
const struct kind *kind_typed(const char *mime);

#endif
