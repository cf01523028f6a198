#ifndef CM_IP_H
#define CM_IP_H

/* Addresses and networks of IPv4 and IPv6. */

#include <stddef.h>

struct ip {
  unsigned char bytes[16];
  size_t len;         /* 4 or 16; an IPv4 address mapped into IPv6 has 4 */
  unsigned int bits;  /* of a network; of an address all, 32 or 128 */
};

#define IP_TEXT 46  /* bytes of an address as text, with the 0 behind it */

/* Read an address from len bytes, all of them. 1, or 0: it is none. */
int ip_scan(const char *text, size_t len, struct ip *ip);

/* The same for an address with or without /BITS behind it. */
int ip_scan_network(const char *text, size_t len, struct ip *network);

/* Is the address in the network? 1 or 0. */
int ip_in(const struct ip *ip, const struct ip *network);

/* Is this an address that nobody in the public Internet has: private, local,
 * for many hosts, or reserved? 1 or 0. Those for documentation are none. */
int ip_private(const struct ip *ip);

/* The address as text. */
void ip_format(const struct ip *ip, char text[IP_TEXT]);

#endif
