/*
 * Parses the policy file: first as a whole, then its lines in order, then the keys that are missing (POL-4 to
 * POL-8). Patterns are checked in pattern.c. It fetches nothing and warns of no weakness (POL-10 is the
 * verdict's).
 */
#include "scanner/sts/policy.h"

#include "scanner/sts/lines.h"
#include "scanner/base/utf8.h"
#include "scanner/sts/text.h"

enum { MAX_AGE_DIGITS = 10, MAX_AGE_LARGEST = 31557600 };

enum key { KEY_VERSION, KEY_MODE, KEY_MAX_AGE, KEY_MX, KEY_COUNT };

struct parser {
    struct arena *arena;
    struct sts_policy *policy;
    bool seen[KEY_COUNT];
    struct bytes unknown[POLICY_UNKNOWN_KEYS];
    size_t unknown_count;
    char *pool; /* text of the mx patterns: room for all of them */
    size_t pool_used;
    size_t mx_room;  /* length of policy->mx */
    bool mx_lost;    /* there was no memory for the patterns */
    bool is_tainted; /* the line holds bytes that are a fault of the whole file, already reported */
    size_t line;
    size_t first_column;
    size_t blank_lines;
    const char *space; /* where white space stands that some senders skip, in words; NULL: nowhere */
    size_t space_line; /* and its first place */
    size_t space_column;
    bool other_faults; /* beside blank lines and such space */
};

/* ---- findings ------------------------------------------------------------------------------------------ */

static void add_fault(struct parser *parser, enum failure_code code, size_t line, size_t column,
                      const char *detail)
{
    struct sts_policy *policy = parser->policy;
    findings_add(&policy->findings, code, line, column, detail);
    if (policy->code == FAIL_NONE)
        policy->code = code;
    if (code == FAIL_POLICY_SYNTAX_BLANK_LINE)
        parser->blank_lines++;
    else
        parser->other_faults = true;
}

/* Adds a fault at an offset in the current line. Nothing more is said about a tainted line. */
static void line_fault(struct parser *parser, enum failure_code code, size_t offset, struct bytes what)
{
    if (parser->is_tainted)
        return;
    const char *detail = what.len == 0 ? NULL : findings_text(&parser->policy->findings, parser->arena, what);
    add_fault(parser, code, parser->line, parser->first_column + offset, detail);
}

/* Adds the fault of a line that is a field but for white space before its name or its colon, which some
 * senders skip (chasquid's do). */
static void space_fault(struct parser *parser, size_t offset, struct bytes text, const char *words)
{
    bool other_faults = parser->other_faults;
    if (parser->is_tainted)
        return;
    line_fault(parser, FAIL_POLICY_SYNTAX_LINE, offset, text);
    parser->other_faults = other_faults;
    if (parser->space != NULL)
        return;
    parser->space = words;
    parser->space_line = parser->line;
    parser->space_column = parser->first_column + offset;
}

static void duplicate(struct parser *parser, struct bytes name)
{
    struct findings *findings = &parser->policy->findings;
    findings_add(findings, FAIL_POLICY_SYNTAX_DUPLICATE_KEY, parser->line, parser->first_column,
                 findings_text(findings, parser->arena, name));
}

/* ---- the file as a whole ------------------------------------------------------------------------------- */

