/* The SMTP dialogue by scripts: each is fed whole, byte by byte and cut in two at every place, and has to
 * come out the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scanner/wire/dialogue.h"

enum { ARENA_BYTES = 256 * 1024, PLACES = 400 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

#define EHLO     "EHLO probe.test\r\n"
#define HELO     "HELO probe.test\r\n"
#define STARTTLS "STARTTLS\r\n"
#define QUIT     "QUIT\r\n"
#define HELLO    "220 mx.test ESMTP\r\n"
#define OFFER    "250-mx.test\r\n250 STARTTLS\r\n"
#define READY    HELLO OFFER "220 go\r\n"

/* What happens after the last byte. */
enum finale { QUIET, CLOSES, STEP_PASSES, SESSION_PASSES, RESETS };

struct script {
    const char *name;
    struct bytes plain;
    struct bytes tls; /* what comes after the handshake; none: the handshake is not made */
    enum finale finale;
    enum smtp_step step;
    enum smtp_end end;
    int code;
    const char *greeting;
    const char *reply;
    const char *ehlo; /* joined by | */
    bool offered;
    bool injected;
    size_t ehlo_tls;
    const char *sent;
};

/* Scripts whose name ends so must mark the session. */
static const char LOOSE[] = "(loose)", LISTED[] = "(listed)";

