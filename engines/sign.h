#ifndef CM_SIGN_H
#define CM_SIGN_H

/* What a file is by bytes that no text has. */

#include <stddef.h>

/* The word of its kind, or 0. */
const char *sign_find(const char *bytes, size_t len);

/* The checksum of a tar header without a signature. */
int sign_tar(const char *bytes, size_t len);

/* Bytes that no text has, among the first n. 1 or 0. */
int sign_binary(const char *bytes, size_t len, size_t n);

#endif
