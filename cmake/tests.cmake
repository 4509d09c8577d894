# How tests are registered. Every one goes through tests/support/run, whose top comment says what is red.
set(CORRIDOR_RUN ${CMAKE_SOURCE_DIR}/tests/support/run)
add_custom_target(tsan_tests)   # everything that label tsan runs
add_custom_target(fuzz_targets) # everything that tools/fuzz runs

# corridor_test(NAME COMMAND [ARGUMENT...] [LABELS l...] [TIMEOUT s] [ENVIRONMENT A=b...] [SERIAL])
# COMMAND is a target of ours or a program. It prints "N passed, N failed" unless it is a Criterion
# program; it ends with 77 to say that it skips, after one line that says why. TIMEOUT is 300 by default.
function(corridor_test name)
  cmake_parse_arguments(t "SERIAL" "TIMEOUT" "LABELS;ENVIRONMENT" ${ARGN})
  set(command ${t_UNPARSED_ARGUMENTS})
  list(POP_FRONT command program)
  if(TARGET ${program})
    set(program $<TARGET_FILE:${program}>)
  endif()
  if(NOT t_TIMEOUT)
    set(t_TIMEOUT 300)
  endif()
  if(CORRIDOR_SANITIZE)
    list(APPEND t_ENVIRONMENT CORRIDOR_FIXED_LAYOUT=1)
  else()
    list(APPEND t_ENVIRONMENT CORRIDOR_MEMORY_KB=6291456)
  endif()
  add_test(NAME ${name} COMMAND ${CORRIDOR_RUN} ${name} ${program} ${command})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${t_TIMEOUT}
    LABELS "${t_LABELS}" ENVIRONMENT "CORRIDOR_SOURCE=${CMAKE_SOURCE_DIR};CORRIDOR_BUILD=${CMAKE_BINARY_DIR};${t_ENVIRONMENT}")
  if(t_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# corridor_unit(NAME SOURCES s... LIBS l... [LABELS l...]) - one Criterion program, run as a test.
# Not in preset tsan: Criterion's own processes and threads make reports there.
function(corridor_unit name)
  cmake_parse_arguments(t "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT criterion_FOUND OR CORRIDOR_SANITIZE MATCHES "thread")
    return()
  endif()
  add_executable(${name} ${t_SOURCES})
  target_compile_options(${name} PRIVATE -Wno-missing-prototypes -Wno-conversion)
  target_link_libraries(${name} PRIVATE ${t_LIBS} PkgConfig::criterion)
  target_compile_definitions(${name} PRIVATE CORRIDOR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  corridor_test(${name} ${name} --verbose LABELS ${t_LABELS} TIMEOUT ${t_TIMEOUT})
endfunction()

# corridor_tsan_test(NAME SOURCES s... LIBS l...) - a plain program with main() that uses threads and
# prints "N passed, N failed". Runs in every preset; .ci/run runs it under the thread sanitizer.
function(corridor_tsan_test name)
  cmake_parse_arguments(t "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${t_SOURCES})
  target_link_libraries(${name} PRIVATE ${t_LIBS} Threads::Threads)
  target_compile_definitions(${name} PRIVATE CORRIDOR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_dependencies(tsan_tests ${name})
  corridor_test(${name} ${name} LABELS tsan ${t_LABELS} TIMEOUT ${t_TIMEOUT})
endfunction()

# corridor_fuzz(NAME SOURCES s... LIBS l...) - s defines LLVMFuzzerTestOneInput(). In preset fuzz it is
# a libFuzzer program; in every other preset it replays tests/fuzz/corpus/NAME/* as test fuzz_NAME.
function(corridor_fuzz name)
  cmake_parse_arguments(t "" "" "SOURCES;LIBS" ${ARGN})
  if(CORRIDOR_SANITIZE MATCHES "thread")
    return()
  endif()
  set(frame "")
  if(NOT CORRIDOR_FUZZ)
    set(frame ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
  endif()
  add_executable(fuzz_${name} ${t_SOURCES} ${frame})
  target_compile_options(fuzz_${name} PRIVATE -Wno-missing-prototypes)
  target_link_libraries(fuzz_${name} PRIVATE ${t_LIBS})
  add_dependencies(fuzz_targets fuzz_${name})
  if(CORRIDOR_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    corridor_test(fuzz_${name} fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name} LABELS fuzz-replay)
  endif()
endfunction()
