# Files as bytes in one C file. Included by the build it offers
# embed_migrations(); run as a script (cmake -P) it writes that C file.
# Bytes, not string literals: ISO C guarantees only 4,095 characters for those.
if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

    # embed_migrations(OUT_SOURCE DIR): every DIR/NNNN_*.sql, in order of
    # name, as `migrations` of the generated "store/migrations.gen.h".
    function(embed_migrations out dir)
        file(GLOB files CONFIGURE_DEPENDS ${dir}/[0-9][0-9][0-9][0-9]_*.sql)
        list(SORT files)
        set(source ${CMAKE_BINARY_DIR}/gen/store/migrations.gen.c)
        file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/gen/store/migrations.gen.h
             @ONLY CONTENT
[[/* Generated from store/migrations: the SQL that makes and upgrades a store.
 * In order of number; sql is followed by a zero byte that sql_len does not
 * count. name is the file's name without ".sql". */
#ifndef QCDC_STORE_MIGRATIONS_GEN_H
#define QCDC_STORE_MIGRATIONS_GEN_H

#include <stddef.h>

struct migration {
    const char *name;
    const unsigned char *sql;
    size_t sql_len;
};

extern const struct migration migrations[];
extern const size_t migrations_len;

#endif
]])
        add_custom_command(
            OUTPUT ${source}
            COMMAND ${CMAKE_COMMAND} -DOUT=${source} "-DFILES=${files}"
                    -P ${EMBED_SCRIPT}
            DEPENDS ${files} ${EMBED_SCRIPT}
            COMMENT "Embedding the migrations"
            VERBATIM)
        set(${out} ${source} PARENT_SCOPE)
    endfunction()
    return()
endif()

set(arrays "")
set(rows "")
set(count 0)
foreach(file ${FILES})
    file(READ ${file} bytes HEX)
    # 10 bytes a line keep the generated file below 80 columns.
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE
           "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
           bytes "${bytes}")
    cmake_path(GET file STEM name)
    string(APPEND arrays
           "static const unsigned char sql_${count}[] = {\n${bytes}0x00};\n")
    string(APPEND rows
           "    {\"${name}\", sql_${count}, sizeof(sql_${count}) - 1},\n")
    math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
    set(rows "    {0}, /* ISO C has no empty arrays */\n")
endif()
file(WRITE ${OUT}
"#include \"store/migrations.gen.h\"

${arrays}
const struct migration migrations[] = {
${rows}};
const size_t migrations_len = ${count};
")
