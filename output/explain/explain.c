/* Writes a record in words: the summary, then its parts in order. */
#include "output/explain/explain.h"

#include "output/explain/explain_parts.h"

enum { MARGIN = 2 };

const char *explain_headline(enum outcome outcome)
{
    static const char *const texts[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = "not judged",
        [OUTCOME_NO_MAIL] = "the domain receives no mail",
        [OUTCOME_ABSENT] = "no MTA-STS",
        [OUTCOME_UNKNOWN] = "could not be determined",
        [OUTCOME_BROKEN] = "MTA-STS is published but does not work",
        [OUTCOME_OFF] = "MTA-STS is switched off",
        [OUTCOME_TESTING] = "MTA-STS is only tested",
        [OUTCOME_PROTECTED] = "mail is delivered over verified TLS only",
        [OUTCOME_PARTIAL] = "a part of the MX hosts fails",
        [OUTCOME_REFUSED] = "mail is not delivered",
    };
    return texts[outcome];
}

const char *explain_outcome(enum outcome outcome)
{
    static const char *const texts[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = "",
        [OUTCOME_NO_MAIL] =
            "A sender such as Exchange Online or Gmail sends nothing there: there is no MX host "
            "to talk to, and so nothing to protect.",
        [OUTCOME_ABSENT] =
            "By default a sender such as Exchange Online or Gmail delivers, over TLS where it is "
            "offered, without checking whom it talks to.",
        [OUTCOME_UNKNOWN] =
            "What a sender such as Exchange Online or Gmail would do could not be determined. "
            "This says nothing about the domain, neither good nor bad: check again later.",
        [OUTCOME_BROKEN] =
            "By default a sender such as Exchange Online or Gmail delivers as if there were no "
            "MTA-STS, without checking whom it talks to (unless it remembers an earlier policy).",
        [OUTCOME_OFF] = "The policy's mode is none: by default a sender such as Exchange Online or Gmail "
                        "delivers without checking whom it talks to.",
        [OUTCOME_TESTING] = "By default a sender such as Exchange Online or Gmail reports what fails and "
                            "delivers all the same.",
        [OUTCOME_PROTECTED] =
            "By default a sender such as Exchange Online or Gmail enforces the policy: it "
            "delivers only to MX hosts that the policy names and whose certificate is good.",
        [OUTCOME_PARTIAL] =
            "By default a sender such as Exchange Online or Gmail enforces the policy: it skips "
            "the MX hosts or addresses that fail, and delivers to the others.",
        [OUTCOME_REFUSED] = "By default a sender such as Exchange Online or Gmail enforces the policy, and "
                            "every MX host fails: it keeps the mail, tries again, and returns it in the end.",
    };
    return texts[outcome];
}

bool explain_is_due_of(const struct code_set *codes, enum outcome outcome, enum failure_code code)
{
    bool dane_is_not_there =
        code == FAIL_DANE_ABSENT || code == FAIL_DANE_INSECURE_MX || code == FAIL_DANE_INSECURE_ADDRESS;
    if (!code_set_has(codes, code) || dane_is_not_there)
        return false;
    bool is_mail_domain = outcome != OUTCOME_NO_MAIL && !code_set_has(codes, FAIL_INPUT_HOST_NAME);
    return is_mail_domain || (code != FAIL_TXT_ABSENT && code != FAIL_TLSRPT_ABSENT);
}

bool explain_is_due(const struct judgement *judgement, enum failure_code code)
{
    return explain_is_due_of(&judgement->codes, judgement->outcome, code);
}

/* ---- where DANE says something else than MTA-STS ------------------------------------------------------- */

struct apart {
    const char *head; /* ends the headline */
    const char *text; /* ends what is said of senders */
};

