/* pop3conn/folder: names of IMAP's folders. */
#include "folder.h"

#include <string.h>

#include "tap.h"

static int is(const char *name, const char *want)
{
  stralloc to = { 0 };

  return folder_encode(&to, name) == 1 && to.len == strlen(want) && (!to.len || !memcmp(to.s, want, to.len));
}

static int bad(const char *name)
{
  stralloc to = { 0 };

  return folder_encode(&to, name) == 0;
}

int main(void)
{
  ok(is("INBOX/a b", "INBOX/a b"), "what is ASCII stays");
  ok(is("", ""), "nothing is nothing");
  ok(is("a & b", "a &- b"), "the sign that begins the others is written out");
  ok(is("Entw\303\274rfe", "Entw&APw-rfe"), "a letter beyond ASCII");
  ok(is("~peter/mail/\345\217\260\345\214\227/\346\227\245\346\234\254\350\252\236", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"), "the example of RFC 3501, 5.1.3");
  ok(is("\342\202\254\342\202\254&", "&IKwgrA-&-"), "several, and that sign behind them");
  ok(is("\360\237\223\247", "&2D3c5w-"), "a pair of UTF-16");
  ok(bad("\374") && bad("a\303") && bad("\355\240\200") && bad("\300\200"), "what is not UTF-8 has no name");
  return done_testing();
}
