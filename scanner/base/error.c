/* The one table of texts for enum error. */
#include "scanner/base/error.h"

const char *error_text(enum error error)
{
    static const char *const texts[] = {
#define ERROR_TEXT(name, text) [name] = (text),
        ERROR_TABLE(ERROR_TEXT)
#undef ERROR_TEXT
    };
    return texts[error];
}
