#include "rlimit.h"

#include <sys/resource.h>

#include "seccomp.h"

#ifdef __GLIBC__
#define KIND(resource) ((__rlimit_resource_t) (resource))
#else
#define KIND(resource) (resource)
#endif

int rlimit_lower(int resource, unsigned long most)
{
  struct rlimit now = { 0, 0 };

  if (SECCOMP_SANITIZED && resource == RLIMIT_AS) return 1;
  if (most && getrlimit(KIND(resource), &now) == -1) return -1;
  if (now.rlim_max > most) now.rlim_max = most;
  now.rlim_cur = now.rlim_max;
  return setrlimit(KIND(resource), &now) == -1 ? -1 : 1;
}
