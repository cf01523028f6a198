/* Who handed a message to the recipient's servers, by control/hops: by number and by name, in
 * Received fields as many programs write them. */
#include "hop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct header header;
static struct hop hop;

static const char rules[] =
  "one@* 1\n"
  "two@* 2\n"
  "far@* 9\n"
  "named@* mx*.example.net *.inner.example\n"
  "other@* mx.nowhere.example\n"
  "bare 1\n";

#define OUTSIDE "Received: from client.example.org (reverse.example.org [192.0.2.7])\r\n" \
  "\tby mx1.example.net (Postfix) with ESMTPS id 4abc\r\n\tfor <u@example.net>; Thu, 1 Jan 2026 00:00:00 +0000 (UTC)\r\n"
#define INSIDE "Received: from mx1.example.net (mx1.example.net [198.51.100.1])\r\n" \
  "\tby store.inner.example with LMTP\r\n\tid 77; Thu, 1 Jan 2026 00:00:01 +0000\r\n"
#define FORGED "Received: from bank.example (bank.example [203.0.113.5]) by mx1.example.net with SMTP; Thu, 1 Jan 2026\r\n"

static void is(const char *account, const char *fields, const char *want, const char *name)
{
  static char all[1000];
  char *text = 0;

  if (asprintf(&text, "%sSubject: x\r\n\r\nReceived: from body ([192.0.2.99]) by mx1.example.net\r\n", fields) == -1) abort();
  header_take(&header, text, strlen(text), "", 0);
  if (!hop_find(&header, account, &hop)) all[0] = 0;
  else snprintf(all, sizeof all, "%s|%s|%s|%s", hop.sender.s, hop.helo.s, hop.host.s, hop.ip.s);
  ok(!strcmp(all, want), name);
  if (strcmp(all, want)) fprintf(stderr, "# want %s\n# got  %s\n", want, all);
  free(text);
}

/* The first field, and it alone. */
static void written(const char *field, const char *want, const char *name)
{
  is("one@example.net", field, want, name);
}

static void greeted(const char *fields, const char *ip, const char *want, const char *name)
{
  static stralloc helo;

  header_take(&header, fields, strlen(fields), "\r\n", 2);
  ok(hop_helo(&header, ip, &helo) && !strcmp(helo.s, want), name);
}

