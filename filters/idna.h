#ifndef CM_IDNA_H
#define CM_IDNA_H

/* Domain names that people write in other letters than ASCII's. */

#include "owfat.h"

/* The name in the DNS: lower case, labels in UTF-8 as xn-- (RFC 3492, RFC 5891),
 * no dot at the end. Capitals of Latin-1, Greek and Cyrillic become small
 * letters, letters of full width plain ones, the full stops of Chinese and
 * Japanese dots, and what nobody sees is left out; nothing else is mapped. 1, name
 * is 0-terminated; 0: the DNS can have no such name; -1 without memory. */
int idna_name(const char *text, size_t len, stralloc *name);

#endif
