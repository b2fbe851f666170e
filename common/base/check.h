// check.h - for mistakes of ours: the process stops instead of going on wrongly.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Aborts, naming the place, when `cond` does not hold.  Also in release builds.
#define CHECK_THAT(cond)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #cond);      \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)
