/* Writes host, certificate and reject records as JSON. */
#include "output/json/json.h"

#include <stdio.h>

#include "output/json/json_facts.h"

static void write_errno(struct json *json, int number)
{
    char text[16];
    const char *name = strerrorname_np(number);
    if (number == 0)
        return;
    (void)snprintf(text, sizeof text, "%d", number);
    json_put_string(json, "errno", name == NULL ? text : name);
}

static void write_dialogue(struct json *json, const struct probe_facts *probe)
{
    json_put_string(json, "step", smtp_step_name(probe->step));
    json_put_string(json, "end", smtp_end_name(probe->end));
    if (probe->net != NET_OK)
        json_put_string(json, "net", net_error_name(probe->net));
    write_errno(json, probe->sys_errno);
    if (probe->reply_code != 0)
        json_put_signed(json, "reply_code", probe->reply_code);
    if (probe->reply.len > 0)
        json_put_text(json, "reply", probe->reply);
    if (probe->greeting.len > 0)
        json_put_text(json, "greeting", probe->greeting);
    json_texts(json, "ehlo", probe->ehlo, probe->ehlo_count);
    json_put_bool(json, "starttls", probe->starttls_offered);
    json_put_flag(json, "masked", probe->masked);
    if (probe->path_doubtful)
        json_put_string(json, "path", "doubtful");
    json_put_flag(json, "loose", probe->loose);
    json_put_flag(json, "listed", probe->listed);
    json_put_flag(json, "injected", probe->injected);
    if (probe->ehlo_tls_count > 0)
        json_put_unsigned(json, "ehlo_tls", probe->ehlo_tls_count);
}

static void write_times(struct json *json, const struct probe_facts *probe)
{
    json_open(json, "ms");
    json_put_unsigned(json, "connect", probe->ms_connect);
    json_put_unsigned(json, "greeting", probe->ms_greeting);
    json_put_unsigned(json, "ehlo", probe->ms_ehlo);
    json_put_unsigned(json, "tls", probe->ms_tls);
    json_put_unsigned(json, "total", probe->ms);
    if (probe->ms_turn > 0)
        json_put_unsigned(json, "turn", probe->ms_turn);
    if (probe->ms_place > 0)
        json_put_unsigned(json, "place", probe->ms_place);
    json_close(json);
}

bool json_host(struct buf *out, const struct probe_facts *probe, enum failure_code code)
{
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    json_put_string(&json, "host", probe->host);
    json_ip(&json, "ip", &probe->ip);
    json_put_time(&json, "time", probe->time);
    if (probe->pass > 1)
        json_put_unsigned(&json, "pass", probe->pass);
    json_put_string(&json, "code", failure_name(code));
    if (probe->not_tried != TRIED)
        json_put_string(&json, "not_tried", not_tried_name(probe->not_tried));
    json_put_flag(&json, "shared", probe->shared);
    write_dialogue(&json, probe);
    json_tls(&json, "tls", &probe->tls);
    if (probe->legacy != NULL)
        json_tls(&json, "legacy", probe->legacy);
    write_times(&json, probe);
    json_close(&json);
    return json_finish(&json);
}

/* Turns seconds of a stranger's certificate into milliseconds without overflow. */
static int64_t to_ms(int64_t seconds)
{
    const int64_t most = INT64_MAX / 1000;
    return (seconds > most ? most : seconds < -most ? -most : seconds) * 1000;
}

static void write_hashes(struct json *json, const struct cert_facts *cert)
{
    json_put_hex(json, "sha256", bytes_make(cert->sha256, sizeof cert->sha256));
    json_put_hex(json, "sha512", bytes_make(cert->sha512, sizeof cert->sha512));
    json_put_hex(json, "spki_sha256", bytes_make(cert->spki_sha256, sizeof cert->spki_sha256));
    json_put_hex(json, "spki_sha512", bytes_make(cert->spki_sha512, sizeof cert->spki_sha512));
}

static void write_key(struct json *json, const struct cert_facts *cert)
{
    json_open(json, "key");
    json_put_optional(json, "type", cert->key_type);
    json_put_unsigned(json, "bits", cert->key_bits);
    json_close(json);
}

bool json_cert(struct buf *out, const struct cert_facts *cert)
{
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    write_hashes(&json, cert);
    if (cert->serial.len > 0)
        json_put_hex(&json, "serial", cert->serial);
    json_put_optional(&json, "subject", cert->subject);
    json_put_optional(&json, "issuer", cert->issuer);
    json_strings(&json, "dns_names", cert->dns_names, cert->dns_name_count);
    json_put_flag(&json, "names_cut", cert->names_cut);
    json_put_time(&json, "not_before", to_ms(cert->not_before));
    json_put_time(&json, "not_after", to_ms(cert->not_after));
    write_key(&json, cert);
    json_put_optional(&json, "signature", cert->signature);
    json_put_bool(&json, "self_issued", cert->self_issued);
    json_put_bool(&json, "self_signed", cert->self_signed);
    json_put_bool(&json, "ca", cert->is_ca);
    json_put_optional(&json, "aia_issuer", cert->aia_issuer);
    if (cert->der.len > 0)
        json_put_base64(&json, "der", cert->der);
    json_close(&json);
    return json_finish(&json);
}

bool json_reject(struct buf *out, const struct reject_line *reject)
{
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(&json, "ordinal", reject->ordinal);
    json_put_string(&json, "file", reject->file);
    json_put_unsigned(&json, "line", reject->line);
    json_put_text(&json, "text", reject->text);
    json_put_string(&json, "reason", failure_name(reject->reason));
    json_close(&json);
    return json_finish(&json);
}
