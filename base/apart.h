#ifndef CM_APART_H
#define CM_APART_H

/* A space of users of our own, user_namespaces(7), in which we are who we were: what is
 * counted for an account is counted apart from there on, and more can be had apart with
 * it, such as mounts. */

/* more: flags of unshare(2), or 0. Allowed in a child of vfork. 1; 0: the kernel gives none. */
int apart(int more);

#endif
