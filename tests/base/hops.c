/* Where a message came from, by its Received fields as many programs write them. */
#include "hops.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static struct header header;

static void message(const char *text)
{
  int fds[2];

  if (pipe(fds) || write(fds[1], text, strlen(text)) == -1) perror("pipe");
  close(fds[1]);
  header_read(&header, fds[0]);
  close(fds[0]);
}

/* The hops as text with blanks between. */
static int hops(const char *client, enum hops_which which, const char *want)
{
  struct ip ip, found[HOPS_MAX];
  char text[IP_TEXT], all[1000] = "";
  int i, n, given = client && ip_scan(client, strlen(client), &ip);

  n = hops_read(&header, given ? &ip : 0, which, found);
  for (i = 0; i < n; ++i) {
    ip_format(found + i, text);
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "", text);
  }
  if (!strcmp(all, want)) return 1;
  printf("# want %s, got %s\n", want, all);
  return 0;
}

/* The address in one field. */
static int is(const char *line, const char *want)
{
  static char text[2000];

  snprintf(text, sizeof text, "Received: %s\n\n", line);
  message(text);
  return hops(0, HOPS_ALL, strcmp(want, "none") ? want : "");
}

static void endless(void)
{
  static const char *const begins[] = { "[", "([", "(", "helo=[" };
  static char line[1 << 20];
  size_t i, k, len;
  int good = 1;

  alarm(60);
  for (k = 0; k < sizeof begins / sizeof *begins; ++k) {
    len = strlen(begins[k]);
    for (i = 0; i < sizeof line; ++i) line[i] = begins[k][i % len];
    memcpy(line, "Received: from ", 15);
    header.raw.len = 0;
    good &= stralloc_copyb(&header.raw, line, sizeof line) && (header.end = header.body = sizeof line) &&
            hops(0, HOPS_ALL, "");
  }
  alarm(0);
  ok(good, "a field of brackets is read once, not once for each");
}

int main(void)
{
  char many[4000] = "";
  int i;

  ok(is("from mx.example (rdns.example [9.8.7.6]) by us.example with ESMTP id 1; Sat, 1 Jan 2000", "9.8.7.6"),
     "the address in the comment's brackets");
  ok(is("from [1.1.1.1] (unknown [9.8.7.6]) by us.example", "9.8.7.6"), "not the name that is an address");
  ok(is("from [9.8.7.6] by us.example", "9.8.7.6") && is("from [9.8.7.6] (port=25 helo=x) by us.example", "9.8.7.6"),
     "unless there is no other");
  ok(is("from x (helo=[1.1.1.1]) by us.example", "none") &&
     is("from [9.8.7.6] (helo=[1.1.1.1]) by us.example", "9.8.7.6") &&
     is("from x ([9.8.7.6]:4711 helo=[1.1.1.1]) by us.example", "9.8.7.6"), "nor what a comment calls a name");
  ok(is("from unknown (HELO x) (9.8.7.6) by us.example", "9.8.7.6") &&
     is("from unknown (HELO [1.1.1.1]) (9.8.7.6) by us.example", "9.8.7.6") &&
     is("from unknown (HELO 1.1.1.1) (joe@9.8.7.6) by us.example", "9.8.7.6"), "an address alone in a comment");
  ok(is("from x (rdns [1.1.1.1]) (real [9.8.7.6]) by us.example", "9.8.7.6"), "the last of several");
  ok(is("from x (rdns [9.8.7.6]) (Authenticated sender: joe@1.1.1.1) by us.example", "9.8.7.6"),
     "brackets before what is without");
  ok(is("from x (rdns [9.8.7.6] (may be forged)) by us.example", "9.8.7.6"), "comments inside comments");
  ok(is("from x (rdns [IPv6:2001:db8::1]) by us.example", "2001:db8::1") &&
     is("from x (2603:10b6::17) by y (2603:10b6::18) with Microsoft SMTP", "2603:10b6::17"), "IPv6, in both ways");
  ok(is("from x.example by y.example (here [9.8.7.6])", "none"), "not the address of who wrote it");
  ok(is("from x\t(rdns [9.8.7.6])\tby us.example", "9.8.7.6"), "tabs are blanks");
  ok(is("by us.example (x [9.8.7.6])", "none") && is("from", "none") && is("from ", "none") && is("", "none") &&
     is("(qmail 1 invoked by uid 0); 1 Jan 2000", "none") && is("from x (rdns [9.8.7.6", "none") &&
     is("from x (rdns [999.8.7.6]) by y", "none") && is("from x ([]) by y", "none") &&
     is("from x ())))((( by y", "none") && is("from x (\\) [9.8.7.6\\", "none"), "and nothing in odd ones");

  message("Received: from c (c [9.0.0.3]) by us\r\nReceived: from b\r\n (b [9.0.0.2])\r\n by c\r\n"
          "Subject: x\r\nReceived: from pc (pc [192.168.0.7]) by home\r\nReceived: from a (a [9.0.0.1]) by b\r\n\r\n");
  ok(hops("9.0.0.4", HOPS_ALL, "9.0.0.4 9.0.0.3 9.0.0.2 9.0.0.1"), "all hops, the nearest first, without private ones");
  ok(hops("9.0.0.4", HOPS_ALL_BUT_FIRST, "9.0.0.4 9.0.0.3 9.0.0.2"), "all but the first");
  ok(hops("9.0.0.4", HOPS_LAST_ONLY, "9.0.0.4"), "the last only");
  ok(hops("9.0.0.3", HOPS_ALL, "9.0.0.3 9.0.0.2 9.0.0.1"), "none twice");
  ok(hops("127.0.0.1", HOPS_LAST_ONLY, "9.0.0.3") && hops(0, HOPS_LAST_ONLY, "9.0.0.3"),
     "behind a private client, or none, comes the next");
  message("Subject: x\r\n\r\nReceived: from a (a [9.0.0.1]) by b\r\n");
  ok(hops("9.0.0.4", HOPS_ALL_BUT_FIRST, "9.0.0.4"), "a client alone counts, as the last; the body does not");
  ok(hops("10.0.0.1", HOPS_ALL, "") && hops(0, HOPS_ALL, ""), "there may be none");
  for (i = 0; i < 40; ++i)
    snprintf(many + strlen(many), sizeof many - strlen(many), "Received: from a (a [9.0.1.%d]) by b\n", i);
  message(many);
  ok(hops("9.0.0.4", HOPS_ALL, "9.0.0.4 9.0.1.0 9.0.1.1 9.0.1.2 9.0.1.3 9.0.1.4 9.0.1.5 9.0.1.6 9.0.1.7 9.0.1.8 "
          "9.0.1.9 9.0.1.10 9.0.1.11 9.0.1.12 9.0.1.13 9.0.1.14"), "of many the nearest");
  endless();
  return done_testing();
}
