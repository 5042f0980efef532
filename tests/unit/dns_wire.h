/* Builds DNS messages by hand for the tests, right or wrong. Shares no code with what it tests. */
#ifndef STSWEEP_TESTS_DNS_WIRE_H
#define STSWEEP_TESTS_DNS_WIRE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire {
    uint8_t data[65535];
    size_t len;
};

enum {
    WIRE_QR = 0x8000,
    WIRE_AA = 0x0400,
    WIRE_TC = 0x0200,
    WIRE_RD = 0x0100,
    WIRE_RA = 0x0080,
    WIRE_AD = 0x0020,
    WIRE_CD = 0x0010,
    WIRE_ANSWER = WIRE_QR | WIRE_RD | WIRE_RA
};

static inline void wire_bytes(struct wire *wire, const void *data, size_t len)
{
    assert(len <= sizeof wire->data - wire->len);
    memcpy(wire->data + wire->len, data, len);
    wire->len += len;
}

static inline void wire_u8(struct wire *wire, unsigned value)
{
    wire_bytes(wire, &(uint8_t){(uint8_t)value}, 1);
}

static inline void wire_u16(struct wire *wire, unsigned value)
{
    wire_u8(wire, value >> 8);
    wire_u8(wire, value);
}

static inline void wire_u32(struct wire *wire, uint32_t value)
{
    wire_u16(wire, value >> 16);
    wire_u16(wire, value & 0xffff);
}

/* Writes a name: "a.example" without a trailing dot, no escapes; "" is the root; "@" points at the question's
 * name. */
static inline void wire_name(struct wire *wire, const char *text)
{
    if (strcmp(text, "@") == 0) {
        wire_u16(wire, 0xc00c);
        return;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, ".");
        wire_u8(wire, (unsigned)len);
        wire_bytes(wire, text, len);
        text += len + (text[len] == '.');
    }
    wire_u8(wire, 0);
}

/* Begins a message with its question; wire_record raises the other counts. */
static inline void wire_question(struct wire *wire, uint16_t id, unsigned flags, const char *name,
                                 uint16_t type)
{
    wire->len = 0;
    wire_u16(wire, id);
    wire_u16(wire, flags);
    wire_u16(wire, 1);
    wire_u16(wire, 0);
    wire_u32(wire, 0);
    wire_name(wire, name);
    wire_u16(wire, type);
    wire_u16(wire, 1);
}

enum wire_section { WIRE_IN_ANSWER = 6, WIRE_IN_AUTHORITY = 8, WIRE_IN_ADDITIONAL = 10 };

/* Begins a record and returns where its length stands; wire_end fills that in. */
static inline size_t wire_begin(struct wire *wire, enum wire_section section, const char *owner,
                                uint16_t type, uint32_t ttl)
{
    unsigned count = (unsigned)(wire->data[section] << 8 | wire->data[section + 1]) + 1;
    wire->data[section] = (uint8_t)(count >> 8);
    wire->data[section + 1] = (uint8_t)count;
    wire_name(wire, owner);
    wire_u16(wire, type);
    wire_u16(wire, 1);
    wire_u32(wire, ttl);
    wire_u16(wire, 0);
    return wire->len - 2;
}

static inline void wire_end(struct wire *wire, size_t length_at)
{
    size_t len = wire->len - length_at - 2;
    wire->data[length_at] = (uint8_t)(len >> 8);
    wire->data[length_at + 1] = (uint8_t)len;
}

static inline void wire_record(struct wire *wire, enum wire_section section, const char *owner, uint16_t type,
                               uint32_t ttl, const void *rdata, size_t len)
{
    size_t at = wire_begin(wire, section, owner, type, ttl);
    wire_bytes(wire, rdata, len);
    wire_end(wire, at);
}

static inline void wire_a(struct wire *wire, const char *owner, uint32_t ttl, uint8_t last)
{
    wire_record(wire, WIRE_IN_ANSWER, owner, 1, ttl, (uint8_t[]){192, 0, 2, last}, 4);
}

static inline void wire_cname(struct wire *wire, const char *owner, uint32_t ttl, const char *target)
{
    size_t at = wire_begin(wire, WIRE_IN_ANSWER, owner, 5, ttl);
    wire_name(wire, target);
    wire_end(wire, at);
}

static inline void wire_mx(struct wire *wire, const char *owner, unsigned preference, const char *host)
{
    size_t at = wire_begin(wire, WIRE_IN_ANSWER, owner, 15, 300);
    wire_u16(wire, preference);
    wire_name(wire, host);
    wire_end(wire, at);
}

static inline void wire_soa(struct wire *wire, const char *owner, uint32_t ttl, uint32_t minimum)
{
    size_t at = wire_begin(wire, WIRE_IN_AUTHORITY, owner, 6, ttl);
    wire_name(wire, "ns.example");
    wire_name(wire, "hostmaster.example");
    for (uint32_t i = 0; i < 4; i++)
        wire_u32(wire, 1000 + i);
    wire_u32(wire, minimum);
    wire_end(wire, at);
}

/* Adds an OPT record; extended are the upper eight bits of the rcode. */
static inline void wire_opt(struct wire *wire, uint8_t extended)
{
    size_t at = wire_begin(wire, WIRE_IN_ADDITIONAL, "", 41, (uint32_t)extended << 24 | 0x8000);
    wire_end(wire, at);
}

#endif
