/* Takes comments and blanks off a line. No I/O. */
#include "input/plain.h"

#include "scanner/base/trim.h"

bool plain_has_data(struct bytes line)
{
    line = trim(line);
    return line.len > 0 && line.data[0] != '#';
}

struct bytes plain_name(struct bytes line)
{
    for (size_t i = 1; i < line.len; i++)
        if (line.data[i] == '#' && is_space(line.data[i - 1]))
            return trim(bytes_make(line.data, i));
    return trim(line);
}
