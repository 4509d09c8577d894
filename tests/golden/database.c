/* database [--hold] FILE SQL... - run SQL on a SQLite file, as a program of a site would. --hold: then print a line and keep it
 * open, with its locks, until standard input ends. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    sqlite3 *db;
    char *why = NULL;
    int at = argc > 1 && strcmp(argv[1], "--hold") == 0 ? 2 : 1;
    if (argc <= at || sqlite3_open(argv[at], &db) != SQLITE_OK) {
        fprintf(stderr, "database: expected [--hold] FILE SQL...\n");
        return 2;
    }
    for (int i = at + 1; i < argc; i++) {
        if (sqlite3_exec(db, argv[i], NULL, NULL, &why) != SQLITE_OK) {
            fprintf(stderr, "database: %s: %s\n", argv[i], why);
            return 1;
        }
    }
    if (at == 2) {
        printf("held\n");
        fflush(stdout);
        while (getchar() != EOF) {
        }
    }
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
