#include "identity.h"

#include <string.h>

/* The value behind the words `begins` up to the byte `ends`. */
static int between(const stralloc *data, const char *begins, char ends, size_t *at, size_t *len)
{
  size_t n = strlen(begins);
  const char *end;

  if (data->len < n || memcmp(data->s, begins, n)) return 0;
  end = memchr(data->s + n, ends, data->len - n);
  if (!end) return 0;
  *at = n;
  *len = (size_t) (end - data->s) - n;
  return *len > 0;
}

int identity_user(const char *mechanism, const stralloc *data, size_t *at, size_t *len)
{
  const char *first, *second;

  if (!case_diffs(mechanism, "PLAIN")) {  /* RFC 4616: [authzid] NUL authcid NUL password */
    first = memchr(data->s, 0, data->len);
    if (!first) return 0;
    second = memchr(first + 1, 0, data->len - (size_t) (first + 1 - data->s));
    if (!second) return 0;
    *at = (size_t) (first + 1 - data->s);
    *len = (size_t) (second - first - 1);
    return *len > 0;
  }
  if (!case_diffs(mechanism, "LOGIN")) {
    *at = 0;
    *len = data->len;
    return data->len > 0;
  }
  if (!case_diffs(mechanism, "XOAUTH2")) return between(data, "user=", 1, at, len);
  if (!case_diffs(mechanism, "OAUTHBEARER")) return between(data, "n,a=", ',', at, len);  /* RFC 7628, 3.1 */
  return 0;
}
