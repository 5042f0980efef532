/*
 * All of reach/ over fakes of the DNS, the peers and the clock (tests/unit/reach/world): any bytes as a world
 * of a few domains, hosts and addresses, in which answers, peers, delays, cancels, routes and clocks come as
 * they fall. Whatever happens, the books balance: each question is answered once, each turn and place is
 * given back, each domain ends once, and nobody has more connections than limits allow. With FUZZ_REACH_TELL
 * in the environment the world is printed before it begins.
 */
#include "tests/fuzz/file.h"
#include "tests/unit/reach/world/world.h"

enum { TEXT_BYTES = 1 << 18, STATEMENTS_MOST = 150 };

/*
 * The statements. A byte chooses one, further bytes what stands for @: @d, @h the number of a domain or a
 * host, @4, @6, @i an address, @s, @l a short or a long time, @n a small number.
 */
static const char *const statements[] = {
    "set limits.ip_connections @n",
    "set limits.ip_per_minute 60",
    "set limits.ip_per_minute 5",
    "set limits.wait @l",
    "set limits.wait 4s",
    "set limits.parked @n",
    "set limits.names_per_ip @n",
    "set smtp.live @n",
    "set policy.live @n",
    "set smtp.probe intent",
    "set smtp.max_addresses @n",
    "set smtp.max_hosts @n",
    "set dns.near_miss no",
    "set limits.https_connections @n",
    "set limits.https_per_minute 5",
    "set limits.shards_at_once 3",
    "loops 2",
    "loops 4",
    "resumed",
    "check",
    "without ipv6",
    "without ipv4",
    "blocked smtp ipv4",
    "blocked https ipv6",
    "optout @i",
    "optout h@h.example",
    "optout d@d.example",
    "stuck smtp @i",
    "stuck policy @i",
    "silent smtp @i",
    "silent https @i",

    "dns d@d.example MX 10 h@h.example delay=@s",
    "dns d@d.example MX 10 h@h.example 20 h@h.example secure",
    "dns d@d.example MX 10 h@h.example 10 h@h.example 30 h@h.example",
    "dns d@d.example MX nodata",
    "dns d@d.example MX servfail delay=@s",
    "dns d@d.example MX timeout delay=@l",
    "dns d@d.example MX 0 .",
    "dns d@d.example A @4",
    "dns h@h.example A @4 ttl=@n delay=@s",
    "dns h@h.example A @4 @4 secure",
    "dns h@h.example A @4 @4 @4 delay=@s",
    "dns h@h.example A timeout delay=@s",
    "dns h@h.example A servfail",
    "dns h@h.example AAAA @6 ttl=5 secure",
    "dns h@h.example AAAA @6 @6",
    "dns h@h.example AAAA timeout delay=@s",
    "dns h@h.example AAAA nodata secure",
    "policy d@d.example @4",
    "policy d@d.example @4",
    "dns _mta-sts.d@d.example TXT \"v=STSv1; id=@n;\" delay=@s",
    "dns _mta-sts.d@d.example TXT servfail",
    "dns mta-sts.d@d.example A @4 @4 delay=@s",
    "dns mta-sts.d@d.example AAAA @6",
    "dns mta-sts.d@d.example A timeout delay=@s",
    "dns _25._tcp.h@h.example TLSA 3 1 1 0@n secure",
    "dns _25._tcp.h@h.example TLSA 2 0 1 0@n 3 0 1 0@n secure delay=@s",
    "dns _25._tcp.h@h.example TLSA servfail delay=@s",
    "dns _smtp._tls.d@d.example TXT timeout",

    "smtp @i ok lasts=@s key=0@n",
    "smtp @i ok connects=@s lasts=@s",
    "smtp @i then ok",
    "smtp @i then silent",
    "smtp @i refuses",
    "smtp @i then resets connects=@s",
    "smtp @i mute",
    "smtp @i then mute",
    "smtp @i greets 421",
    "smtp @i then greets 554",
    "smtp @i plain lasts=@s",
    "smtp @i then plain",
    "smtp @i starttls 454",
    "smtp @i alert 80",
    "smtp @i then alert 40",
    "smtp @i closes",
    "smtp @i unreachable",
    "smtp @i permissive ok tls=1.0",
    "smtp @i permissive then closes lasts=@s",
    "smtp @i ok cert=others lasts=@l",
    "smtp @i ok cert=self-signed expires=@l",
    "smtp @i ok tls=1.1",
    "https @i ok mx=h@h.example lasts=@s",
    "https @i ok mx=*.example,h@h.example mode=testing",
    "https @i then ok mode=none connects=@s",
    "https @i status 404",
    "https @i then status 503 lasts=@s",
    "https @i refuses",
    "https @i then resets",
    "https @i mute",
    "https @i then silent",
    "https @i alert 80",
    "https @i then ok cert=untrusted",

    "domain d@d.example",
    "domain d@d.example",
    "at @s domain d@d.example",
    "at @s domain d@d.example",
    "at @l domain d@d.example",
    "at @l pause @l",
    "at @s pause @s",
    "at @l sleep @l",
    "at @s clock @l",
    "at @l clock @s",
    "at @s doubt on",
    "at @l doubt off",
    "at @s path doubtful",
    "at @l path clear",
    "at @l forget failures",
    "at @s forget failures",
    "at @l forget unoffered",
    "at @s noroute @i",
    "at @l noroute",
    "at @s silent smtp @i",
    "at @l silent https @i",
    "at @s dns h@h.example A @4",
    "at @l dns h@h.example A @4 @4",
    "at @s smtp @i ok",
    "at @s smtp @i resets",
    "at @l smtp @i silent",
    "at @s https @i silent",
    "at @l https @i ok",

    "part 1 2",
    "part 2 3",
    "round 2",
    "contact h@h.example @4 intent",
    "contact h@h.example @4 all",
    "contact h@h.example @4 over",
    "contact h@h.example @4 tlsa tlsa=3/1/1/0@n also=@4",
    "at @s contact h@h.example @4 tlsa tlsa=2/0/1/0@n unanswered=smtp.tls.timeout",
    "contact d@d.example @4 policy",
    "contact d@d.example @4,@4,@4 policy refused",
    "at @s contact d@d.example @4,@4 policy silent",
};

