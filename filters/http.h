#ifndef CM_HTTP_H
#define CM_HTTP_H

/* The answer to one request of HTTP/1.1, RFC 9112, behind which the other side
 * closes. Every trouble ends the stage, as in ask.h. */

#include "ask.h"

/* Append the body of an answer 200 to body, by its length or its chunks; max:
 * bytes it may have. */
void http_answer(struct ask *a, size_t max, stralloc *body);

#endif
