/* The configuration as files: INI files with every fault named, the generated scan.ini and help. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/unit/config/config_fixture.h"

static enum error read_bytes(struct fixture *fixture, const void *text, size_t len)
{
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    buf_reset(&fixture->why);
    return config_read_file(&fixture->config, fixture->path, &fixture->why);
}

static enum error read_text(struct fixture *fixture, const char *text)
{
    return read_bytes(fixture, text, strlen(text));
}

static void files_are_read(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(read_text(fixture, "\xEF\xBB\xBF# a comment\r\n"
                                        "\n"
                                        "[dns]   ; the DNS\n"
                                        "timeout = 2s ; shorter\n"
                                        "  attempts=5\r\n"
                                        "\tresolvers: 192.0.2.53\n"
                                        "[smtp] # the MX hosts\n"
                                        "contact = mailto:a@b.example\n"
                                        "ehlo =\n"
                                        "port = 26\n"
                                        "port = 27"),
                     ERR_OK);
    assert_string_equal(buf_string(&fixture->why), "");
    assert_int_equal(fixture->config.dns_timeout, 2000);
    assert_int_equal(fixture->config.dns_attempts, 5);
    assert_string_equal(fixture->config.dns_resolvers, "192.0.2.53");
    assert_string_equal(fixture->config.smtp_contact, "mailto:a@b.example");
    assert_string_equal(fixture->config.smtp_ehlo, "");
    assert_int_equal(fixture->config.smtp_port, 27);
}

static void every_fault_of_a_file_is_named_with_its_line(void **state)
{
    static const struct {
        unsigned line;
        const char *text, *reason;
    } faults[] = {
        {1, "loops = 2", "before the first [section]"},
        {2, "[scan]", NULL},
        {3, "loops", "expected [section] or key = value"},
        {4, "in_fligth = 5", "scan.in_flight"},
        {5, "drain = 5", "ms, s, m or h"},
        {6, "[scam]", "nearest known one is [scan]"},
        {7, "loops = nonsense in a section that is unknown", NULL},
        {8, "[dns", "must end with ]"},
        {9, "timeout = passed over too", NULL},
        {10, "[dns] timeout = 3s", "behind the ]"},
        {11, "[dns]", NULL},
        {12, "= 5", "unknown option"},
        {13, "timeout = 1\x01s", "control characters"},
        {14, "attempts = 11", "1 to 10"},
        {15, "neither this", "expected [section] or key = value"},
    };
    struct fixture *fixture = *state;
    char text[2000] = "";
    size_t expected = 0;
    for (size_t i = 0; i < COUNT(faults); i++) {
        strcat(text, faults[i].text);
        strcat(text, i + 1 == COUNT(faults) ? "" : "\n");
        expected += faults[i].reason != NULL;
    }
    assert_int_equal(read_text(fixture, text), ERR_CONFIG);
    assert_int_equal(fault_count(fixture), expected);
    char *at = strdup(buf_string(&fixture->why)), *rest = NULL;
    char *line = strtok_r(at, "\n", &rest);
    for (size_t i = 0; i < COUNT(faults); i++) {
        if (faults[i].reason == NULL)
            continue;
        char origin[100];
        (void)snprintf(origin, sizeof origin, "%s:%u: ", fixture->path, faults[i].line);
        assert_non_null(line);
        if (strncmp(line, origin, strlen(origin)) != 0 || strstr(line, faults[i].reason) == NULL)
            fail_msg("line %u: %s", faults[i].line, line);
        line = strtok_r(NULL, "\n", &rest);
    }
    free(at);
    assert_int_equal(fixture->config.dns_timeout, 3000);
}

static void long_lines_are_whole_or_an_error(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 100000;
    char *text = malloc(size + 100);
    assert_non_null(text);
    strcpy(text, "[safety]\noptout = ");
    size_t head = strlen(text);
    memset(text + head, 'x', size);
    strcpy(text + head + 60000, "\n[smtp]\nport = 26\n");
    assert_int_equal(read_text(fixture, text), ERR_OK);
    assert_int_equal(strlen(fixture->config.safety_optout), 60000);
    assert_int_equal(fixture->config.smtp_port, 26);

    memset(text + head + 60000, 'x', size - 60000);
    strcpy(text + head + size, "\n[smtp]\nport = 27\nprot = 28\n");
    assert_int_equal(read_text(fixture, text), ERR_CONFIG);
    assert_why(fixture, ":2: the line is too long\n");
    assert_why(fixture, ":5: unknown option \"smtp.prot\"; the nearest known one is smtp.port\n");
    assert_int_equal(fault_count(fixture), 2);
    assert_int_equal(fixture->config.smtp_port, 27);
    free(text);
}

static void nul_bytes_are_an_error(void **state)
{
    static const char text[] = "[dns]\ntimeout = 1s\0hidden\nattempts = 4\n";
    struct fixture *fixture = *state;
    assert_int_equal(read_bytes(fixture, text, sizeof text - 1), ERR_CONFIG);
    assert_why(fixture, ":2: ");
    assert_int_equal(fixture->config.dns_timeout, 3000);
    assert_int_equal(fixture->config.dns_attempts, 4);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(config_read_file(&fixture->config, "/nonexistent/scan.ini", &fixture->why), ERR_IO);
    assert_why(fixture, "/nonexistent/scan.ini: No such file");
    buf_reset(&fixture->why);
    assert_int_equal(config_read_file(&fixture->config, "/tmp", &fixture->why), ERR_IO);
    assert_why(fixture, "/tmp: Is a directory");
}

/* What is no configuration at all is told in a few lines, however much of it there is. */
static void the_first_faults_are_said(void **state)
{
    struct fixture *fixture = *state;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_text(&text, i % 4 == 0   ? "no key\n"
                        : i % 4 == 1 ? "a\001b\n"
                        : i % 4 == 2 ? "[nowhere]\n"
                                     : "[dns]\nnothing = 1\n");
    assert_int_equal(read_bytes(fixture, buf_string(&text), text.len), ERR_CONFIG);
    assert_int_equal(fault_count(fixture), CONFIG_FAULTS_SAID + 1);
    assert_why(fixture, ": and 980 faults more: is it a configuration?\n");
    buf_dispose(&text);
    buf_reset(&fixture->why);
    assert_int_equal(config_read_file(&fixture->config, "/dev/zero", &fixture->why), ERR_CONFIG);
    assert_why(fixture, "/dev/zero: it is larger than 4 MiB, and no configuration\n");
}

