/*
 * Judges several looks at one address (TLS-7), and tells which ends a single look does not decide. A look
 * that passes outweighs one that found STARTTLS missing, refused or broken off; of looks that did not pass
 * the last one counts. Pure.
 */
#ifndef STSWEEP_VERDICT_LOOKS_H
#define STSWEEP_VERDICT_LOOKS_H

#include "scanner/verdict/verdict.h"

/* Says whether the session ended in such a way that a sender's next try may well meet TLS: STARTTLS missing,
 * refused or broken off, a handshake that was closed or ended by the alert internal_error, or a ClientHello
 * that may be more than one segment and that nothing answered. */
bool look_asks_again(const struct probe_facts *probe);

/* Says the same of a policy host: it refused or reset the connection, or ended the handshake in such a way.
 */
bool look_at_policy_asks_again(const struct fetch_facts *fetch);

/* Returns the code of an address over all looks at it. code: that of the last look alone. */
enum failure_code look_code(const struct domain_facts *facts, const struct probe_facts *probe,
                            enum failure_code code);

/* Returns the same for a DANE sender. */
enum failure_code look_dane_code(const struct domain_facts *facts, const struct probe_facts *probe,
                                 enum failure_code code);

/* Says whether a session at the address had TLS at an earlier look, whatever the last one found. */
bool look_had_tls(const struct domain_facts *facts, const struct probe_facts *probe);

/* Says whether the policy's present text is unknown: an earlier look fetched it, and the last could not for a
 * transient reason. */
bool look_leaves_policy_open(const struct domain_facts *facts, const struct judgement *judgement);

/* Judges whether looks differed, whether a second is due, and if none comes, that the outcome rests on one.
 * Call it after outcome and DANE. */
void judge_looks(const struct domain_facts *facts, struct judgement *judgement);

/* Says whether looks at the MX host matter: to a sender that honours the policy (or would, if the policy
 * could be known), or to one that honours DANE. */
bool look_matters(const struct judgement *judgement, const struct host_verdict *host);

#endif
