#ifndef CM_SASL_H
#define CM_SASL_H

/* Who logs in, as the first words of a client say it in AUTH, RFC 5034. */

#include "owfat.h"

/* base64, RFC 4648, appended; of what is none, or badly so, nothing: 0. 1. */
int sasl_encode(const char *data, size_t len, stralloc *to);
int sasl_decode(const char *text, size_t len, stralloc *to);

/* Where in data, what the client sent first in this mechanism, decoded, does the
 * name of the user stand? *at and *len; in OAUTHBEARER, = and , in it are
 * written as =3D and =2C. 1, or 0: it cannot be told. */
int sasl_user(const char *mechanism, const stralloc *data, size_t *at, size_t *len);

#endif
