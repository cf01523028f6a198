#ifndef CM_SASL_H
#define CM_SASL_H

/* What has to be known of SASL (RFC 4422) to pass it on, or to speak it: the names of mechanisms, the
 * alphabet of what is said, and in some of them the user's name. */

#include "owfat.h"

#define SASL_MECHANISM 20  /* bytes of a name; RFC 4422, 3.1 */

/* Append those of the offered words that can be passed on, each once, a blank before it.
 * How many; 0 without memory, too. */
int sasl_list(const stralloc *offered, stralloc *to);

/* Is the word, n bytes in whatever case, one of them? Then its name. 1 or 0. */
int sasl_choose(const stralloc *offered, const char *word, size_t n, char name[SASL_MECHANISM + 1]);

/* Is all of it base64 as RFC 4648, section 4, has it? Nothing at all is, too. */
int sasl_is_base64(const char *text, size_t len);

/* Append base64 of len bytes. 1, or 0 without memory. */
int sasl_encode(stralloc *to, const char *data, size_t len);

/* Decode such base64. 1, or 0 without memory. */
int sasl_decode(stralloc *to, const char *text, size_t len);

/* Who somebody says to be who has said this last, and that before, by a mechanism (in
 * capitals): the user's name, made printable, 0-terminated; where that is not to be seen
 * the mechanism in brackets. 1, or 0 without memory. */
int sasl_user(const char *mechanism, const stralloc *before, const stralloc *last, stralloc *user);

#endif
