/* The configuration: the table, its values, what is wrong with them, and what the options look like as text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/config/config_fixture.h"

static void defaults_are_those_of_the_table(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture->config.scan_in_flight, 20000);
    assert_int_equal(fixture->config.dns_timeout, 3000);
    assert_int_equal(fixture->config.policy_max_bytes, 65536);
    assert_int_equal(fixture->config.limits_wait, 30 * 60 * 1000);
    assert_int_equal(fixture->config.smtp_probe, SMTP_PROBE_ALL);
    assert_string_equal(fixture->config.scan_shard, "");
    assert_string_equal(fixture->config.dns_trust_anchor, "/usr/share/dns/root.key");
    assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_OK);
}

static void choices_agree_with_their_enums(void **state)
{
    static const struct {
        const char *name, *value;
        size_t offset;
        int64_t expected;
    } cases[] = {
        {"dns.trust_ad", "loopback", offsetof(struct config, dns_trust_ad), DNS_TRUST_AD_LOOPBACK},
        {"dns.trust_ad", "yes", offsetof(struct config, dns_trust_ad), DNS_TRUST_AD_YES},
        {"dns.trust_ad", "no", offsetof(struct config, dns_trust_ad), DNS_TRUST_AD_NO},
        {"smtp.probe", "all", offsetof(struct config, smtp_probe), SMTP_PROBE_ALL},
        {"smtp.probe", "intent", offsetof(struct config, smtp_probe), SMTP_PROBE_INTENT},
        {"smtp.probe", "none", offsetof(struct config, smtp_probe), SMTP_PROBE_NONE},
        {"input.format", "auto", offsetof(struct config, input_format), INPUT_FORMAT_AUTO},
        {"input.format", "plain", offsetof(struct config, input_format), INPUT_FORMAT_PLAIN},
        {"input.format", "csv", offsetof(struct config, input_format), INPUT_FORMAT_CSV},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(set(fixture, cases[i].name, cases[i].value), ERR_OK);
        int64_t value;
        memcpy(&value, (const char *)&fixture->config + cases[i].offset, sizeof value);
        assert_int_equal(value, cases[i].expected);
    }
}

static void every_row_is_in_its_own_range(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        char name[CONFIG_NAME_BYTES];
        assert_in_range(snprintf(name, sizeof name, "%s.%s", option->section, option->key), 3,
                        CONFIG_NAME_BYTES - 1);
        int64_t value;
        const char *bounds[] = {option->initial, option->minimum, option->maximum};
        for (size_t j = 0; j < COUNT(bounds); j++) {
            if (config_is_string(option->type) || option->type == CONFIG_IS_CHOICE || bounds[j][0] == '\0')
                continue;
            if (!config_value_parse(option, bounds[j], &value))
                fail_msg("%s: %s is no value", name, bounds[j]);
        }
        if (set(fixture, name, option->initial) != ERR_OK)
            fail_msg("%s", buf_string(&fixture->why));
    }
}

static void values_take_their_units(void **state)
{
    static const struct {
        const char *name, *value;
        size_t offset;
        int64_t expected;
    } cases[] = {
        {"dns.timeout", "250ms", offsetof(struct config, dns_timeout), 250},
        {"dns.timeout", "2s", offsetof(struct config, dns_timeout), 2000},
        {"dns.timeout", "1m", offsetof(struct config, dns_timeout), 60000},
        {"limits.wait", "24h", offsetof(struct config, limits_wait), 86400000},
        {"scan.drain", "0s", offsetof(struct config, scan_drain), 0},
        {"policy.max_bytes", "2048", offsetof(struct config, policy_max_bytes), 2048},
        {"policy.max_bytes", "1K", offsetof(struct config, policy_max_bytes), 1024},
        {"policy.max_bytes", "1M", offsetof(struct config, policy_max_bytes), 1048576},
        {"output.part_bytes", "2G", offsetof(struct config, output_part_bytes), INT64_C(2) << 30},
        {"scan.seed", "9223372036854775807", offsetof(struct config, scan_seed), INT64_MAX},
        {"smtp.port", "2525", offsetof(struct config, smtp_port), 2525},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(set(fixture, cases[i].name, cases[i].value), ERR_OK);
        int64_t value;
        memcpy(&value, (const char *)&fixture->config + cases[i].offset, sizeof value);
        if (value != cases[i].expected)
            fail_msg("%s=%s", cases[i].name, cases[i].value);
    }
}

static void bad_values_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *name, *value, *reason;
    } cases[] = {
        {"dns.timeout", "3", "ms, s, m or h"},
        {"dns.timeout", "0", "ms, s, m or h"},
        {"dns.timeout", "3 s", "ms, s, m or h"},
        {"dns.timeout", "1.5s", "ms, s, m or h"},
        {"dns.timeout", "3S", "ms, s, m or h"},
        {"dns.timeout", "s", "ms, s, m or h"},
        {"dns.timeout", "", "ms, s, m or h"},
        {"dns.timeout", "-3s", "ms, s, m or h"},
        {"dns.timeout", "+3s", "ms, s, m or h"},
        {"dns.timeout", " 3s", "ms, s, m or h"},
        {"dns.timeout", "9223372036854775807h", "ms, s, m or h"},
        {"dns.timeout", "49ms", "50ms to 1m"},
        {"dns.timeout", "61s", "50ms to 1m"},
        {"policy.max_bytes", "64k", "K, M or G"},
        {"policy.max_bytes", "64KB", "K, M or G"},
        {"policy.max_bytes", "1023", "1K to 1M"},
        {"policy.max_bytes", "9223372036854775807G", "K, M or G"},
        {"scan.in_flight", "many", "a whole number"},
        {"scan.in_flight", "1K", "a whole number"},
        {"scan.in_flight", "0", "1 to 1000000"},
        {"scan.seed", "9223372036854775808", "a whole number"},
        {"smtp.port", "65536", "1 to 65535"},
        {"smtp.probe", "some", "all|intent|none"},
        {"smtp.probe", "al", "all|intent|none"},
        {"smtp.probe", "all|intent", "all|intent|none"},
        {"smtp.probe", "", "all|intent|none"},
        {"smtp.ehlo", "a.example\r\nQUIT", "control characters"},
        {"smtp.ehlo", "a\177b", "control characters"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (set(fixture, cases[i].name, cases[i].value) != ERR_CONFIG)
            fail_msg("taken: %s=%s", cases[i].name, cases[i].value);
        assert_why(fixture, cases[i].reason);
        assert_why(fixture, cases[i].name);
        assert_why(fixture, "command line: ");
        assert_int_equal(fault_count(fixture), 1);
    }
    assert_int_equal(fixture->config.dns_timeout, 3000);
    assert_int_equal(fixture->config.smtp_probe, SMTP_PROBE_ALL);
}

static void unknown_options_name_the_nearest(void **state)
{
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        {"dns.timout", "dns.timeout"},
        {"dns.tiemout", "dns.timeout"},
        {"scan.inflight", "scan.in_flight"},
        {"smtp.elho", "smtp.ehlo"},
        {"output.frame-bytes", "output.frame_bytes"},
        {"root_hints", "dns.root_hints"},
        {"max_adresses", "smtp.max_addresses"},
        {"policy.max_byte", "policy.max_bytes"},
        {"policy.timout", "policy.timeout"}, /* not dns.timeout, whose key is as near */
        {"smtp_probe", "smtp.probe"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(set(fixture, cases[i].name, "1"), ERR_CONFIG);
        assert_why(fixture, cases[i].nearest);
        assert_why(fixture, "unknown option");
    }
    /* One that is far from all of them may be meant to be anything. */
    static const char *const far[] = {"DNS.TIMEOUT", "", "foobarbaz", "no.such.thing.at.all"};
    for (size_t i = 0; i < COUNT(far); i++) {
        buf_reset(&fixture->why);
        assert_int_equal(config_set(&fixture->config, far[i], "1", "command line", &fixture->why),
                         ERR_CONFIG);
        assert_why(fixture, "unknown option");
        assert_null(strstr(buf_string(&fixture->why), "nearest"));
    }
    char longest[10000];
    memset(longest, '\n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(set(fixture, longest, "1"), ERR_CONFIG);
    assert_int_equal(fault_count(fixture), 1);
    assert_in_range(fixture->why.len, 1, 300);
}

