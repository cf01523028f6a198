#include "route.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "lookup.h"

int route_because(const struct routes *r, stralloc *trouble, int result, const char *what, const char *more)
{
  control_trouble(trouble, r->file, ": ", what, more, (char *) 0);
  return result;
}

int route_list(struct routes *r, const char *file, const char *option, stralloc *trouble)
{
  int fd = control_open(file), opened;

  r->any = 0;
  r->file = file;
  if (fd == -1) return errno == ENOENT ? 1 : route_because(r, trouble, 0, strerror(errno), "");
  opened = list_open(&r->list, fd);
  if (opened == -1) route_because(r, trouble, 0, strerror(errno), "");
  if (opened == 0) route_because(r, trouble, 0, "damaged, or not made by cm-list ", option);
  return r->any = opened == 1;
}

int route_open(struct routes *r, const char *me, stralloc *trouble)
{
  r->me = me;
  return route_list(r, "control/routes", "-r", trouble);
}

/* The address in full: postmaster, and who else has no domain, is here. */
static int whole(const struct routes *r, const char *address, size_t len, stralloc *full)
{
  return stralloc_copyb(full, address, len) &&
         (memchr(address, '@', len) || (stralloc_append(full, "@") && stralloc_cats(full, r->me)));
}

int route_find(struct routes *r, const char *address, size_t len, struct upstreams *u, stralloc *trouble)
{
  static stralloc full, key;
  struct entry e;
  int found;

  if (!r->any) return 0;
  if (!whole(r, address, len, &full)) return route_because(r, trouble, -1, "out of memory", "");
  found = list_find(&r->list, full.s, full.len, &e);
  if (found == -1) return route_because(r, trouble, -1, list_trouble(), "");
  if (!found || upstream_list(u, e.value, e.valuelen, trouble)) return found;
  if (!stralloc_copyb(&key, e.key, e.keylen) || !stralloc_cats(&key, ": ") ||
      !stralloc_cat(&key, trouble) || !stralloc_0(&key)) return -1;
  return route_because(r, trouble, -1, key.s, "");
}
