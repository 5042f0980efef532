"""The columns of stsweep's records, for Polars and pandas. Made by `make docs` (docs/make-readers); do not edit.

    import stsweep_columns as columns

    polars.read_ndjson(columns.text("scan-2026-11", "domain"), schema=columns.polars_schema("domain"))
    columns.pandas_frame("scan-2026-11", "domain")

Readers that guess take the columns from the first records, and leave out or refuse what first comes later: the rarest findings.
COLUMNS has DuckDB's types; a dict is a struct, a list of one a list. A text that is not UTF-8 stands in the records as
{"base64": "..."}: records() makes the JSON text of it, as DuckDB and Spark read it, so that such a column is text throughout.
"""
import io
import json
import pathlib
import subprocess

# The files of a scan directory, by kind of record.
FILES = {"domain": "domains", "host": "hosts", "cert": "certs", "reject": "rejects"}

COLUMNS = {
    "domain": {
        "schema": "UINTEGER",
        "ordinal": "UBIGINT",
        "domain": "VARCHAR",
        "unicode": "VARCHAR",
        "rank": "UINTEGER",
        "label": "VARCHAR",
        "list": "VARCHAR",
        "tld": "VARCHAR",
        "psl_suffix": "VARCHAR",
        "is_public_suffix": "BOOLEAN",
        "time": "TIMESTAMP",
        "ms": "UINTEGER",
        "outcome": "VARCHAR",
        "would_be": "VARCHAR",
        "incomplete": "BOOLEAN",
        "cached": {
            "id": "VARCHAR",
            "mode": "VARCHAR",
            "mx": ["VARCHAR"],
            "max_age": "UINTEGER",
            "fetched": "TIMESTAMP",
            "since": "TIMESTAMP",
            "found": "VARCHAR",
            "would_be": "VARCHAR",
            "incomplete": "BOOLEAN",
            "sure_until": "TIMESTAMP",
            "none_after": "TIMESTAMP",
            "hosts": [{
                "host": "VARCHAR",
                "code": "VARCHAR",
            }],
        },
        "dane": "VARCHAR",
        "tls": "VARCHAR",
        "codes": ["VARCHAR"],
        "rfc8460": ["VARCHAR"],
        "registrable": "VARCHAR",
        "provider": {
            "mx": "VARCHAR",
            "policy": "VARCHAR",
            "mx_all": ["VARCHAR"],
        },
        "exchange_online": "VARCHAR",
        "intermediary": "VARCHAR",
        "txt": {
            "lookup": "VARCHAR",
            "cnames": ["VARCHAR"],
            "why_bogus": "VARCHAR",
            "ede": [{
                "code": "USMALLINT",
                "text": "VARCHAR",
            }],
            "truncated": "BOOLEAN",
            "dnssec": "VARCHAR",
            "ttl": "UINTEGER",
            "rrs": ["VARCHAR"],
            "id": "VARCHAR",
            "code": "VARCHAR",
            "findings": [{
                "code": "VARCHAR",
                "line": "UINTEGER",
                "column": "UINTEGER",
                "detail": "VARCHAR",
            }],
            "findings_more": "BOOLEAN",
        },
        "policy": {
            "host": "VARCHAR",
            "code": "VARCHAR",
            "lookup_a": "VARCHAR",
            "lookup_aaaa": "VARCHAR",
            "dnssec_a": "VARCHAR",
            "dnssec_aaaa": "VARCHAR",
            "cnames": ["VARCHAR"],
            "why_bogus": "VARCHAR",
            "ede": [{
                "code": "USMALLINT",
                "text": "VARCHAR",
            }],
            "ede_aaaa": [{
                "code": "USMALLINT",
                "text": "VARCHAR",
            }],
            "truncated_a": "BOOLEAN",
            "truncated_aaaa": "BOOLEAN",
            "addresses": ["VARCHAR"],
            "not_tried": "VARCHAR",
            "step": "VARCHAR",
            "ip": "VARCHAR",
            "time": "TIMESTAMP",
            "net": "VARCHAR",
            "deadline": "BOOLEAN",
            "too_large": "BOOLEAN",
            "truncated": "BOOLEAN",
            "flooded": "BOOLEAN",
            "protocol": "BOOLEAN",
            "http2": "BOOLEAN",
            "bad_length": "BOOLEAN",
            "http_status": "INTEGER",
            "redirect": "VARCHAR",
            "media_type": "VARCHAR",
            "signs": "VARCHAR",
            "coding": "VARCHAR",
            "decoding": "VARCHAR",
            "ms": "UINTEGER",
            "tls": {
                "end": "VARCHAR",
                "time": "TIMESTAMP",
                "other_time": "TIMESTAMP",
                "limit": "VARCHAR",
                "version": "VARCHAR",
                "cipher": "VARCHAR",
                "group": "VARCHAR",
                "hello_unanswered": "BOOLEAN",
                "hello_intolerant": "BOOLEAN",
                "signature": "VARCHAR",
                "certs": ["VARCHAR"],
                "signed_by": ["INTEGER"],
                "tlsa_signs": "UINTEGER",
                "errors": [{
                    "x509": "INTEGER",
                    "name": "VARCHAR",
                    "depth": "INTEGER",
                }],
                "name_match": "BOOLEAN",
                "alert": "INTEGER",
                "error_reason": "INTEGER",
                "error": "VARCHAR",
                "truncated": "BOOLEAN",
            },
            "body_bytes": "UBIGINT",
            "body": "VARCHAR",
            "mode": "VARCHAR",
            "max_age": "UINTEGER",
            "mx": ["VARCHAR"],
            "findings": [{
                "code": "VARCHAR",
                "line": "UINTEGER",
                "column": "UINTEGER",
                "detail": "VARCHAR",
            }],
            "findings_more": "BOOLEAN",
        },
        "tlsrpt": {
            "lookup": "VARCHAR",
            "cnames": ["VARCHAR"],
            "why_bogus": "VARCHAR",
            "ede": [{
                "code": "USMALLINT",
                "text": "VARCHAR",
            }],
            "truncated": "BOOLEAN",
            "ttl": "UINTEGER",
            "rrs": ["VARCHAR"],
            "rua": ["VARCHAR"],
            "code": "VARCHAR",
            "findings": [{
                "code": "VARCHAR",
                "line": "UINTEGER",
                "column": "UINTEGER",
                "detail": "VARCHAR",
            }],
            "findings_more": "BOOLEAN",
        },
        "near_miss": {
            "address": "VARCHAR",
            "apex": {
                "lookup": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated": "BOOLEAN",
                "rrs": ["VARCHAR"],
            },
            "policy_host": {
                "lookup": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated": "BOOLEAN",
                "rrs": ["VARCHAR"],
            },
            "underscore": {
                "lookup": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated": "BOOLEAN",
                "rrs": ["VARCHAR"],
            },
            "wildcard": {
                "lookup": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated": "BOOLEAN",
                "rrs": ["VARCHAR"],
            },
            "tlsrpt": {
                "lookup": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated": "BOOLEAN",
                "rrs": ["VARCHAR"],
            },
        },
        "mx": {
            "lookup": "VARCHAR",
            "cnames": ["VARCHAR"],
            "why_bogus": "VARCHAR",
            "ede": [{
                "code": "USMALLINT",
                "text": "VARCHAR",
            }],
            "truncated": "BOOLEAN",
            "dnssec": "VARCHAR",
            "null": "BOOLEAN",
            "rrs": [{
                "host": "VARCHAR",
                "pref": "USMALLINT",
            }],
            "hosts": [{
                "host": "VARCHAR",
                "pref": "USMALLINT",
                "implicit": "BOOLEAN",
                "address_literal": "BOOLEAN",
                "policy_match": "BOOLEAN",
                "code": "VARCHAR",
                "certificates_differ": "BOOLEAN",
                "dane": "VARCHAR",
                "dane_code": "VARCHAR",
                "lookup_a": "VARCHAR",
                "lookup_aaaa": "VARCHAR",
                "dnssec_a": "VARCHAR",
                "dnssec_aaaa": "VARCHAR",
                "cnames": ["VARCHAR"],
                "why_bogus": "VARCHAR",
                "ede": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "ede_aaaa": [{
                    "code": "USMALLINT",
                    "text": "VARCHAR",
                }],
                "truncated_a": "BOOLEAN",
                "truncated_aaaa": "BOOLEAN",
                "addresses": ["VARCHAR"],
                "stale": ["VARCHAR"],
                "tlsa": {
                    "lookup": "VARCHAR",
                    "cnames": ["VARCHAR"],
                    "why_bogus": "VARCHAR",
                    "ede": [{
                        "code": "USMALLINT",
                        "text": "VARCHAR",
                    }],
                    "truncated": "BOOLEAN",
                    "dnssec": "VARCHAR",
                    "ttl": "UINTEGER",
                    "base": "VARCHAR",
                    "rrs": [{
                        "usage": "UTINYINT",
                        "selector": "UTINYINT",
                        "matching": "UTINYINT",
                        "data": "VARCHAR",
                    }],
                },
                "asked": "TIMESTAMP",
                "before": {
                    "lookup_a": "VARCHAR",
                    "lookup_aaaa": "VARCHAR",
                    "dnssec_a": "VARCHAR",
                    "dnssec_aaaa": "VARCHAR",
                    "cnames": ["VARCHAR"],
                    "why_bogus": "VARCHAR",
                    "ede": [{
                        "code": "USMALLINT",
                        "text": "VARCHAR",
                    }],
                    "ede_aaaa": [{
                        "code": "USMALLINT",
                        "text": "VARCHAR",
                    }],
                    "truncated_a": "BOOLEAN",
                    "truncated_aaaa": "BOOLEAN",
                    "addresses": ["VARCHAR"],
                    "stale": ["VARCHAR"],
                    "tlsa": {
                        "lookup": "VARCHAR",
                        "cnames": ["VARCHAR"],
                        "why_bogus": "VARCHAR",
                        "ede": [{
                            "code": "USMALLINT",
                            "text": "VARCHAR",
                        }],
                        "truncated": "BOOLEAN",
                        "dnssec": "VARCHAR",
                        "ttl": "UINTEGER",
                        "base": "VARCHAR",
                        "rrs": [{
                            "usage": "UTINYINT",
                            "selector": "UTINYINT",
                            "matching": "UTINYINT",
                            "data": "VARCHAR",
                        }],
                    },
                },
                "ips": [{
                    "ip": "VARCHAR",
                    "time": "TIMESTAMP",
                    "code": "VARCHAR",
                    "not_tried": "VARCHAR",
                    "dane": "VARCHAR",
                    "tlsa": "UINTEGER",
                }],
            }],
        },
        "one_look": "BOOLEAN",
        "looks": [{
            "host": "VARCHAR",
            "policy": "BOOLEAN",
            "ip": "VARCHAR",
            "time": "TIMESTAMP",
            "step": "VARCHAR",
            "code": "VARCHAR",
            "dane": "BOOLEAN",
            "hello_unanswered": "BOOLEAN",
        }],
        "senders": {
            "mta_sts": {
                "all": "VARCHAR",
                "delivered_by": "VARCHAR",
                "validated": "BOOLEAN",
                "hosts": ["VARCHAR"],
            },
            "dane": {
                "all": "VARCHAR",
                "delivered_by": "VARCHAR",
                "validated": "BOOLEAN",
                "hosts": ["VARCHAR"],
            },
            "opportunistic": {
                "all": "VARCHAR",
                "delivered_by": "VARCHAR",
                "validated": "BOOLEAN",
                "hosts": ["VARCHAR"],
            },
            "postfix_dane": {
                "all": "VARCHAR",
                "delivered_by": "VARCHAR",
                "validated": "BOOLEAN",
                "hosts": ["VARCHAR"],
            },
            "postfix_tlspol": {
                "all": "VARCHAR",
                "delivered_by": "VARCHAR",
                "validated": "BOOLEAN",
                "hosts": ["VARCHAR"],
            },
        },
        "dnssec": {
            "txt": "VARCHAR",
            "mx": "VARCHAR",
            "tlsrpt": "VARCHAR",
        },
    },
    "host": {
        "schema": "UINTEGER",
        "host": "VARCHAR",
        "ip": "VARCHAR",
        "time": "TIMESTAMP",
        "pass": "UINTEGER",
        "code": "VARCHAR",
        "not_tried": "VARCHAR",
        "shared": "BOOLEAN",
        "step": "VARCHAR",
        "end": "VARCHAR",
        "net": "VARCHAR",
        "errno": "VARCHAR",
        "reply_code": "INTEGER",
        "reply": "VARCHAR",
        "greeting": "VARCHAR",
        "ehlo": ["VARCHAR"],
        "starttls": "BOOLEAN",
        "masked": "BOOLEAN",
        "path": "VARCHAR",
        "loose": "BOOLEAN",
        "listed": "BOOLEAN",
        "injected": "BOOLEAN",
        "ehlo_tls": "UBIGINT",
        "tls": {
            "end": "VARCHAR",
            "time": "TIMESTAMP",
            "other_time": "TIMESTAMP",
            "limit": "VARCHAR",
            "version": "VARCHAR",
            "cipher": "VARCHAR",
            "group": "VARCHAR",
            "hello_unanswered": "BOOLEAN",
            "hello_intolerant": "BOOLEAN",
            "signature": "VARCHAR",
            "certs": ["VARCHAR"],
            "signed_by": ["INTEGER"],
            "tlsa_signs": "UINTEGER",
            "errors": [{
                "x509": "INTEGER",
                "name": "VARCHAR",
                "depth": "INTEGER",
            }],
            "name_match": "BOOLEAN",
            "alert": "INTEGER",
            "error_reason": "INTEGER",
            "error": "VARCHAR",
            "truncated": "BOOLEAN",
        },
        "legacy": {
            "end": "VARCHAR",
            "time": "TIMESTAMP",
            "other_time": "TIMESTAMP",
            "limit": "VARCHAR",
            "version": "VARCHAR",
            "cipher": "VARCHAR",
            "group": "VARCHAR",
            "hello_unanswered": "BOOLEAN",
            "hello_intolerant": "BOOLEAN",
            "signature": "VARCHAR",
            "certs": ["VARCHAR"],
            "signed_by": ["INTEGER"],
            "tlsa_signs": "UINTEGER",
            "errors": [{
                "x509": "INTEGER",
                "name": "VARCHAR",
                "depth": "INTEGER",
            }],
            "name_match": "BOOLEAN",
            "alert": "INTEGER",
            "error_reason": "INTEGER",
            "error": "VARCHAR",
            "truncated": "BOOLEAN",
        },
        "ms": {
            "connect": "UINTEGER",
            "greeting": "UINTEGER",
            "ehlo": "UINTEGER",
            "tls": "UINTEGER",
            "total": "UINTEGER",
            "turn": "UINTEGER",
            "place": "UINTEGER",
        },
    },
    "cert": {
        "schema": "UINTEGER",
        "sha256": "VARCHAR",
        "sha512": "VARCHAR",
        "spki_sha256": "VARCHAR",
        "spki_sha512": "VARCHAR",
        "serial": "VARCHAR",
        "subject": "VARCHAR",
        "issuer": "VARCHAR",
        "dns_names": ["VARCHAR"],
        "names_cut": "BOOLEAN",
        "not_before": "TIMESTAMP",
        "not_after": "TIMESTAMP",
        "key": {
            "type": "VARCHAR",
            "bits": "UINTEGER",
        },
        "signature": "VARCHAR",
        "self_issued": "BOOLEAN",
        "self_signed": "BOOLEAN",
        "ca": "BOOLEAN",
        "aia_issuer": "VARCHAR",
        "der": "VARCHAR",
    },
    "reject": {
        "schema": "UINTEGER",
        "ordinal": "UBIGINT",
        "file": "VARCHAR",
        "line": "UBIGINT",
        "text": "VARCHAR",
        "reason": "VARCHAR",
    },
}