static void forms_are_checked(void **state)
{
    static const struct {
        const char *name, *value;
        bool good;
    } cases[] = {
        {"scan.shard", "1/1", true},
        {"sample.take", "1%", true},
        {"sample.take", "100000", true},
        {"sample.take", "1e5", false},
        {"sample.take", "0", false},
        {"scan.shard", "4/4", true},
        {"scan.shard", "4294967295/4294967295", true},
        {"scan.shard", "0/4", false},
        {"scan.shard", "5/4", false},
        {"scan.shard", "1/4294967296", false},
        {"scan.shard", "1", false},
        {"scan.shard", "1/", false},
        {"scan.shard", "/4", false},
        {"scan.shard", "1/4x", false},
        {"scan.shard", "-1/4", false},
        {"scan.shard", "1/4/4", false},
        {"scan.shard", "0000000001/0000000002", true},
        {"scan.shard", "00000000001/2", false},
        {"scan.shard", "1/00000000002", false},
        {"scan.shard", "x/2", false},
        {"scan.shard", "4294967296/4294967295", false},
        {"smtp.ehlo", "scan.example.net", true},
        {"smtp.ehlo", "a-b.xn--bcher-kva.example", true},
        {"smtp.ehlo", "localhost", false},
        {"smtp.ehlo", "a_b.example", false},
        {"smtp.ehlo", "-a.example", false},
        {"smtp.ehlo", "a-.example", false},
        {"smtp.ehlo", "a..example", false},
        {"smtp.ehlo", "a.example.", false},
        {"smtp.ehlo", "192.0.2.1", false},
        {"smtp.ehlo", "a b.example", false},
        {"smtp.ehlo", "a.b", true},
        {"smtp.ehlo", "a.1b", true},
        {"smtp.ehlo", "a.12", false},
        {"smtp.ehlo", ".example", false},
        {"smtp.contact", "https://scan.example.net/why", true},
        {"smtp.contact", "http://scan.example.net", true},
        {"smtp.contact", "mailto:scan@example.net", true},
        {"smtp.contact", "scan@example.net", false},
        {"smtp.contact", "mailto:scan", false},
        {"smtp.contact", "mailto:@example.net", false},
        {"smtp.contact", "ftp://example.net", false},
        {"smtp.contact", "https://", false},
        {"smtp.contact", "https://a.example/ b", false},
        {"smtp.contact", "https://a.example/)", false},
        {"smtp.contact", "HTTPS://a.example/~!", true},
        {"smtp.contact", "https://a.example/\xc3\xa4", false},
        {"smtp.contact", "https:///a.example", false},
        {"smtp.contact", "https:/a.example", false},
        {"smtp.contact", "MAILTO:a@example.net", true},
        {"smtp.contact", "mailto:a@b@example.net", true},
        {"smtp.contact", "mailto:a@example", false},
        {"smtp.contact", "mailto:a@", false},
        {"smtp.contact", "mailto:\"a\"@example.net", false},
        {"dns.resolvers", "192.0.2.1", true},
        {"dns.resolvers", "192.0.2.1:5353,[2001:db8::1]:53, 2001:db8::2", true},
        {"dns.resolvers", "192.0.2.1,", false},
        {"dns.resolvers", ",192.0.2.1", false},
        {"dns.resolvers", "192.0.2.1 192.0.2.2", false},
        {"dns.resolvers", "dns.example.net", false},
        {"dns.resolvers", "192.0.2.1:0", false},
        {"dns.resolvers", "  192.0.2.1 , 192.0.2.2  ", true},
        {"dns.resolvers", "[2001:0db8:0000:0000:0000:0000:0000:0001]:65535", true},
        {"dns.resolvers", "192.0.2.1,,192.0.2.2", false},
        {"dns.resolvers", " ", false},
        {"dns.resolvers", "192.0.2.1, ", false},
        {"safety.allow", "127.0.0.0/8, ::1", true},
        {"safety.allow", "127.0.0.1/8", false},
        {"limits.own", "", true},
        {"limits.own", "192.0.2.1, 10.0.0.0/8 2001:db8::/16", false},
        {"limits.own", "192.0.2.1, 10.0.0.0/8 2001::/16", true},
        {"limits.own", "0.0.0.0/0", false},
        {"limits.own", "8.0.0.0/7", false},
        {"limits.own", "2000::/15", false},
        {"limits.own", "192.0.2.1/24", false},
        {"safety.allow", "loopback", false},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(set(fixture, cases[i].name, cases[i].value), ERR_OK);
        enum error error = config_check(&fixture->config, &fixture->why);
        if (error != (cases[i].good ? ERR_OK : ERR_CONFIG))
            fail_msg("%s=%s: %s", cases[i].name, cases[i].value, buf_string(&fixture->why));
        if (!cases[i].good)
            assert_why(fixture, cases[i].name);
        assert_int_equal(set(fixture, cases[i].name, ""), ERR_OK);
    }
}

