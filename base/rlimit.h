#ifndef CM_RLIMIT_H
#define CM_RLIMIT_H

/* Lower a limit of the kernel, hard and soft: RLIMIT_CORE and so on. One that is lower
 * already stays. A build with a sanitizer leaves the address space alone. 1; -1 with errno. */
int rlimit_lower(int resource, unsigned long most);

#endif