/* Tells whether a DANE sender fails at a host that one without DANE delivers to. */
static bool dane_loses_hosts(const struct sender_view *sts, const struct sender_view *dane)
{
    for (size_t i = 0; i < sts->host_count && i < dane->host_count; i++)
        if (sts->hosts[i] == DELIVERY_TAKES &&
            (dane->hosts[i] == DELIVERY_SKIPS || dane->hosts[i] == DELIVERY_SOME))
            return true;
    return false;
}

static struct apart apart_of(const struct judgement *judgement)
{
    const struct sender_view *sts = &judgement->senders[SENDER_MTA_STS],
                             *dane = &judgement->senders[SENDER_DANE],
                             *postfix = &judgement->senders[SENDER_POSTFIX_DANE];
    if (sts->all == DELIVERY_TAKES && dane->all == DELIVERY_TAKES && postfix->all == DELIVERY_SKIPS)
        return (struct apart){
            ", but Postfix with DANE delivers nothing",
            " Postfix with DANE applies the TLSA records of a host although the MX answer is "
            "not signed: it keeps the mail, tries again, and returns it in the end."};
    if (sts->all == DELIVERY_TAKES && dane->all == DELIVERY_SKIPS)
        return (struct apart){
            ", but a sender that honours DANE delivers nothing",
            " One that honours DANE as well, as Exchange Online does, keeps the mail, tries "
            "again, and returns it in the end."};
    if (sts->all == DELIVERY_SKIPS && dane->all == DELIVERY_TAKES)
        return (struct apart){", but by senders that honour DANE", " One that honours DANE delivers."};
    if (dane_loses_hosts(sts, dane))
        return (struct apart){", but DANE fails at a part of the MX hosts",
                              " One that honours DANE skips the MX hosts or addresses where it fails."};
    return (struct apart){"", ""};
}

static void say_summary(struct explained *explained)
{
    const struct judgement *judgement = explained->judgement;
    struct page *page = &explained->page;
    struct apart apart = apart_of(judgement);
    buf_printf(&page->line, "%s: %s - %s%s", explained->facts->domain, outcome_name(judgement->outcome),
               explain_headline(judgement->outcome), apart.head);
    page_fold(page, 0, 0, "");
    buf_printf(&page->line, "%s%s", explain_outcome(judgement->outcome), apart.text);
    if (judgement->outcome == OUTCOME_NO_MAIL && explained->facts->mx.lookup.status == DNS_NXDOMAIN)
        buf_text(&page->line, " The DNS has no such name: look whether it is spelt right.");
    if (judgement->one_look && judgement->incomplete)
        buf_text(&page->line, " This rests on one look; a second may find something else.");
    else if (judgement->incomplete)
        buf_text(&page->line, " Not every MX host could be determined.");
    page_fold(page, MARGIN, MARGIN, "");
    if (judgement->would_be != OUTCOME_NONE) {
        buf_printf(&page->line, "In enforce mode it would be %s - %s.", outcome_name(judgement->would_be),
                   explain_headline(judgement->would_be));
        page_fold(page, MARGIN, MARGIN, "");
    }
    buf_byte(page->out, '\n');
}

/* Explains the codes, the worst first, so that whoever reads no further has read what matters. */
static void say_codes(struct explained *explained)
{
    static const enum mark order[] = {MARK_FAIL, MARK_UNKNOWN, MARK_WARNING, MARK_OK, MARK_NOTE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (explain_is_due(explained->judgement, code) &&
                explain_mark(explained->judgement, code) == order[i])
                explain_code(explained, code);
}

bool explain_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                    const struct explain_style *style)
{
    struct explained explained = {.facts = facts, .judgement = judgement};
    page_begin(&explained.page, out, style->colour);
    explain_cached(&explained);
    say_summary(&explained);
    explain_steps(&explained);
    explain_senders(&explained);
    if (style->verbose)
        explain_senders_evidence(&explained);
    say_codes(&explained);
    if (style->verbose)
        explain_evidence(&explained);
    buf_byte(out, '\n');
    return page_end(&explained.page);
}
