#ifndef CM_DIAL_H
#define CM_DIAL_H

/* Connections to whom we ask: mail servers, scanners, classifiers. */

/* Connect by TCP to a host's name or address at a port (number or service
 * name), trying its addresses in turn, each for at most so many seconds, which
 * stay the kernel's limit on sending (see stream_begin). A descriptor, close
 * on exec, that sends at once (TCP_NODELAY); the caller closes it. -1 with
 * errno: EADDRNOTAVAIL if the host has no address, ETIMEDOUT, or why the last
 * address did not answer. */
int dial_tcp(const char *host, const char *port, unsigned long seconds);

/* The same for an address in one word: "/PATH" is a local socket, "HOST:PORT"
 * and "[IPV6]:PORT" are TCP. EINVAL: it is neither. */
int dial(const char *address, unsigned long seconds);

/* Listen at such an address. What is left of a local socket that nobody serves
 * is replaced, and everybody who can reach its directory may connect. A
 * descriptor, close on exec and not blocking; -1 with errno (EADDRINUSE:
 * somebody serves it). */
int dial_listen(const char *address);

#endif
