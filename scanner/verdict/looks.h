/*
 * More than one look (TLS-7): which ends one look does not decide, and what several looks at the same address
 * come to. A look that passes outweighs one that found STARTTLS missing, refused or broken off; of looks that
 * did not pass the last one counts. Pure.
 */
#ifndef STSWEEP_VERDICT_LOOKS_H
#define STSWEEP_VERDICT_LOOKS_H

#include "scanner/verdict/verdict.h"

/* Did the session end so that a sender's next try may well meet TLS: STARTTLS missing, refused or broken off,
 * a handshake that was closed, or ended by the alert internal_error? */
bool look_asks_again(const struct probe_facts *probe);

/* Likewise a policy host: it refused or reset the connection, or ended the handshake so. */
bool look_at_policy_asks_again(const struct fetch_facts *fetch);

/* The code of an address over all looks at it. code: of the last look alone. */
enum failure_code look_code(const struct domain_facts *facts, const struct probe_facts *probe,
                            enum failure_code code);

/* The same for a DANE sender. */
enum failure_code look_dane_code(const struct domain_facts *facts, const struct probe_facts *probe,
                                 enum failure_code code);

/* Did a session at the address have TLS at an earlier look, whatever the last one found? */
bool look_had_tls(const struct domain_facts *facts, const struct probe_facts *probe);

/* The policy was there at an earlier look and could not be fetched at the last one, for what may pass: it is
 * open what it says now. */
bool look_leaves_policy_open(const struct domain_facts *facts, const struct judgement *judgement);

/* After outcome and DANE: whether looks differed, whether a second is due, and where none comes that the
 * outcome rests on one. */
void judge_looks(const struct domain_facts *facts, struct judgement *judgement);

/* Do looks at the MX host matter: to a sender that honours a policy, or might if it could be told, or to one
 * that honours DANE? */
bool look_matters(const struct judgement *judgement, const struct host_verdict *host);

#endif
