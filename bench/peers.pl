# Filters with their engines, for bench/run: each takes a directory, the port to
# listen on and the sink's, and gives a command, or nothing and why in $missing. Engines
# are children of the command, and their CPU is the row's. All virus scanners have the
# one signature of lists/signatures, and rspamd is as Debian ships it, without network.
package peers;
use strict;
use warnings;

our $missing;
my ($build, $tree, $sinkport);

sub use_these { ($build, $tree, $sinkport) = @_ }

sub spew {
  my ($file, $text) = @_;
  open my $f, '>', $file or die "unable to write $file: $!\n";
  print $f $text;
  close $f or die "unable to write $file: $!\n";
}

sub find {
  my ($program) = @_;
  for (split(/:/, $ENV{PATH}), map { ("$_/usr/sbin", "$_/usr/bin") } $ENV{PEERS} // "$tree/build/peers") {
    return "$_/$program" if -x "$_/$program";
  }
  $missing = "no $program";
  return;
}

# A script that starts engines, waits for what they make, and becomes the last line.
sub script {
  my ($dir, $front, $awaited, @engines) = @_;
  chmod 0755, $dir;
  spew("$dir/go", join '', map({ "$_ &\n" } @engines),
    map({ "n=0; until [ -S '$_' ] || [ \$n = 80 ]; do sleep 0.1; n=\$((n + 1)); done\n" } @$awaited), "exec $front\n");
  return ('sh', "$dir/go");
}

sub clamd {
  my ($dir) = @_;
  my $clamd = find('clamd') or return;
  mkdir $_ for "$dir/db", "$dir/tmp";
  chmod 0777, "$dir/tmp";
  system('cp', glob("$tree/lists/signatures/*"), "$dir/db") == 0 or return;
  spew("$dir/clamd.conf", <<END);
DatabaseDirectory $dir/db
LocalSocket $dir/clamd.sock
LocalSocketMode 666
TemporaryDirectory $dir/tmp
User root
Foreground yes
MaxThreads 10
END
  return "$clamd -c $dir/clamd.conf";
}

sub rspamd {
  my ($dir) = @_;
  my $rspamd = find('rspamd') or return;
  mkdir "$dir/rspamd";
  chmod 0777, "$dir/rspamd";
  my $options = 'dns { nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }';
  spew("$dir/rspamd.conf", <<END);
.include "\$CONFDIR/common.conf"
options {
  .include "\$CONFDIR/options.inc"
  pidfile = "$dir/rspamd/pid"; tempdir = "$dir/rspamd"; cache_file = "$dir/rspamd/cache"; hs_cache_dir = "$dir/rspamd/";
  rrd = ""; history_file = "";
  $options
}
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "$dir/rspamd.sock mode=0666"; count = 1; }
worker "rspamd_proxy" {
  bind_socket = "$dir/milter.sock mode=0666"; milter = yes; timeout = 60s; count = 1;
  upstream "local" { default = yes; self_scan = yes; }
}
END
  my $user = $> == 0 ? '-u _rspamd -g _rspamd' : '';
  return "$rspamd -f -c $dir/rspamd.conf $user";
}

# ---- rows ----

# Ours, with the pipeline that it comes with, and the stages named switched on.
sub ours {
  my ($dir, $port, @stages) = @_;
  open my $in, '<', "$tree/control/pipeline" or die;
  my $pipeline = join '', <$in>;
  my (@engines, @awaited);
  $pipeline =~ s/^#($_)( +check)/$1$2/m for @stages;
  mkdir $_ for "$dir/control", "$dir/lists", "$dir/run", "$dir/scan";
  spew("$dir/control/pipeline", $pipeline);
  spew("$dir/control/upstream", "smtp 127.0.0.1 $sinkport\n");
  spew("$dir/control/recipients", "*\@bench.test\n");
  spew("$dir/control/quarantine", "quarantine\@bench.test\n");
  spew("$dir/control/rspamd", "$dir/rspamd.sock\n");
  system('cp', "$tree/control/attach", "$dir/control/attach") == 0 or return;
  if (grep { $_ eq 'virus' } @stages) {
    push @engines, "cm-virusd db=$tree/lists/signatures tmp=$dir/scan $dir/run/virusd";
    push @awaited, "$dir/run/virusd";
  }
  if (grep { $_ eq 'rspamd' } @stages) {
    push @engines, rspamd($dir) // return;
    push @awaited, "$dir/rspamd.sock";
  }
  return script($dir, "env CM_HOME=$dir PATH=$build/bin:\$PATH tcpserver -HRl0 -b 2000 -c 2000 127.0.0.1 $port cm-smtpd",
                \@awaited, map { "PATH=$build/bin:\$PATH $_" } @engines);
}

# Postfix with its queue, as bench/run makes it, with rspamd as its milter: before the
# queue milters see no message.
sub milter {
  my ($dir, @postfix) = @_;
  my $engine = rspamd($dir) // return;
  open my $f, '>>', "$dir/etc/main.cf" or die;
  print $f "smtpd_milters = unix:$dir/milter.sock\nmilter_default_action = tempfail\n";
  close $f;
  return script($dir, "@postfix", ["$dir/milter.sock"], $engine);
}