/* Nobody is to think that a sample is drawn by strata if none is drawn, or by a key that is none. */
static void a_sample_is_whole(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(set(fixture, "sample.strata", "tld"), ERR_OK);
    assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_CONFIG);
    assert_why(fixture, "sample.strata");
    assert_int_equal(set(fixture, "sample.take", "5%"), ERR_OK);
    assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_OK);
    assert_int_equal(set(fixture, "sample.key", ""), ERR_OK);
    assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_CONFIG);
    assert_why(fixture, "sample.key");
}

static void shards_are_counted_from_one(void **state)
{
    struct fixture *fixture = *state;
    uint32_t index = 9, count = 9;
    assert_true(config_shard(&fixture->config, &index, &count));
    assert_int_equal(index, 1);
    assert_int_equal(count, 1);
    assert_int_equal(set(fixture, "scan.shard", "3/8"), ERR_OK);
    assert_true(config_shard(&fixture->config, &index, &count));
    assert_int_equal(index, 3);
    assert_int_equal(count, 8);
}

static void all_bad_forms_are_said_at_once(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(set(fixture, "scan.shard", "2/1"), ERR_OK);
    assert_int_equal(set(fixture, "smtp.ehlo", "me"), ERR_OK);
    assert_int_equal(set(fixture, "smtp.contact", "me"), ERR_OK);
    assert_int_equal(set(fixture, "dns.resolvers", "me"), ERR_OK);
    assert_int_equal(set(fixture, "safety.allow", "me"), ERR_OK);
    assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_CONFIG);
    assert_int_equal(fault_count(fixture), 5);
}

