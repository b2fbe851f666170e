// log_target.h - the descriptors behind log sinks: how they are opened, and written without
// waiting.
//
// For log_sink.cc; others use common/base/log_sink.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/fd.h"

namespace ostler {

struct LogTarget {
    enum class Kind : unsigned char {
        off,     ///< drops everything on purpose
        file,    ///< regular: takes what it is given, or its file system is full
        stream,  ///< pipe, FIFO, terminal, device, stream socket: may have no room now
        syslog,  ///< datagrams to the system's log socket
    };
    Kind kind = Kind::off;
    Fd fd;
    bool has_own_description = false;  ///< O_NONBLOCK is ours to set: nobody else reads with it
    bool is_socket = false;
    bool is_terminal = false;
    bool by_path = false;               ///< can be opened anew
    int facility = 0;                   ///< of syslog, RFC 3164 section 4.1.1
    std::string syslog_socket;          ///< empty: where the system has it
    std::int64_t connect_after_us = 0;  ///< not before: the daemon was not there a moment ago
};

/// The one spelling of a target: "/dev/stdout" is "stdout".
std::string canonical_log_target(const std::string& target);

/// Opens a canonical target.  False, with the cause in `error`, when that cannot be done.
bool open_log_target(const std::string& target, LogTarget& to, std::string& error);

/// Finds out what kind of thing the descriptor is.
void classify_log_target(LogTarget& to);

/// Opens the path of a log file for appending.  Refuses a symbolic link in a folder that others may
/// write: the master opens logs as root.  The cause is in errno.
Fd open_log_file(const std::string& path);

/// Like write(2), but never waits, whatever kind of thing it is: EAGAIN instead.
ssize_t write_log_target(const LogTarget& target, std::string_view bytes);

/// The number of a facility ("local0"), or -1.
int syslog_facility(std::string_view name);

/// Sends one line as one RFC 3164 message, connecting (again) when necessary.  0, or the error.
int send_syslog(LogTarget& target, int level, std::string_view line);

}  // namespace ostler
