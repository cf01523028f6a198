#ifndef CM_JSON_H
#define CM_JSON_H

/* JSON, RFC 8259, read strictly and with limits, from others than our own. */

#include <stddef.h>

enum { JSON_DEPTH = 32, JSON_NODES = 50000 };

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A value; text points into what was read: a number as it was written, a string
 * decoded to UTF-8, without any NUL in it. */
struct json {
  enum json_kind kind;
  const char *key;   /* of a member of an object */
  size_t keylen;
  const char *text;
  size_t len;
  size_t end;        /* the number of the value behind this one and all in it */
};

/* Read len bytes, which are changed, as one value. The values in the order they
 * came in, the first is the whole; they last until the next call. 0: this is
 * not JSON, or above a limit, or there is no memory. */
const struct json *json_read(char *text, size_t len);

/* The member with this key and of this kind of the object, or 0: none or several. */
const struct json *json_member(const struct json *all, const struct json *object, const char *key,
                               enum json_kind kind);

#endif