static bool is_control(uint8_t byte)
{
    return (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

static size_t find_control(struct bytes text)
{
    size_t at = 0;
    while (at < text.len && !is_control(text.data[at]))
        at++;
    return at;
}

/* Returns the offset of the first byte that is neither white space nor the byte order mark, or body.len. */
static size_t find_ink(struct bytes body)
{
    size_t at = lines_start(body).at;
    while (at < body.len && (text_is_wsp(body.data[at]) || body.data[at] == '\n' || body.data[at] == '\r'))
        at++;
    return at;
}

static void body_fault(struct parser *parser, enum failure_code code, struct bytes body, size_t offset,
                       size_t shown)
{
    size_t line, column;
    struct bytes text = text_slice(body, offset, offset + shown);
    lines_place(body, offset, &line, &column);
    add_fault(parser, code, line, column, findings_text(&parser->policy->findings, parser->arena, text));
}

/* Adds the first bad byte of a kind in each line, for POLICY_BYTES_FAULTS lines, so that findings of other
 * kinds have room. find gives its offset or the text's length. */
static void bytes_faults(struct parser *parser, enum failure_code code, struct bytes body,
                         size_t (*find)(struct bytes text))
{
    size_t from = 0, count = 0;
    while (from < body.len) {
        size_t offset = from + find(text_slice(body, from, body.len));
        if (offset == body.len)
            return;
        if (count++ == POLICY_BYTES_FAULTS) {
            parser->policy->findings.overflow = true;
            return;
        }
        body_fault(parser, code, body, offset, 1);
        from = lines_end_of(body, offset);
    }
}

/* Says whether the body begins with "<". No policy does, but a web page, whose lines are not worth a finding
 * each. */
static bool is_markup(struct bytes body)
{
    size_t ink = find_ink(body);
    return ink < body.len && body.data[ink] == '<';
}

/* Checks the body as a whole. false: there is nothing to read line by line. */
static bool check_body(struct parser *parser, struct bytes body)
{
    if (is_markup(body)) {
        size_t ink = find_ink(body);
        body_fault(parser, FAIL_POLICY_SYNTAX_HTML, body, ink, body.len - ink);
        return false;
    }
    bytes_faults(parser, FAIL_POLICY_SYNTAX_NOT_UTF8, body, utf8_find_fault);
    if (lines_have_bom(body))
        add_fault(parser, FAIL_POLICY_SYNTAX_BOM, 1, 1, NULL);
    bytes_faults(parser, FAIL_POLICY_SYNTAX_CONTROL, body, find_control);
    bytes_faults(parser, FAIL_POLICY_SYNTAX_BARE_CR, body, lines_find_bare_cr);
    if (find_ink(body) == body.len) {
        add_fault(parser, FAIL_POLICY_SYNTAX_EMPTY, 1, 1, NULL);
        return false;
    }
    return true;
}

/* ---- values -------------------------------------------------------------------------------------------- */

/* A field's value and its offset in the line. */
struct value {
    struct bytes text;
    size_t offset;
};

static void take_version(struct parser *parser, const struct value *value)
{
    parser->policy->version_ok = bytes_equal(value->text, bytes_of("STSv1"));
    if (!parser->policy->version_ok)
        line_fault(parser, FAIL_POLICY_SYNTAX_VERSION_BAD, value->offset, value->text);
}

static void take_mode(struct parser *parser, const struct value *value)
{
    for (enum sts_mode mode = STS_MODE_ENFORCE; mode < STS_MODE_COUNT; mode++)
        if (bytes_equal(value->text, bytes_of(sts_mode_name(mode))))
            parser->policy->mode = mode;
    if (parser->policy->mode == STS_MODE_UNSET)
        line_fault(parser, FAIL_POLICY_SYNTAX_MODE_BAD, value->offset, value->text);
}

static void take_max_age(struct parser *parser, const struct value *value)
{
    uint64_t seconds = 0;
    size_t len = 0;
    while (len < value->text.len && len < MAX_AGE_DIGITS && text_is_digit(value->text.data[len]))
        seconds = seconds * 10 + (uint64_t)(value->text.data[len++] - '0');
    if (len == 0 || len < value->text.len) {
        line_fault(parser, FAIL_POLICY_SYNTAX_MAX_AGE_BAD, value->offset + len, value->text);
    } else if (seconds > MAX_AGE_LARGEST) {
        line_fault(parser, FAIL_POLICY_SYNTAX_MAX_AGE_TOO_LARGE, value->offset, value->text);
    } else {
        parser->policy->max_age_set = true;
        parser->policy->max_age = (uint32_t)seconds;
    }
}

static void keep_pattern(struct parser *parser, struct bytes pattern)
{
    struct sts_policy *policy = parser->policy;
    if (parser->mx_lost || policy->mx_count == parser->mx_room)
        return;
    char *text = parser->pool + parser->pool_used;
    for (size_t i = 0; i < pattern.len; i++)
        text[i] = (char)text_fold(pattern.data[i]);
    text[pattern.len] = '\0';
    parser->pool_used += pattern.len + 1;
    policy->mx[policy->mx_count++] = text;
}

static void take_mx(struct parser *parser, const struct value *value)
{
    struct pattern_fault faults[PATTERN_FAULTS];
    size_t count = sts_policy_pattern_faults(value->text, faults);
    if (count == 0)
        keep_pattern(parser, value->text);
    for (size_t i = 0; i < count; i++)
        line_fault(parser, faults[i].code, value->offset + faults[i].column - 1, value->text);
}

static const struct {
    const char *name;
    void (*take)(struct parser *parser, const struct value *value);
    enum failure_code missing;
} keys[KEY_COUNT] = {
    [KEY_VERSION] = {"version", take_version, FAIL_POLICY_SYNTAX_VERSION_MISSING},
    [KEY_MODE] = {"mode", take_mode, FAIL_POLICY_SYNTAX_MODE_MISSING},
    [KEY_MAX_AGE] = {"max_age", take_max_age, FAIL_POLICY_SYNTAX_MAX_AGE_MISSING},
    [KEY_MX] = {"mx", take_mx, FAIL_POLICY_SYNTAX_MX_MISSING},
};

/* ---- lines --------------------------------------------------------------------------------------------- */

/* Checks a value by sts-policy-ext-value. Of control bytes only a tab can get as far as here. */
static bool check_value(struct parser *parser, const struct value *value)
{
    const uint8_t *tab = value->text.len == 0 ? NULL : memchr(value->text.data, '\t', value->text.len);
    size_t place = tab == NULL ? 0 : (size_t)(tab - value->text.data);
    if (value->text.len > 0 && tab == NULL)
        return true;
    line_fault(parser, FAIL_POLICY_SYNTAX_LINE, value->offset + place, value->text);
    return false;
}

static void take_unknown(struct parser *parser, struct bytes name, const struct value *value)
{
    if (!check_value(parser, value))
        return;
    for (size_t i = 0; i < parser->unknown_count; i++) {
        if (bytes_equal(parser->unknown[i], name)) {
            duplicate(parser, name);
            return;
        }
    }
    if (parser->unknown_count < POLICY_UNKNOWN_KEYS)
        parser->unknown[parser->unknown_count++] = name;
}

static void take_field(struct parser *parser, struct bytes name, const struct value *value)
{
    size_t key = 0;
    while (key < KEY_COUNT && !bytes_equal(name, bytes_of(keys[key].name)))
        key++;
    if (key == KEY_COUNT) {
        take_unknown(parser, name, value);
    } else if (key == KEY_MX || !parser->seen[key]) {
        parser->seen[key] = true;
        keys[key].take(parser, value);
    } else if (check_value(parser, value)) {
        duplicate(parser, name);
    }
}

/* Reads one line: name ":" *WSP value *WSP. White space before the name or the colon is a fault, and what
 * stands there is read all the same. */
static void take_line(struct parser *parser, const struct line *line)
{
    struct bytes text = text_trim_end(line->text);
    parser->line = line->number;
    parser->first_column = line->first_column;
    parser->is_tainted = utf8_find_fault(text) < text.len || find_control(text) < text.len;
    if (text.len == 0) {
        if (!line->after_cr)
            line_fault(parser, FAIL_POLICY_SYNTAX_BLANK_LINE, 0, text);
        return;
    }
    size_t name = text_skip_wsp(text, 0);
    size_t name_end = name + text_name_len(text_slice(text, name, text.len));
    size_t colon = text_skip_wsp(text, name_end);
    if (name_end == name || colon == text.len || text.data[colon] != ':') {
        line_fault(parser, FAIL_POLICY_SYNTAX_LINE, name > 0 ? 0 : name_end, text);
        return;
    }
    if (name > 0)
        space_fault(parser, 0, text, "white space stands before the key");
    else if (colon > name_end)
        space_fault(parser, name_end, text, "white space stands before the colon");
    struct value value = {.offset = text_skip_wsp(text, colon + 1)};
    value.text = text_slice(text, value.offset, text.len);
    take_field(parser, text_slice(text, name, name_end), &value);
}

/* Allocates memory for all patterns at once, so that a policy of 64 KiB costs the arena little more than its
 * own length. */
static void reserve_patterns(struct parser *parser, struct bytes body)
{
    struct lines lines = lines_start(body);
    struct line line;
    size_t count = 0, len = 0;
    while (lines_next(&lines, &line)) {
        if (text_begins(text_slice(line.text, text_skip_wsp(line.text, 0), line.text.len), bytes_of("mx"))) {
            count++;
            len += line.text.len;
        }
    }
    if (count == 0)
        return;
    parser->policy->mx = arena_array(parser->arena, count, sizeof *parser->policy->mx);
    parser->pool = arena_alloc(parser->arena, len);
    parser->mx_room = count;
    parser->mx_lost = parser->policy->mx == NULL || parser->pool == NULL;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void check_missing(struct parser *parser)
{
    for (size_t key = 0; key < KEY_COUNT; key++) {
        bool is_needed = key != KEY_MX || parser->policy->mode != STS_MODE_NONE;
        if (is_needed && !parser->seen[key])
            add_fault(parser, keys[key].missing, 0, 0, NULL);
    }
    if (parser->mx_lost && parser->policy->code == FAIL_NONE)
        add_fault(parser, FAIL_POLICY_CUT, 0, 0, NULL);
}

/* Adds FAIL_POLICY_DISPUTED if blank lines, and white space before a name or a colon, are the only faults:
 * RFC 8461's grammar refuses them, and some senders do not mind. If there are very many, the last finding
 * makes room for this one. */
static void check_disputed(struct parser *parser)
{
    struct findings *findings = &parser->policy->findings;
    if ((parser->blank_lines == 0 && parser->space == NULL) || parser->other_faults)
        return;
    if (findings->count == FINDINGS_KEPT) {
        findings->count--;
        findings->overflow = true;
    }
    findings_add(findings, FAIL_POLICY_DISPUTED, (uint32_t)parser->space_line, (uint32_t)parser->space_column,
                 parser->space);
}

void sts_policy_parse(struct bytes body, struct arena *arena, struct sts_policy *policy)
{
    *policy = (struct sts_policy){.code = FAIL_NONE, .parsed = true};
    struct parser parser = {.arena = arena, .policy = policy};
    if (!check_body(&parser, body))
        return;
    reserve_patterns(&parser, body);
    struct lines lines = lines_start(body);
    struct line line;
    while (lines_next(&lines, &line))
        take_line(&parser, &line);
    check_missing(&parser);
    check_disputed(&parser);
}
