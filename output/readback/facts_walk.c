/* Has one function a type; each puts the value that it reads into the row's member. */
#include "output/readback/facts_walk.h"

#include "output/readback/facts_groups.h"

/* It says what a field is read from, and where it goes. */
struct take {
    struct read_fields *read;
    const struct json_node *object;
    const struct field *field;
    void *facts;
    void *member;
};

static void take_bool(const struct take *take)
{
    *(bool *)take->member = read_bool(take->read, take->object, take->field->key);
}

static void put_number(void *member, size_t size, uint64_t number)
{
    const uint8_t byte = (uint8_t)number;
    const uint16_t half = (uint16_t)number;
    const uint32_t word = (uint32_t)number;
    if (size == sizeof byte)
        memcpy(member, &byte, size);
    else if (size == sizeof half)
        memcpy(member, &half, size);
    else if (size == sizeof word)
        memcpy(member, &word, size);
    else
        memcpy(member, &number, sizeof number);
}

static void take_unsigned(const struct take *take)
{
    const struct field *field = take->field;
    uint64_t number = (uint64_t)field->missing, most = UINT64_MAX >> (8 * (sizeof most - field->size));
    if (field->missing == 0 || json_tree_at(take->object, field->key) != NULL)
        number = read_unsigned(take->read, take->object, field->key, most);
    put_number(take->member, field->size, number);
}

static void take_signed(const struct take *take)
{
    *(int *)take->member = read_int(take->read, take->object, take->field->key, take->field->missing);
}

static void take_time(const struct take *take)
{
    *(int64_t *)take->member = take->field->left == LEFT_NEVER
                                   ? read_time(take->read, take->object, take->field->key)
                                   : read_optional_time(take->read, take->object, take->field->key);
}

static void take_seconds(const struct take *take)
{
    *(int64_t *)take->member = read_time(take->read, take->object, take->field->key) / 1000;
}

unsigned read_word(struct read_fields *read, const struct json_node *object, const char *key,
                   const struct field_words *words, unsigned missing)
{
    return read_choice(read, object, key, words->word, words->count, missing);
}

/* Puts an enum, which is as wide as unsigned here. */
static void put_word(const struct take *take, const struct field_words *words)
{
    unsigned value = read_word(take->read, take->object, take->field->key, words, 0);
    _Static_assert(sizeof(enum dns_status) == sizeof value, "an enum's width");
    memcpy(take->member, &value, sizeof value);
}

static void take_enum(const struct take *take)
{
    put_word(take, take->field->words);
}

static void take_code(const struct take *take)
{
    put_word(take, &words_failure);
}

static void take_name(const struct take *take)
{
    bool needed = take->field->left == LEFT_NEVER || take->field->needed;
    *(const char **)take->member = read_name(take->read, take->object, take->field->key, needed);
}

static void take_string(const struct take *take)
{
    *(const char **)take->member = read_string(take->read, take->object, take->field->key);
}

static void take_text(const struct take *take)
{
    *(struct bytes *)take->member = read_text(take->read, take->object, take->field->key);
}

static void take_hex(const struct take *take)
{
    *(struct bytes *)take->member = read_hex(take->read, take->object, take->field->key);
}

static void take_base64(const struct take *take)
{
    *(struct bytes *)take->member = read_base64(take->read, take->object, take->field->key);
}

static void take_hash(const struct take *take)
{
    const char *key = take->field->key;
    read_hash(take->read, json_tree_at(take->object, key), key, take->member, take->field->size);
}

static void take_ip(const struct take *take)
{
    *(struct ip_addr *)take->member = read_ip(take->read, take->object, take->field->key);
}

/* Returns how many elements a list may have. */
static size_t most_of(const struct field *field)
{
    return field->ceiling == 0 ? READ_ALL : field->ceiling;
}

static void take_strings(const struct take *take)
{
    size_t count;
    *(const char ***)take->member =
        read_strings(take->read, take->object, take->field->key, most_of(take->field), &count);
    field_set_count(take->field, take->facts, count);
}

