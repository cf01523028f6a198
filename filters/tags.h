#ifndef CM_TAGS_H
#define CM_TAGS_H

/* A list of NAME=VALUE with ; between, RFC 6376, section 3.2: signatures, keys
 * and DMARC records. */

#include <stddef.h>

#define TAGS_MAX 64  /* more make no list */

struct tag {
  const char *name;
  size_t namelen;
  const char *value;  /* without blanks and folds around it */
  size_t len;
  const char *raw;    /* with them: from behind the = to the ; */
  size_t rawlen;
};

struct tags {
  struct tag tag[TAGS_MAX];
  size_t count;
};

/* Read len bytes of text; the tags point into it. 1; 0: the text breaks the
 * grammar somewhere or has a name twice; what could be read is there, of a name
 * the first. */
int tags_read(struct tags *tags, const char *text, size_t len);

/* The tag with this name, which case matters in, or 0. */
const struct tag *tags_find(const struct tags *tags, const char *name);

/* Is it there with this value, in any case? 1 or 0. */
int tags_is(const struct tag *tag, const char *value);

/* Walk a value that is a list with : between. *at is 0 at first; the item comes
 * without blanks around it. 1, or 0: no more. */
int tags_item(const struct tag *tag, const char **at, const char **item, size_t *len);

/* Is one of its items this word, in any case? 1 or 0. */
int tags_lists(const struct tag *tag, const char *word);

#endif
