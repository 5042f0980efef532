/*
 * Reads the configuration, a struct config made of options.def, from an INI file (libinih) and from
 * --section.key=value arguments; later ones win. A fault is reported with file, line, reason and the nearest
 * known key. The same table is printed as scan.ini and as help.
 */
#ifndef STSWEEP_CONFIG_CONFIG_H
#define STSWEEP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/config/choices.h"

#define CONFIG_TYPE_NUMBER   int64_t
#define CONFIG_TYPE_DURATION int64_t
#define CONFIG_TYPE_SIZE     int64_t
#define CONFIG_TYPE_CHOICE   int64_t
#define CONFIG_TYPE_TEXT     char *
#define CONFIG_TYPE_FILE     char *
#define CONFIG_TYPE_FOLDER   char *

/* It has one member an option, named section_key: config->scan_loops, config->dns_timeout (milliseconds).
 * TEXT, FILE and FOLDER members are owned by the config and never NULL. */
struct config {
#define OPTION(section, key, type, initial, minimum, maximum, choices, letter, resume, help)                 \
    CONFIG_TYPE_##type section##_##key;
#include "scanner/config/options.def"
#undef OPTION
};

/* Fills in the defaults. */
enum error config_init(struct config *config);
void config_dispose(struct config *config);

/* Reads an INI file of at most CONFIG_FILE_BYTES. On failure *why (a ceiling of its own) says "file:line:
 * reason" for each of the first CONFIG_FAULTS_SAID faults, a line each, and how many more there are. */
enum { CONFIG_FILE_BYTES = 4 << 20, CONFIG_FAULTS_SAID = 20 };
enum error config_read_file(struct config *config, const char *path, struct buf *why);

/* Sets the option "section.key" to a value that came from `origin` ("command line", "scan.ini:12"); on
 * failure adds a line to *why. */
enum error config_set(struct config *config, const char *name, const char *value, const char *origin,
                      struct buf *why);

/* Returns the name of the option with this one-letter flag as "section.key", or NULL. */
const char *config_flag(char letter);

/* May the option "section.key" have another value when a scan is gone on with? The column RESUME of
 * options.def says so. */
enum config_resume { RESUME_FIXED, RESUME_SWITCH, RESUME_FREE };
enum config_resume config_resume(const char *name);

/* Checks what an option's type cannot: shard's form, ehlo as a host name, contact as URL or mailto:,
 * resolvers' addresses, prefixes. */
enum error config_check(const struct config *config, struct buf *why);

/* Checks that the files which libraries read (tls.ca_file, and without dns.resolvers dns.root_hints and
 * dns.trust_anchor) are regular ones, no larger than CONFIG_LIBRARY_FILE_BYTES, and can be read to their end:
 * ERR_CONFIG with a line in *why for each that is not. One that cannot be opened is left to its reader. */
enum { CONFIG_LIBRARY_FILE_BYTES = 16 << 20 };
enum error config_check_files(const struct config *config, struct buf *why);

/* Reads metrics.listen: a port alone is one of 127.0.0.1. false: it is empty, or of neither form. */
struct ip_addr;
bool config_listen(const struct config *config, struct ip_addr *ip, uint16_t *port);

/* Reads scan.shard, such as "1/4", into index (from 1) and count; empty text means 1/1. */
bool config_shard(const struct config *config, uint32_t *index, uint32_t *count);

/* Does a scan with these options connect to mail servers, to policy hosts? The stage names (scan.stage) asks
 * the DNS alone. */
bool config_probes(const struct config *config);
bool config_fetches(const struct config *config);

/* Prints the commented scan.ini with the defaults. */
void config_print_ini(FILE *out);

/* Prints the options as help text, 80 columns, but for those of the sections that stand in `without` ("scan
 * input"). */
void config_print_help(FILE *out, const char *without);

/* Prints, likewise, the few options that whoever begins should know. */
void config_print_first(FILE *out);

/* Prints the words of a text in lines of 80 columns, each behind the prefix. */
void config_print_text(FILE *out, const char *prefix, const char *text);

/* Visits every option with its value in effect, as it would be written: for meta.json and for the tests. */
typedef void (*config_visit)(void *arg, const char *section, const char *key, const char *value);
void config_each(const struct config *config, config_visit visit, void *arg);

#endif
