/* Host and pattern, a line each. What is not a pattern matches nothing, and a trailing dot of the host never
 * matters. */
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "tests/fuzz/target.h"

enum { TEXT_BYTES = 512 };

static void copy(char text[TEXT_BYTES], const uint8_t *data, size_t len)
{
    if (len > TEXT_BYTES - 3)
        len = TEXT_BYTES - 3;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)data[i];
    text[len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char host[TEXT_BYTES], pattern[TEXT_BYTES];
    uint32_t column;
    size_t end = 0;
    while (end < size && data[end] != '\n')
        end++;
    copy(host, data, end);
    copy(pattern, data + end + (end < size), size - end - (end < size));
    enum failure_code code = sts_policy_check_pattern(bytes_of(pattern), &column);
    bool matches = mx_pattern_match(host, pattern);
    bool is_dotted = code == FAIL_POLICY_SYNTAX_MX_TRAILING_DOT;
    expect(column >= 1 && column <= strlen(pattern) + 1 ? NULL : "a fault outside of the pattern");
    expect(!matches || code == FAIL_NONE || is_dotted ? NULL : "a bad pattern matches");
    expect(!matches || code != FAIL_NONE || pattern[0] == '*' || strcasecmp(host, pattern) == 0 ||
                   (strncasecmp(host, pattern, strlen(pattern)) == 0 && strlen(host) == strlen(pattern) + 1)
               ? NULL
               : "another name matches");
    if (host[0] != '\0' && host[strlen(host) - 1] != '.') {
        strcat(host, ".");
        expect(mx_pattern_match(host, pattern) == matches ? NULL : "a trailing dot matters");
    }
    return 0;
}
