#ifndef CM_IDENTITY_H
#define CM_IDENTITY_H

/* Who logs in, as the first words of a client say it in AUTH, RFC 5034. */

#include "owfat.h"

/* Where in data, what the client sent first in this mechanism, decoded, does the
 * name of the user stand? *at and *len; in OAUTHBEARER, = and , in it are
 * written as =3D and =2C. 1, or 0: it cannot be told. */
int identity_user(const char *mechanism, const stralloc *data, size_t *at, size_t *len);

#endif
