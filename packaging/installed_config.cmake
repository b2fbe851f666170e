# installed_config.cmake - etc/ostler.conf with the paths, port and user of this installation.
#
# A setting that is to differ from its default is found there as the line that shows the default;
# when such a line is gone, the build says so instead of installing something half right.

# Turns `  #NAME = DEFAULT;` inside `GROUP: {` into `  NAME = VALUE;`.
function(ostler_set text_variable group name value)
  set(text "${${text_variable}}")
  string(FIND "${text}" "\n${group}: {\n" begin)
  set(line "")
  if(NOT begin EQUAL -1)
    string(SUBSTRING "${text}" ${begin} -1 rest)
    string(REGEX MATCH "\n *#?${name} = [^\n]*" line "${rest}")
  endif()
  if(line STREQUAL "")
    message(FATAL_ERROR "etc/ostler.conf does not show ${group}.${name}")
  endif()
  string(REGEX REPLACE "#?${name} = [^;]*; *" "${name} = ${value};  " changed "${line}")
  string(REGEX REPLACE " +$" "" changed "${changed}")
  string(FIND "${rest}" "${line}" at)
  string(LENGTH "${line}" length)
  math(EXPR at "${begin} + ${at}")
  math(EXPR after "${at} + ${length}")
  string(SUBSTRING "${text}" 0 ${at} head)
  string(SUBSTRING "${text}" ${after} -1 tail)
  set(${text_variable} "${head}${changed}${tail}" PARENT_SCOPE)
endfunction()

function(ostler_installed_config from to)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}")
  file(READ "${from}" text)
  if(NOT OSTLER_USER STREQUAL "")
    ostler_set(text server user "\"${OSTLER_USER}\"")
  endif()
  ostler_set(text server pid_file "\"${OSTLER_RUNDIR_FULL}/ostler.pid\"")
  ostler_set(text server error_log "\"${OSTLER_LOGDIR_FULL}/error.log\"")
  ostler_set(text accesslog file "\"${OSTLER_LOGDIR_FULL}/access.log\"")
  ostler_set(text static root "\"${OSTLER_DOCROOT_FULL}\"")
  string(REPLACE "\nlisten = ( { port = 80; } );\n" "\nlisten = ( { port = ${OSTLER_PORT}; } );\n"
         text "${text}")
  string(APPEND text "
# Scripts, for every host.
locations = (
  { path = \"/cgi-bin/\"; modules: { cgi = true; }; cgi: { root = \"${OSTLER_CGIDIR_FULL}\"; }; } );
")
  file(GENERATE OUTPUT "${to}" CONTENT "${text}")
endfunction()
