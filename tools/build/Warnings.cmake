# qcdc_flags: every flag our own C is compiled with. Sanitizers and coverage
# are global, since all objects of one program must agree on them.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Assertions stay on in every build: the supervisor restarts us, a node that
# goes on with a broken invariant may sign something false.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type}
                   "${CMAKE_C_FLAGS_${type}}")
endforeach()

add_library(qcdc_flags INTERFACE)
target_include_directories(qcdc_flags INTERFACE ${CMAKE_SOURCE_DIR}
                                                ${CMAKE_BINARY_DIR}/gen)
target_compile_definitions(qcdc_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(qcdc_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum
    -Wformat=2 -Wvla -Wundef)
if(QCDC_WERROR)
    target_compile_options(qcdc_flags INTERFACE -Werror)
endif()

if(QCDC_SANITIZE)
    # -Wnull-dereference is left to the unsanitized builds: the checks that
    # UBSan inserts make gcc see null paths that no caller can take.
    add_compile_options(-fsanitize=${QCDC_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${QCDC_SANITIZE})
else()
    target_compile_options(qcdc_flags INTERFACE -Wnull-dereference)
endif()

if(QCDC_COVER)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()

if(QCDC_HARDEN)
    include(CheckCCompilerFlag)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    foreach(flag -fstack-protector-strong -fstack-clash-protection
                 -fcf-protection -ftrivial-auto-var-init=zero)
        string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
        check_c_compiler_flag("-Werror ${flag}" ${have})
        if(${have})
            add_compile_options(${flag})
        endif()
    endforeach()
    add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
