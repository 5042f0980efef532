/* Holds what a report says in words. */
#include "output/report/report_words.h"

const enum outcome report_order[REPORT_OUTCOMES] = {
    OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING, OUTCOME_OFF,
    OUTCOME_BROKEN,    OUTCOME_ABSENT,  OUTCOME_NO_MAIL, OUTCOME_UNKNOWN,
};

const struct report_outcome *report_outcome(enum outcome outcome)
{
    static const struct report_outcome rows[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = {"none", "", ""},
        [OUTCOME_NO_MAIL] = {"none", "The domain receives no mail.", "No: there is nothing to protect."},
        [OUTCOME_ABSENT] =
            {"none",
             "There is no MTA-STS. Mail is encrypted if both sides can, and somebody on the way "
             "can prevent that unseen.",
             "It is no fault, and most domains are like that. Ask for it if you exchange what must "
             "stay private."},
        [OUTCOME_UNKNOWN] = {"open",
                             "It could not be found out this time: a server or a network did not answer.",
                             "No. Scan these domains again first."},
        [OUTCOME_BROKEN] =
            {"warn",
             "MTA-STS was set up, and its policy cannot be had or read: senders go on as if there "
             "were none.",
             "Yes: its owner thinks that mail is protected, and it is not."},
        [OUTCOME_OFF] = {"none", "MTA-STS is switched off by its owner (mode none).",
                         "No, unless you know that it should be on."},
        [OUTCOME_TESTING] = {"warn",
                             "The policy is tried out: senders report what fails, and deliver all the same.",
                             "Ask when it will be enforced, if it has been so for months."},
        [OUTCOME_PROTECTED] =
            {"good",
             "Senders deliver only over TLS to servers that the domain names and that prove who "
             "they are.",
             "No: it works."},
        [OUTCOME_PARTIAL] =
            {"warn",
             "The policy is enforced, and some mail servers fail it: senders pass over these, and "
             "mail is late or lost if the others are down.",
             "Yes, soon: one fault more, and mail is lost."},
        [OUTCOME_REFUSED] =
            {"bad",
             "The policy is enforced, and no mail server passes it: senders that honour MTA-STS, "
             "as Exchange Online and Gmail, deliver nothing.",
             "Yes, at once, and by telephone: mail to this domain is being lost."},
    };
    return &rows[outcome];
}

uint8_t report_gravity(enum outcome outcome)
{
    static const uint8_t gravities[OUTCOME_COUNT] = {
        [OUTCOME_REFUSED] = 0, [OUTCOME_PARTIAL] = 1, [OUTCOME_BROKEN] = 2, [OUTCOME_TESTING] = 3,
        [OUTCOME_UNKNOWN] = 4, [OUTCOME_OFF] = 5,     [OUTCOME_ABSENT] = 6, [OUTCOME_PROTECTED] = 7,
        [OUTCOME_NO_MAIL] = 8, [OUTCOME_NONE] = 9,
    };
    return gravities[outcome];
}

enum outcome report_of_gravity(uint8_t gravity)
{
    enum outcome outcome = OUTCOME_NONE;
    while (outcome < OUTCOME_COUNT - 1 && report_gravity(outcome) != gravity)
        outcome++;
    return outcome;
}

const char *report_who(enum failure_who who)
{
    static const char *const names[WHO_COUNT] = {
        [WHO_DOMAIN] = "the domain's owner",
        [WHO_POLICY_HOST] = "whoever serves the policy",
        [WHO_MX_OPERATOR] = "the mail servers' operator",
        [WHO_DNS_OPERATOR] = "the DNS operator",
        [WHO_US] = "whoever scans",
    };
    return names[who];
}

const char *report_dane(enum dane_outcome outcome)
{
    static const char *const names[DANE_OUTCOME_COUNT] = {
        [DANE_OUTCOME_ABSENT] = "no DANE",
        [DANE_OUTCOME_PROTECTED] = "protected by DANE",
        [DANE_OUTCOME_PARTIAL] = "some mail servers fail DANE",
        [DANE_OUTCOME_REFUSED] = "DANE senders deliver nothing",
        [DANE_OUTCOME_UNUSABLE] = "records that cannot be used",
        [DANE_OUTCOME_UNKNOWN] = "not determined",
    };
    return names[outcome];
}

const char *report_tls(enum tls_outcome outcome)
{
    static const char *const names[TLS_OUTCOME_COUNT] = {
        [TLS_OUTCOME_UNKNOWN] = "not determined",
        [TLS_OUTCOME_ALL] = "all mail servers encrypt",
        [TLS_OUTCOME_SOME] = "some mail servers encrypt",
        [TLS_OUTCOME_NONE] = "no mail server encrypts",
    };
    return names[outcome];
}