static const struct script scripts[] = {
    {"TLS-1 TLS-6 a whole session",
     BYTES(HELLO "250-mx.test at your service\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-STARTTLS\r\n"
                 "250 8BITMIME\r\n220 2.0.0 go ahead\r\n"),
     BYTES("250-mx.test\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"), QUIET, SMTP_QUIT, SMTP_END_DONE, 250,
     "mx.test ESMTP", "", "PIPELINING|SIZE 1000|STARTTLS|8BITMIME", true, false, 3, EHLO STARTTLS EHLO QUIT},
    {"bare LF at the ends of lines", BYTES("220 hi\n250-mx\n250 STARTTLS\n220 go\n"), BYTES("250 mx\n"),
     QUIET, SMTP_QUIT, SMTP_END_DONE, 250, "hi", "", "STARTTLS", true, false, 1, EHLO STARTTLS EHLO QUIT},
    {"codes with nothing behind them", BYTES("220\r\n250-\r\n250-STARTTLS\r\n250\r\n220\n"), BYTES("250\r\n"),
     QUIET, SMTP_QUIT, SMTP_END_DONE, 250, "", "", "STARTTLS", true, false, 1, EHLO STARTTLS EHLO QUIT},
    {"a greeting of several lines", BYTES("220-mx.test\r\n220-no UCE\r\n220 ready\r\n421 bye\r\n"), BYTES(""),
     QUIET, SMTP_EHLO, SMTP_END_REPLY, 421, "mx.test", "bye", "", false, false, 0, EHLO QUIT},
    {"keywords in any case, with parameters",
     BYTES(HELLO "250-mx\r\n250-size 10\r\n250 StartTLS now\r\n454 later\r\n"), BYTES(""), QUIET,
     SMTP_STARTTLS, SMTP_END_REPLY, 454, "mx.test ESMTP", "later", "size 10|StartTLS now", true, false, 0,
     EHLO STARTTLS QUIT},
    {"the handshake is awaited", BYTES(READY), BYTES(""), QUIET, SMTP_HANDSHAKE, SMTP_END_NONE, 220,
     "mx.test ESMTP", "", "STARTTLS", true, false, 0, EHLO STARTTLS},
    {"EHLO refused inside TLS still is a whole session", BYTES(READY), BYTES("503 5.5.1 again?\r\n"), QUIET,
     SMTP_QUIT, SMTP_END_DONE, 503, "mx.test ESMTP", "5.5.1 again?", "STARTTLS", true, false, 0,
     EHLO STARTTLS EHLO QUIT},
    {"TLS-6 capabilities inside TLS are not those before", BYTES(READY), BYTES("250-mx\r\n250 AUTH\r\n"),
     QUIET, SMTP_QUIT, SMTP_END_DONE, 250, "mx.test ESMTP", "", "STARTTLS", true, false, 2,
     EHLO STARTTLS EHLO QUIT},

    {"TLS-1 421 greeting", BYTES("421 4.3.2 too many\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_REPLY,
     421, "4.3.2 too many", "4.3.2 too many", "", false, false, 0, QUIT},
    {"TLS-1 554 greeting of two lines", BYTES("554-go away\r\n554 now\r\n"), BYTES(""), QUIET, SMTP_GREETING,
     SMTP_END_REPLY, 554, "go away", "go away\nnow", "", false, false, 0, QUIT},
    {"TLS-1 354 greeting", BYTES("354 data?\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_REPLY, 354,
     "data?", "data?", "", false, false, 0, QUIT},
    {"TLS-8 502 to EHLO: HELO in the same session", BYTES(HELLO "502 5.5.1 what?\r\n250 mx.test\r\n"),
     BYTES(""), QUIET, SMTP_HELO, SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "5.5.1 what?", "", false, false,
     0, EHLO HELO QUIT},
    {"TLS-8 500 to EHLO: STARTTLS in the reply to HELO is no offer",
     BYTES(HELLO "500 what?\r\n250-mx.test\r\n250 STARTTLS\r\n"), BYTES(""), QUIET, SMTP_HELO,
     SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "what?", "", false, false, 0, EHLO HELO QUIT},
    {"TLS-8 HELO is refused too", BYTES(HELLO "500 what?\r\n504 not qualified\r\n"), BYTES(""), QUIET,
     SMTP_HELO, SMTP_END_REPLY, 504, "mx.test ESMTP", "not qualified", "", false, false, 0, EHLO HELO QUIT},
    {"TLS-8 HELO is not answered", BYTES(HELLO "500 what?\r\n"), BYTES(""), STEP_PASSES, SMTP_HELO,
     SMTP_END_STEP_TIMEOUT, 500, "mx.test ESMTP", "what?", "", false, false, 0, EHLO HELO},
    {"TLS-8 closes at HELO", BYTES(HELLO "502 what?\r\n"), BYTES(""), CLOSES, SMTP_HELO, SMTP_END_CLOSED, 502,
     "mx.test ESMTP", "what?", "", false, false, 0, EHLO HELO},
    {"TLS-8 501 to EHLO is about the name", BYTES(HELLO "501 5.5.2 name\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_REPLY, 501, "mx.test ESMTP", "5.5.2 name", "", false, false, 0, EHLO QUIT},
    {"TLS-8 504 to EHLO is about the name", BYTES(HELLO "504 5.5.2 name\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_REPLY, 504, "mx.test ESMTP", "5.5.2 name", "", false, false, 0, EHLO QUIT},
    {"TLS-8 capabilities, then 502: evidence, no offer",
     BYTES(HELLO "250-mx\r\n250-STARTTLS\r\n502-no\r\n502 never\r\n250 mx\r\n"), BYTES(""), QUIET, SMTP_HELO,
     SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "no\nnever", "STARTTLS", false, false, 0, EHLO HELO QUIT},
    {"TLS-1 421 to EHLO is not 'not offered'", BYTES(HELLO "421 later\r\n"), BYTES(""), CLOSES, SMTP_EHLO,
     SMTP_END_REPLY, 421, "mx.test ESMTP", "later", "", false, false, 0, EHLO QUIT},
    {"TLS-1 a refused EHLO offers nothing", BYTES(HELLO "550-mx\r\n550 STARTTLS\r\n"), BYTES(""), QUIET,
     SMTP_EHLO, SMTP_END_REPLY, 550, "mx.test ESMTP", "mx\nSTARTTLS", "", false, false, 0, EHLO QUIT},
    {"TLS-1 not offered", BYTES(HELLO "250-mx\r\n250 SIZE\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "", "SIZE", false, false, 0, EHLO QUIT},
    {"TLS-1 the first line is the host's name", BYTES(HELLO "250 STARTTLS\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "", "", false, false, 0, EHLO QUIT},
    {"TLS-1 a longer keyword is another", BYTES(HELLO "250-mx\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n"),
     BYTES(""), QUIET, SMTP_EHLO, SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "", "XSTARTTLS|STARTTLSX",
     false, false, 0, EHLO QUIT},
    {"TLS-2 454", BYTES(HELLO OFFER "454 4.7.0 no\r\n"), BYTES(""), QUIET, SMTP_STARTTLS, SMTP_END_REPLY, 454,
     "mx.test ESMTP", "4.7.0 no", "STARTTLS", true, false, 0, EHLO STARTTLS QUIT},
    {"TLS-2 501", BYTES(HELLO OFFER "501 5.5.4 syntax\r\n"), BYTES(""), QUIET, SMTP_STARTTLS, SMTP_END_REPLY,
     501, "mx.test ESMTP", "5.5.4 syntax", "STARTTLS", true, false, 0, EHLO STARTTLS QUIT},

    {"TLS-6 a reply behind the 220", BYTES(READY "250-mx\r\n250 AUTH\r\n"), BYTES("250 mx\r\n"), QUIET,
     SMTP_QUIT, SMTP_END_DONE, 250, "mx.test ESMTP", "", "STARTTLS", true, true, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-6 one byte behind the 220", BYTES(READY "\n"), BYTES("250 mx\r\n"), QUIET, SMTP_QUIT, SMTP_END_DONE,
     250, "mx.test ESMTP", "", "STARTTLS", true, true, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-6 bytes behind a 454 are none", BYTES(HELLO OFFER "454 no\r\n250 x\r\n"), BYTES(""), QUIET,
     SMTP_STARTTLS, SMTP_END_REPLY, 454, "mx.test ESMTP", "no", "STARTTLS", true, false, 0,
     EHLO STARTTLS QUIT},

    {"SSH", BYTES("SSH-2.0-OpenSSH_9.2\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0,
     "SSH-2.0-OpenSSH_9.2", "", "", false, false, 0, QUIT},
    {"HTTP", BYTES("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"), BYTES(""), QUIET, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "HTTP/1.1 400 Bad Request", "", "", false, false, 0, QUIT},
    {"a TLS record", BYTES("\x15\x03\x01\x00\x02\x02\x28"), BYTES(""), QUIET, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "\x15", "", "", false, false, 0, QUIT},
    {"another protocol's binary greeting", BYTES("J\0\0\0\n5.7.1"), BYTES(""), QUIET, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "J", "", "", false, false, 0, QUIT},
    {"an empty line", BYTES("\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0, "", "", "", false,
     false, 0, QUIT},
    {"two digits", BYTES("22\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0, "22", "", "",
     false, false, 0, QUIT},
    {"four digits", BYTES("2200 hi\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0, "2200 hi",
     "", "", false, false, 0, QUIT},
    {"a code from 1 to 5 is not enough", BYTES("120 wait\r\n"), BYTES(""), QUIET, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "120 wait", "", "", false, false, 0, QUIT},
    {"600 is no code", BYTES("600 x\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0, "600 x", "",
     "", false, false, 0, QUIT},
    {"a CR inside the code", BYTES("220\rhi\r\n"), BYTES(""), QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0,
     "220\rhi", "", "", false, false, 0, QUIT},
    {"TLS-8 EHLO: 250, then 550", BYTES(HELLO "250-mx\r\n250-STARTTLS\r\n550 no\r\n"), BYTES(""), QUIET,
     SMTP_EHLO, SMTP_END_REPLY, 550, "mx.test ESMTP", "no", "STARTTLS", false, false, 0, EHLO QUIT},
    {"TLS-8 EHLO: 250, then 421", BYTES(HELLO "250-mx\r\n250-STARTTLS\r\n421 bye\r\n"), BYTES(""), QUIET,
     SMTP_EHLO, SMTP_END_REPLY, 421, "mx.test ESMTP", "bye", "STARTTLS", false, false, 0, EHLO QUIT},
    {"TLS-8 EHLO: 550, then 250: Postfix reads the keywords of all lines",
     BYTES(HELLO "250-mx\r\n550-STARTTLS\r\n250 SIZE\r\n220 go\r\n"), BYTES(""), QUIET, SMTP_HANDSHAKE,
     SMTP_END_NONE, 220, "mx.test ESMTP", "", "STARTTLS|SIZE", true, false, 0, EHLO STARTTLS},
    {"TLS-8 greeting: 220, then 521", BYTES("220-mx.test\r\n521 5.3.2 closed\r\n"), BYTES(""), QUIET,
     SMTP_GREETING, SMTP_END_REPLY, 521, "mx.test", "5.3.2 closed", "", false, false, 0, QUIT},
    {"TLS-8 greeting: 220, then 421", BYTES("220-mx.test\r\n421 4.7.0 later\r\n"), BYTES(""), CLOSES,
     SMTP_GREETING, SMTP_END_REPLY, 421, "mx.test", "4.7.0 later", "", false, false, 0, QUIT},
    {"TLS-8 greeting: 554, then 220", BYTES("554-no\r\n220 yes\r\n"), BYTES(""), STEP_PASSES, SMTP_EHLO,
     SMTP_END_STEP_TIMEOUT, 220, "no", "", "", false, false, 0, EHLO},
    {"TLS-8 STARTTLS: 220, then 454", BYTES(HELLO OFFER "220-go\r\n454 4.7.0 no\r\n"), BYTES(""), QUIET,
     SMTP_STARTTLS, SMTP_END_REPLY, 454, "mx.test ESMTP", "4.7.0 no", "STARTTLS", true, false, 0,
     EHLO STARTTLS QUIT},
    {"TLS-8 greeting: a line without a code", BYTES("220-mx.test\r\nno UCE\r\n220 hi\r\n"), BYTES(""), QUIET,
     SMTP_GREETING, SMTP_END_MALFORMED, 0, "mx.test", "no UCE", "", false, false, 0, QUIT},
    {"TLS-8 EHLO: a line without a code", BYTES(HELLO "250-mx\r\nSTARTTLS\r\n250 SIZE\r\n"), BYTES(""), QUIET,
     SMTP_EHLO, SMTP_END_MALFORMED, 220, "mx.test ESMTP", "STARTTLS", "", false, false, 0, EHLO QUIT},
    {"TLS-8 HELO: a line without a code", BYTES(HELLO "500 what?\r\nhello\r\n"), BYTES(""), QUIET, SMTP_HELO,
     SMTP_END_MALFORMED, 500, "mx.test ESMTP", "hello", "", false, false, 0, EHLO HELO QUIT},
    {"TLS-8 STARTTLS: a line without a code", BYTES(HELLO OFFER "go\r\n"), BYTES(""), QUIET, SMTP_STARTTLS,
     SMTP_END_MALFORMED, 250, "mx.test ESMTP", "go", "STARTTLS", true, false, 0, EHLO STARTTLS QUIT},
    {"TLS-8 a line without a code and without an end, then a close", BYTES("220-mx.test\r\nno UCE"),
     BYTES(""), CLOSES, SMTP_GREETING, SMTP_END_MALFORMED, 0, "mx.test", "no UCE", "", false, false, 0, ""},
    {"TLS-8 a refusal that never ends", BYTES("554-go away\r\n554-now\r\n"), BYTES(""), CLOSES, SMTP_GREETING,
     SMTP_END_CLOSED, 0, "go away", "go away\nnow", "", false, false, 0, ""},
    {"garbage at EHLO", BYTES(HELLO "what?\r\n"), BYTES(""), QUIET, SMTP_EHLO, SMTP_END_MALFORMED, 220,
     "mx.test ESMTP", "what?", "", false, false, 0, EHLO QUIT},

    {"TLS-8 a block list, after 220 lines (listed)",
     BYTES("220-mx.test ESMTP\r\n550 5.7.1 Service unavailable; client [192.0.2.1] blocked using "
           "zen.spamhaus.org\r\n"),
     BYTES(""), QUIET, SMTP_GREETING, SMTP_END_REPLY, 550, "mx.test ESMTP",
     "5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org", "", false, false, 0,
     QUIT},
    {"TLS-8 a block list at EHLO (listed)",
     BYTES(HELLO "554 5.7.1 see https://www.barracudacentral.org/lookups\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_REPLY, 554, "mx.test ESMTP", "5.7.1 see https://www.barracudacentral.org/lookups", "", false,
     false, 0, EHLO QUIT},
    {"TLS-8 a block list at STARTTLS (listed)", BYTES(HELLO OFFER "554 5.7.1 on our block list\r\n"),
     BYTES(""), QUIET, SMTP_STARTTLS, SMTP_END_REPLY, 554, "mx.test ESMTP", "5.7.1 on our block list",
     "STARTTLS", true, false, 0, EHLO STARTTLS QUIT},
    {"TLS-8 a block list without a code (listed)", BYTES("You are listed at a DNSBL, go away\r\n"), BYTES(""),
     QUIET, SMTP_GREETING, SMTP_END_NOT_SMTP, 0, "You are listed at a DNSBL, go away", "", "", false, false,
     0, QUIT},
    {"TLS-8 a block list in a refusal that never ends (listed)", BYTES("554-Spamhaus has you\r\n"), BYTES(""),
     CLOSES, SMTP_GREETING, SMTP_END_CLOSED, 0, "Spamhaus has you", "Spamhaus has you", "", false, false, 0,
     ""},
    {"TLS-8 a greeting that names a list refuses nobody",
     BYTES("220 mx.test protected by Spamhaus\r\n250-mx\r\n250 SIZE\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_NOT_OFFERED, 250, "mx.test protected by Spamhaus", "", "SIZE", false, false, 0, EHLO QUIT},

    {"TLS-8 CR CR LF, as Postfix takes it (loose)",
     BYTES("220 hi\r\r\n250-mx\r\r\n250-SIZE 1\r\r\n250-\r\r\n250 STARTTLS\r\r\n220 go\r\r\n"),
     BYTES("250 mx\r\r\n"), QUIET, SMTP_QUIT, SMTP_END_DONE, 250, "hi\r", "", "SIZE 1\r|STARTTLS\r", true,
     false, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-8 CR CR LF behind codes alone (loose)",
     BYTES("220\r\r\n250-mx\r\n250-STARTTLS\r\n250\r\r\n220\r\r\r\n"), BYTES("250\r\r\n"), QUIET, SMTP_QUIT,
     SMTP_END_DONE, 250, "\r", "", "STARTTLS", true, false, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-8 blanks before the keyword (loose)",
     BYTES(HELLO "250-mx\r\n250- STARTTLS\r\n250 SIZE\r\n220 go\r\n"), BYTES("250 mx\r\n"), QUIET, SMTP_QUIT,
     SMTP_END_DONE, 250, "mx.test ESMTP", "", " STARTTLS|SIZE", true, false, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-8 a tab before the keyword, = behind it (loose)",
     BYTES(HELLO "250-mx\r\n250 \t starttls=yes\r\n220 go\r\n"), BYTES("250 mx\r\n"), QUIET, SMTP_QUIT,
     SMTP_END_DONE, 250, "mx.test ESMTP", "", "\t starttls=yes", true, false, 1, EHLO STARTTLS EHLO QUIT},
    {"TLS-8 AUTH= is nothing to speak of",
     BYTES(HELLO "250-mx\r\n250-AUTH=LOGIN\r\n250 STARTTLS\r\n220 go\r\n"), BYTES("250 mx\r\n"), QUIET,
     SMTP_QUIT, SMTP_END_DONE, 250, "mx.test ESMTP", "", "AUTH=LOGIN|STARTTLS", true, false, 1,
     EHLO STARTTLS EHLO QUIT},
    {"TLS-8 a hyphen before the keyword is too much for Postfix too",
     BYTES(HELLO "250-mx\r\n250--STARTTLS\r\n250 SIZE\r\n"), BYTES(""), QUIET, SMTP_EHLO,
     SMTP_END_NOT_OFFERED, 250, "mx.test ESMTP", "", "-STARTTLS|SIZE", false, false, 0, EHLO QUIT},
    {"garbage inside TLS", BYTES(READY), BYTES("hello\r\n"), QUIET, SMTP_EHLO_TLS, SMTP_END_MALFORMED, 220,
     "mx.test ESMTP", "hello", "STARTTLS", true, false, 0, EHLO STARTTLS EHLO QUIT},
    {"garbage without a line's end, then a close", BYTES("login: "), BYTES(""), CLOSES, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "login: ", "", "", false, false, 0, ""},
    {"garbage without a line's end, then nothing", BYTES("login: "), BYTES(""), STEP_PASSES, SMTP_GREETING,
     SMTP_END_NOT_SMTP, 0, "login: ", "", "", false, false, 0, ""},

    {"TLS-1 silence", BYTES(""), BYTES(""), STEP_PASSES, SMTP_GREETING, SMTP_END_STEP_TIMEOUT, 0, "", "", "",
     false, false, 0, ""},
    {"TLS-1 closes at the greeting", BYTES(""), BYTES(""), CLOSES, SMTP_GREETING, SMTP_END_CLOSED, 0, "", "",
     "", false, false, 0, ""},
    {"TLS-1 closes in the greeting", BYTES("220-mx\r\n220 rea"), BYTES(""), CLOSES, SMTP_GREETING,
     SMTP_END_CLOSED, 0, "mx", "", "", false, false, 0, ""},
    {"TLS-1 resets at the greeting", BYTES(""), BYTES(""), RESETS, SMTP_GREETING, SMTP_END_NET, 0, "", "", "",
     false, false, 0, ""},
    {"TLS-1 closes at EHLO", BYTES(HELLO), BYTES(""), CLOSES, SMTP_EHLO, SMTP_END_CLOSED, 220,
     "mx.test ESMTP", "", "", false, false, 0, EHLO},
    {"TLS-1 half an EHLO reply offers nothing", BYTES(HELLO "250-mx\r\n250-STARTTLS\r\n"), BYTES(""), CLOSES,
     SMTP_EHLO, SMTP_END_CLOSED, 220, "mx.test ESMTP", "", "STARTTLS", false, false, 0, EHLO},
    {"silent at EHLO", BYTES(HELLO "250-mx\r\n"), BYTES(""), STEP_PASSES, SMTP_EHLO, SMTP_END_STEP_TIMEOUT,
     220, "mx.test ESMTP", "", "", false, false, 0, EHLO},
    {"the session's deadline at STARTTLS", BYTES(HELLO OFFER "22"), BYTES(""), SESSION_PASSES, SMTP_STARTTLS,
     SMTP_END_SESSION_DEADLINE, 250, "mx.test ESMTP", "", "STARTTLS", true, false, 0, EHLO STARTTLS},
    {"TLS-2 closes at STARTTLS", BYTES(HELLO OFFER), BYTES(""), CLOSES, SMTP_STARTTLS, SMTP_END_CLOSED, 250,
     "mx.test ESMTP", "", "STARTTLS", true, false, 0, EHLO STARTTLS},
    {"closes inside TLS", BYTES(READY), BYTES("250-mx\r\n"), CLOSES, SMTP_EHLO_TLS, SMTP_END_CLOSED, 220,
     "mx.test ESMTP", "", "STARTTLS", true, false, 0, EHLO STARTTLS EHLO},
    {"nothing changes once it is over", BYTES("421 bye\r\n220 hi\r\n250 x\r\n"), BYTES(""), RESETS,
     SMTP_GREETING, SMTP_END_REPLY, 421, "bye", "bye", "", false, false, 0, QUIT},
};

/* ---- playing a script ---------------------------------------------------------------------------------- */

struct player {
    struct dialogue dialogue;
    struct probe_facts facts;
    struct arena arena;
    struct buf sent;
    bool shaking;
};

static void player_open(struct player *player)
{
    *player = (struct player){0};
    arena_init(&player->arena, ARENA_BYTES);
    buf_init(&player->sent, ARENA_BYTES);
    dialogue_init(&player->dialogue, "probe.test", &player->arena, &player->facts);
    assert_int_equal(player->facts.step, SMTP_GREETING);
}

static void player_close(struct player *player)
{
    dialogue_dispose(&player->dialogue);
    arena_dispose(&player->arena);
    buf_dispose(&player->sent);
}

static void act(struct player *player, enum dialogue_action action)
{
    struct buf *out = &player->dialogue.out;
    bool over = player->facts.end != SMTP_END_NONE;
    assert_int_equal(over, action == DIALOGUE_CLOSE);
    if (action == DIALOGUE_WRITE)
        assert_true(out->len > 0);
    if (action == DIALOGUE_READ)
        assert_int_equal(out->len, 0);
    assert_true(buf_append(&player->sent, out->data, out->len));
    buf_reset(out);
    player->shaking = action == DIALOGUE_START_TLS;
}

/* What comes before the handshake and was not fed is what a prober finds waiting on the socket. */
static void feed(struct player *player, struct bytes data)
{
    if (data.len == 0)
        return;
    if (player->shaking)
        dialogue_injected(&player->dialogue);
    else
        act(player, dialogue_feed(&player->dialogue, data.data, data.len));
}

/* In pieces of `piece` bytes, the first of `first` bytes. */
static void feed_pieces(struct player *player, struct bytes data, size_t first, size_t piece)
{
    while (data.len > 0) {
        size_t len = first < data.len ? first : data.len;
        feed(player, bytes_make(data.data, len));
        data = bytes_make(data.data + len, data.len - len);
        first = piece;
    }
}

static void play(struct player *player, const struct script *script, size_t first, size_t piece)
{
    struct dialogue *dialogue = &player->dialogue;
    feed_pieces(player, script->plain, first, piece);
    if (script->tls.len > 0) {
        assert_true(player->shaking);
        act(player, dialogue_tls_done(dialogue));
        feed_pieces(player, script->tls, first, piece);
    }
    if (script->finale == CLOSES)
        dialogue_closed(dialogue);
    else if (script->finale == STEP_PASSES)
        dialogue_deadline(dialogue, SMTP_END_STEP_TIMEOUT);
    else if (script->finale == SESSION_PASSES)
        dialogue_deadline(dialogue, SMTP_END_SESSION_DEADLINE);
    else if (script->finale == RESETS)
        dialogue_failed(dialogue, NET_RESET, ECONNRESET);
    feed(player, (struct bytes)BYTES(""));
}

/* ---- what came of it ----------------------------------------------------------------------------------- */

static void describe(const struct probe_facts *facts, struct buf *out)
{
    buf_printf(out,
               "step %d end %d net %d errno %d code %d offered %d injected %d inside %zu loose %d listed %d",
               facts->step, facts->end, facts->net, facts->sys_errno, facts->reply_code,
               facts->starttls_offered, facts->injected, facts->ehlo_tls_count, facts->loose, facts->listed);
    buf_text(out, "\ngreeting ");
    buf_append(out, facts->greeting.data, facts->greeting.len);
    buf_text(out, "\nreply ");
    buf_append(out, facts->reply.data, facts->reply.len);
    buf_text(out, "\nehlo ");
    for (size_t i = 0; i < facts->ehlo_count; i++) {
        buf_text(out, i == 0 ? "" : "|");
        buf_append(out, facts->ehlo[i].data, facts->ehlo[i].len);
    }
}

static void describe_player(struct player *player, struct buf *out)
{
    describe(&player->facts, out);
    buf_text(out, "\nsent ");
    buf_append(out, player->sent.data, player->sent.len);
    assert_false(out->failed);
}

static void describe_play(const struct script *script, size_t first, size_t piece, struct buf *out)
{
    struct player player;
    player_open(&player);
    play(&player, script, first, piece);
    buf_reset(out);
    describe_player(&player, out);
    player_close(&player);
}

static bool is_marked(const struct script *script, const char *mark)
{
    size_t len = strlen(script->name), end = strlen(mark);
    return len >= end && strcmp(script->name + len - end, mark) == 0;
}

static void describe_expected(const struct script *script, struct buf *out)
{
    bool net = script->end == SMTP_END_NET;
    buf_printf(out,
               "step %d end %d net %d errno %d code %d offered %d injected %d inside %zu loose %d listed %d",
               script->step, script->end, net ? NET_RESET : NET_OK, net ? ECONNRESET : 0, script->code,
               script->offered, script->injected, script->ehlo_tls, is_marked(script, LOOSE),
               is_marked(script, LISTED));
    buf_printf(out, "\ngreeting %s\nreply %s\nehlo %s\nsent %s", script->greeting, script->reply,
               script->ehlo, script->sent);
}

/* A NUL in evidence ends a C string in the table: compared up to it. */
static void assert_same(const char *name, struct buf *expected, struct buf *seen)
{
    struct bytes a = buf_bytes(expected), b = buf_bytes(seen);
    struct buf clean;
    buf_init(&clean, ARENA_BYTES);
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] != 0)
            buf_byte(&clean, b.data[i]);
    if (!bytes_equal(a, b) && !bytes_equal(a, buf_bytes(&clean)))
        fail_msg("%s: expected\n%s\nbut saw\n%s", name, buf_string(expected), buf_string(&clean));
    buf_dispose(&clean);
}

/* However the bytes are cut, the same must come out. Long scripts are cut at some places only. */
static void assert_uncut(const struct script *script)
{
    struct buf whole, cut;
    size_t len = script->plain.len > script->tls.len ? script->plain.len : script->tls.len;
    size_t stride = len / PLACES + 1;
    buf_init(&whole, ARENA_BYTES);
    buf_init(&cut, ARENA_BYTES);
    describe_play(script, SIZE_MAX, SIZE_MAX, &whole);
    describe_play(script, 1, 1, &cut);
    assert_same(script->name, &whole, &cut);
    for (size_t place = 1; place < len; place += stride) {
        describe_play(script, place, SIZE_MAX, &cut);
        assert_same(script->name, &whole, &cut);
    }
    buf_dispose(&whole);
    buf_dispose(&cut);
}

static void test_script(void **state)
{
    const struct script *script = *state;
    struct buf expected, seen;
    buf_init(&expected, ARENA_BYTES);
    buf_init(&seen, ARENA_BYTES);
    describe_expected(script, &expected);
    describe_play(script, SIZE_MAX, SIZE_MAX, &seen);
    assert_same(script->name, &expected, &seen);
    assert_uncut(script);
    buf_dispose(&expected);
    buf_dispose(&seen);
}

/* ---- ceilings ------------------------------------------------------------------------------------------ */

/* head, then `count` times part, then tail; to be freed. */
static struct bytes build(const char *head, const char *part, size_t count, const char *tail)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    buf_text(&buf, head);
    for (size_t i = 0; i < count; i++)
        buf_text(&buf, part);
    buf_text(&buf, tail);
    assert_false(buf.failed);
    return buf_bytes(&buf);
}

struct ceiling_case {
    const char *name;
    const char *head;
    const char *part;
    size_t count;
    const char *tail;
    enum smtp_step step;
    enum smtp_end end;
};

static const struct ceiling_case ceiling_cases[] = {
    {"a line of 2,048 bytes", "220 ", "x", 2042, "\r\n", SMTP_EHLO, SMTP_END_NONE},
    {"a line of 2,049 bytes", "220 ", "x", 2043, "\r\n", SMTP_GREETING, SMTP_END_LINE_TOO_LONG},
    {"a line without end", "220 ", "x", 100000, "", SMTP_GREETING, SMTP_END_LINE_TOO_LONG},
    {"a line without end that is no reply", "hello ", "x", 100000, "", SMTP_GREETING, SMTP_END_NOT_SMTP},
    {"garbage of 515 bytes and no line's end", "x", "y", 514, "", SMTP_GREETING, SMTP_END_NOT_SMTP},
    {"a reply of 100 lines", HELLO, "250-x\r\n", 99, "250 STARTTLS\r\n", SMTP_STARTTLS, SMTP_END_NONE},
    {"a reply of 101 lines", HELLO, "250-x\r\n", 100, "250 STARTTLS\r\n", SMTP_EHLO, SMTP_END_LINE_TOO_LONG},
    {"a reply without end", HELLO, "250-XCAPABILITY\r\n", 5000, "", SMTP_EHLO, SMTP_END_LINE_TOO_LONG},
};

#define LINE_1024 /* with code and line's end 1,024 bytes: 32 of them are 32 KiB */                          \
    "250-" LONG_500 LONG_500 "0123456789abcdefgh\r\n"
#define LONG_500 LONG_100 LONG_100 LONG_100 LONG_100 LONG_100
#define LONG_100 LONG_50 LONG_50
#define LONG_50  "01234567890123456789012345678901234567890123456789"

static const struct ceiling_case byte_cases[] = {
    {"a reply of 32 KiB", HELLO, LINE_1024, 31, "250 " LONG_500 LONG_500 "0123456789abcdefgh\r\n", SMTP_EHLO,
     SMTP_END_NOT_OFFERED},
    {"a reply of 32 KiB and a byte", HELLO, LINE_1024, 31, "250 " LONG_500 LONG_500 "0123456789abcdefghi\r\n",
     SMTP_EHLO, SMTP_END_LINE_TOO_LONG},
};

static void test_ceiling(void **state)
{
    const struct ceiling_case *item = *state;
    struct bytes bytes = build(item->head, item->part, item->count, item->tail);
    struct script script = {.name = item->name, .plain = bytes};
    struct player player;
    player_open(&player);
    play(&player, &script, SIZE_MAX, SIZE_MAX);
    assert_int_equal(player.facts.step, item->step);
    assert_int_equal(player.facts.end, item->end);
    assert_true(player.facts.greeting.len <= 512);
    assert_true(player.facts.reply.len <= 512);
    for (size_t i = 0; i < player.facts.ehlo_count; i++)
        assert_true(player.facts.ehlo[i].len <= 512);
    assert_true(player.dialogue.in.capacity <= 4096);
    player_close(&player);
    assert_uncut(&script);
    free((void *)(uintptr_t)bytes.data);
}

static void test_texts_are_capped(void **state)
{
    (void)state;
    struct player player;
    struct bytes greeting = build("554-", "g", 600, "\r\n554-second\r\n554 third\r\n");
    player_open(&player);
    feed(&player, greeting);
    assert_int_equal(player.facts.greeting.len, 512);
    assert_int_equal(player.facts.reply.len, 512);
    assert_int_equal(player.facts.reply.data[511], 'g');
    player_close(&player);
    free((void *)(uintptr_t)greeting.data);
}

/* Memory for facts that runs out loses texts, never the course of the session. */
static void test_full_arena(void **state)
{
    (void)state;
    struct player player;
    player_open(&player);
    player.arena.ceiling_bytes = 0;
    feed(&player, (struct bytes)BYTES(READY));
    assert_int_equal(player.facts.step, SMTP_HANDSHAKE);
    assert_true(player.facts.starttls_offered);
    assert_int_equal(player.facts.ehlo_count, 0);
    assert_int_equal(player.facts.greeting.len, 0);
    player_close(&player);
}

/* Capabilities outgrow their first room. */
static void test_many_capabilities(void **state)
{
    (void)state;
    struct player player;
    char text[16];
    player_open(&player);
    feed(&player, (struct bytes)BYTES(HELLO "250-mx\r\n"));
    for (int i = 0; i < 90; i++) {
        int len = snprintf(text, sizeof text, "250-X%d\r\n", i);
        feed(&player, bytes_make(text, (size_t)len));
    }
    feed(&player, (struct bytes)BYTES("250 STARTTLS\r\n"));
    assert_int_equal(player.facts.ehlo_count, 91);
    for (int i = 0; i < 90; i++) {
        int len = snprintf(text, sizeof text, "X%d", i);
        assert_true(bytes_equal(player.facts.ehlo[i], bytes_make(text, (size_t)len)));
    }
    assert_int_equal(player.facts.step, SMTP_STARTTLS);
    player_close(&player);
}

/* ---- the handshake's ends ------------------------------------------------------------------------------ */

static void test_tls_failed(void **state)
{
    (void)state;
    struct player player;
    player_open(&player);
    feed(&player, (struct bytes)BYTES(READY));
    assert_true(player.shaking);
    dialogue_tls_failed(&player.dialogue);
    assert_int_equal(player.facts.step, SMTP_HANDSHAKE);
    assert_int_equal(player.facts.end, SMTP_END_TLS);
    assert_int_equal(dialogue_tls_done(&player.dialogue), DIALOGUE_CLOSE);
    assert_int_equal(player.dialogue.out.len, 0);
    player_close(&player);
}

/* TLS 1.3: the peer may refuse after we think that the handshake is done. */
static void test_tls_taken_back(void **state)
{
    (void)state;
    struct player player;
    player_open(&player);
    feed(&player, (struct bytes)BYTES(READY));
    act(&player, dialogue_tls_done(&player.dialogue));
    dialogue_tls_failed(&player.dialogue);
    assert_int_equal(player.facts.step, SMTP_HANDSHAKE);
    assert_int_equal(player.facts.end, SMTP_END_TLS);
    player_close(&player);
}

/* A peer that answers before it was asked: nothing that was to be said is lost. */
static void test_answers_in_advance(void **state)
{
    (void)state;
    struct player player;
    struct dialogue *dialogue = &player.dialogue;
    player_open(&player);
    assert_int_equal(dialogue_feed(dialogue, READY, sizeof READY - 1), DIALOGUE_START_TLS);
    assert_string_equal(buf_string(&dialogue->out), EHLO STARTTLS);
    assert_false(player.facts.injected);
    player_close(&player);
}

/* A refusal in lines: joined, and cut where there is no more room. */
static void test_refusal_is_cut(void **state)
{
    (void)state;
    for (size_t first = 505; first <= 512; first++) {
        struct player player;
        struct buf text;
        buf_init(&text, ARENA_BYTES);
        buf_text(&text, "554-");
        for (size_t i = 0; i < first; i++)
            buf_byte(&text, 'g');
        buf_text(&text, "\r\n554-abc\r\n554 defghij\r\n");
        player_open(&player);
        feed(&player, buf_bytes(&text));
        assert_int_equal(player.facts.end, SMTP_END_REPLY);
        assert_int_equal(player.facts.reply.len, 512);
        assert_memory_equal(player.facts.reply.data + first, "\nabc\ndefghij", 512 - first);
        player_close(&player);
        buf_dispose(&text);
    }
}

/* TLS-8: the last line decides, whatever came before it; and what happens afterwards changes nothing. */
static void test_mixed_codes(void **state)
{
    static const struct {
        const char *reply;
        int code;
        enum smtp_end end;
    } rows[] = {
        {"220-a\r\n221 b\r\n", 221, SMTP_END_NONE},  {"220-a\r\n220-b\r\n320 c\r\n", 320, SMTP_END_REPLY},
        {"220-a\r\n554 b\r\n", 554, SMTP_END_REPLY}, {"220-a\r\n421-b\r\n554 c\r\n", 554, SMTP_END_REPLY},
        {"554-a\r\n421 b\r\n", 421, SMTP_END_REPLY}, {"554-a\r\n220 b\r\n", 220, SMTP_END_NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct player player;
        player_open(&player);
        feed(&player, bytes_of(rows[i].reply));
        assert_int_equal(player.facts.end, rows[i].end);
        assert_int_equal(player.facts.reply_code, rows[i].code);
        if (rows[i].end == SMTP_END_REPLY) {
            dialogue_tls_failed(&player.dialogue);
            dialogue_failed(&player.dialogue, NET_RESET, ECONNRESET);
            dialogue_closed(&player.dialogue);
            assert_int_equal(player.facts.end, SMTP_END_REPLY);
            assert_int_equal(player.facts.step, SMTP_GREETING);
            assert_int_equal(player.facts.net, NET_OK);
        }
        player_close(&player);
    }
}

/* What has come may become a reply, down to its first byte: whoever stops there was late, and no stranger. */
static void test_begun_replies(void **state)
{
    static const struct {
        const char *part;
        enum smtp_end end;
    } rows[] = {
        {"2", SMTP_END_STEP_TIMEOUT},    {"22", SMTP_END_STEP_TIMEOUT},   {"220", SMTP_END_STEP_TIMEOUT},
        {"220 ", SMTP_END_STEP_TIMEOUT}, {"220-", SMTP_END_STEP_TIMEOUT}, {"599", SMTP_END_STEP_TIMEOUT},
        {"1", SMTP_END_NOT_SMTP},        {"6", SMTP_END_NOT_SMTP},        {"2:", SMTP_END_NOT_SMTP},
        {"22/", SMTP_END_NOT_SMTP},      {"220_", SMTP_END_NOT_SMTP},     {"x", SMTP_END_NOT_SMTP}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct player player;
        player_open(&player);
        feed(&player, bytes_of(rows[i].part));
        assert_int_equal(player.facts.end, SMTP_END_NONE);
        dialogue_deadline(&player.dialogue, SMTP_END_STEP_TIMEOUT);
        if (player.facts.end != rows[i].end)
            fail_msg("%s: end %d", rows[i].part, (int)player.facts.end);
        player_close(&player);
    }
}

int main(void)
{
    struct CMUnitTest tests[COUNT(scripts) + COUNT(ceiling_cases) + COUNT(byte_cases) + 9];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(scripts); i++)
        tests[count++] =
            (struct CMUnitTest){scripts[i].name, test_script, NULL, NULL, (void *)(uintptr_t)&scripts[i]};
    for (size_t i = 0; i < COUNT(ceiling_cases); i++)
        tests[count++] = (struct CMUnitTest){ceiling_cases[i].name, test_ceiling, NULL, NULL,
                                             (void *)(uintptr_t)&ceiling_cases[i]};
    for (size_t i = 0; i < COUNT(byte_cases); i++)
        tests[count++] = (struct CMUnitTest){byte_cases[i].name, test_ceiling, NULL, NULL,
                                             (void *)(uintptr_t)&byte_cases[i]};
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_texts_are_capped);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_refusal_is_cut);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_mixed_codes);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_begun_replies);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_full_arena);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_many_capabilities);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_tls_failed);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_tls_taken_back);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_answers_in_advance);
    return cmocka_run_group_tests_name("dialogue", tests, NULL, NULL);
}
