// handover.h - what a master leaves to the program that takes its place.
//
// An upgrade is an exec(2): process id, children and supervisor stay, and so do the descriptors
// named here, in one environment variable:
//
//   ostler-handover 1
//   pid 812
//   generation 3
//   client 9                          whoever waits for the answer to `ostler -s upgrade`
//   worker 815 0 3 7                  pid, index, generation, channel
//   socket ours 80 5,6 *              origin, port, descriptors, address to the end of the line
//   tickets 11 9000                   a pipe with the keys of TLS tickets; their seconds left
//
// The keys themselves are in the pipe only: an environment can be read.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace ostler {

struct Handover {
    struct Socket {
        bool ours = true;  ///< false: of a service manager, which keeps it
        int port = 0;      ///< as asked for in `listen`: 0 is any
        std::string address;
        std::vector<int> fds;
    };
    struct Worker {
        pid_t pid = 0;
        unsigned index = 0;
        unsigned generation = 0;
        int channel = -1;
    };
    struct Tickets {
        int pipe = -1;  ///< with a TlsUpdate in it; -1: there are none
        unsigned rotate_in_seconds = 0;
    };
    pid_t pid = 0;            ///< of the master; another process must not believe it
    unsigned generation = 0;  ///< of the configuration in force
    std::vector<int> clients;
    std::vector<Worker> workers;
    std::vector<Socket> sockets;
    Tickets tickets;

    /// Every descriptor that must live through the exec.
    std::vector<int> fds() const;
};

inline constexpr const char* handover_variable = "OSTLER_HANDOVER";

std::string format_handover(const Handover&);
/// The error says which line is wrong.  Nothing is known about the descriptors but that each is
/// above 2 and named once.
Result<Handover, std::string> parse_handover(std::string_view text);

}  // namespace ostler
