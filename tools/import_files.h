/* Files that the rows of an import name in a column `attach` (the event's
 * `document`) or `attach.PATH` (`attach.documents[1]`): looked at before
 * anything is sent, sent once the rows are known to be good, and named in the
 * rows by their hashes. Paths are relative to the folder of the import file,
 * and lead to files in it. */
#ifndef QCDC_TOOLS_IMPORT_FILES_H
#define QCDC_TOOLS_IMPORT_FILES_H

#include "tools/command.h"

struct import_files;

/* Reads the rows of `text` (keeps), which are of that format and type of event
 * by the command's options. Files are sealed, with --sealed, for the readers of
 * the rows' private bodies. Wrong rows go to stderr as file:line.
 * ERR_MALFORMED: there were some. */
int import_files_new(struct cli *cli, const char *format, struct span text,
                     struct import_files **out, struct error *err) MUST_USE;
/* NULL is fine. */
void import_files_free(struct import_files *files);
/* How many files there are; with 0 the text goes as it is. */
size_t import_files_len(const struct import_files *files);
/* Sends them all. ERR_MALFORMED: some were refused, told to stderr. */
int import_files_send(struct import_files *files, struct error *err) MUST_USE;
/* The rows as JSON lines, each on the line on which it stands, with hashes in
 * place of names; heap, the caller's. */
int import_files_text(struct import_files *files, char **text, size_t *len,
                      struct error *err) MUST_USE;

#endif
