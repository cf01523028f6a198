#ifndef CM_PKCS7_H
#define CM_PKCS7_H

/* S/MIME: what was signed and stands inside the signature's structure (RFC 8551, 3.5.2),
 * found without knowing anything about signatures. */

/* Copy the content of the signed data in the file fd to the file to. 1; 0: it is not there,
 * or the structure is not one of signed data; -1 with errno. */
int pkcs7_content(int fd, int to);

#endif
