#ifndef CM_KEYS_H
#define CM_KEYS_H

/* The files of certificates and keys. The process that speaks with strangers may
 * not open them: it asks this one, by name, and gets open descriptors. */

#include <stddef.h>

#define KEYS_NAME 250  /* bytes of a name; with what is behind it, that of a file */
#define KEYS_DEFAULT "default"

/* Make a name of what a client asked for: small letters, without a last dot.
 * to: KEYS_NAME + 1 bytes. 1, or 0: it is no name of a host. */
int keys_name(const char *text, char *to);

/* The name that stands for all names beside this one, "_." and what is behind
 * its first dot. 1, or 0: there is none. */
int keys_wildcard(const char *name, char *to);

/* Answer the next question that has come through a local socket, from the files of an
 * open directory. path: its name, and id: for the log. 1; 0: there will be none. */
int keys_answer(int socket, int directory, const char *path, const char *id);

/* The same for all questions of one who asks, until the other side closes the
 * socket, or so many seconds after the last. */
#define KEYS_REQUESTS 8
void keys_serve(int socket, int directory, const char *path, const char *id, unsigned long seconds);

/* Ask for a name, at keys_serve. *certificate and *key: open files, the same one
 * if both are in one. 1; 0: there is none, or it cannot be read; -1 with errno. */
int keys_ask(int socket, const char *name, int *certificate, int *key);

#endif
