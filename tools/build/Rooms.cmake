# Rooms and programs made of the .c files that are there.

# room_sources(OUT DIR [EXCLUDE regex]): every .c below DIR.
function(room_sources out dir)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "EXCLUDE" "")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.c)
    if(arg_EXCLUDE)
        list(FILTER sources EXCLUDE REGEX "${arg_EXCLUDE}")
    endif()
    set(${out} ${sources} PARENT_SCOPE)
endfunction()

# add_room(NAME SOURCES ... PUBLIC libs... PRIVATE libs...): the static
# library of one room. A room without sources is an empty INTERFACE library,
# so that those who link it need not know.
function(add_room name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
    if(arg_SOURCES)
        add_library(${name} STATIC ${arg_SOURCES})
        target_link_libraries(${name} PUBLIC qcdc_flags ${arg_PUBLIC}
                                      PRIVATE ${arg_PRIVATE})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE qcdc_flags ${arg_PUBLIC})
    endif()
endfunction()

# add_program(NAME SOURCES ... LIBS ...): nothing when there are no sources.
# A program that is shipped says INSTALL.
function(add_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "" "SOURCES;LIBS")
    if(NOT arg_SOURCES)
        return()
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE qcdc_flags ${arg_LIBS})
    if(arg_INSTALL)
        install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endfunction()

# check_headers(ROOM LIBS ...): every header of the room, compiled alone and
# twice, so that each includes what it uses and has its guard.
function(check_headers room)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXCLUDE" "LIBS")
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS
         RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${room}/*.h)
    if(arg_EXCLUDE)
        list(FILTER headers EXCLUDE REGEX "${arg_EXCLUDE}")
    endif()
    if(NOT headers)
        return()
    endif()
    set(units)
    foreach(header ${headers})
        set(unit ${CMAKE_BINARY_DIR}/gen/alone/${header}.c)
        file(CONFIGURE OUTPUT ${unit} CONTENT
"#include \"${header}\"
#include \"${header}\" /* a second time: the guard */
typedef int header_stands_alone;
")
        list(APPEND units ${unit})
    endforeach()
    string(MAKE_C_IDENTIFIER "headers_${room}" target)
    add_library(${target} OBJECT ${units})
    target_link_libraries(${target} PRIVATE qcdc_flags ${arg_LIBS})
endfunction()