POLARS = {
    "BOOLEAN": "Boolean",
    "UTINYINT": "UInt8",
    "USMALLINT": "UInt16",
    "UINTEGER": "UInt32",
    "UBIGINT": "UInt64",
    "INTEGER": "Int32",
    "TIMESTAMP": "String",
    "VARCHAR": "String",
}
PANDAS = {
    "BOOLEAN": "boolean",
    "UTINYINT": "UInt8",
    "USMALLINT": "UInt16",
    "UINTEGER": "UInt32",
    "UBIGINT": "UInt64",
    "INTEGER": "Int32",
    "TIMESTAMP": "datetime64[ns, UTC]",
    "VARCHAR": "string",
}


def polars_schema(record, polars=None):
    """{column: data type of Polars}. Times are text (RFC 3339, UTC): .str.to_datetime() makes times of them."""
    if polars is None:
        import polars  # pylint: disable=import-outside-toplevel

    def made(tree):
        if isinstance(tree, str):
            return getattr(polars, POLARS[tree])
        if isinstance(tree, list):
            return polars.List(made(tree[0]))
        return polars.Struct({key: made(member) for key, member in tree.items()})

    return {column: made(tree) for column, tree in COLUMNS[record].items()}


def pandas_dtypes(record):
    """{column: name of a dtype of pandas}; lists and structs are objects."""
    return {column: PANDAS[tree] if isinstance(tree, str) else "object" for column, tree in COLUMNS[record].items()}


