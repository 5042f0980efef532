/* Names the values of the enums of record.h (which includes this) as records do. Pure. */
#ifndef STSWEEP_FACTS_RECORD_NAMES_H
#define STSWEEP_FACTS_RECORD_NAMES_H

#include "scanner/facts/record.h"

/* Return the names that records use: "nxdomain", "secure", "enforce", "no-mail", … */
const char *dns_status_name(enum dns_status status);
const char *dns_security_name(enum dns_security security);
const char *dns_ede_name(uint16_t code); /* IANA's name of an extended error, NULL for one that it lacks */
const char *tls_end_name(enum tls_end end);
const char *tls_limit_name(enum tls_limit limit);
const char *net_error_name(enum net_error error);
const char *not_tried_name(enum not_tried reason);
const char *fetch_step_name(enum fetch_step step);
const char *fetch_decoding_name(enum fetch_decoding decoding);
const char *smtp_step_name(enum smtp_step step);
const char *smtp_end_name(enum smtp_end end);
const char *sts_mode_name(enum sts_mode mode);
const char *outcome_name(enum outcome outcome);

/* Returns the outcome of this name; OUTCOME_NONE if there is none. */
enum outcome outcome_find(struct bytes name);
const char *dane_outcome_name(enum dane_outcome outcome);
const char *tls_outcome_name(enum tls_outcome outcome);
const char *delivery_name(enum delivery delivery);
const char *sender_kind_name(enum sender_kind kind);
const char *exo_inbound_name(enum exo_inbound exo);

#endif