static void what_libraries_read_is_a_file(void **state)
{
    static const char *const options[] = {"tls.ca_file", "dns.root_hints", "dns.trust_anchor"};
    static const struct {
        const char *path; /* NULL: a file of a size */
        off_t bytes;
        const char *fault; /* NULL: none */
    } rows[] = {{"/tmp", 0, ": /tmp: it is a directory: name a file\n"},
                {"/dev/zero", 0, ": /dev/zero: it is no regular file: name one\n"},
                {"/proc/self/mem", 0, ": /proc/self/mem: Input/output error"},
                {"/nonexistent", 0, NULL},
                {NULL, 0, NULL},
                {NULL, CONFIG_LIBRARY_FILE_BYTES, NULL},
                {NULL, CONFIG_LIBRARY_FILE_BYTES + 1, ": it is larger than 16 MiB"}};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(options) * COUNT(rows); i++) {
        const char *option = options[i / COUNT(rows)], *path = rows[i % COUNT(rows)].path;
        const char *fault = rows[i % COUNT(rows)].fault;
        struct config config;
        buf_reset(&fixture->why);
        assert_int_equal(config_init(&config), ERR_OK);
        assert_int_equal(truncate(fixture->path, rows[i % COUNT(rows)].bytes), 0);
        assert_int_equal(config_set(&config, option, path == NULL ? fixture->path : path, "", &fixture->why),
                         ERR_OK);
        assert_int_equal(config_check_files(&config, &fixture->why), fault == NULL ? ERR_OK : ERR_CONFIG);
        assert_why(fixture, fault == NULL ? "" : fault);
        assert_why(fixture, fault == NULL ? "" : option);
        assert_int_equal(config_set(&config, "dns.resolvers", "192.0.2.1", "", &fixture->why), ERR_OK);
        const bool is_read = fault != NULL && option == options[0];
        assert_int_equal(config_check_files(&config, &fixture->why), is_read ? ERR_CONFIG : ERR_OK);
        config_dispose(&config);
    }
}

static char *printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_columns(const char *text)
{
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (len > 80 || (len > 0 && line[len - 1] == ' '))
            fail_msg("too wide or ends in a space: %.*s", (int)len, line);
        line += len + 1;
    }
}