/* The last ones of a world: what was in doubt is so no more, and what was put off is tried again. */
static const char passes[] = "at 5h doubt off\nat 5h path clear\nat 5h noroute\n"
                             "at 6h pass\nat 16h pass\n";

struct writer {
    const uint8_t *data;
    size_t left;
    struct buf text;
};

static unsigned next(struct writer *writer, unsigned below)
{
    if (writer->left == 0)
        return 0;
    writer->left--;
    return *writer->data++ % below;
}

#define PICK(writer, list) ((list)[next(writer, sizeof(list) / sizeof *(list))])

static void say(struct writer *writer, const char *text)
{
    if (!buf_text(&writer->text, text))
        abort();
}

static const char *choose(struct writer *writer, char of)
{
    static const char *const domains[] = {"0", "1", "2", "3", "4", "5"}, *const hosts[] = {"0", "1", "2",
                                                                                           "3"};
    static const char *const four[] = {"192.0.2.1", "192.0.2.2", "198.51.100.1", "203.0.113.9"};
    static const char *const six[] = {"2001:db8::1", "2001:db8:1::2"};
    static const char *const soon[] = {"0", "1ms", "90ms", "1s", "4s", "11s"};
    static const char *const late[] = {"8s", "35s", "2m", "9m", "31m"};
    static const char *const small[] = {"1", "2", "3", "5"};
    switch (of) {
    case 'd':
        return PICK(writer, domains);
    case 'h':
        return PICK(writer, hosts);
    case '4':
        return PICK(writer, four);
    case '6':
        return PICK(writer, six);
    case 'i':
        return next(writer, 4) == 0 ? PICK(writer, six) : PICK(writer, four);
    case 's':
        return PICK(writer, soon);
    case 'l':
        return PICK(writer, late);
    default:
        return PICK(writer, small);
    }
}

static void say_statement(struct writer *writer, const char *statement)
{
    for (const char *at = statement; *at != '\0'; at++) {
        const char one[2] = {*at, '\0'};
        if (*at == '@')
            say(writer, choose(writer, *++at));
        else
            say(writer, one);
    }
    say(writer, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FILE_PATH_BYTES];
    struct writer writer = {.data = data, .left = size};
    buf_init(&writer.text, TEXT_BYTES);
    for (unsigned i = 0; i < STATEMENTS_MOST && writer.left > 0; i++)
        say_statement(&writer, PICK(&writer, statements));
    say(&writer, passes);
    if (getenv("FUZZ_REACH_TELL") != NULL)
        printf("%s", buf_string(&writer.text));
    int fd = file_of(writer.text.data, writer.text.len, path);
    unsigned misses = world_run(path, getenv("FUZZ_REACH_TELL") != NULL);
    (void)fflush(stdout);
    expect(misses == 0 ? NULL : "the books of a world do not balance");
    (void)close(fd);
    buf_dispose(&writer.text);
    return 0;
}
