#ifndef CM_AUTHRES_H
#define CM_AUTHRES_H

/* The field Authentication-Results, RFC 8601: made for our reports, and read in
 * what the stages before us declared. Those that came with the message are
 * nobody's business: whoever sent it wrote them. */

#include "header.h"

#define AUTHRES_VALUE 400  /* bytes of a property; a longer one is left out */

/* Making one: begin it, then add results, each with what belongs to it. All
 * return 1, or 0 without memory, and begin also where our id cannot be read
 * (errno). The finished field is 0-terminated by the caller. */
int authres_begin(stralloc *field);
int authres_result(stralloc *field, const char *method, const char *result);
int authres_reason(stralloc *field, const char *reason);

/* property: such as "header.d". Bytes that do not print become question marks. */
int authres_property(stralloc *field, const char *property, const char *value, size_t len);

/* Reading those of $CM_FIELDS that carry our id. All zero at first. */
struct authres {
  struct header header;
  struct field field;
  const char *at, *end;  /* of its value: what is still to be read */
  stralloc words;        /* method, result, then properties and their values, each with a 0 behind it */
};

/* Take the fields from the file that $CM_FIELDS names; without one there are
 * none. 1; -1 with errno. */
int authres_open(struct authres *results);

/* The next result. 1; 0: no more; -1 with errno. */
int authres_next(struct authres *results);

/* From the first one again. */
void authres_rewind(struct authres *results);

/* Of this result, 0-terminated: what method, with what result; and the first
 * property of this name, or 0: it has none. */
const char *authres_method(const struct authres *results);
const char *authres_said(const struct authres *results);
const char *authres_value(const struct authres *results, const char *property);

#endif