static void flags_have_one_letter(void **state)
{
    (void)state;
    assert_string_equal(config_flag('o'), "output.dir");
    assert_null(config_flag('\0'));
    assert_null(config_flag('?'));
    for (size_t i = 0; i < config_option_count; i++)
        for (size_t j = i + 1; j < config_option_count; j++)
            if (config_options[i].letter != 0)
                assert_int_not_equal(config_options[i].letter, config_options[j].letter);
}

struct visited {
    struct config *into;
    struct buf *why;
    size_t count;
};

static void set_visited(void *arg, const char *section, const char *key, const char *value)
{
    struct visited *visited = arg;
    char name[CONFIG_NAME_BYTES];
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    if (config_set(visited->into, name, value, "again", visited->why) != ERR_OK)
        fail_msg("%s", buf_string(visited->why));
    visited->count++;
}

/* What config_each writes sets another config to the same, and is written in the largest unit that fits. */
static void visited_values_set_the_same(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(set(fixture, "dns.timeout", "1500ms"), ERR_OK);
    assert_int_equal(set(fixture, "scan.drain", "0s"), ERR_OK);
    assert_int_equal(set(fixture, "limits.wait", "7200s"), ERR_OK);
    assert_int_equal(set(fixture, "policy.max_bytes", "4097"), ERR_OK);
    assert_int_equal(set(fixture, "smtp.probe", "none"), ERR_OK);
    struct config again;
    assert_int_equal(config_init(&again), ERR_OK);
    struct visited visited = {&again, &fixture->why, 0};
    config_each(&fixture->config, set_visited, &visited);
    assert_int_equal(visited.count, config_option_count);
    struct buf first, second;
    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    config_each(&fixture->config, collect_visited, &first);
    config_each(&again, collect_visited, &second);
    assert_string_equal(buf_string(&first), buf_string(&second));
    static const char *const lines[] = {
        "dns.timeout=1500ms\n",   "scan.drain=0s\n",     "limits.wait=2h\n",
        "smtp.probe=none\n",      "scan.shard=\n",       "policy.max_bytes=4097\n",
        "output.part_bytes=1G\n", "policy.timeout=1m\n", "scan.seed=0\n"};
    for (size_t i = 0; i < COUNT(lines); i++)
        if (strstr(buf_string(&first), lines[i]) == NULL)
            fail_msg("missing: %s", lines[i]);
    buf_dispose(&first);
    buf_dispose(&second);
    config_dispose(&again);
}

