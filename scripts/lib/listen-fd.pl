#!/usr/bin/perl
# listen-fd.pl SOCKET PROGRAM ARGUMENT...: starts a program with a listening unix
# socket as its file descriptor 3, as systemd's socket activation does.
use strict;
use warnings;
use Socket;

my $path = shift;
unlink $path, "$path.new";
$^F = 3; # file descriptors up to 3 survive exec
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
# Who sees the name may connect at once; and so may everybody who gets there.
bind($s, sockaddr_un("$path.new")) or die "bind $path: $!";
listen($s, 16) or die "listen: $!";
chmod 0666, "$path.new" or die "chmod $path: $!";
rename "$path.new", $path or die "rename $path: $!";
if (fileno($s) != 3) {
	require POSIX;
	POSIX::dup2(fileno($s), 3) or die "dup2: $!";
}
$ENV{LISTEN_PID} = $$;
$ENV{LISTEN_FDS} = 1;
exec @ARGV or die "$ARGV[0]: $!";
