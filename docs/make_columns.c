/*
 * Prints what is made of the table of fields (scanner/facts/fields.def) for programs that read columns:
 *
 *     make_columns tsv                     docs/columns.tsv: DuckDB's type of each column
 *     make_columns duckdb <docs/duckdb.in  docs/duckdb.sql: the frame, with a record's columns in place of
 *                                          its lines "@columns RECORD@"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs/make_walk.h"

enum { LINE_BYTES = 4096 };

static const struct field_group *const records[] = {&fields_domain, &fields_host, &fields_cert,
                                                    &fields_reject};

static void print_sql(const struct field *field);

static void print_member(const struct field *field, bool required, void *arg)
{
    bool *follows = arg;
    (void)required;
    printf("%s\"%s\" ", *follows ? ", " : "", field->key);
    print_sql(field);
    *follows = true;
}

static const char *sql_number(const struct field *field)
{
    if (field->type == AS_SIGNED)
        return "INTEGER";
    return field->size == 1   ? "UTINYINT"
           : field->size == 2 ? "USMALLINT"
           : field->size == 4 ? "UINTEGER"
                              : "UBIGINT";
}

static const char *sql_simple(const struct field *field)
{
    switch (field->type) {
    case AS_BOOL:
        return "BOOLEAN";
    case AS_UNSIGNED:
    case AS_SIGNED:
        return sql_number(field);
    case AS_TIME:
    case AS_SECONDS:
        return "TIMESTAMP";
    case AS_STRINGS:
    case AS_TEXTS:
    case AS_IPS:
    case AS_WORDS:
    case AS_CODES:
        return "VARCHAR[]";
    default:
        return "VARCHAR";
    }
}

static void print_sql(const struct field *field)
{
    bool follows = false;
    if (field->sql != NULL || field->group == NULL) {
        fputs(field->sql != NULL ? field->sql : sql_simple(field), stdout);
        return;
    }
    printf("STRUCT(");
    walk(field->group, true, print_member, &follows);
    printf(field->type == AS_LIST ? ")[]" : ")");
}

static void print_column(const struct field *field, bool required, void *arg)
{
    (void)required;
    printf("%s\t%s\t", (const char *)arg, field->key);
    print_sql(field);
    putchar('\n');
}

static void print_columns(void)
{
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        walk(records[i], true, print_column, (void *)(uintptr_t)records[i]->name);
}

static void print_parameter(const struct field *field, bool required, void *arg)
{
    bool *follows = arg;
    (void)required;
    printf("%s        \"%s\": '", *follows ? ",\n" : "", field->key);
    print_sql(field);
    putchar('\'');
    *follows = true;
}

static const struct field_group *wanted(const char *line)
{
    char name[32];
    if (sscanf(line, "@columns %31[a-z]@", name) != 1)
        return NULL;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (strcmp(records[i]->name, name) == 0)
            return records[i];
    (void)fprintf(stderr, "make_columns: no record %s\n", name);
    exit(1);
}

static void print_duckdb(void)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const struct field_group *record = wanted(line);
        bool follows = false;
        if (record == NULL) {
            fputs(line, stdout);
            continue;
        }
        walk(record, true, print_parameter, &follows);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "tsv") == 0)
        print_columns();
    else if (strcmp(what, "duckdb") == 0)
        print_duckdb();
    else
        return 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