static void printed_ini_reads_back_as_the_defaults(void **state)
{
    struct fixture *fixture = *state;
    struct config defaults;
    struct buf first, second;
    char *ini = printed(config_print_ini);
    assert_columns(ini);
    assert_int_equal(set(fixture, "dns.timeout", "1500ms"), ERR_OK);
    assert_int_equal(set(fixture, "scan.shard", "1/2"), ERR_OK);
    if (read_text(fixture, ini) != ERR_OK)
        fail_msg("%s", buf_string(&fixture->why));
    assert_int_equal(config_init(&defaults), ERR_OK);
    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    config_each(&fixture->config, collect_visited, &first);
    config_each(&defaults, collect_visited, &second);
    assert_string_equal(buf_string(&first), buf_string(&second));
    buf_dispose(&first);
    buf_dispose(&second);
    config_dispose(&defaults);
    free(ini);
}

static void scan_ini_in_the_tree_is_the_printed_one(void **state)
{
    (void)state;
    char *ini = printed(config_print_ini);
    size_t len = strlen(ini);
    char *tree = calloc(1, len + 2);
    FILE *file = fopen("scan.ini", "r");
    if (tree == NULL || file == NULL)
        fail_msg("scan.ini is read from the root of the source tree: %s", strerror(errno));
    assert_int_equal(fread(tree, 1, len + 1, file), len);
    assert_string_equal(tree, ini);
    assert_int_equal(fclose(file), 0);
    free(tree);
    free(ini);
}

static void print_all_help(FILE *out)
{
    config_print_help(out, "");
}

static void print_some_help(FILE *out)
{
    config_print_help(out, "scan input output");
}

/* Those that matter are options of the table, in this order, and no others. */
static void help_begins_with_what_matters(void **state)
{
    static const char *const names[] = {
        "--dns.resolvers=", "--smtp.ehlo=", "--smtp.contact=", "--safety.optout="};
    (void)state;
    char *help = printed(config_print_first);
    const char *at = help;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        at = strstr(at, names[i]);
        assert_non_null(at);
    }
    size_t count = 0;
    for (at = help; (at = strstr(at, "  --")) != NULL; at++)
        count++;
    assert_int_equal(count, sizeof names / sizeof *names);
    free(help);
}

static void help_leaves_sections_out(void **state)
{
    (void)state;
    char *help = printed(print_some_help);
    for (size_t i = 0; i < config_option_count; i++) {
        const char *section = config_options[i].section;
        char text[128];
        (void)snprintf(text, sizeof text, "--%s.%s=", section, config_options[i].key);
        bool wanted =
            strcmp(section, "scan") != 0 && strcmp(section, "input") != 0 && strcmp(section, "output") != 0;
        if ((strstr(help, text) != NULL) != wanted)
            fail_msg("%s", text);
    }
    assert_int_equal(help[0], '[');
    free(help);
}

static void help_names_every_option_and_its_default(void **state)
{
    (void)state;
    char *help = printed(print_all_help);
    assert_columns(help);
    for (size_t i = 0; i < config_option_count; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "--%s.%s=%s\n", config_options[i].section, config_options[i].key,
                       config_options[i].initial);
        if (strstr(help, text) == NULL)
            fail_msg("missing: %s", text);
    }
    assert_non_null(strstr(help, "-o, --output.dir"));
    free(help);
}

/* How each option is shown: its flags, its help folded, what it takes; sections apart. */
static void help_has_one_form(void **state)
{
    static const char *const parts[] = {
        "[scan]\n  --scan.loops=0\n        event loops, each a thread; 0 means one for each core\n        "
        "(number, "
        "0 to 256)\n  --scan.in_flight=20000\n",
        "\n        (number, 0 or more)\n\n[dns]\n  --dns.resolvers=\n",
        "\n        (text)\n",
        "\n        (one of all|intent|none)\n",
        "\n  -o, --output.dir=\n",
        "\n        (duration, 50ms to 1m)\n",
        "\n        (size, 1M to 64G)\n",
    };
    (void)state;
    char *help = printed(print_all_help);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (strstr(help, parts[i]) == NULL)
            fail_msg("missing: %s", parts[i]);
    assert_memory_equal(help, parts[0], strlen(parts[0]));
    assert_null(strstr(help, "\n\n\n"));
    assert_null(strstr(help, "\n        \n"));
    free(help);
}