# The same Postfix with one milter that does one thing: ours, with these stages as the pipeline
# that comes with the suite has them; clamav-milter; opendkim.
sub asks {
  my ($dir, $socket, $engines, $awaited, @postfix) = @_;
  open my $f, '>>', "$dir/etc/main.cf" or die;
  print $f "smtpd_milters = unix:$socket\nmilter_default_action = tempfail\n";
  close $f;
  return script($dir, "@postfix", [@$awaited, $socket], @$engines);
}

sub asked {
  my ($dir, $stage, @postfix) = @_;
  find('unixserver') or return;
  open my $in, '<', "$tree/control/pipeline" or die;
  my ($line) = grep { /^#?$stage +check/ } <$in>;
  my (@engines, @awaited);
  $line =~ s/^#//;
  mkdir $_ for "$dir/control", "$dir/run", "$dir/scan";
  spew("$dir/control/pipeline", $line);
  spew("$dir/control/quarantine", "store\n");
  spew("$dir/control/rspamd", "$dir/rspamd.sock\n");
  if ($stage eq 'virus') {
    push @engines, "cm-virusd db=$tree/lists/signatures tmp=$dir/scan $dir/run/virusd";
    push @awaited, "$dir/run/virusd";
  }
  my @others = $stage eq 'rspamd' ? rspamd($dir) // return : ();
  push @awaited, "$dir/rspamd.sock" if @others;
  push @engines, "env CM_HOME=$dir unixserver -q -c 2000 -b 2000 -p 666 $dir/asked.sock cm-milter";
  return asks($dir, "$dir/asked.sock", [@others, map { "PATH=$build/bin:\$PATH $_" } @engines], \@awaited, @postfix);
}

sub clammilter {
  my ($dir, @postfix) = @_;
  my $milter = find('clamav-milter') or return;
  my $engine = clamd($dir) // return;
  spew("$dir/clammilter.conf", <<END);
MilterSocket unix:$dir/clammilter.sock
MilterSocketMode 666
ClamdSocket unix:$dir/clamd.sock
TemporaryDirectory $dir/tmp
Foreground yes
User root
OnInfected Reject
END
  my $wait = "until [ -S $dir/clamd.sock ]; do sleep 0.1; done";
  return asks($dir, "$dir/clammilter.sock", [$engine, "{ $wait; exec $milter -c $dir/clammilter.conf; }"], ["$dir/clamd.sock"], @postfix);
}

sub opendkim {
  my ($dir, @postfix) = @_;
  my $milter = find('opendkim') or return;
  return asks($dir, "$dir/opendkim.sock", ["{ umask 0; exec $milter -f -b v -p local:$dir/opendkim.sock; }"], [], @postfix);
}

# amavis as an SMTP proxy, virus scan only.
sub amavis {
  my ($dir, $port) = @_;
  my $amavis = find('amavisd') or return;
  my $engine = clamd($dir) // return;
  mkdir "$dir/$_" for qw(amavis amavis/tmp amavis/var amavis/db);
  chmod 0777, glob("$dir/amavis/*"), "$dir/amavis";
  my ($user, $group) = $> == 0 && getpwnam('amavis') ? ('amavis', 'amavis') : (getpwuid($>))[0, 0];
  spew("$dir/amavisd.conf", <<END);
use strict;
\$myhostname = 'proxy.bench.test'; \$mydomain = 'bench.test';
\$daemon_user = '$user'; \$daemon_group = '$group';
\$MYHOME = '$dir/amavis'; \$TEMPBASE = '$dir/amavis/tmp'; \$db_home = '$dir/amavis/db'; \$helpers_home = '$dir/amavis/var';
\$lock_file = '$dir/amavis/lock'; \$pid_file = '$dir/amavis/pid'; \$QUARANTINEDIR = undef;
\$enable_db = 0; \$enable_zmq = 0; \$log_level = 0; \$do_syslog = 0; \$logfile = '$dir/amavis/log';
\$max_servers = 8; \$inet_socket_bind = '127.0.0.1'; \$inet_socket_port = $port; \@inet_acl = ('127.0.0.0/8');
\@bypass_spam_checks_maps = (1); \$forward_method = 'smtp:[127.0.0.1]:$sinkport'; \$notify_method = \$forward_method;
\$final_virus_destiny = D_REJECT; \$final_banned_destiny = D_REJECT; \@local_domains_maps = (1);
\@av_scanners = (['clamd', \\&ask_daemon, ["CONTSCAN {}\\n", '$dir/clamd.sock'], qr/\\bOK\$/m, qr/\\bFOUND\$/m,
  qr/^.*?: (?!Infected Archive)(.*) FOUND\$/m]);
\@av_scanners_backup = ();
1;
END
  chmod 0644, "$dir/amavisd.conf";
  return script($dir, "$amavis -c $dir/amavisd.conf foreground", ["$dir/clamd.sock"], $engine);
}

sub clamsmtp {
  my ($dir, $port) = @_;
  my $clamsmtp = find('clamsmtpd') or return;
  my $engine = clamd($dir) // return;
  spew("$dir/clamsmtpd.conf", <<END);
OutAddress: 127.0.0.1:$sinkport
Listen: 127.0.0.1:$port
ClamAddress: $dir/clamd.sock
TempDirectory: $dir/tmp
Action: bounce
END
  return script($dir, "$clamsmtp -f $dir/clamsmtpd.conf -d 1", ["$dir/clamd.sock"], $engine);
}

1;
