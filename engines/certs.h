#ifndef CM_CERTS_H
#define CM_CERTS_H

/* Certificates and their keys, which a server presents. This, too, is of the door to
 * OpenSSL. What is kept counts as long as its files are the same that are found now. */

struct ssl_st;

/* Let the session present the certificate of this name, from files that are asked for
 * at keys, keys_ask(). where: their directory, for the log, as is id. 1; or 0: there
 * is none, or it is no good, which has been logged. */
int certs_present(struct ssl_st *ssl, int keys, const char *name, const char *where, const char *id);

/* Keep the certificate of this name, for processes that are forked from now on. */
void certs_keep(int keys, const char *name);

/* Who presents one that is not kept writes its name here from now on, with a 0. */
void certs_tell(int fd);

#endif
