# SPDX-License-Identifier: Apache-2.0
# Checks that a misuse does not compile: cmake -DSOURCE= -DCOMPILER= -DFLAGS= -P check.cmake
# The source compiles as it is. For each of its lines `// VIOLATION <n>: <pattern>` it does not compile with
# -DVIOLATION=<n>, and the error text matches the pattern.

# LC_ALL: plain quotes in the error text. Sets `failed` and `output` in the caller.
function(compile)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${COMPILER} ${FLAGS} ${ARGN} -fsyntax-only ${SOURCE}
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(failed ${result} PARENT_SCOPE)
  set(output "${text}" PARENT_SCOPE)
endfunction()

compile()
if(failed)
  message(FATAL_ERROR "${SOURCE} must compile without a violation:\n${output}")
endif()

file(STRINGS ${SOURCE} violations REGEX "^// VIOLATION [0-9]+: ")
if(NOT violations)
  message(FATAL_ERROR "${SOURCE} names no violation: expected lines such as // VIOLATION 1: no matching function")
endif()
foreach(violation IN LISTS violations)
  string(REGEX MATCH "^// VIOLATION ([0-9]+): (.*)$" matched "${violation}")
  set(number ${CMAKE_MATCH_1})
  set(pattern "${CMAKE_MATCH_2}")
  compile(-DVIOLATION=${number})
  if(NOT failed)
    message(FATAL_ERROR "${SOURCE}: violation ${number} compiles")
  endif()
  if(NOT output MATCHES "${pattern}")
    message(FATAL_ERROR "${SOURCE}: violation ${number}: expected an error that matches '${pattern}', got:\n${output}")
  endif()
endforeach()