int main(void)
{
  char dir[] = "/tmp/cm-hop.XXXXXX";
  FILE *f;

  if (!mkdtemp(dir) || chdir(dir) || mkdir("control", 0700) || !(f = fopen("control/hops", "w"))) return 111;
  fputs(rules, f);
  fclose(f);
  setenv("CM_HOME", dir, 1);

  is("one@example.net", OUTSIDE FORGED, "|client.example.org|reverse.example.org|192.0.2.7", "the first field");
  is("bare", OUTSIDE FORGED, "|client.example.org|reverse.example.org|192.0.2.7", "for an account without a domain");
  is("two@example.net", INSIDE OUTSIDE FORGED, "|client.example.org|reverse.example.org|192.0.2.7", "the second");
  is("one@example.net", INSIDE OUTSIDE FORGED, "|mx1.example.net|mx1.example.net|198.51.100.1", "and not one that is too deep");
  is("far@example.net", INSIDE OUTSIDE FORGED, "|||", "where there are fewer nobody knows");
  is("nobody@example.net", OUTSIDE, "|||", "nor where no rule is for the account");
  is("named@example.net", INSIDE OUTSIDE, "|client.example.org|reverse.example.org|192.0.2.7", "the last of those on top by our servers' names");
  is("named@example.net", OUTSIDE, "|client.example.org|reverse.example.org|192.0.2.7", "which may be the first");
  is("named@example.net", "Received: by store.inner.example; Thu, 1 Jan 2026\r\n" OUTSIDE,
     "|client.example.org|reverse.example.org|192.0.2.7", "one that says from nobody is passed over");
  is("named@example.net", "Received: from a (a [192.0.2.8]) by elsewhere.example; x\r\n" OUTSIDE, "|||", "one of another on top ends it");
  is("named@example.net", OUTSIDE "Received: from b ([192.0.2.9]) by elsewhere.example; x\r\n" FORGED,
     "|client.example.org|reverse.example.org|192.0.2.7", "what stands below a stranger's is his word");
  is("other@example.net", OUTSIDE, "|||", "names of others find nothing");
  is("one@example.net", "Return-Path: <a@example.org>\r\n" OUTSIDE, "a@example.org|client.example.org|reverse.example.org|192.0.2.7",
     "the sender is that of Return-Path");
  is("one@example.net", "Return-Path: <>\r\n" OUTSIDE, "|client.example.org|reverse.example.org|192.0.2.7", "who may be empty");

  written("Received: from [10.0.0.5] (helo=mail.example.org)\r\n\tby mx.example.net with esmtp (Exim 4.96)\r\n", "|mail.example.org||10.0.0.5",
          "Exim, an address for a name");
  written("Received: from a.example.org ([192.0.2.7] helo=mail.example.org ident=joe)\r\n\tby mx.example.net with esmtp (Exim 4.96)\r\n",
          "|mail.example.org|a.example.org|192.0.2.7", "with one by the DNS, which is not what the client said");
  written("Received: from [10.0.0.5] (port=2525 helo=mail.example.org)\r\n\tby mx.example.net with esmtp (Exim 4.96)\r\n",
          "|mail.example.org||10.0.0.5", "behind a port");
  written("Received: from [10.0.0.5] (ident=helo)\r\n\tby mx.example.net with esmtp (Exim 4.96)\r\n", "|[10.0.0.5]||10.0.0.5", "and who said nothing");
  written("Received: from a.example.org (helo=x.example.org [192.0.2.7])\r\n\tby mx.example.net\r\n", "|x.example.org||192.0.2.7",
          "the name is found only where Exim would have it so");
  written("Received: from mail.example.org ([192.0.2.7]) by mx.example.net with esmtps (Exim 4.96)\r\n", "|mail.example.org||192.0.2.7",
          "Exim, without a reverse name");
  written("Received: from unknown (HELO mail.example.org) (192.0.2.7)\r\n  by mx.example.net with SMTP; 1 Jan 2026\r\n",
          "|mail.example.org||192.0.2.7", "qmail");
  written("Received: from a.example.org (HELO mail.example.org) (joe@192.0.2.7)\r\n  by mx.example.net with SMTP; 1 Jan 2026\r\n",
          "|mail.example.org|a.example.org|192.0.2.7", "with a name by the DNS, and one by ident");
  written("Received: from mail.example.org (192.0.2.7)\r\n  by mx.example.net with SMTP; 1 Jan 2026\r\n",
          "|mail.example.org||192.0.2.7", "and where both names are the same");
  written("Received: from [192.0.2.99] (a.example.org [192.0.2.7]) by mx.example.net with ESMTP id 7\r\n",
          "|[192.0.2.99]|a.example.org|192.0.2.7", "a client that calls itself an address has not got it: Postfix");
  written("Received: from unknown (HELO [192.0.2.99]) (192.0.2.7) by mx.example.net with SMTP\r\n", "|[192.0.2.99]||192.0.2.7", "qmail");
  written("Received: from unknown (HELO a@192.0.2.99) (192.0.2.7) by mx.example.net with SMTP\r\n", "|a@192.0.2.99||192.0.2.7", "nor half of one");
  written("Received: from [10.0.0.5] (helo=[192.0.2.99])\r\n\tby mx.example.net with esmtp (Exim 4.96)\r\n", "|[192.0.2.99]||10.0.0.5", "Exim");
  written("Received: from mail.example.org (mail.example.org. [192.0.2.7])\r\n        by mx.google.com with ESMTPS id a\r\n",
          "|mail.example.org|mail.example.org.|192.0.2.7", "Gmail");
  written("Received: from AM0.eur.example (2001:db8::7) by DB5.eur.example\r\n (2001:db8::8) with Microsoft SMTP Server\r\n",
          "|AM0.eur.example||2001:db8::7", "Exchange");
  written("Received: from mail.example.org (mail.example.org [IPv6:2001:db8::7]) by mx.example.net\r\n",
          "|mail.example.org|mail.example.org|2001:db8::7", "an IPv6 address");
  written("Received: from a.example (unknown [192.0.2.7]) by mx.example.net\r\n", "|a.example||192.0.2.7", "unknown is no name");
  written("Received: from a.example by mx.example.net ([192.0.2.200])\r\n", "|a.example||", "the address of the server is not that of its client");
  written("Received: (nobody knows)\r\n", "|||", "no hop at all");
  written("Received: from \r\n", "|||", "half a hop");
  written("Received: from a\001b.example (x [192.0.2.7]) by mx\r\n", "|a?b.example||192.0.2.7", "controls go into no environment");
  greeted(OUTSIDE FORGED, "192.0.2.7", "client.example.org", "what a client of this address called itself");
  greeted("Received: (made here)\r\n" OUTSIDE, "192.0.2.7", "client.example.org", "below a field that is about nobody");
  greeted(INSIDE OUTSIDE, "192.0.2.7", "", "not below one about another");
  greeted(OUTSIDE, "192.0.2.8", "", "nor that of another address");
  greeted(OUTSIDE, "", "", "or of none");
  greeted("Received: from a (a [IPv6:2001:db8:0::7]) by b\r\n", "2001:db8::7", "a", "addresses are compared, and not words");
  greeted("Received: by b\r\n", "192.0.2.7", "", "who called itself nothing");
  unlink("control/hops");
  rmdir("control");
  if (chdir("/") || rmdir(dir)) perror(dir);
  return done_testing();
}
