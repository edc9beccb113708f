/* Denies an action "delete" unless the context has "approved_by" with another person than the
 * subject. No library is needed: records have the layout of the canonical ABI, which is that of C
 * structures on wasm32.
 */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(interface, function) \
    __attribute__((export_name("seaworthy:plugin/" interface "@0.2.0#" function)))

struct text {
    const char *bytes;
    size_t length;
};

/* The value is JSON. */
struct entry {
    struct text name;
    struct text value;
};

struct result {
    uint8_t is_error;
    struct text error;
};

struct decision {
    uint8_t is_denial;
    struct text reason;
};

extern char __heap_base;
static size_t used;

/* Memory for texts and lists that the host passes. It ends with the call. */
__attribute__((export_name("cabi_realloc"))) void *
cabi_realloc(void *old, size_t old_size, size_t align, size_t size)
{
    (void)old;
    (void)old_size;
    size_t begin = ((size_t)&__heap_base + used + align - 1) & ~(align - 1);
    size_t end = begin + size;
    size_t pages = (end + 65535) / 65536;
    size_t present = __builtin_wasm_memory_size(0);
    if (pages > present && __builtin_wasm_memory_grow(0, pages - present) == (size_t)-1)
        __builtin_trap();
    used = end - (size_t)&__heap_base;
    return (void *)begin;
}

static const struct result ok;

EXPORT("lifecycle", "initialize") const struct result *initialize(const char *settings, size_t length)
{
    (void)settings;
    (void)length;
    return &ok;
}
EXPORT("lifecycle", "start") const struct result *start(void) { return &ok; }
EXPORT("lifecycle", "stop") const struct result *stop(void) { return &ok; }
EXPORT("lifecycle", "cleanup") const struct result *cleanup(void) { return &ok; }
EXPORT("lifecycle", "health-check") const struct result *health_check(void) { return &ok; }

static int equal(const char *one, size_t length, const char *other, size_t other_length)
{
    if (length != other_length)
        return 0;
    for (size_t place = 0; place < length; place++)
        if (one[place] != other[place])
            return 0;
    return 1;
}

#define TEXT(literal) literal, sizeof(literal) - 1

EXPORT("policy", "decide") const struct decision *
decide(const char *subject, size_t subject_length, const char *action, size_t action_length,
       const char *resource, size_t resource_length, const struct entry *context, size_t count)
{
    static const struct decision allow;
    static struct decision deny = { .is_denial = 1 };
    (void)resource;
    (void)resource_length;
    if (!equal(action, action_length, TEXT("delete")))
        return &allow;
    deny.reason = (struct text){ TEXT("a deletion needs the approval of a second person") };
    for (size_t place = 0; place < count; place++) {
        struct text name = context[place].name, value = context[place].value;
        if (!equal(name.bytes, name.length, TEXT("approved_by")))
            continue;
        /* A JSON text is between two quotation marks. */
        if (value.length < 3 || value.bytes[0] != '"')
            return &deny;
        if (equal(value.bytes + 1, value.length - 2, subject, subject_length)) {
            deny.reason = (struct text){ TEXT("the approval is by the same person") };
            return &deny;
        }
        return &allow;
    }
    return &deny;
}
