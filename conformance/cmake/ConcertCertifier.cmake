# SPDX-License-Identifier: Apache-2.0
# Makes the certifier of a backend: the executable that `concert certify` runs, with every suite linked in.
#
#   concert_add_certifier(NAME myloop
#     INCLUDE   dir        # where the author's backend_under_test.hpp is
#     LIBRARIES my::loop)  # what it needs
#
# The executable is build/certifiers/certify-<NAME>, where the `concert` command finds it. Beside it stand stress-<NAME>,
# which puts the same backend under load with real threads in real time, and programs-<NAME>, which runs generated
# programs on it.

# What the suite is linked with must be known in the folder of each certifier.
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)

set(CONCERT_CERTIFIER_FOLDER "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "")

function(concert_add_certifier)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "INCLUDE;LIBRARIES")
  foreach(needed NAME INCLUDE LIBRARIES)
    if(NOT arg_${needed})
      message(FATAL_ERROR "concert_add_certifier: ${needed} is missing; see ConcertCertifier.cmake")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "concert_add_certifier: unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(library_of_certify concert::suite)
  set(library_of_stress concert::stress)
  set(library_of_programs concert::programs)
  foreach(role IN ITEMS certify stress programs)
    set(target ${role}-${arg_NAME})
    add_executable(${target} ${CONCERT_CERTIFIER_FOLDER}/${role}_main.cpp)
    target_include_directories(${target} PRIVATE ${arg_INCLUDE})
    target_link_libraries(${target} PRIVATE ${library_of_${role}} GTest::gtest ${arg_LIBRARIES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/certifiers)
  endforeach()
endfunction()