/* A name with so many bytes: labels of `label` and a last one of what is left. */
static void make_name(char *name, size_t len, size_t label)
{
    for (size_t i = 0; i < len; i++)
        name[i] = i % (label + 1) == label && i + 1 < len ? '.' : 'a';
    name[len] = '\0';
}

/* What is one byte longer than it may be is refused, and what is as long is not. */
static void lengths_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    char text[CONFIG_TEXT_BYTES + 1], name[300];
    for (size_t len = 62; len <= 64; len++) {
        (void)snprintf(text, sizeof text, "%.*s.example", (int)len,
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_int_equal(set(fixture, "smtp.ehlo", text), ERR_OK);
        assert_int_equal(config_check(&fixture->config, &fixture->why), len <= 63 ? ERR_OK : ERR_CONFIG);
    }
    for (size_t len = 252; len <= 254; len++) {
        make_name(name, len, 9);
        assert_int_equal(set(fixture, "smtp.ehlo", name), ERR_OK);
        assert_int_equal(config_check(&fixture->config, &fixture->why), len <= 253 ? ERR_OK : ERR_CONFIG);
    }
    assert_int_equal(set(fixture, "smtp.ehlo", ""), ERR_OK);
    for (size_t len = 255; len <= 257; len++) {
        make_name(name, len, 9);
        memcpy(name, "https://", 8);
        assert_int_equal(set(fixture, "smtp.contact", name), ERR_OK);
        assert_int_equal(config_check(&fixture->config, &fixture->why), len <= 256 ? ERR_OK : ERR_CONFIG);
    }
    for (size_t len = CONFIG_TEXT_BYTES - 2; len <= CONFIG_TEXT_BYTES; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        assert_int_equal(set(fixture, "safety.optout", text), len < CONFIG_TEXT_BYTES ? ERR_OK : ERR_CONFIG);
    }
    assert_why(fixture, "it is too long or holds control characters");
    assert_int_equal(strlen(fixture->config.safety_optout), CONFIG_TEXT_BYTES - 1);
}

