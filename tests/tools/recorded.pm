# recorded::connect PORT: a connection to 127.0.0.1 that keeps in $ENV{RECORD}, if that is set,
# what tests/tools/oracles judges: every byte, and the longest time until an answer.
package recorded;
use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Symbol qw(gensym);
use Time::HiRes qw(time);

my $number = 0;

sub connect {
  my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$_[0]", Timeout => 20) or die "connect: $!\n";
  setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
  binmode $socket;
  return $socket unless $ENV{RECORD};
  my %self = (socket => $socket, since => time, waited => 0, name => "$ENV{RECORD}/$$-" . ++$number);
  for (qw(sent heard)) { open $self{$_}, '>:raw', "$self{name}.$_" or die; $self{$_}->autoflush }
  my $tied = gensym;
  tie *$tied, __PACKAGE__, \%self;
  return $tied;
}

sub TIEHANDLE { bless $_[1], $_[0] }

sub WRITE {
  my ($self, $text, $len, $at) = @_;
  $text = substr $text, $at || 0, $len // length $text;
  $self->{sent}->print($text);
  $self->{since} = time;
  return syswrite $self->{socket}, $text;
}

sub PRINT { my $self = shift; return $self->WRITE(join '', @_) }

sub READLINE {
  my $self = shift;
  my $line = readline $self->{socket};
  $self->{heard}->print($line) if defined $line;
  my $waited = time - $self->{since};
  $self->{waited} = $waited if $waited > $self->{waited};
  return $line;
}

sub CLOSE {
  my $self = shift;
  open my $f, '>', "$self->{name}.waited" or die;
  printf $f "%.1f\n", $self->{waited};
  close $f;
  return close $self->{socket};
}

sub DESTROY { $_[0]->CLOSE if $_[0]{socket} }

1;
