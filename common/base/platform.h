// platform.h - system calls that Linux, macOS and FreeBSD spell differently.
#pragma once

#include <string>

#include "common/base/fd.h"

namespace ostler {

/// A socket, close-on-exec and non-blocking; empty with errno set when there is none.
Fd open_socket(int domain, int type);
/// A connected pair of Unix sockets, both close-on-exec and non-blocking.
bool open_socket_pair(int type, Fd& one, Fd& other);
/// A pipe, both ends close-on-exec and non-blocking.
bool open_pipe(Fd& reader, Fd& writer);
/// Without SIGPIPE where the system can be asked for that (elsewhere the caller ignores it).
int no_sigpipe_flag();

void set_nonblocking(int fd, bool on);
void set_close_on_exec(int fd, bool on);
/// Closes every descriptor from `first` on.
void close_from(int first);

/// Makes malloc keep a few megabytes that were freed, instead of giving them to the system and
/// asking for them again with every large buffer.
void keep_freed_memory();

/// Who listens on TCP `port`: "nginx (pid 812)", or empty when that cannot be told cheaply.
std::string port_holder(int port);

}  // namespace ostler
