# paths.cmake - where what is installed goes, and what the installed configuration names.
#
# Every one of them is a cache variable; the defaults follow GNUInstallDirs, so that a prefix, or
# what Debian and Homebrew pass to it, is enough.  Only the configuration file's path is compiled
# in; `ostler -c` overrides it, and all the others are settings in that file.

# A default that is below the prefix stays relative, so that an archive can be unpacked anywhere.
function(ostler_folder name default about)
  set(OSTLER_${name} "${default}" CACHE STRING "${about}")
  set(full "${OSTLER_${name}}")
  if(NOT IS_ABSOLUTE "${full}")
    set(full "${CMAKE_INSTALL_PREFIX}/${full}")
  endif()
  string(FIND "${full}/" "${CMAKE_INSTALL_PREFIX}/" at)
  if(at EQUAL 0)
    file(RELATIVE_PATH place "${CMAKE_INSTALL_PREFIX}" "${full}")
  else()
    set(place "${full}")
  endif()
  set(OSTLER_${name}_FULL "${full}" PARENT_SCOPE)    # as the running program sees it
  set(OSTLER_${name}_PLACE "${place}" PARENT_SCOPE)  # for install(DESTINATION)
endfunction()

ostler_folder(CONFDIR "${CMAKE_INSTALL_FULL_SYSCONFDIR}/ostler" "Folder of ostler.conf")
ostler_folder(DOCROOT "${CMAKE_INSTALL_FULL_LOCALSTATEDIR}/www/html" "Documents that are served")
ostler_folder(CGIDIR "lib/cgi-bin" "Scripts that are served as /cgi-bin/")
ostler_folder(LOGDIR "${CMAKE_INSTALL_FULL_LOCALSTATEDIR}/log/ostler" "Logs")
ostler_folder(STATEDIR "${CMAKE_INSTALL_FULL_LOCALSTATEDIR}/lib/ostler" "What outlives a restart")
ostler_folder(RUNDIR "${CMAKE_INSTALL_FULL_RUNSTATEDIR}/ostler" "The pid file")

if(APPLE)
  set(user _www)
elseif(CMAKE_SYSTEM_NAME STREQUAL FreeBSD)
  set(user www)
else()
  set(user www-data)
endif()
set(OSTLER_USER "${user}" CACHE STRING
    "User of the workers in the installed configuration; empty: who starts the server")
set(OSTLER_PORT 80 CACHE STRING "Port in the installed configuration")
set(OSTLER_BUILD "" CACHE STRING "Who built this and which revision, for -V: \"Debian 0.1.0-1\"")
