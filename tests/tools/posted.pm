# What is no session of SMTP, for tests/tools/oracles, which judges sessions: a letter in a mailbox is
# a client that sends it in each run of the connector, and hears 250 when it is deleted there and
# 451 where it stays; so is a message that a program was called for.
#
#   posted::keep(SAID, SENDER, RECIPIENTS, ANSWER, TEXT, SECONDS)  such a session in the directory SAID, that
#       took so long; more than one recipient with commas between; ANSWER is a code, or '': it heard none
#   posted::judge(HOME, SAID, SINK...)   what the oracles find, in one line; SAID is empty then
#   perl -Itests/tools -Mposted -e 'posted::...(@ARGV)' ...  from a shell; a text that is not given is on
#       standard input
package posted;
use strict;
use warnings;

my $number = 0;

sub spew { my ($name, $text) = @_; open my $f, '>:raw', $name or die "$name: $!\n"; print $f $text; close $f }

sub keep {
  my ($said, $sender, $to, $answer, $text, $seconds) = @_;
  my @to = split /,/, $to;
  $text = do { local $/; <STDIN> } unless defined $text;
  $text =~ s/\r?\n/\r\n/g;
  $text =~ s/^\./../mg;
  my $name = sprintf '%s/%s-%d', $said, $$, ++$number;
  spew("$name.sent", join '', "EHLO c\r\n", "MAIL FROM:<$sender>\r\n", map({ "RCPT TO:<$_>\r\n" } @to), "DATA\r\n", $text, ".\r\n", "QUIT\r\n");
  spew("$name.heard", join '', "220 x\r\n", "250 x\r\n" x (2 + @to), "354 x\r\n", $answer eq '' ? '' : "$answer x\r\n221 x\r\n");
  spew("$name.waited", ($seconds // 0) . "\n");
}

sub judge {
  my ($home, $said, @sinks) = @_;
  local $ENV{ADDED} = 'X-CM-Fetch';  # the connector's own
  open my $found, '-|', $^X, 'tests/tools/oracles', $home, $said, @sinks or die;
  my @found = <$found>;
  close $found;
  unlink glob "$said/*";
  chomp @found;
  return join '; ', @found, $? ? "the oracles ended with $?" : ();
}

1;