/* A line of a file: as many bytes as a text may have and its key, and what is one too many. */
static void the_longest_line_is_read(void **state)
{
    enum { LINE = CONFIG_TEXT_BYTES + 512 - 1 };
    static const char head[] = "[safety]\n", key[] = "optout = ", spaces[] = "                    ";
    struct fixture *fixture = *state;
    char *text = malloc(LINE + 200);
    assert_non_null(text);
    for (size_t len = LINE - 1; len <= LINE + 1; len++) {
        strcpy(text, head);
        strcat(text, spaces); /* indentation does not count */
        strcat(text, key);
        size_t used = strlen(text), value = CONFIG_TEXT_BYTES - 1;
        memset(text + used, 'x', value);
        memset(text + used + value, ' ', len - strlen(key) - value);
        strcpy(text + used + len - strlen(key), "\n");
        assert_int_equal(read_text(fixture, text), len <= LINE ? ERR_OK : ERR_CONFIG);
        if (len > LINE)
            assert_why(fixture, ":2: the line is too long\n");
    }
    free(text);
}

/* What libinih is given is what the line holds, and faults say nothing of lines that have none. */
static void lines_are_told_apart(void **state)
{
    static const struct {
        const char *text, *reason; /* NULL: good */
    } cases[] = {
        {"\xEF\xBB\xBF[dns]\ntimeout = 2s\n", NULL},
        {"[dns]\n\xEF\xBB\xBFtimeout = 2s\n", "unknown option"},
        {"\n\xEF\xBB\xBF[dns]\n", ":2: expected [section] or key = value"},
        {"\xEF\xBBtimeout\n", ":1: expected [section] or key = value"},
        {"", NULL},
        {"\n", NULL},
        {"\r\n\r\n", NULL},
        {";\n#\n ; x\n\t# x\n", NULL},
        {"[dns]\r\n[smtp]\t;x\n[scan] #x\n[dns];x\n[dns]#", NULL},
        {"[dns]x\n", ":1: there is something behind the ] of the section"},
        {"[dns]]\n", ":1: there is something behind the ] of the section"},
        {"[\n", ":1: a section begins with [ and must end with ]"},
        {"[]\n", ":1: unknown section \"\"\n"},
        {"[dns]\ntimeout\n", ":2: expected [section] or key = value"},
        {"[dns]\ntimeout", ":2: expected [section] or key = value"},
        {"[dns]\ntimeout = \x1f\n", ":2: the line holds control characters"},
        {"[dns]\ntimeout = 2s\x7f\n", ":2: the line holds control characters"},
        {"[dns]\n\ttimeout\t=\t2s\t\r\n", NULL},
        {"[smtp]\ncontact = https://a.example/\xc3\xa4\n", NULL},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum error error = read_text(fixture, cases[i].text);
        if (error != (cases[i].reason == NULL ? ERR_OK : ERR_CONFIG))
            fail_msg("row %zu: %s", i, buf_string(&fixture->why));
        assert_int_equal(fault_count(fixture), cases[i].reason == NULL ? 0 : 1);
        if (cases[i].reason != NULL)
            assert_why(fixture, cases[i].reason);
    }
}

/* A section's name is shown as far as the longest that is known has letters, and one more. */
static void long_sections_are_cut(void **state)
{
    struct fixture *fixture = *state;
    char text[300], expected[300];
    for (size_t len = CONFIG_NAME_BYTES - 2; len <= CONFIG_NAME_BYTES + 2; len++) {
        size_t shown = len < CONFIG_NAME_BYTES - 1 ? len : CONFIG_NAME_BYTES - 1;
        text[0] = '[';
        memset(text + 1, 'y', len);
        strcpy(text + 1 + len, "]\n");
        assert_int_equal(read_text(fixture, text), ERR_CONFIG);
        (void)snprintf(expected, sizeof expected, ": unknown section \"%.*s\"\n", (int)shown, text + 1);
        assert_why(fixture, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_fault_of_a_file_is_named_with_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_lines_are_whole_or_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nul_bytes_are_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_faults_are_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_libraries_read_is_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(printed_ini_reads_back_as_the_defaults, set_up, tear_down),
        cmocka_unit_test(scan_ini_in_the_tree_is_the_printed_one),
        cmocka_unit_test(help_names_every_option_and_its_default),
        cmocka_unit_test(help_begins_with_what_matters),
        cmocka_unit_test(help_leaves_sections_out),
        cmocka_unit_test(help_has_one_form),
        cmocka_unit_test_setup_teardown(the_longest_line_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_sections_are_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("config_file", tests, NULL, NULL);
}
