#!/usr/bin/perl
# listen-fd.pl SOCKET PROGRAM ARGUMENT...: starts a program with a listening unix
# socket as its file descriptor 3, as systemd's socket activation does.
use strict;
use warnings;
use Socket;

my $path = shift;
unlink $path;
$^F = 3; # file descriptors up to 3 survive exec
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($s, sockaddr_un($path)) or die "bind $path: $!";
listen($s, 16) or die "listen: $!";
if (fileno($s) != 3) {
	require POSIX;
	POSIX::dup2(fileno($s), 3) or die "dup2: $!";
}
$ENV{LISTEN_PID} = $$;
$ENV{LISTEN_FDS} = 1;
exec @ARGV or die "$ARGV[0]: $!";
