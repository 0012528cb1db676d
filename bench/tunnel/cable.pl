# A cable between two machines: what is read of one tun device is written to the other DELAY_MS later, in order.
# perl cable.pl NEAR FAR DELAY_MS: makes the devices in this network namespace, prints "ready", takes "cut" and "heal" as
# lines of stdin, and ends with it. Many kernels have no netem, and a proxy of TCP would hide what TCP does.
use strict;
use warnings;
use Fcntl qw(O_RDWR O_NONBLOCK);
use IO::Select;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant { TUNSETIFF => 0x400454ca, TUN_WITHOUT_HEADER => 0x1001, MOST => 65_536 };

sub tun {
  my ($name) = @_;
  sysopen(my $device, '/dev/net/tun', O_RDWR | O_NONBLOCK) or die "cable: /dev/net/tun: $!\n";
  ioctl($device, TUNSETIFF, pack('a16 S x22', $name, TUN_WITHOUT_HEADER)) or die "cable: $name: $!\n";
  return $device;
}

my ($near_name, $far_name, $delay_ms) = @ARGV;
my ($near, $far) = (tun($near_name), tun($far_name));
my @ways = ({ from => $near, to => $far, due => [] }, { from => $far, to => $near, due => [] });
my %way_of = map { fileno($_->{from}) => $_ } @ways;
my $readable = IO::Select->new(\*STDIN, $near, $far);
my $is_cut = 0;
$| = 1;
print "ready\n";

while (1) {
  my $now = clock_gettime(CLOCK_MONOTONIC);
  my $wait = 1;
  for my $way (@ways) {
    my $due = $way->{due};
    while (@$due && $due->[0][0] <= $now) {
      my $packet = (shift @$due)->[1];
      syswrite($way->{to}, $packet) unless $is_cut;
    }
    $wait = $due->[0][0] - $now if @$due && $due->[0][0] - $now < $wait;
  }
  for my $handle ($readable->can_read($wait)) {
    my $way = $way_of{fileno($handle)};
    if (!$way) {
      exit 0 unless sysread(STDIN, my $line, 64);
      $is_cut = $line =~ /cut/;
      next;
    }
    my $at = clock_gettime(CLOCK_MONOTONIC) + $delay_ms / 1000;
    for (1 .. 64) {
      last unless sysread($handle, my $packet, MOST);
      push @{ $way->{due} }, [$at, $packet] unless $is_cut;
    }
  }
}
