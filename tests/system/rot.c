/* The hand of bit rot: flips bits in the store of a stopped node.
 *
 *   rot DIR TABLE COLUMN WHERE   one bit in the middle of that value
 *   rot DIR page TABLE           eight bytes in the head of the b-tree page
 *                                that TABLE begins with, in the file itself
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stop(const char *what)
{
    fprintf(stderr, "rot: %s\n", what);
    exit(1);
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        stop(sqlite3_errmsg(db));
    }
    return statement;
}

static void rot_value(sqlite3 *db, char **argv)
{
    char sql[1024];
    sqlite3_stmt *row;
    uint8_t *bytes;
    size_t len;

    snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s LIMIT 1", argv[3],
             argv[2], argv[4]);
    row = prepared(db, sql);
    if (sqlite3_step(row) != SQLITE_ROW) {
        stop("no such row");
    }
    len = (size_t)sqlite3_column_bytes(row, 0);
    bytes = malloc(len + 1);
    if (bytes == NULL || len == 0) {
        stop("nothing there");
    }
    memcpy(bytes, sqlite3_column_blob(row, 0), len);
    sqlite3_finalize(row);
    bytes[len / 2] ^= 0x10;
    snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ? WHERE %s", argv[2],
             argv[3], argv[4]);
    row = prepared(db, sql);
    sqlite3_bind_blob(row, 1, bytes, (int)len, SQLITE_STATIC);
    if (sqlite3_step(row) != SQLITE_DONE || sqlite3_changes(db) != 1) {
        stop("not one row");
    }
    sqlite3_finalize(row);
    free(bytes);
}

static void rot_page(sqlite3 *db, const char *path, const char *table)
{
    sqlite3_stmt *row =
        prepared(db, "SELECT s.rootpage, p.page_size FROM sqlite_master s, "
                     "pragma_page_size p WHERE s.name = ?");
    uint8_t noise[8] = {0x7f, 0x3a, 0x91, 0x05, 0xee, 0x42, 0xd0, 0x1b};
    off_t at;
    int file;

    sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
    if (sqlite3_step(row) != SQLITE_ROW) {
        stop("no such table");
    }
    at = (off_t)(sqlite3_column_int64(row, 0) - 1) *
         (off_t)sqlite3_column_int64(row, 1);
    sqlite3_finalize(row);
    sqlite3_close(db);
    file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 ||
        pwrite(file, noise, sizeof(noise), at) != (ssize_t)sizeof(noise)) {
        stop("cannot write");
    }
    close(file);
}

int main(int argc, char **argv)
{
    char path[1024];
    sqlite3 *db = NULL;

    if (argc < 4) {
        stop("see the head of rot.c");
    }
    snprintf(path, sizeof(path), "%s/store.db", argv[1]);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        stop(sqlite3_errmsg(db));
    }
    if (strcmp(argv[2], "page") == 0) {
        rot_page(db, path, argv[3]);
        return 0;
    }
    if (argc != 5) {
        stop("see the head of rot.c");
    }
    rot_value(db, argv);
    sqlite3_close(db);
    return 0;
}