static void take_texts(const struct take *take)
{
    size_t count;
    *(struct bytes **)take->member =
        read_texts(take->read, take->object, take->field->key, most_of(take->field), &count);
    field_set_count(take->field, take->facts, count);
}

static void take_ips(const struct take *take)
{
    const char *key = take->field->key;
    const struct json_node *list = read_list(take->read, take->object, key, most_of(take->field));
    struct ip_addr *ips = list == NULL ? NULL : read_array(take->read, list->count, sizeof *ips);
    size_t count = 0;
    for (const struct json_node *node = ips == NULL ? NULL : list->first; node != NULL; node = node->next)
        ips[count++] = read_ip_node(take->read, node, key);
    *(struct ip_addr **)take->member = ips;
    field_set_count(take->field, take->facts, count);
}

static void take_list(const struct take *take)
{
    const struct field *field = take->field;
    const struct json_node *list = read_list(take->read, take->object, field->key, most_of(field));
    char *elements = take->member;
    if (field->inside == 0) {
        elements = list == NULL || take->read->failed
                       ? NULL
                       : read_array(take->read, list->count, field->group->size);
        memcpy(take->member, &elements, sizeof elements);
    }
    size_t count = 0;
    for (const struct json_node *node = list == NULL || elements == NULL ? NULL : list->first;
         node != NULL && !take->read->failed; node = node->next)
        read_group(take->read, node, field->group, elements + count++ * field->group->size);
    field_set_count(field, take->facts, take->read->failed ? 0 : count);
}

static void take_group(const struct take *take)
{
    read_group(take->read, read_object(take->read, take->object, take->field->key), take->field->group,
               take->member);
}

static void take_pointer(const struct take *take)
{
    const struct field *field = take->field;
    void *facts =
        json_tree_at(take->object, field->key) == NULL ? NULL : read_array(take->read, 1, field->group->size);
    memcpy(take->member, &facts, sizeof facts);
    if (facts != NULL)
        read_group(take->read, read_object(take->read, take->object, field->key), field->group, facts);
}

static void take_part(const struct take *take)
{
    read_group(take->read, read_object(take->read, take->object, take->field->key), take->field->group,
               take->facts);
}

static void take_spread(const struct take *take)
{
    read_group(take->read, take->object, take->field->group, take->member);
}

static void (*const takes[AS_TYPE_COUNT])(const struct take *take) = {
    [AS_BOOL] = take_bool,       [AS_UNSIGNED] = take_unsigned, [AS_SIGNED] = take_signed,
    [AS_TIME] = take_time,       [AS_SECONDS] = take_seconds,   [AS_ENUM] = take_enum,
    [AS_CODE] = take_code,       [AS_NAME] = take_name,         [AS_ASCII] = take_string,
    [AS_STRING] = take_string,   [AS_TEXT] = take_text,         [AS_HEX] = take_hex,
    [AS_BASE64] = take_base64,   [AS_HASH] = take_hash,         [AS_IP] = take_ip,
    [AS_STRINGS] = take_strings, [AS_TEXTS] = take_texts,       [AS_IPS] = take_ips,
    [AS_LIST] = take_list,       [AS_GROUP] = take_group,       [AS_POINTER] = take_pointer,
    [AS_PART] = take_part,       [AS_SPREAD] = take_spread,
};

/* The functions that read the rest of a group by hand, wherever it stands. */
static const struct {
    const struct field_group *group;
    void (*read)(struct read_fields *read, const struct json_node *object, void *facts);
} rests[] = {
    {&fields_handshake, read_handshake_rest},
    {&fields_host, read_host_rest},
    {&fields_look, read_look_rest},
};

void read_group(struct read_fields *read, const struct json_node *object, const struct field_group *group,
                void *facts)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct field *field = &group->fields[i];
        struct take take = {read, object, field, facts, (char *)facts + field->offset};
        if (field->has_member && !field->by_hand && (field->key != NULL || field->type == AS_SPREAD))
            takes[field->type](&take);
    }
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++)
        if (rests[i].group == group)
            rests[i].read(read, object, facts);
}
