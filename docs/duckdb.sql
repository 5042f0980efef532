-- Macros that read a scan directory in DuckDB (1.1 or later), with each column's name and type.
-- Made from docs/duckdb.in and scanner/facts/fields.def by `make docs`; do not edit.
--
--     .read duckdb.sql
--     SELECT outcome, count(*) FROM domains('scan-2026-11') GROUP BY ALL ORDER BY 2 DESC;
--
-- Without these, read_ndjson_auto takes the columns from the first 20,480 records and leaves out, without a word, what first comes
-- later: the rarest findings. Texts that may not be UTF-8 are VARCHAR: such a one reads {"base64":"…"}.
-- A folder whose name holds [, * or ? is a pattern to DuckDB. Only domains must be there: of the other files those are read that are.

-- One row a domain.
CREATE OR REPLACE MACRO domains(dir) AS TABLE
    SELECT * FROM read_json(dir || '/domains*.ndjson.zst', format = 'newline_delimited', compression = 'zstd', columns = {
        "schema": 'UINTEGER',
        "ordinal": 'UBIGINT',
        "domain": 'VARCHAR',
        "unicode": 'VARCHAR',
        "rank": 'UINTEGER',
        "label": 'VARCHAR',
        "list": 'VARCHAR',
        "tld": 'VARCHAR',
        "psl_suffix": 'VARCHAR',
        "is_public_suffix": 'BOOLEAN',
        "time": 'TIMESTAMP',
        "ms": 'UINTEGER',
        "outcome": 'VARCHAR',
        "would_be": 'VARCHAR',
        "incomplete": 'BOOLEAN',
        "cached": 'STRUCT("id" VARCHAR, "mode" VARCHAR, "mx" VARCHAR[], "max_age" UINTEGER, "fetched" TIMESTAMP, "since" TIMESTAMP, "found" VARCHAR, "would_be" VARCHAR, "incomplete" BOOLEAN, "sure_until" TIMESTAMP, "none_after" TIMESTAMP, "hosts" STRUCT("host" VARCHAR, "code" VARCHAR)[])',
        "dane": 'VARCHAR',
        "tls": 'VARCHAR',
        "codes": 'VARCHAR[]',
        "rfc8460": 'VARCHAR[]',
        "registrable": 'VARCHAR',
        "provider": 'STRUCT("mx" VARCHAR, "policy" VARCHAR, "mx_all" VARCHAR[])',
        "exchange_online": 'VARCHAR',
        "intermediary": 'VARCHAR',
        "txt": 'STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "dnssec" VARCHAR, "ttl" UINTEGER, "rrs" VARCHAR[], "id" VARCHAR, "code" VARCHAR, "findings" STRUCT("code" VARCHAR, "line" UINTEGER, "column" UINTEGER, "detail" VARCHAR)[], "findings_more" BOOLEAN)',
        "policy": 'STRUCT("host" VARCHAR, "code" VARCHAR, "lookup_a" VARCHAR, "lookup_aaaa" VARCHAR, "dnssec_a" VARCHAR, "dnssec_aaaa" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "ede_aaaa" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated_a" BOOLEAN, "truncated_aaaa" BOOLEAN, "addresses" VARCHAR[], "not_tried" VARCHAR, "step" VARCHAR, "ip" VARCHAR, "time" TIMESTAMP, "net" VARCHAR, "deadline" BOOLEAN, "too_large" BOOLEAN, "truncated" BOOLEAN, "flooded" BOOLEAN, "protocol" BOOLEAN, "http2" BOOLEAN, "bad_length" BOOLEAN, "http_status" INTEGER, "redirect" VARCHAR, "media_type" VARCHAR, "signs" VARCHAR, "coding" VARCHAR, "decoding" VARCHAR, "ms" UINTEGER, "tls" STRUCT("end" VARCHAR, "time" TIMESTAMP, "other_time" TIMESTAMP, "limit" VARCHAR, "version" VARCHAR, "cipher" VARCHAR, "group" VARCHAR, "hello_unanswered" BOOLEAN, "hello_intolerant" BOOLEAN, "signature" VARCHAR, "certs" VARCHAR[], "signed_by" INTEGER[], "tlsa_signs" UINTEGER, "errors" STRUCT("x509" INTEGER, "name" VARCHAR, "depth" INTEGER)[], "name_match" BOOLEAN, "alert" INTEGER, "error_reason" INTEGER, "error" VARCHAR, "truncated" BOOLEAN), "body_bytes" UBIGINT, "body" VARCHAR, "mode" VARCHAR, "max_age" UINTEGER, "mx" VARCHAR[], "findings" STRUCT("code" VARCHAR, "line" UINTEGER, "column" UINTEGER, "detail" VARCHAR)[], "findings_more" BOOLEAN)',
        "tlsrpt": 'STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "ttl" UINTEGER, "rrs" VARCHAR[], "rua" VARCHAR[], "code" VARCHAR, "findings" STRUCT("code" VARCHAR, "line" UINTEGER, "column" UINTEGER, "detail" VARCHAR)[], "findings_more" BOOLEAN)',
        "near_miss": 'STRUCT("address" VARCHAR, "apex" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "rrs" VARCHAR[]), "policy_host" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "rrs" VARCHAR[]), "underscore" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "rrs" VARCHAR[]), "wildcard" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "rrs" VARCHAR[]), "tlsrpt" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "rrs" VARCHAR[]))',
        "mx": 'STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "dnssec" VARCHAR, "null" BOOLEAN, "rrs" STRUCT("host" VARCHAR, "pref" USMALLINT)[], "hosts" STRUCT("host" VARCHAR, "pref" USMALLINT, "implicit" BOOLEAN, "address_literal" BOOLEAN, "policy_match" BOOLEAN, "code" VARCHAR, "certificates_differ" BOOLEAN, "dane" VARCHAR, "dane_code" VARCHAR, "lookup_a" VARCHAR, "lookup_aaaa" VARCHAR, "dnssec_a" VARCHAR, "dnssec_aaaa" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "ede_aaaa" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated_a" BOOLEAN, "truncated_aaaa" BOOLEAN, "addresses" VARCHAR[], "stale" VARCHAR[], "tlsa" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "dnssec" VARCHAR, "ttl" UINTEGER, "base" VARCHAR, "rrs" STRUCT("usage" UTINYINT, "selector" UTINYINT, "matching" UTINYINT, "data" VARCHAR)[]), "asked" TIMESTAMP, "before" STRUCT("lookup_a" VARCHAR, "lookup_aaaa" VARCHAR, "dnssec_a" VARCHAR, "dnssec_aaaa" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "ede_aaaa" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated_a" BOOLEAN, "truncated_aaaa" BOOLEAN, "addresses" VARCHAR[], "stale" VARCHAR[], "tlsa" STRUCT("lookup" VARCHAR, "cnames" VARCHAR[], "why_bogus" VARCHAR, "ede" STRUCT("code" USMALLINT, "text" VARCHAR)[], "truncated" BOOLEAN, "dnssec" VARCHAR, "ttl" UINTEGER, "base" VARCHAR, "rrs" STRUCT("usage" UTINYINT, "selector" UTINYINT, "matching" UTINYINT, "data" VARCHAR)[])), "ips" STRUCT("ip" VARCHAR, "time" TIMESTAMP, "code" VARCHAR, "not_tried" VARCHAR, "dane" VARCHAR, "tlsa" UINTEGER)[])[])',
        "one_look": 'BOOLEAN',
        "looks": 'STRUCT("host" VARCHAR, "policy" BOOLEAN, "ip" VARCHAR, "time" TIMESTAMP, "step" VARCHAR, "code" VARCHAR, "dane" BOOLEAN, "hello_unanswered" BOOLEAN)[]',
        "senders": 'STRUCT("mta_sts" STRUCT("all" VARCHAR, "delivered_by" VARCHAR, "validated" BOOLEAN, "hosts" VARCHAR[]), "dane" STRUCT("all" VARCHAR, "delivered_by" VARCHAR, "validated" BOOLEAN, "hosts" VARCHAR[]), "opportunistic" STRUCT("all" VARCHAR, "delivered_by" VARCHAR, "validated" BOOLEAN, "hosts" VARCHAR[]), "postfix_dane" STRUCT("all" VARCHAR, "delivered_by" VARCHAR, "validated" BOOLEAN, "hosts" VARCHAR[]), "postfix_tlspol" STRUCT("all" VARCHAR, "delivered_by" VARCHAR, "validated" BOOLEAN, "hosts" VARCHAR[]))',
        "dnssec": 'STRUCT("txt" VARCHAR, "mx" VARCHAR, "tlsrpt" VARCHAR)'
    });

-- One row a session, and one for each sample that was inherited (shared): every line of hosts.
CREATE OR REPLACE MACRO hosts_all(dir) AS TABLE
    SELECT * EXCLUDE (filename) FROM read_json(dir || '/*.ndjson.zst', filename = true, format = 'newline_delimited',
        compression = 'zstd', columns = {
        "schema": 'UINTEGER',
        "host": 'VARCHAR',
        "ip": 'VARCHAR',
        "time": 'TIMESTAMP',
        "pass": 'UINTEGER',
        "code": 'VARCHAR',
        "not_tried": 'VARCHAR',
        "shared": 'BOOLEAN',
        "step": 'VARCHAR',
        "end": 'VARCHAR',
        "net": 'VARCHAR',
        "errno": 'VARCHAR',
        "reply_code": 'INTEGER',
        "reply": 'VARCHAR',
        "greeting": 'VARCHAR',
        "ehlo": 'VARCHAR[]',
        "starttls": 'BOOLEAN',
        "masked": 'BOOLEAN',
        "path": 'VARCHAR',
        "loose": 'BOOLEAN',
        "listed": 'BOOLEAN',
        "injected": 'BOOLEAN',
        "ehlo_tls": 'UBIGINT',
        "tls": 'STRUCT("end" VARCHAR, "time" TIMESTAMP, "other_time" TIMESTAMP, "limit" VARCHAR, "version" VARCHAR, "cipher" VARCHAR, "group" VARCHAR, "hello_unanswered" BOOLEAN, "hello_intolerant" BOOLEAN, "signature" VARCHAR, "certs" VARCHAR[], "signed_by" INTEGER[], "tlsa_signs" UINTEGER, "errors" STRUCT("x509" INTEGER, "name" VARCHAR, "depth" INTEGER)[], "name_match" BOOLEAN, "alert" INTEGER, "error_reason" INTEGER, "error" VARCHAR, "truncated" BOOLEAN)',
        "legacy": 'STRUCT("end" VARCHAR, "time" TIMESTAMP, "other_time" TIMESTAMP, "limit" VARCHAR, "version" VARCHAR, "cipher" VARCHAR, "group" VARCHAR, "hello_unanswered" BOOLEAN, "hello_intolerant" BOOLEAN, "signature" VARCHAR, "certs" VARCHAR[], "signed_by" INTEGER[], "tlsa_signs" UINTEGER, "errors" STRUCT("x509" INTEGER, "name" VARCHAR, "depth" INTEGER)[], "name_match" BOOLEAN, "alert" INTEGER, "error_reason" INTEGER, "error" VARCHAR, "truncated" BOOLEAN)',
        "ms": 'STRUCT("connect" UINTEGER, "greeting" UINTEGER, "ehlo" UINTEGER, "tls" UINTEGER, "total" UINTEGER, "turn" UINTEGER, "place" UINTEGER)'
    }) WHERE parse_filename(filename) LIKE 'hosts%';

-- One row a certificate.
CREATE OR REPLACE MACRO certs(dir) AS TABLE
    SELECT * EXCLUDE (filename) FROM read_json(dir || '/*.ndjson.zst', filename = true, format = 'newline_delimited',
        compression = 'zstd', columns = {
        "schema": 'UINTEGER',
        "sha256": 'VARCHAR',
        "sha512": 'VARCHAR',
        "spki_sha256": 'VARCHAR',
        "spki_sha512": 'VARCHAR',
        "serial": 'VARCHAR',
        "subject": 'VARCHAR',
        "issuer": 'VARCHAR',
        "dns_names": 'VARCHAR[]',
        "names_cut": 'BOOLEAN',
        "not_before": 'TIMESTAMP',
        "not_after": 'TIMESTAMP',
        "key": 'STRUCT("type" VARCHAR, "bits" UINTEGER)',
        "signature": 'VARCHAR',
        "self_issued": 'BOOLEAN',
        "self_signed": 'BOOLEAN',
        "ca": 'BOOLEAN',
        "aia_issuer": 'VARCHAR',
        "der": 'VARCHAR'
    }) WHERE parse_filename(filename) LIKE 'certs%';

-- One row a line of the list that is no domain name.
CREATE OR REPLACE MACRO rejects(dir) AS TABLE
    SELECT * EXCLUDE (filename) FROM read_json(dir || '/*.ndjson.zst', filename = true, format = 'newline_delimited',
        compression = 'zstd', columns = {
        "schema": 'UINTEGER',
        "ordinal": 'UBIGINT',
        "file": 'VARCHAR',
        "line": 'UBIGINT',
        "text": 'VARCHAR',
        "reason": 'VARCHAR'
    }) WHERE parse_filename(filename) LIKE 'rejects%';

-- One row a host and address: what was seen there last. A session of its own counts before a sample that was inherited; of several
-- the one of the highest pass, and in one pass the last (after a crash, or when a certificate had expired since).
CREATE OR REPLACE MACRO hosts(dir) AS TABLE
    SELECT * FROM hosts_all(dir)
    QUALIFY row_number() OVER (PARTITION BY host, ip ORDER BY shared IS NOT TRUE DESC, coalesce(pass, 1) DESC, time DESC) = 1;

-- One row a domain, MX host and address (a host without addresses has one row, without ip), with the session by which the address
-- was judged as `probe`: the one of the time that the domain's record names, and the first if it names none.
CREATE OR REPLACE MACRO mx(dir) AS TABLE
    WITH judged AS (
        SELECT d.domain, d.outcome, h.host, h.pref, h.policy_match, h.code AS host_code, h.dane AS host_dane, i.ip, i.code, i.not_tried,
            i.dane, i.time AS probed
        FROM domains(dir) d, unnest(d.mx.hosts) AS hs(h) LEFT JOIN unnest(h.ips) AS ips(i) ON true),
    sessions AS (
        SELECT s.host, s.ip, s.time, s, row_number() OVER (PARTITION BY s.host, s.ip ORDER BY s.time) AS number
        FROM hosts_all(dir) s WHERE s.shared IS NOT TRUE)
    SELECT j.* EXCLUDE (probed), coalesce(named.s, first.s) AS probe
    FROM judged j
    LEFT JOIN sessions named ON named.host = j.host AND named.ip = j.ip AND named.time = j.probed
    LEFT JOIN sessions first ON first.host = j.host AND first.ip = j.ip AND first.number = 1 AND j.probed IS NULL
        AND j.not_tried IS NULL
    QUALIFY named.s IS NULL OR row_number() OVER (PARTITION BY j.domain, j.host, j.ip ORDER BY named.number) = 1;
