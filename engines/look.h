#ifndef CM_LOOK_H
#define CM_LOOK_H

/* What cm-look prints, and the budgets that everything in it keeps to. The
 * lines are those of cm-look(8). */

#include "owfat.h"

enum {
  LOOK_DEPTH   = 8,          /* containers inside each other */
  LOOK_ENTRIES = 10000,      /* in one attachment, at all depths */
  LOOK_BYTES   = 200 << 20,  /* decoded and looked into, in one attachment */
  LOOK_PASSED  = 1 << 30,    /* decoded and passed over */
  LOOK_SECONDS = 20,         /* for all attachments; or until 3 before CM_DEADLINE */
  LOOK_NAME    = 1024        /* bytes of a name that are shown: the last ones */
};

enum look_flag {
  FLAG_ENCRYPTED   = 1 << 0,
  FLAG_MACRO       = 1 << 1,
  FLAG_EXECUTABLE  = 1 << 2,
  FLAG_POLYGLOT    = 1 << 3,
  FLAG_UNSUPPORTED = 1 << 4,
  FLAG_BROKEN      = 1 << 5,
  FLAG_DEPTH       = 1 << 6,
  FLAG_ENTRIES     = 1 << 7,
  FLAG_BYTES       = 1 << 8,
  FLAG_TIME        = 1 << 9,
  FLAG_SCRIPT      = 1 << 10,
  FLAG_DATA        = 1 << 11,
  FLAG_PDF_SCRIPT  = 1 << 12,
  FLAG_PDF_LAUNCH  = 1 << 13,
  FLAG_PDF_ENCRYPTED = 1 << 14,
  FLAG_LINK        = 1 << 15
};

/* One container. */
struct level {
  unsigned int depth;   /* of its entries */
  unsigned int number;  /* no two containers of a section have the same */
};

/* Set the clock by CM_DEADLINE. Once. */
void look_start(void);

void look_section(const char *file);
void look_type(const char *mime, const char *kind);
/* The flags of the section, behind everything else. */
void look_section_end(void);
void look_end(void);

/* Go into a container at this depth: 1, or 0 with FLAG_DEPTH. */
int look_enter(unsigned int depth, struct level *level);

/* One entry more was read: 1, or 0 when a budget says that it must be the last. */
int look_entry(void);

/* Print an entry, once per container, kind and name. */
void look_name(const struct level *level, const char *kind, const char *name, size_t len);

/* Was the name printed in this container, with this kind or, if that is "", any? */
int look_known(const struct level *level, const char *kind, const char *name, size_t len);

void look_flag(enum look_flag flag);

/* So many bytes were decoded and kept, or passed over. 1, or 0 with a flag. */
int look_spend(size_t bytes);
int look_pass(size_t bytes);

/* Bytes that may still be kept. */
size_t look_left(void);

/* A limit of the section is passed; with FLAG_TIME if it is the time. 1 or 0. */
int look_over(void);

/* A new file for decoded bytes. */
int look_file(void);

#endif
