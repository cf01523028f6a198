#ifndef CM_LIST_H
#define CM_LIST_H

/* Lists of senders: a CDB file with one verdict per key, cm-list(5). A look-up
 * tells "not listed" from "not a list": a file that is empty, cut short or no
 * CDB is never the answer no. */

#include <stddef.h>

#define LIST_KEYMAX 1000    /* bytes of a key */
#define LIST_LINEMAX 4000   /* bytes of a key, its verdict and its reason */

struct list {
  int fd;
  int plain;    /* it is known to have no pattern */
  char *map;    /* the file; 0: nothing has been found yet */
  size_t size;
  size_t end;   /* where its records end and its hash tables begin */
  char *head;   /* where these are */
};

/* A key and "[+CONDITION...] [VERDICT [REASON...]]", pointing into the list. */
struct entry {
  const char *key;
  size_t keylen;
  const char *value;
  size_t valuelen;
};

/* The file that is open at fd. The list keeps the descriptor, and what is found in
 * it, as long as the process lasts. 1; 0: it is not a list, or not a whole one;
 * -1 with errno; then fd is closed. */
int list_open(struct list *list, int fd);

/* The entry with just this key, the first if there are several.
 * 1; 0: there is none; -1: list_trouble() says why. */
int list_get(struct list *list, const char *key, size_t len, struct entry *entry);

/* Why the last answer was -1: "damaged", or why it cannot be read. Static. */
const char *list_trouble(void);

/* Has the key * or ? in it? */
int list_is_pattern(const struct entry *entry);

/* All patterns of the list with what their entries say, a line "KEY [VALUE]" each, which
 * together are the value of all. 1; 0: it has none; 2: it was not made by cm-list, and only
 * a walk tells; -1: list_trouble() says why. */
int list_patterns(struct list *list, struct entry *all);

/* Walk the conditions of an entry. *at is 0 for the first call; word comes
 * without its +. 1; 0: no more, and *at is where the verdict stands. */
int list_condition(const struct entry *entry, size_t *at, const char **word, size_t *len);

/* The next entry in the order of the file. *at is 0 for the first call.
 * 1; 0: no more; -1: list_trouble() says why. */
int list_next(struct list *list, size_t *at, struct entry *entry);

/* What an entry says: its verdict, or the other one if it names none;
 * reason, possibly empty, points into it. -1: what stands there is no verdict. */
int list_verdict(const struct entry *entry, int otherwise, const char **reason, size_t *len);

/* Make the bytes a key: lower case, without a dot at the end. Its new length,
 * or 0: this is no address, domain or pattern. */
size_t list_key(char *key, size_t len);

/* Write the entries as a list to fd, which is empty. 1, or -1 with errno. To be
 * called once in a process. */
int list_write(int fd, const struct entry *entries, size_t count);

#endif
