#ifndef CM_ATTRIBUTE_H
#define CM_ATTRIBUTE_H

/* What XCLIENT and XFORWARD say of a client, NAME=VALUE each: Postfix's extensions. */

#include "owfat.h"

enum attribute {
  ATTRIBUTE_NAME, ATTRIBUTE_ADDR, ATTRIBUTE_PORT, ATTRIBUTE_PROTO, ATTRIBUTE_HELO, ATTRIBUTE_LOGIN,
  ATTRIBUTE_DESTADDR, ATTRIBUTE_DESTPORT, ATTRIBUTE_IDENT, ATTRIBUTE_SOURCE, ATTRIBUTES
};

/* Those that each of the commands has, a bit for each. */
#define ATTRIBUTE_XCLIENT 0x0ffu
#define ATTRIBUTE_XFORWARD 0x31fu

struct attributes {
  unsigned int given;           /* a bit for each */
  stralloc value[ATTRIBUTES];   /* of those, 0-terminated; "": not known */
};

/* Read them from the arguments of a command that has these. 1; 0: malformed, twice, unknown,
 * or none. Values are checked, addresses and ports in their usual form, and all is printable. */
int attribute_read(const char *args, size_t len, unsigned int has, struct attributes *a);

/* Append the names of these, a blank before each. 1, or 0 without memory. */
int attribute_names(unsigned int has, stralloc *to);

/* Which of them a server offers by their names, with a blank before each: a bit for each. */
unsigned int attribute_offered(const stralloc *words);

#endif
