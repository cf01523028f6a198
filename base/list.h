#ifndef CM_LIST_H
#define CM_LIST_H

/* Lists of senders: a CDB file with one verdict per key, cm-list(5). A look-up
 * tells "not listed" from "not a list": a file that is empty, cut short or no
 * CDB is never the answer no. */

#include <stddef.h>

#define LIST_KEYMAX 1000    /* bytes of a key */
#define LIST_LINEMAX 4000   /* bytes of a key, its verdict and its reason */

struct list {
  char *map;    /* the file */
  size_t size;
  size_t end;   /* where its records end and its hash tables begin */
};

/* A key and "[+CONDITION...] [VERDICT [REASON...]]", pointing into the list. */
struct entry {
  const char *key;
  size_t keylen;
  const char *value;
  size_t valuelen;
};

/* Map the file that is open at fd; the descriptor may be closed afterwards, the
 * map lasts as long as the process. 1; 0: it is not a list, or not a whole one;
 * -1 with errno. */
int list_open(struct list *list, int fd);

/* The entry with just this key, the first if there are several.
 * 1; 0: there is none; -1: the list is damaged. */
int list_get(const struct list *list, const char *key, size_t len, struct entry *entry);

/* The entry that decides about a mail address: of the address itself, of
 * @domain, of the domain, of the domains above it, or the first pattern that
 * matches. No bytes at all are the empty sender, listed as <>. Of an address
 * above LIST_KEYMAX only the end counts. Case does not matter.
 * 1; 0: not listed; -1: the list is damaged. */
int list_find(const struct list *list, const char *address, size_t len, struct entry *entry);

/* The same, but entries to which counts says 0 are passed over. */
int list_choose(const struct list *list, const char *address, size_t len,
                int (*counts)(const struct entry *entry), struct entry *entry);

/* Walk the conditions of an entry. *at is 0 for the first call; word comes
 * without its +. 1; 0: no more, and *at is where the verdict stands. */
int list_condition(const struct entry *entry, size_t *at, const char **word, size_t *len);

/* The next entry in the order of the file. *at is 0 for the first call.
 * 1; 0: no more; -1: the list is damaged. */
int list_next(const struct list *list, size_t *at, struct entry *entry);

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