def fitted(value, tree):
    """A value of a record as its column has it: what a text that is not UTF-8 stands for is JSON's text."""
    if isinstance(tree, str):
        return json.dumps(value, separators=(",", ":")) if tree == "VARCHAR" and isinstance(value, dict) else value
    if isinstance(tree, list):
        return None if value is None else [fitted(element, tree[0]) for element in value]
    return None if value is None else {key: fitted(element, tree[key]) for key, element in value.items() if key in tree}


def records(directory, record):
    """Each record of a kind, as a dict. It needs zstdcat."""
    for path in sorted(pathlib.Path(directory).glob(f"{FILES[record]}*.ndjson.zst")):
        with subprocess.Popen(["zstdcat", str(path)], stdout=subprocess.PIPE) as process:
            for line in process.stdout:
                yield fitted(json.loads(line), COLUMNS[record])
        if process.returncode != 0:
            raise OSError(f"{path}: zstdcat ended with {process.returncode}")


def text(directory, record):
    """The records as NDJSON in a file object, in memory, for readers that take one."""
    return io.BytesIO("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records(directory, record)).encode())


def pandas_frame(directory, record, columns=None):
    """A DataFrame of the columns (all, if none are named), each of its dtype, whatever the first records hold."""
    import pandas  # pylint: disable=import-outside-toplevel

    dtypes = pandas_dtypes(record)
    names = list(dtypes) if columns is None else list(columns)
    rows = {name: [] for name in names}
    for one in records(directory, record):
        for name in names:
            rows[name].append(one.get(name))
    made = {}
    for name in names:
        if dtypes[name].startswith("datetime"):
            made[name] = pandas.to_datetime(pandas.Series(rows[name], dtype="object"), utc=True)
        else:
            made[name] = pandas.Series(rows[name], dtype=dtypes[name])
    return pandas.DataFrame(made)
