/*
 * Lists the values of each option of the type CHOICE: a list CHOICES_SECTION_KEY of enumerators and of the
 * words that stand for them. The enum, and the column of options.def, come from it.
 */
#ifndef STSWEEP_CONFIG_CHOICES_H
#define STSWEEP_CONFIG_CHOICES_H

#define CHOICES_DNS_TRUST_AD(row)                                                                            \
    row(DNS_TRUST_AD_LOOPBACK, "loopback") row(DNS_TRUST_AD_YES, "yes") row(DNS_TRUST_AD_NO, "no")
#define CHOICES_DNS_NEAR_MISS(row)      row(DNS_NEAR_MISS_YES, "yes") row(DNS_NEAR_MISS_NO, "no")
#define CHOICES_TLS_LEGACY_DECODER(row) row(TLS_LEGACY_DECODER_YES, "yes") row(TLS_LEGACY_DECODER_NO, "no")
#define CHOICES_SMTP_PROBE(row)                                                                              \
    row(SMTP_PROBE_ALL, "all") row(SMTP_PROBE_INTENT, "intent") row(SMTP_PROBE_NONE, "none")
#define CHOICES_INPUT_FORMAT(row)                                                                            \
    row(INPUT_FORMAT_AUTO, "auto") row(INPUT_FORMAT_PLAIN, "plain") row(INPUT_FORMAT_CSV, "csv")             \
        row(INPUT_FORMAT_NAMES, "names") row(INPUT_FORMAT_ZONE, "zone") row(INPUT_FORMAT_JSON, "json")
#define CHOICES_INPUT_REDUCE(row) row(INPUT_REDUCE_NO, "no") row(INPUT_REDUCE_REGISTRABLE, "registrable")
#define CHOICES_INPUT_HEADER(row)                                                                            \
    row(INPUT_HAS_HEADER_AUTO, "auto") row(INPUT_HAS_HEADER_YES, "yes") row(INPUT_HAS_HEADER_NO, "no")
#define CHOICES_INPUT_LENIENT(row) row(INPUT_LENIENT_NO, "no") row(INPUT_LENIENT_YES, "yes")
#define CHOICES_SAMPLE_STRATA(row)                                                                           \
    row(SAMPLE_STRATA_NONE, "none") row(SAMPLE_STRATA_TLD, "tld") row(SAMPLE_STRATA_RANK, "rank")
#define CHOICES_SCAN_STAGE(row)     row(SCAN_STAGE_ALL, "all") row(SCAN_STAGE_NAMES, "names")
#define CHOICES_SAFETY_SANDBOX(row) row(SAFETY_SANDBOX_YES, "yes") row(SAFETY_SANDBOX_NO, "no")

#define CHOICE_ENUMERATOR(name, word) name,
#define CHOICE_WORD(name, word)       "|" word

enum { CHOICES_DNS_TRUST_AD(CHOICE_ENUMERATOR) };
enum { CHOICES_DNS_NEAR_MISS(CHOICE_ENUMERATOR) };
enum { CHOICES_TLS_LEGACY_DECODER(CHOICE_ENUMERATOR) };
enum { CHOICES_SMTP_PROBE(CHOICE_ENUMERATOR) };
enum { CHOICES_INPUT_FORMAT(CHOICE_ENUMERATOR) };
enum { CHOICES_INPUT_REDUCE(CHOICE_ENUMERATOR) };
enum { CHOICES_INPUT_HEADER(CHOICE_ENUMERATOR) };
enum { CHOICES_INPUT_LENIENT(CHOICE_ENUMERATOR) };
enum { CHOICES_SAMPLE_STRATA(CHOICE_ENUMERATOR) };
enum { CHOICES_SCAN_STAGE(CHOICE_ENUMERATOR) };
enum { CHOICES_SAFETY_SANDBOX(CHOICE_ENUMERATOR) };

/* Makes the string "all|intent|none" of a list. */
#define CHOICES(list) (&list(CHOICE_WORD)[1])

#endif
