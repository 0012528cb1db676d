// The helper once more in Perl, for gateways on Linux and macOS: it starts in 3 ms where Node needs 30, and that is
// on every command's way. No module is loaded: the one for sockets alone would cost 15 ms.
import { execFile } from "node:child_process";
import { PROTOCOL } from "./protocol.ts";

/** Part of macOS and of most Linux systems. SECURITY: absolute, so that nobody's PATH chooses it. */
export const PERL = "/usr/bin/perl";

const { frame, stdinWindow, refusedCode, notStarted, unknown } = PROTOCOL;

/**
 * The same as `execHelper`: claims its command, carries bytes and signals, and ends as the command did. Errors
 * without `Errno`, which is a module: EINTR is 4 on both systems, as AF_UNIX and SOCK_STREAM are 1. BSD's socket
 * addresses begin with their length. A signal goes through a pipe of our own, or else one that comes right
 * before `select` would wait for the next byte.
 */
const PROGRAM = String.raw`
my ($path, $id) = @ARGV;
my ($server, $untaken, $buffer, @signals) = (undef, 0, "");
sub put {
  my ($to, $bytes) = @_;
  my $at = 0;
  while ($at < length $bytes) {
    my $n = syswrite($to, $bytes, length($bytes) - $at, $at);
    if (defined $n) { $at += $n } elsif ($! != 4) { return 0 } else { pass_signals() if $to ne $server }
  }
  return 1;
}
sub frame { put($server, pack("C N", $_[0], length $_[1]) . $_[1]) }
sub pass_signals { frame(${frame.signal}, shift @signals) while @signals }
sub leave {
  my ($code, $signal, $text) = @_;
  put(\*STDERR, "$text
") if $text ne "";
  if ($signal =~ /^SIG(\w+)$/) { $SIG{$1} = "DEFAULT"; kill $1, $$; select(undef, undef, undef, 0.1) }
  exit $code;
}
$SIG{PIPE} = "IGNORE";
socket($server, 1, 1, 0)
  && connect($server, $^O eq "linux" ? pack("S a*", 1, $path) : pack("C C a*", 2 + length $path, 1, $path))
  or leave(${refusedCode}, "", ${text(notStarted)});
pipe(my $woken, my $wake);
for my $name (qw(TERM INT HUP QUIT USR2)) {
  $SIG{$name} = sub { push @signals, $name; syswrite($wake, "x") };
}
frame(${frame.claim}, $id);
my $reading = "";
vec($reading, fileno $_, 1) = 1 for $server, $woken;
my $input = fileno STDIN;
while (1) {
  pass_signals();
  my $ready = $reading;
  vec($ready, $input, 1) = 1 if defined $input && $untaken < ${stdinWindow};
  next if select($ready, undef, undef, undef) < 0;
  sysread($woken, my $drop, 64) if vec($ready, fileno $woken, 1);
  if (defined $input && vec($ready, $input, 1)) {
    my $n = sysread(STDIN, my $bytes, 65536);
    if ($n) { $untaken += $n; frame(${frame.stdin}, $bytes) }
    elsif (defined $n || $! != 4) { undef $input; frame(${frame.stdinEnd}, "") }
  }
  next unless vec($ready, fileno $server, 1);
  my $n = sysread($server, $buffer, 262144, length $buffer);
  next if !defined $n && $! == 4;
  leave(${refusedCode}, "", ${text(unknown)}) unless $n;
  my $at = 0;
  while (length($buffer) - $at >= 5) {
    my ($type, $length) = unpack("C N", substr($buffer, $at, 5));
    last if length($buffer) - $at < 5 + $length;
    my $payload = substr($buffer, $at + 5, $length);
    $at += 5 + $length;
    if ($type == ${frame.stdout}) { put(\*STDOUT, $payload) }
    elsif ($type == ${frame.stderr}) { put(\*STDERR, $payload) }
    elsif ($type == ${frame.taken}) { $untaken -= unpack("N", $payload) }
    elsif ($type == ${frame.exit}) { leave(split /
/, $payload, 3) }
  }
  substr($buffer, 0, $at) = "";
}
`;

/** The helper as one file. */
export function perlHelperSource(): string {
  return PROGRAM;
}

/** Whether this system's Perl can be used: asked once a process. Never rejects. */
export function hasPerl(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== "linux" && platform !== "darwin") return Promise.resolve(false);
  return new Promise((resolve) => {
    execFile(PERL, ["-e", "print 6 * 7"], { env: {}, timeout: 5_000 }, (error, stdout) =>
      resolve(error === null && stdout === "42"),
    );
  });
}

/** A word of Perl, in quotes that interpolate nothing. */
function text(words: string): string {
  return `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
