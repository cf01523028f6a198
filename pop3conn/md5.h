#ifndef CM_MD5_H
#define CM_MD5_H

/* MD5, RFC 1321: for APOP, which has nothing better, and for nothing else. */

#include <stddef.h>

#define MD5_HEX 33

/* The digest of len bytes, below 2^29, as 32 hexadecimal digits and a 0. */
void md5_hex(const void *data, size_t len, char hex[MD5_HEX]);

#endif