/* Values as text and back, by themselves: the largest unit that fits. */
static void values_are_written_in_the_largest_unit(void **state)
{
    static const struct config_option duration = {.type = CONFIG_IS_DURATION},
                                      size = {.type = CONFIG_IS_SIZE}, number = {.type = CONFIG_IS_NUMBER},
                                      text_option = {.type = CONFIG_IS_TEXT},
                                      choice = {.type = CONFIG_IS_CHOICE, .choices = "a|bc|def"};
    static const struct {
        const struct config_option *option;
        int64_t value;
        const char *text;
    } cases[] = {
        {&duration, 0, "0s"},
        {&duration, 1, "1ms"},
        {&duration, 999, "999ms"},
        {&duration, 1000, "1s"},
        {&duration, 59000, "59s"},
        {&duration, 60000, "1m"},
        {&duration, 3600000, "1h"},
        {&duration, 5400000, "90m"},
        {&duration, 61000, "61s"},
        {&size, 0, "0"},
        {&size, 1, "1"},
        {&size, 1023, "1023"},
        {&size, 1024, "1K"},
        {&size, 1 << 20, "1M"},
        {&size, (1 << 20) + 1024, "1025K"},
        {&size, 1 << 30, "1G"},
        {&number, 0, "0"},
        {&number, 1024, "1024"},
        {&number, INT64_MAX, "9223372036854775807"},
        {&choice, 0, "a"},
        {&choice, 1, "bc"},
        {&choice, 2, "def"},
    };
    static const char *const bad[] = {"", "x", "1x", "-1", "9223372036854775808", "99999999999999999999"};
    char text[CONFIG_VALUE_BYTES];
    int64_t value = 77;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        config_value_format(cases[i].option, cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        assert_true(config_value_parse(cases[i].option, text, &value));
        assert_int_equal(value, cases[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(
            config_value_parse(&number, bad[i], &value) || config_value_parse(&size, bad[i], &value) ||
            config_value_parse(&duration, bad[i], &value) || config_value_parse(&choice, bad[i], &value));
    assert_false(config_value_parse(&text_option, "1", &value));
    assert_false(config_value_parse(&size, "8589934592G", &value));
    assert_true(config_value_parse(&size, "8589934591G", &value));
    config_value_format(&choice, 3, text); /* none of them */
    assert_string_equal(text, "");
}

/* A contact that came by another way than config_set: whatever would end or nest a header's text is refused.
 */
static void contacts_hold_printable_ascii(void **state)
{
    struct fixture *fixture = *state;
    char text[] = "https://a.example/?";
    char *set_one = fixture->config.smtp_contact;
    fixture->config.smtp_contact = text;
    for (int c = 1; c < 256; c++) {
        text[sizeof text - 2] = (char)c;
        bool good = c > ' ' && c < 0x7f && strchr("\"()<>\\", c) == NULL;
        if (config_check(&fixture->config, &fixture->why) != (good ? ERR_OK : ERR_CONFIG))
            fail_msg("byte %d", c);
    }
    fixture->config.smtp_contact = set_one;
}

/* Where in a list the fault is. */
static void forms_say_where(void **state)
{
    static const struct {
        const char *name, *value, *said;
    } cases[] = {
        {"dns.resolvers", "192.0.2.1 192.0.2.2", "dns.resolvers: a comma is missing before \"192.0.2.2\"\n"},
        {"dns.resolvers", "192.0.2.1, x, 192.0.2.2",
         "dns.resolvers: not ip[:port], separated by commas: \"x, 192.0.2.2\"\n"},
        {"limits.own", "192.0.2.0/24, 128.0.0.0/1",
         "limits.own: wider than anybody's own, which is /8 (IPv6: /16) at most: \"128.0.0.0/1\"\n"},
        {"limits.own", "192.0.2.1/24",
         "limits.own: not a prefix (or with bits set behind its length): \"192.0.2.1/24\"\n"},
        {"safety.allow", "10.0.0.0/8, 127.0.0.1/8",
         "safety.allow: not a prefix (or with bits set behind its length): \"127.0.0.1/8\"\n"},
        {"scan.shard", "5/4", "scan.shard: value \"5/4\" is not i/n with i from 1 to n\n"},
        {"smtp.ehlo", "me", "smtp.ehlo: value \"me\" is not a fully qualified host name\n"},
        {"smtp.contact", "me", "smtp.contact: value \"me\" is neither a http(s) URL nor mailto:\n"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(set(fixture, cases[i].name, cases[i].value), ERR_OK);
        assert_int_equal(config_check(&fixture->config, &fixture->why), ERR_CONFIG);
        assert_string_equal(buf_string(&fixture->why), cases[i].said);
        assert_int_equal(set(fixture, cases[i].name, ""), ERR_OK);
    }
}

/* What decides records may not change on a resume. Whoever adds an option that may says so here. */
static void what_may_change_on_a_resume(void **state)
{
    static const char *const free_ones[] = {"scan.loops",
                                            "scan.in_flight",
                                            "scan.cache",
                                            "scan.drain",
                                            "scan.retry_after",
                                            "scan.stuck_after",
                                            "dns.timeout",
                                            "dns.attempts",
                                            "dns.outstanding",
                                            "dns.outage_share",
                                            "policy.timeout",
                                            "policy.connect_timeout",
                                            "policy.live",
                                            "smtp.live",
                                            "smtp.contact",
                                            "smtp.connect_timeout",
                                            "smtp.step_timeout",
                                            "smtp.session_timeout",
                                            "input.memory",
                                            "input.at_least",
                                            "tls.legacy_decoder",
                                            "safety.optout",
                                            "safety.as_prefixes",
                                            "safety.sandbox",
                                            "safety.user",
                                            "preflight.port25",
                                            "preflight.port443",
                                            "limits.ip_connections",
                                            "limits.parked",
                                            "limits.ip_per_minute",
                                            "limits.names_per_ip",
                                            "limits.https_connections",
                                            "limits.wait",
                                            "limits.own",
                                            "limits.own_ip_connections",
                                            "limits.own_ip_per_minute",
                                            "limits.own_https_connections",
                                            "limits.own_https_per_minute",
                                            "limits.own_names_per_ip",
                                            "limits.shards_at_once",
                                            "output.dir",
                                            "limits.https_per_minute",
                                            "output.level",
                                            "output.frame_bytes",
                                            "output.flush",
                                            "output.part_bytes",
                                            "output.status",
                                            "output.log",
                                            "metrics.listen"};
    static const char *const switches[] = {"dns.resolvers", "scan.retry_passes", "scan.previous"};
    size_t may = 0, switched = 0;
    (void)state;
    for (size_t i = 0; i < config_option_count; i++) {
        may += config_options[i].resume == RESUME_FREE;
        switched += config_options[i].resume == RESUME_SWITCH;
    }
    for (size_t i = 0; i < COUNT(free_ones); i++)
        if (config_resume(free_ones[i]) != RESUME_FREE)
            fail_msg("%s may not change", free_ones[i]);
    for (size_t i = 0; i < COUNT(switches); i++)
        assert_int_equal(config_resume(switches[i]), RESUME_SWITCH);
    assert_int_equal(may, COUNT(free_ones));
    assert_int_equal(switched, COUNT(switches));
}

static void sections_are_known(void **state)
{
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        {"scam", "scan"}, {"smpt", "smtp"}, {"polizy", "policy"}, {"ouptut", "output"}, {"tsl", "tls"}};
    (void)state;
    for (size_t i = 0; i < config_option_count; i++)
        assert_true(config_has_section(config_options[i].section));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(config_has_section(cases[i].name));
        char rest[NEAREST_TEXT_BYTES], expected[NEAREST_TEXT_BYTES];
        (void)snprintf(expected, sizeof expected, "; the nearest known one is [%s]", cases[i].nearest);
        assert_string_equal(config_nearest_section(cases[i].name, rest), expected);
    }
    assert_false(config_has_section(""));
}

/* What a stranger wrote is shown with nothing that a terminal would obey, and not at any length. */
static void faults_show_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    char text[90];
    config_fault(&fixture->why, "here", "value", " a\x1f\x7f\x80~", "; so");
    assert_string_equal(buf_string(&fixture->why), "here: value \" a???~\"; so\n");
    for (size_t len = 79; len <= 81; len++) {
        char expected[200];
        memset(text, 'y', len);
        text[len] = '\0';
        buf_reset(&fixture->why);
        config_fault(&fixture->why, "here", "value", text, "");
        (void)snprintf(expected, sizeof expected, "here: value \"%.80s%s\"\n", text, len > 80 ? "…" : "");
        assert_string_equal(buf_string(&fixture->why), expected);
    }
}

/* What is said of a value, whole. */
static void reasons_are_whole(void **state)
{
    static const struct {
        const char *name, *value, *reason;
    } cases[] = {
        {"smtp.probe", "x", "\"x\" is not a value of smtp.probe; write one of all|intent|none"},
        {"smtp.ehlo", "\x1f",
         "\"?\" is not a value of smtp.ehlo; it is too long or holds control characters"},
        {"smtp.port", "x", "\"x\" is not a value of smtp.port; write a whole number"},
        {"dns.timeout", "x",
         "\"x\" is not a value of dns.timeout; write a whole number with a unit: ms, s, m or h"},
        {"policy.max_bytes", "x",
         "\"x\" is not a value of policy.max_bytes; write a whole number of bytes, or one with a unit: K, M "
         "or G"},
        {"smtp.port", "0", "\"0\" is out of range for smtp.port; it takes 1 to 65535"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char expected[300];
        assert_int_equal(set(fixture, cases[i].name, cases[i].value), ERR_CONFIG);
        (void)snprintf(expected, sizeof expected, "command line: value %s\n", cases[i].reason);
        assert_string_equal(buf_string(&fixture->why), expected);
    }
}

/* Every option takes its least and its largest value, and none beside them. */
static void ranges_end_where_the_table_says(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        char name[CONFIG_NAME_BYTES], text[CONFIG_VALUE_BYTES];
        int64_t least, most;
        (void)snprintf(name, sizeof name, "%s.%s", option->section, option->key);
        if (config_value_parse(option, option->minimum, &least)) {
            if (set(fixture, name, option->minimum) != ERR_OK)
                fail_msg("%s: its least", name);
            config_value_format(option, least - 1, text);
            if (least > 0 && set(fixture, name, text) != ERR_CONFIG)
                fail_msg("%s: less than its least", name);
        }
        if (config_value_parse(option, option->maximum, &most)) {
            if (set(fixture, name, option->maximum) != ERR_OK)
                fail_msg("%s: its most", name);
            config_value_format(option, most + 1, text);
            if (most < INT64_MAX && set(fixture, name, text) != ERR_CONFIG)
                fail_msg("%s: more than its most", name);
        }
    }
}

static void a_config_may_be_disposed_of_twice(void **state)
{
    struct config config;
    (void)state;
    assert_int_equal(config_init(&config), ERR_OK);
    config_dispose(&config);
    assert_null(config.dns_resolvers);
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_those_of_the_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(choices_agree_with_their_enums, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_row_is_in_its_own_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_take_their_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_values_are_refused_with_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_options_name_the_nearest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sample_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shards_are_counted_from_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_bad_forms_are_said_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(visited_values_set_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lengths_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_show_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms_say_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contacts_hold_printable_ascii, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranges_end_where_the_table_says, set_up, tear_down),
        cmocka_unit_test(flags_have_one_letter),
        cmocka_unit_test(values_are_written_in_the_largest_unit),
        cmocka_unit_test(what_may_change_on_a_resume),
        cmocka_unit_test(sections_are_known),
        cmocka_unit_test(a_config_may_be_disposed_of_twice),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
