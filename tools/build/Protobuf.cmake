# add_schema(NAME ROOT): ROOT/**/*.proto through protoc-c into the build
# folder, as a library of its own without our warning flags. Those who link it
# include "qcdc/v1/event.pb-c.h" as a system header.
function(add_schema name root)
    file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE ${root} ${root}/*.proto)
    if(NOT protos)
        add_library(${name} INTERFACE)
        return()
    endif()
    find_program(PROTOC_C protoc-c REQUIRED)
    set(out ${CMAKE_BINARY_DIR}/gen/schema)
    file(MAKE_DIRECTORY ${out})
    set(sources)
    set(headers)
    foreach(proto ${protos})
        string(REGEX REPLACE "\\.proto$" "" stem ${proto})
        list(APPEND sources ${out}/${stem}.pb-c.c)
        list(APPEND headers ${out}/${stem}.pb-c.h)
    endforeach()
    list(TRANSFORM protos PREPEND ${root}/ OUTPUT_VARIABLE paths)
    add_custom_command(
        OUTPUT ${sources} ${headers}
        COMMAND ${PROTOC_C} --proto_path=${root} --c_out=${out} ${protos}
        DEPENDS ${paths}
        COMMENT "Compiling the schema"
        VERBATIM)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} SYSTEM PUBLIC ${out})
    target_compile_options(${name} PRIVATE -w)
    target_link_libraries(${name} PUBLIC PkgConfig::libprotobuf-c)
endfunction()
